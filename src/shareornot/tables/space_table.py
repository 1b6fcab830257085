"""The spaces of a benchmark in one table: sizes, best cells, and the noise ceiling."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shareornot.errors import DataError, SettingsError
from shareornot.spaces import Space, open_space
from shareornot.spaces.nasbench101 import SPACES
from shareornot.statistics import highest_spearman, one_run_against_others
from shareornot.tables.contract import TEST, TIME, VALIDATION, Table


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceSummary:
    """Summary of a space on a benchmark table; means are over runs, at the end of the largest budget."""

    space: Space
    num_cells: int
    """Cells of the space that the benchmark is about."""
    num_known: int
    """Those that the table holds; what follows is over them."""
    best_validation_accuracy: float | None
    """None if the table has no validation accuracies; likewise below."""
    best_test_accuracy: float | None
    mean_training_time_s: float | None


def summarize_space(table: Table, space: Space) -> SpaceSummary:
    """Summary of a space on a table.

    Returns:
        Sizes, best accuracies as fractions, and the mean training time in seconds.

    Raises:
        SettingsError: the table holds no cell of this space.
    """
    if summary := _summarize(table, space):
        return summary
    raise SettingsError(f"space {space.name}: expected cells of the table {table.name}, which holds none of them")


def summarize_spaces(table: Table, spaces: Sequence[Space] = SPACES) -> list[SpaceSummary]:
    """Summaries of spaces on a table; spaces of which it holds no cell are left out.

    Args:
        table: standalone accuracies.
        spaces: spaces of the family of the table; by default those of the paper.

    Returns:
        One summary per remaining space, in their order.
    """
    return [summary for space in spaces if (summary := _summarize(table, space))]


def _summarize(table: Table, space: Space) -> SpaceSummary | None:
    if space.family != table.space.family:
        raise SettingsError(
            f"space {space.name}: expected a space of {table.space.family}, to which the table {table.name} belongs, "
            f"got "
            f"one of {space.family}"
        )
    cells = space.members_below(table.num_architectures)
    rows, known = table.rows_of(cells)
    rows = rows[known]
    if len(rows) == 0:
        return None
    return SpaceSummary(
        space=space,
        num_cells=len(cells),
        num_known=len(rows),
        best_validation_accuracy=_over(table, VALIDATION, rows, np.nanmax),
        best_test_accuracy=_over(table, TEST, rows, np.nanmax),
        mean_training_time_s=_over(table, TIME, rows, np.nanmean),
    )


def _over(table: Table, metric: str, rows: np.ndarray, summary: Callable[[np.ndarray], Any]) -> float | None:
    """A summary of means over runs; None if the table has none."""
    if metric not in table.metrics:
        return None
    values = table.mean(metric)[rows]
    return None if np.isnan(values).all() else float(summary(values))


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceDescription:
    """Summary of a space on a benchmark table; accuracies are fractions and means over runs."""

    name: str
    num_cells: int
    num_known: int
    best_validation_accuracy: float | None
    best_test_accuracy: float | None
    mean_training_time_s: float | None
    one_run_against_others: float | None
    """How well one run ranks the mean of the others, Spearman; None if there is one run or all cells are equal."""
    ceiling: float | None
    """Highest Spearman correlation with the mean over runs that any proxy can reach."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def describe_spaces(table: Table, names: Sequence[str] | None = None) -> list[SpaceDescription]:
    """Describe the named spaces; by default those of the paper of which the table holds a cell, or the whole family.

    Args:
        table: table of standalone accuracies.
        names: names of spaces, or conditions on features.

    Raises:
        SettingsError: an unknown space, or one of which the table holds no cell.
    """
    if names:
        summaries = [summarize_space(table, open_space(name)) for name in names]
    else:
        is_cells = table.space.family == "nasbench101"
        summaries = summarize_spaces(table, SPACES if is_cells else [table.space])
    described = []
    for summary in summaries:
        cells = summary.space.members_below(table.num_architectures)
        rows, known = table.rows_of(cells)
        metric = VALIDATION if VALIDATION in table.metrics else TEST
        runs = table.values(metric)[rows[known]].astype(np.float64)
        runs = runs[~np.isnan(runs).any(axis=1)]
        one_run: float | None
        ceiling: float | None
        try:
            one_run, ceiling = one_run_against_others(runs), highest_spearman(runs)
        except DataError:  # a single run or cell, or cells that are all alike, have no ceiling
            one_run = ceiling = None
        described.append(
            SpaceDescription(
                name=summary.space.name,
                num_cells=summary.num_cells,
                num_known=summary.num_known,
                best_validation_accuracy=summary.best_validation_accuracy,
                best_test_accuracy=summary.best_test_accuracy,
                mean_training_time_s=summary.mean_training_time_s,
                one_run_against_others=one_run,
                ceiling=ceiling,
            )
        )
    return described
