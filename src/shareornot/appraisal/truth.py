"""Standalone results of architectures, against which super-nets are appraised."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from shareornot.errors import SettingsError
from shareornot.search import SearchTable
from shareornot.spaces import ListedSpace, Space, is_product, space_members
from shareornot.tables import Table
from shareornot.tables.contract import TEST, TIME, VALIDATION

LEAST_FOR_CEILING = 10
"""Architectures without a missing training that a noise ceiling needs."""

TimeUnit = Literal["seconds", "trainings"]
"""`trainings`: every training counts 1, because the times are unknown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """The data of an appraisal or audit besides the scores. Rows are those of `table`."""

    benchmark: str
    space: str
    variant: str | None = None
    """How the super-nets were trained, where that has a name."""
    table: SearchTable
    """Results of training each architecture alone."""
    compared: Bool[np.ndarray, " rows"] | None = None
    """Which architectures have a validation accuracy, where they are fewer than those with an accuracy; None if these
    are the same."""
    runs: Float64[np.ndarray, "architectures runs"] | None
    """Validation accuracies of repeated trainings, for the noise ceiling; None if they were not repeated."""
    architectures: Space
    baselines: Mapping[str, Float64[np.ndarray, " rows"]]
    """Scores of free baselines (parameters, FLOPs, ...) by name."""
    evolution_table: SearchTable | None
    """The same values over all cells up to some number of vertices; None if evolution cannot be played."""
    time_unit: TimeUnit = "seconds"
    thing: str = "architecture"
    """What an architecture is called."""
    notes: tuple[str, ...] = field(default=())
    """Notes about the data: assumptions, and values that were left out."""

    @property
    def comparable(self) -> Bool[np.ndarray, " rows"]:
        """Which architectures scores can be compared with."""
        return self.table.known & self.table.member if self.compared is None else self.compared


def benchmark_truth(
    table: Table,
    space: Space,
    *,
    time_s: Float64[np.ndarray, " architectures"] | None = None,
    variant: str | None = None,
) -> Truth:
    """A space of a table.

    Where the table has no validation accuracies, or no test accuracies, the others stand for them; without times, costs
    are counted in trainings. A note reports it.

    Args:
        table: table of standalone accuracies.
        space: which of its architectures a search may propose.
        time_s: training times of all architectures that the table is about, in place of the table's, in seconds.
        variant: how the super-nets were trained, where that has a name.

    Raises:
        SettingsError: the space is of another family than the table, the table holds no architecture of the space, or
            has the accuracies of several data sets or budgets.
    """
    values = search_table(table, space, time_s=time_s)
    has_times = time_s is not None or TIME in table.metrics
    notes = []
    if VALIDATION not in table.metrics:
        notes.append("Scores are compared with test accuracies because the table has no validation accuracies.")
    elif TEST not in table.metrics:
        notes.append("Regret is measured in validation accuracy because the table has no test accuracies.")
    if not has_times:
        notes.append("Costs are counted in trainings because the table has no training times.")
    sizes = table.space.sizes(np.arange(len(values.member)))
    return Truth(
        benchmark=table.name,
        space=space.name,
        variant=variant,
        table=values,
        runs=_complete_runs(table, values, notes),
        architectures=table.space,
        baselines=sizes | ({"training time": values.time_s} if has_times else {}),
        evolution_table=None if values.space is None else values,
        time_unit="seconds" if has_times else "trainings",
        notes=tuple(notes),
    )


def search_table(
    table: Table, space: Space, *, time_s: Float64[np.ndarray, " architectures"] | None = None
) -> SearchTable:
    """Means over the runs that there are, for the architectures that the table holds.

    Args:
        table: table of standalone accuracies.
        space: which of its architectures a search may propose.
        time_s: training times of all architectures that the table is about, in place of the table's, in seconds.

    Raises:
        SettingsError: the space is of another family than the table, or the table holds no architecture of the space.
    """
    if space.family != table.space.family:
        raise SettingsError(
            f"space {space.name}: expected a space of {table.space.family}, to which the table {table.name} belongs, "
            f"got "
            f"one of {space.family}; choose another space or table"
        )
    number = table.num_architectures
    member = np.zeros(number, bool)
    member[space_members(space, number)] = True

    def scattered(values: np.ndarray) -> np.ndarray:
        column = np.full(number, np.nan)
        column[table.architectures] = values
        return column

    validation = scattered(table.mean(VALIDATION if VALIDATION in table.metrics else TEST))
    test = scattered(table.mean(TEST if TEST in table.metrics else VALIDATION))
    if time_s is None:
        time_s = scattered(table.mean(TIME)) if TIME in table.metrics else np.ones(number)
    return SearchTable(
        validation=validation,
        test=test,
        time_s=time_s,
        known=np.isfinite(validation) & np.isfinite(test) & np.isfinite(time_s),
        member=member,
        space=_searchable(table, space),
    )


def _searchable(table: Table, space: Space) -> Space | None:
    """What changes architectures: the space where it has choices of its own, else the family; None for mere names."""
    if isinstance(space, ListedSpace) and space.kind is None:
        return None
    return space if is_product(space) else table.space


def _complete_runs(
    table: Table, values: SearchTable, notes: list[str]
) -> Float64[np.ndarray, "architectures runs"] | None:
    """Repeated trainings of the space, for the noise ceiling, as far as none is missing."""
    rows, _ = table.rows_of(values.cells)
    runs = table.values(VALIDATION if VALIDATION in table.metrics else TEST)[rows].astype(np.float64)
    if runs.shape[1] < 2:
        return None
    complete = ~np.isnan(runs).any(axis=1)
    if complete.all():
        return np.asarray(runs)
    if complete.sum() < LEAST_FOR_CEILING:
        notes.append(
            f"No noise ceiling: it needs {LEAST_FOR_CEILING} architectures with {runs.shape[1]} trainings, and there "
            f"are {int(complete.sum())}."
        )
        return None
    notes.append(f"The noise ceiling is that of the {int(complete.sum()):,} architectures without a missing training.")
    return np.asarray(runs[complete])
