"""Search guided by scores: train the cells that a super-net, or anything else, holds for the best.

The trivial guides are what every super-net must beat: large networks do better than small ones, and counting parameters
costs nothing.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.table import SearchTable
from shareornot.spaces.nasbench101 import flop_count, parameter_count
from shareornot.statistics.pools import distinct_cells

Pool = Integer[np.ndarray, " pool"]
Scores = Float[np.ndarray, " pool"]


def guided_order(
    cells: Pool, scores: Scores, rng: np.random.Generator, *, num_evaluations: int | None = None
) -> Int32[np.ndarray, " distinct"]:
    """The cells of a pool from the highest score to the lowest, of equals in random order.

    Args:
        cells: unique indices; a cell that was drawn into the pool more than once is trained once, for its best score.
        scores: what each is held for, the higher the better; accuracies or any other unit.
        rng: breaks ties.
        num_evaluations: how many are wanted at most, by default all.

    Returns:
        Distinct unique indices, at most `num_evaluations` of them.

    Raises:
        SettingsError: no cell, or a score that is not a number, as from a super-net that diverged.
    """
    positions = guided_positions(cells, scores, rng, num_evaluations=num_evaluations)
    return np.asarray(cells[positions], np.int32)


def guided_positions(
    cells: Pool, scores: Scores, rng: np.random.Generator, *, num_evaluations: int | None = None
) -> Int64[np.ndarray, " distinct"]:
    """Positions in the pool of the cells of `guided_order`, each where it has its best score.

    Args:
        cells: unique indices.
        scores: what each is held for.
        rng: breaks ties.
        num_evaluations: how many are wanted at most, by default all; few are found without sorting the others.

    Raises:
        SettingsError: as `guided_order`.
    """
    if not len(cells) or not np.isfinite(scores).all():
        raise SettingsError(
            f"scores: expected at least one score, all finite, got {len(scores)} of which "
            f"{int((~np.isfinite(scores)).sum())} are not; leave out a super-net that diverged"
        )
    noise = rng.random(len(scores))
    if num_evaluations is not None and num_evaluations < len(scores):
        last = np.partition(scores, len(scores) - num_evaluations)[len(scores) - num_evaluations]
        among = np.flatnonzero(scores >= last)
        found = among[_first_of_each(cells[among], scores[among], noise[among])]
        if len(found) >= num_evaluations:  # fewer where cells repeat
            return np.asarray(found[:num_evaluations])
    return _first_of_each(cells, scores, noise)[:num_evaluations]


def _first_of_each(cells: Pool, scores: Scores, noise: Scores) -> Int64[np.ndarray, " distinct"]:
    """Positions by descending score and, of equals, by ascending noise; only the first one of each cell."""
    order = np.argsort(-scores)
    ordered = scores[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.lexsort((noise, -scores))
    if len(distinct_cells(cells)) == len(cells):
        return order
    return order[np.sort(np.unique(cells[order], return_index=True)[1])]


def guided_runs(
    pools: Sequence[Integer[np.ndarray, " _"]],
    scores: Sequence[Float[np.ndarray, " _"]],
    rng: np.random.Generator,
    *,
    num_evaluations: int | None = None,
) -> SearchRuns:
    """One run of guided search for each super-net, on its own pool with its own scores.

    Args:
        pools: unique indices, all of them cells that the table holds.
        scores: a score for each, the higher the better.
        rng: breaks ties.
        num_evaluations: how many of each pool are trained at most, by default all.
    """
    orders = [
        guided_order(cells, values, rng, num_evaluations=num_evaluations)
        for cells, values in zip(pools, scores, strict=True)
    ]
    lengths = np.array([len(order) for order in orders], np.int32)
    evaluated = np.zeros((len(orders), lengths.max(initial=0)), np.int32)
    for run, order in enumerate(orders):
        evaluated[run, : len(order)] = order
    return SearchRuns(cells=evaluated, num_evaluations=lengths)


def trivial_guides(table: SearchTable, *, num_filters: int = 128) -> dict[str, Float64[np.ndarray, " cells"]]:
    """Scores that need no training, by name, for all cells of the table's universe.

    Args:
        table: gives the universe and the training times, which are meaningless where the table does not hold a cell.
        num_filters: width of the network whose parameters and operations are counted.

    Returns:
        `most_parameters`, `fewest_parameters`, `most_flops`, `fewest_flops`, `longest_training` and
        `shortest_training`.
    """
    cells = np.arange(len(table.member))
    columns = {
        ("most_parameters", "fewest_parameters"): parameter_count(cells, num_filters=num_filters).astype(np.float64),
        ("most_flops", "fewest_flops"): flop_count(cells, num_filters=num_filters).astype(np.float64),
        ("longest_training", "shortest_training"): table.time_s,
    }
    return {name: sign * values for names, values in columns.items() for name, sign in zip(names, (1, -1), strict=True)}
