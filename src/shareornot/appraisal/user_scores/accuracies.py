"""Accuracies of the architectures of one space: means over rows and runs, looked up where the file has none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from shareornot.appraisal.user_scores.column_names import normalized
from shareornot.appraisal.user_scores.score_table import ScoreTable
from shareornot.appraisal.user_scores.understood_texts import UnderstoodSpace
from shareornot.appraisal.user_scores.wording import count, shown
from shareornot.errors import DataError, ShareOrNotError
from shareornot.statistics.reliability import mean_of_runs
from shareornot.tables import open_table
from shareornot.tables.contract import TEST, TIME, VALIDATION

LEAST_FOR_CEILING = 10
MOST_FOR_CEILING = 20
"""Repeated trainings that the noise ceiling is estimated from: it takes time with their square."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Accuracies:
    """What training each architecture alone gave; NaN where it is not known."""

    runs: Float64[np.ndarray, "architectures runs"]
    """Validation accuracies."""
    validation: Float64[np.ndarray, " architectures"]
    test: Float64[np.ndarray, " architectures"]
    time_s: Float64[np.ndarray, " architectures"] | None
    """Training times; None where every training counts 1."""
    notes: tuple[str, ...]

    @property
    def known(self) -> Bool[np.ndarray, " architectures"]:
        """Which architectures can be compared with scores."""
        return np.asarray(np.isfinite(self.validation))

    @property
    def searchable(self) -> Bool[np.ndarray, " architectures"]:
        """Which architectures a search can be judged on."""
        return np.asarray(np.isfinite(self.validation) & np.isfinite(self.test))


def accuracies_of_space(
    table: ScoreTable,
    space: UnderstoodSpace,
    rows: Int64[np.ndarray, " own_rows"],
    local: Int64[np.ndarray, " own_rows"],
    thing: str,
    benchmark: str | None,
) -> Accuracies:
    """Accuracies of the architectures of a space, from the file or from a benchmark table.

    Args:
        table: table of scores.
        space: its architectures.
        rows: rows of the file that are about them.
        local: which architecture each of those rows is about.
        thing: what messages call an architecture.
        benchmark: table for what the file lacks; None for the one of the architectures' family.

    Raises:
        DataError: the file has no accuracies, and there is no table that has.
    """
    notes: list[str] = []
    num = len(space)
    cost = None if table.cost is None else _mean_over_rows(local, table.cost[rows], num, thing, "costs", notes)
    test_runs: np.ndarray | None
    if table.standalone is None:
        runs, test_runs, times, note = _looked_up(table, space, benchmark)
        notes.append(note)
        cost = times if cost is None else cost if times is None else np.where(np.isnan(cost), times, cost)
    else:
        runs = _runs(local, table.standalone[rows], num, thing, notes)
        test_runs = None if table.test is None else _runs(local, table.test[rows], num, thing, notes)
    validation = _mean_over_runs(runs)
    test = validation if test_runs is None else _mean_over_runs(test_runs)
    known, tested = np.isfinite(validation), np.isfinite(validation) & np.isfinite(test)
    if test_runs is None:
        notes.append("Regret is in standalone accuracy too, since there are no test accuracies.")
    elif tested.sum() < 2:
        notes.append("Regret is in standalone accuracy too, since hardly any architecture has a test accuracy.")
        test = validation
    elif tested.sum() < known.sum():
        notes.append(
            f"Agreement is with all {int(known.sum()):,} standalone accuracies; searches are over the "
            f"{int(tested.sum()):,} {thing}s with a test accuracy, in which their regret is measured."
        )
    return Accuracies(
        runs=runs,
        validation=validation,
        test=test,
        time_s=None if cost is None else _filled_times(table.source, cost, known, thing, notes),
        notes=tuple(notes),
    )


def _runs(
    local: Int64[np.ndarray, " own_rows"],
    accuracies: Float64[np.ndarray, "own_rows runs"],
    num: int,
    thing: str,
    notes: list[str],
) -> Float64[np.ndarray, "architectures runs"]:
    if len(local) == num:  # a row for each architecture
        runs = np.empty_like(accuracies)
        runs[local] = accuracies
        return runs
    means = [_mean_over_rows(local, column, num, thing, "accuracies", notes) for column in accuracies.T]
    return np.stack(means, axis=1)


def _mean_over_rows(
    local: Int64[np.ndarray, " own_rows"],
    values: Float64[np.ndarray, " own_rows"],
    num: int,
    thing: str,
    what: str,
    notes: list[str],
) -> Float64[np.ndarray, " architectures"]:
    """Mean over the rows of each architecture, NaN where all rows are empty; exact where all values are equal."""
    there = np.flatnonzero(~np.isnan(values))
    first = np.full(num, np.nan)
    first[local[there[::-1]]] = values[there[::-1]]  # the last assignment, of the first row, stays
    apart = values[there] - first[local[there]]
    if not np.any(apart):
        return first
    counts = np.bincount(local[there], minlength=num)
    sums = np.bincount(local[there], weights=apart, minlength=num)
    means = first + np.divide(sums, counts, out=np.zeros(num), where=counts > 0)
    distance = np.abs(values[there] - means[local[there]])
    if distance.max() > 1e-6:
        different = len(np.unique(local[there][distance > 1e-6]))
        spread = f"{2 * distance.max():.2g}"
        note = f"{count(different, thing)} with different {what} in different rows, up to {spread} apart: "
        note += "the mean is taken."
        if note not in notes:
            notes.append(note)
    return np.asarray(means)


