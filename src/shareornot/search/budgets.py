"""Guided search against random search in the same time: what each has when the guided one has trained its k best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.expectation import check_pool
from shareornot.search.guided import guided_order
from shareornot.search.random_search import random_search_runs
from shareornot.search.regret import RegretCurves, Times, Unfinished, finish_times, incumbent_regret, regret_at
from shareornot.search.table import SearchTable

Pool = Integer[np.ndarray, " pool"]
Scores = Float[np.ndarray, " pool"]

_MOST_EVALUATIONS_AT_ONCE = 5_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """What a guided search has after training its k best cells, for several k."""

    num_trained: Int64[np.ndarray, " budgets"]
    """k."""
    time_s: Float64[np.ndarray, " budgets"]
    """Seconds that it took, with those of the super-net and of scoring the pool."""
    regret: Float64[np.ndarray, " budgets"]
    """Test regret of the cell with the best validation accuracy among the k, a fraction."""
    cell: Int32[np.ndarray, " budgets"]
    """Unique index of that cell."""


def guided_regret(
    table: SearchTable,
    pool: Pool,
    scores: Scores,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
    start_s: float = 0.0,
) -> TopK:
    """Train the k cells with the highest scores, and keep the one with the best validation accuracy.

    Args:
        table: values and training times.
        pool: unique indices of the cells that were scored; repeated ones are trained once.
        scores: proxy accuracies, or any other scores, the higher the better.
        rng: breaks ties between scores.
        num_trained: the numbers k.
        start_s: time spent before the first training: on the super-net and on scoring the pool, see `SupernetCost`.

    Raises:
        SettingsError: a k below 1 or above the number of cells in the pool, a score that is not finite, or a pool with
            cells outside the space or unknown to the table.
    """
    check_pool(table, np.unique(pool))
    order = guided_order(pool, scores, rng)
    last = np.array(num_trained, np.int64) - 1
    if not len(last) or last.min() < 0 or last.max() >= len(order):
        raise SettingsError(
            f"num_trained: expected numbers from 1 to {len(order)}, the cells in the pool, got {list(num_trained)}; "
            "score more cells or train fewer"
        )
    runs = SearchRuns(cells=order[None], num_evaluations=np.array([len(order)], np.int32))
    validation = table.validation[order]
    return TopK(
        num_trained=last + 1,
        time_s=finish_times(runs, table.time_s, start_s=start_s)[0, last],
        regret=incumbent_regret(table, runs)[0][0, last],
        cell=np.array([order[validation[: k + 1].argmax()] for k in last], np.int32),
    )


def random_search_runs_at(
    table: SearchTable,
    cells: Pool,
    time_s: Times,
    rng: np.random.Generator,
    *,
    num_runs: int,
    unfinished: Unfinished = "ignored",
) -> RegretCurves:
    """Simulated runs of random search without replacement, each as long as the last budget, read at all of them.

    Args:
        table: values and training times.
        cells: distinct unique indices to draw from.
        time_s: budgets in seconds, ascending.
        rng: source of the randomness.
        num_runs: independent runs.
        unfinished: whether the training that runs when a budget ends is left out or allowed to end.

    Raises:
        SettingsError: times that do not ascend, or cells with repeats or outside what the table knows of the space.
    """
    check_pool(table, cells)
    # No order gets further than the one that begins with the cheapest trainings; one more may be running.
    cheapest_s = np.cumsum(np.sort(table.time_s[cells]))
    num_evaluations = min(int(np.searchsorted(cheapest_s, time_s.max(initial=0.0), side="right")) + 1, len(cells))
    block = max(1, _MOST_EVALUATIONS_AT_ONCE // num_evaluations)
    parts = []
    for start in range(0, num_runs, block):
        runs = random_search_runs(cells, rng, num_runs=min(block, num_runs - start), num_evaluations=num_evaluations)
        parts.append(regret_at(table, runs, finish_times(runs, table.time_s), time_s, unfinished=unfinished))
    return RegretCurves(
        time_s=time_s,
        regret=np.concatenate([part.regret for part in parts]),
        defined=np.concatenate([part.defined for part in parts]),
        num_finished=np.concatenate([part.num_finished for part in parts]),
    )
