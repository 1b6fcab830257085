"""The spaces of a benchmark in one table: sizes, best cells, and the noise ceiling."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shareornot.errors import DataError, SettingsError
from shareornot.spaces import Space, open_space
from shareornot.spaces.nasbench101 import SPACES
from shareornot.statistics import highest_spearman, one_run_against_others
from shareornot.tables.table import BenchmarkTable


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceSummary:
    """A space as a benchmark table knows it; means are over runs, at the end of the largest budget."""

    space: Space
    num_cells: int
    """Cells of the space that the benchmark is about."""
    num_known: int
    """Those that the table holds; what follows is over them."""
    best_validation_accuracy: float
    best_test_accuracy: float
    mean_training_time_s: float


def summarize_space(table: BenchmarkTable, space: Space) -> SpaceSummary:
    """What a table says about a space.

    Raises:
        SettingsError: the table holds no cell of this space.
    """
    if summary := _summarize(table, space):
        return summary
    raise SettingsError(f"space {space.name}: expected cells of the table {table.info.name}, which holds none of them")


def summarize_spaces(table: BenchmarkTable, spaces: Sequence[Space] = SPACES) -> list[SpaceSummary]:
    """What a table says about spaces; those of which it holds no cell are left out."""
    return [summary for space in spaces if (summary := _summarize(table, space))]


def _summarize(table: BenchmarkTable, space: Space) -> SpaceSummary | None:
    cells = space.members_below(table.info.num_cells)
    rows, known = table.rows_of(cells)
    rows = rows[known]
    if len(rows) == 0:
        return None
    return SpaceSummary(
        space=space,
        num_cells=len(cells),
        num_known=len(rows),
        best_validation_accuracy=float(table.mean("validation_accuracy")[rows].max()),
        best_test_accuracy=float(table.mean("test_accuracy")[rows].max()),
        mean_training_time_s=float(table.mean("training_time")[rows].mean()),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SpaceDescription:
    """A space as a benchmark table knows it; accuracies are fractions and means over runs."""

    name: str
    num_cells: int
    num_known: int
    best_validation_accuracy: float
    best_test_accuracy: float
    mean_training_time_s: float
    one_run_against_others: float | None
    """How well one run ranks the mean of the others, Spearman; None where there is one run or all cells are equal."""
    ceiling: float | None
    """Highest Spearman correlation with the mean over runs that any proxy can reach."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def describe_spaces(table: BenchmarkTable, names: Sequence[str] | None = None) -> list[SpaceDescription]:
    """Describe the named spaces, or all those of the paper of which the table holds a cell.

    Args:
        table: of trainings alone.
        names: names of spaces, or conditions on features.

    Raises:
        SettingsError: an unknown space, or one of which the table holds no cell.
    """
    if names:
        summaries = [summarize_space(table, open_space(name)) for name in names]
    else:
        summaries = summarize_spaces(table, SPACES)
    described = []
    for summary in summaries:
        cells = summary.space.members_below(table.info.num_cells)
        rows, known = table.rows_of(cells)
        runs = table.values("validation_accuracy")[rows[known]].astype(np.float64)
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
