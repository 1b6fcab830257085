"""Guided search against random search in the same time: what each has when the guided one has trained its k best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.expectation import check_pool
from shareornot.search.guided import guided_positions
from shareornot.search.random_search import random_search_runs
from shareornot.search.regret import RegretCurves, Times, Unfinished, finish_times, regret_at
from shareornot.search.table import SearchTable
from shareornot.statistics.pools import distinct_cells
from shareornot.statistics.selection import incumbent_probabilities

Pool = Integer[np.ndarray, " pool"]
Scores = Float[np.ndarray, " pool"]

_MOST_EVALUATIONS_AT_ONCE = 5_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class TopK:
    """Results of a guided search after training its k best cells, for several k; means over the ways to break ties."""

    num_trained: Int64[np.ndarray, " budgets"]
    """k."""
    time_s: Float64[np.ndarray, " budgets"]
    """Seconds that it takes, with those of the super-net and of scoring the pool."""
    regret: Float64[np.ndarray, " budgets"]
    """Test regret of the cell with the best validation accuracy among the k, a fraction."""
    cell: Int32[np.ndarray, " budgets"]
    """Unique index of that cell, for one way to break ties."""


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

    Where several cells share the scores at the last places among the best k, each choice among them is equally likely,
    and regret and time are exact expectations over those choices.

    Args:
        table: values and training times.
        pool: unique indices of the cells that were scored; repeated ones are trained once.
        scores: proxy accuracies, or any other scores, the higher the better.
        rng: breaks ties for `cell`.
        num_trained: the numbers k.
        start_s: time spent before the first training: on the super-net and on scoring the pool, see `SupernetCost`.

    Returns:
        For each k the expected regret, a fraction, the expected time in seconds, and one cell that the search may end
        with.

    Raises:
        SettingsError: a k below 1 or above the number of cells in the pool, a score that is not finite, or a pool with
            cells outside the space or unknown to the table.
    """
    check_pool(table, distinct_cells(pool))
    positions = guided_positions(pool, scores, rng)
    order, own = pool[positions].astype(np.int32), scores[positions].astype(np.float64)
    ks = np.array(num_trained, np.int64)
    if not len(ks) or ks.min() < 1 or ks.max() > len(order):
        raise SettingsError(
            f"num_trained: expected numbers from 1 to {len(order)}, the cells in the pool, got {list(num_trained)}; "
            "score more cells or train fewer"
        )
    validation, regret = table.validation[order], table.best_test - table.test[order]
    runs = SearchRuns(cells=order[None], num_evaluations=np.array([len(order)], np.int32))
    finish_s = finish_times(runs, table.time_s, start_s=start_s)[0]
    # the first and the last of the cells whose score is that of the k-th
    begin, end = np.searchsorted(-own, -own[ks - 1], side="left"), np.searchsorted(-own, -own[ks - 1], side="right")
    before_s = np.where(begin > 0, finish_s[np.maximum(begin - 1, 0)], start_s)
    tied_s = (finish_s[end - 1] - before_s) / (end - begin)
    alone = end - begin == 1
    return TopK(
        num_trained=ks,
        time_s=np.where(alone, finish_s[ks - 1], before_s + (ks - begin) * tied_s),
        regret=np.array(
            [
                _expected_regret(validation, regret, own, *bounds)
                for bounds in zip(ks.tolist(), begin.tolist(), end.tolist(), strict=True)
            ]
        ),
        cell=np.array([order[validation[:k].argmax()] for k in ks], np.int32),
    )


def _expected_regret(
    validation: Float64[np.ndarray, " cells"],
    regret: Float64[np.ndarray, " cells"],
    scores: Float64[np.ndarray, " cells"],
    k: int,
    begin: int,
    end: int,
) -> float:
    """Expected regret of the first of the k cells with the best validation accuracy.

    Args:
        validation: validation accuracies of the cells, the highest score first.
        regret: regrets of the same in test accuracy.
        scores: scores of the same, descending.
        k: how many are trained.
        begin: position of the first cell with the score of the k-th.
        end: position behind the last of them.
    """
    best, expected = -np.inf, 0.0
    if begin:  # of equal accuracies the one that is trained first counts, of equal scores any of them
        best = float(validation[:begin].max())
        first = int(validation[:begin].argmax())
        equal = (validation[:begin] == best) & (scores[:begin] == scores[first])
        expected = float(regret[:begin][equal].mean())
    probability = incumbent_probabilities(validation[begin:end], k - begin)
    better = validation[begin:end] > best
    gained = probability[better]
    return expected * (1 - float(gained.sum())) + float(gained @ regret[begin:end][better])


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
        unfinished: what becomes of the training that runs when a budget ends.

    Returns:
        Regret of each run at each budget, a fraction; shape (runs, budgets).

    Raises:
        SettingsError: times that do not ascend, or cells with repeats or without a row in the table.
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