def _mean_over_runs(runs: Float64[np.ndarray, "architectures runs"]) -> Float64[np.ndarray, " architectures"]:
    """Mean of the runs that there are, NaN where there are none; equal means are equal to the last digit."""
    if runs.shape[1] == 1:
        return np.asarray(runs[:, 0])
    there = ~np.isnan(runs)
    counts = there.sum(axis=1)
    found = np.full(len(runs), np.nan)
    some = counts > 0
    if not some.any():
        return found
    means = np.where(there, runs, 0).sum(axis=1)[some] / counts[some]
    found[some] = mean_of_runs(means[:, None])
    return found


def _filled_times(
    source: str,
    cost: Float64[np.ndarray, " architectures"],
    known: Bool[np.ndarray, " architectures"],
    thing: str,
    notes: list[str],
) -> Float64[np.ndarray, " architectures"]:
    """Training times, the mean of the others where there is none.

    Raises:
        DataError: no time at all.
    """
    gaps = np.isnan(cost)
    if gaps.all():
        raise DataError(f"{source}: cost: expected seconds, got none; drop the column")
    if gaps[known].any():
        notes.append(f"{count(int(gaps[known].sum()), thing)} without a cost: the mean of the others is taken.")
    return np.where(gaps, cost[~gaps].mean(), cost)


def _looked_up(
    scores: ScoreTable, space: UnderstoodSpace, benchmark: str | None
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, str]:
    """Validation accuracies, test accuracies and training times of a table as far as it has them, and a note.

    Raises:
        DataError: the texts are names, or no table on this machine holds them.
    """
    expected = f"{scores.source}: expected the column standalone, got none"
    if space.kind is None or space.numbers is None:
        others = scores.chosen.others
        similar = [name for name in others if "standalone" in normalized(name)]
        similar = similar or [name for name in others if re.search(r"acc(urac)?|top_?1", normalized(name))]
        near = f" ({shown(similar[0])} may be meant for it)" if similar else ""
        raise DataError(
            f"{expected}{near}, and architectures that no table holds, such as {space.entries[0][:60]!r}; add the "
            "accuracy of each when it was trained alone, or name its column: --standalone COLUMN"
        )
    name = benchmark or space.kind.family
    try:
        table = open_table(name)
        metrics = [metric for metric in (VALIDATION, TEST, TIME) if metric in table.metrics]
        values = {metric: table.values(metric) for metric in metrics}
    except ShareOrNotError as error:
        raise DataError(f"{expected}, and no table to look them up: {error}; or add the column") from None
    if table.space.family != space.kind.family:
        raise DataError(
            f"{expected}, and the table {table.name} is of {table.space.family}, where the architectures are of "
            f"{space.kind.family}; name another: --benchmark NAME, or add the column"
        )
    rows, held = table.rows_of(np.asarray(space.numbers))
    held = held if space.understood is None else held & space.understood
    if not held.any():
        raise DataError(f"{expected}, and the table {table.name} holds none of the architectures; add the column")

    def spread(metric: str) -> np.ndarray | None:
        if metric not in values:
            return None
        found = np.full((len(space), values[metric].shape[1]), np.nan)
        found[held] = values[metric][rows[held]]
        return found

    runs, test, times = spread(VALIDATION), spread(TEST), spread(TIME)
    known = [metric.replace("_", " ") for metric in metrics]
    note = (
        f"Looked up in the table {table.name}, which holds {int(held.sum()):,} of the {len(space):,} architectures: "
        f"{', '.join(known)}."
    )
    seconds = None if times is None else _mean_over_runs(times)
    if runs is None:
        assert test is not None
        return test, None, seconds, note
    return runs, test, seconds, note


def repeats_for_ceiling(
    runs: Float64[np.ndarray, "known runs"], thing: str
) -> tuple[Float64[np.ndarray, "complete runs"] | None, Sequence[str]]:
    """Repeated trainings, for the noise ceiling, as far as they are complete; and notes."""
    if runs.shape[1] < 2:
        return None, []
    notes = []
    if runs.shape[1] > MOST_FOR_CEILING:
        notes.append(f"The noise ceiling is that of the first {MOST_FOR_CEILING} of {runs.shape[1]:,} trainings.")
        runs = runs[:, :MOST_FOR_CEILING]
    complete = ~np.isnan(runs).any(axis=1)
    num_complete = int(complete.sum())
    varies = num_complete >= LEAST_FOR_CEILING and np.ptp(runs[complete].mean(axis=1)) > 0
    if not varies or (np.ptp(runs[complete], axis=0) == 0).any():
        note = (
            f"No noise ceiling: it needs {LEAST_FOR_CEILING} {thing}s with {runs.shape[1]} repeated trainings that "
            f"differ, and there are {num_complete}."
        )
        return None, [note]
    if num_complete < len(runs):
        notes.append(
            f"The noise ceiling is that of the {num_complete:,} {thing}s with all {runs.shape[1]} repeated trainings."
        )
    return np.asarray(runs[complete]), notes
