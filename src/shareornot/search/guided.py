"""Search guided by scores: train the cells that a super-net, or anything else, holds for the best.

The trivial guides are what every super-net must beat: large networks do better than small ones, and counting parameters
costs nothing.
"""

import numpy as np
from jaxtyping import Float, Float64, Int32, Integer

from shareornot.errors import SettingsError
from shareornot.search.contract import SearchRuns
from shareornot.search.table import SearchTable
from shareornot.spaces.nasbench101 import flop_count, parameter_count

Pool = Integer[np.ndarray, " pool"]
Scores = Float[np.ndarray, " pool"]


def guided_order(cells: Pool, scores: Scores, rng: np.random.Generator) -> Int32[np.ndarray, " distinct"]:
    """The cells of a pool from the highest score to the lowest, of equals in random order.

    Args:
        cells: unique indices; a cell that was drawn into the pool more than once is trained once, for its best score.
        scores: what each is held for, the higher the better; accuracies or any other unit.
        rng: breaks ties.

    Raises:
        SettingsError: no cell, or a score that is not a number, as from a super-net that diverged.
    """
    if not len(cells) or not np.isfinite(scores).all():
        raise SettingsError(
            f"scores: expected at least one score, all finite, got {len(scores)} of which "
            f"{int((~np.isfinite(scores)).sum())} are not; leave out a super-net that diverged"
        )
    ordered = cells[np.lexsort((rng.random(len(scores)), -scores))]
    first = np.sort(np.unique(ordered, return_index=True)[1])
    return ordered[first].astype(np.int32)


def guided_runs(
    pools: list[Pool], scores: list[Scores], rng: np.random.Generator, *, num_evaluations: int | None = None
) -> SearchRuns:
    """One run of guided search for each super-net, on its own pool with its own scores.

    Args:
        pools: unique indices, all of them cells that the table holds.
        scores: a score for each, the higher the better.
        rng: breaks ties.
        num_evaluations: how many of each pool are trained at most, by default all.
    """
    orders = [guided_order(cells, values, rng)[:num_evaluations] for cells, values in zip(pools, scores, strict=True)]
    lengths = np.array([len(order) for order in orders], np.int32)
    evaluated = np.zeros((len(orders), lengths.max(initial=0)), np.int32)
    for run, order in enumerate(orders):
        evaluated[run, : len(order)] = order
    return SearchRuns(cells=evaluated, num_evaluations=lengths)


def trivial_guides(table: SearchTable, *, num_filters: int = 128) -> dict[str, Float64[np.ndarray, " cells"]]:
    """Scores that need no training, by name, for all cells of the table's universe.

    Args:
        table: tells the universe and the training times, which are meaningless where the table does not hold a cell.
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
