"""Regret against time: how far the best cell so far is from the best cell of the space.

The clock is separate from the searches: the same sequence of evaluations can be timed by the table's training times, by
times measured elsewhere, or by a constant, with repeated cells free or not.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float64, Int32

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.table import SearchTable

Repeats = Literal["charged", "free"]
"""Whether a cell that the same run has evaluated before, isomorphic ones included, takes its time again."""
Unfinished = Literal["ignored", "counted", "interpolated"]
"""What becomes of the training that still runs when a budget ends: left out, allowed to end, or counted by the share of
it that is done. `interpolated` always allows the first training to end, and interpolates the regret between the ends of
trainings from then on. It is fair to a search that is compared with another one at the very time at which the other
finishes a training: `ignored` costs the former half a training on average, and `counted` gives it half of one."""

FinishTimes = Float64[np.ndarray, "runs evaluations"]
Times = Float64[np.ndarray, " times"]


@dataclass(frozen=True, kw_only=True)
class RegretCurves:
    """Regret of each run at common times."""

    time_s: Times
    """Seconds since the start, ascending."""
    regret: Float64[np.ndarray, "runs times"]
    """Test regret of the incumbent, a fraction; before the first finished training that of the worst cell."""
    defined: Bool[np.ndarray, "runs times"]
    """Whether a training had finished."""
    num_finished: Int32[np.ndarray, "runs times"]
    """How many trainings had finished."""

    def summarize(self, *, confidence: float = 0.95) -> "CurveSummary":
        """Mean and band over runs, from the first time on at which all runs have finished a training.

        A single run has no band: its low and high are NaN.

        Raises:
            SettingsError: a confidence outside (0, 1), or no time at which all runs have finished a training.
        """
        num_runs = len(self.regret)
        if not 0 < confidence < 1:
            raise SettingsError(f"band: expected a confidence in (0, 1), got {confidence}")
        complete = self.defined.all(axis=0)
        if not complete.any():
            raise SettingsError(
                "band: expected a time at which every run has finished a training, got none; extend the grid of times"
            )
        from scipy.special import stdtrit

        regret = self.regret[:, complete]
        mean = regret.mean(axis=0)
        half_width = np.full(len(mean), np.nan)
        if num_runs > 1:
            half_width = stdtrit(num_runs - 1, (1 + confidence) / 2) * regret.std(axis=0, ddof=1) / np.sqrt(num_runs)
        return CurveSummary(
            time_s=self.time_s[complete],
            mean=mean,
            low=mean - half_width,
            high=mean + half_width,
            num_runs=num_runs,
            confidence=confidence,
        )


@dataclass(frozen=True, kw_only=True)
class CurveSummary:
    """Mean regret over runs with an interval for it, by Student's t, at each time; of one run, NaN."""

    time_s: Times
    mean: Times
    low: Times
    high: Times
    num_runs: int
    confidence: float


def finish_times(
    runs: SearchRuns,
    price_s: Float64[np.ndarray, " cells"],
    *,
    repeats: Repeats = "charged",
    start_s: float = 0.0,
) -> FinishTimes:
    """When each evaluation ends, one after the other.

    Args:
        runs: what was evaluated.
        price_s: what evaluating each cell of the universe takes, in seconds.
        repeats: whether a cell takes its time again when a run evaluates it again.
        start_s: time spent before the first evaluation, as on a super-net.

    Returns:
        Seconds since the start; infinite if a run has no evaluation.

    Raises:
        SettingsError: an unknown choice for `repeats`.
    """
    _check_choice("repeats", repeats, get_args(Repeats))
    inside = np.arange(runs.cells.shape[1]) < runs.num_evaluations[:, None]
    spent = np.where(inside, price_s[np.where(inside, runs.cells, 0)], np.inf)
    if repeats == "free":
        for run, cells in enumerate(runs.cells):
            count = runs.num_evaluations[run]
            again = np.ones(count, bool)
            again[np.unique(cells[:count], return_index=True)[1]] = False
            spent[run, :count][again] = 0.0
    spent[:, 0] += start_s
    return np.cumsum(spent, axis=1)


