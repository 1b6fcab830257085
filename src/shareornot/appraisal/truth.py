"""What super-nets are judged on: values of architectures as searches see them, and what those architectures are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from shareornot.search import SearchTable
from shareornot.spaces import ProductSpace, Space, open_family, space_members
from shareornot.tables import BenchmarkTable

TimeUnit = Literal["seconds", "trainings"]
"""`trainings`: every training counts 1, since nobody knows how long they take."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """All that an appraisal or an audit knows besides the scores. Rows are those of `table`."""

    benchmark: str
    space: str
    variant: str | None = None
    """How the super-nets were trained, where that has a name."""
    table: SearchTable
    """What each architecture gave when it was trained alone."""
    compared: Bool[np.ndarray, " rows"] | None = None
    """Which architectures have a validation accuracy, where searches know fewer; None where these are the same."""
    runs: Float64[np.ndarray, "architectures runs"] | None
    """Validation accuracies of repeated trainings, for the noise ceiling; None where they were not repeated."""
    architectures: Space
    baselines: Mapping[str, Float64[np.ndarray, " rows"]]
    """What costs nothing and tells how good an architecture might be, by its words."""
    evolution_table: SearchTable | None
    """The same values over all cells up to some number of vertices; None where evolution cannot be played."""
    time_unit: TimeUnit = "seconds"
    thing: str = "architecture"
    """What an architecture is called."""
    notes: tuple[str, ...] = field(default=())
    """What a reader must know about the data: what was assumed, and what was left out."""

    @property
    def comparable(self) -> Bool[np.ndarray, " rows"]:
        """Which architectures scores can be compared with."""
        return self.table.known & self.table.member if self.compared is None else self.compared


def benchmark_truth(
    table: BenchmarkTable,
    space: Space,
    *,
    time_s: Float64[np.ndarray, " cells"] | None = None,
    variant: str | None = None,
) -> Truth:
    """A space of a benchmark.

    Args:
        table: of trainings alone.
        space: which of its cells a search may propose.
        time_s: training times of all cells of the universe in place of the table's, in seconds.
        variant: how the super-nets were trained, where that has a name.

    Raises:
        SettingsError: the table holds no cell of the space.
    """
    values = search_table(table, space, time_s=time_s)
    architectures = open_family(space.family)
    runs = None
    if table.info.num_runs > 1:
        rows, _ = table.rows_of(values.cells)
        runs = table.values("validation_accuracy")[rows].astype(np.float64)
    return Truth(
        benchmark=table.info.name,
        space=space.name,
        variant=variant,
        table=values,
        runs=runs,
        architectures=architectures,
        baselines={**architectures.sizes(np.arange(len(values.member))), "training time": values.time_s},
        evolution_table=values,
    )


def search_table(
    table: BenchmarkTable, space: Space, *, time_s: Float64[np.ndarray, " cells"] | None = None
) -> SearchTable:
    """Means over runs at the end of the largest budget, for the cells that the table holds.

    Args:
        table: of trainings alone.
        space: which of its cells a search may propose.
        time_s: training times of all cells of the universe in place of the table's, in seconds.

    Raises:
        SettingsError: the table holds no cell of the space.
    """
    num_cells = table.info.num_cells
    member = np.zeros(num_cells, bool)
    member[space_members(space, num_cells)] = True
    known = np.zeros(num_cells, bool)
    known[table.cells] = True

    def scattered(values: np.ndarray) -> np.ndarray:
        column = np.zeros(num_cells)
        column[table.cells] = values
        return column

    return SearchTable(
        validation=scattered(table.mean("validation_accuracy")),
        test=scattered(table.mean("test_accuracy")),
        time_s=scattered(table.mean("training_time")) if time_s is None else time_s,
        known=known,
        member=member,
        space=space if isinstance(space, ProductSpace) else open_family(space.family),
    )