def incumbent_regret(
    table: SearchTable, runs: SearchRuns
) -> tuple[Float64[np.ndarray, "runs evaluations"], Bool[np.ndarray, "runs evaluations"]]:
    """Regret after each evaluation, of the earliest cell with the highest validation accuracy so far.

    Returns:
        Best mean test accuracy of the space minus that of the incumbent, a fraction; and whether there is an incumbent,
        which there is from the first evaluation on of a cell that the table holds. Before, the regret of the worst
        cell; after the last evaluation of a run, what it ended with.

    References: Pourchot et al. 2020, section 4.2.
    """
    regret = np.empty(runs.cells.shape)
    defined = np.empty(runs.cells.shape, bool)
    steps = np.arange(runs.cells.shape[1])
    for run, cells in enumerate(runs.cells):  # row by row, which keeps the memory of a few rows
        inside = steps < runs.num_evaluations[run]
        held = np.where(inside, cells, 0)
        counts = inside & table.known[held]
        seen = np.where(counts, table.validation[held], -1.0)
        highest = np.maximum.accumulate(seen)
        incumbent = np.maximum.accumulate(np.where(np.diff(highest, prepend=-1.0) > 0, steps, 0))
        defined[run] = highest >= 0
        regret[run] = np.where(defined[run], table.best_test - table.test[held[incumbent]], table.worst_regret)
    return regret, defined


def regret_at(
    table: SearchTable,
    runs: SearchRuns,
    finish_s: FinishTimes,
    time_s: Times,
    *,
    unfinished: Unfinished = "ignored",
    start_s: float = 0.0,
) -> RegretCurves:
    """Regret of each run at common times: a grid for curves, or budgets for a comparison.

    Args:
        table: the values.
        runs: what was evaluated.
        finish_s: when each evaluation ended, see `finish_times`.
        time_s: ascending, in seconds; a run that ended before keeps what it had.
        unfinished: what becomes of the training that runs at that time.
        start_s: when the first training began.

    Returns:
        Regret of each run at each time, a fraction; shape (runs, times).

    Raises:
        SettingsError: an unknown choice for `unfinished`, or times that do not ascend.
    """
    _check_choice("unfinished", unfinished, get_args(Unfinished))
    if not len(time_s) or (np.diff(time_s) < 0).any():
        raise SettingsError("time_s: expected at least one time, ascending; sort them")
    after, after_defined = incumbent_regret(table, runs)
    num_finished = np.stack([np.searchsorted(finishes, time_s, side="right") for finishes in finish_s])
    if unfinished == "counted":
        num_finished += (num_finished < runs.num_evaluations[:, None]) & (time_s >= start_s)
    if unfinished == "interpolated":
        num_finished = np.maximum(num_finished, np.minimum(runs.num_evaluations, 1)[:, None])
    last = np.maximum(num_finished - 1, 0)
    defined = np.take_along_axis(after_defined, last, axis=1) & (num_finished > 0)
    regret = np.take_along_axis(after, last, axis=1)
    if unfinished == "interpolated":
        following = np.minimum(num_finished, np.maximum(runs.num_evaluations, 1)[:, None] - 1)
        begin_s, end_s = np.take_along_axis(finish_s, last, axis=1), np.take_along_axis(finish_s, following, axis=1)
        takes_time = (end_s > begin_s) & np.isfinite(end_s)
        done = np.clip((time_s - begin_s) / np.where(takes_time, end_s - begin_s, 1.0), 0.0, 1.0)
        regret += np.where(takes_time, done, 0.0) * (np.take_along_axis(after, following, axis=1) - regret)
    return RegretCurves(
        time_s=time_s,
        regret=np.where(defined, regret, table.worst_regret),
        defined=defined,
        num_finished=num_finished.astype(np.int32),
    )


def time_grid(*finish_s: Float64[np.ndarray, "_ _"], num_times: int = 200) -> Times:
    """Log-spaced times from the first end of a training in any of the searches to the last.

    Returns:
        `num_times` times in seconds, ascending.

    Raises:
        SettingsError: fewer than two times, or nothing that takes time.
    """
    size, lowest, highest = 0, np.inf, 0.0
    for times in finish_s:
        usable = np.isfinite(times) & (times > 0)
        size += int(np.count_nonzero(usable))
        lowest = min(lowest, float(times.min(where=usable, initial=np.inf)))
        highest = max(highest, float(times.max(where=usable, initial=0.0)))
    if num_times < 2 or not size:
        raise SettingsError(
            f"time grid: expected at least 2 times and a training that takes time, got {num_times} times and "
            f"{size} trainings; give another time model"
        )
    grid: Times = np.geomspace(lowest, highest, num_times)
    grid[0], grid[-1] = lowest, highest  # which rounding could have moved past the ends
    return grid


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise SettingsError(f"{name}: expected one of {', '.join(choices)}, got {value!r}")
