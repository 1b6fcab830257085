"""Pools of evaluated cells: repeated cells in one, common cells of two.

A pool drawn with replacement holds some cells more than once. Statistics take it as it is, repeats counted, as the
paper does; these functions reduce it to distinct cells, which is what p-values assume.
"""

import numpy as np
from jaxtyping import Float, Int, Real

Cells = Int[np.ndarray, " evaluations"]


def num_repeats(cells: Cells) -> int:
    """Evaluations of cells that the pool had held already.

    Args:
        cells: unique index of the cell of each evaluation.
    """
    return cells.size - np.unique(cells).size


def first_evaluations(cells: Cells) -> Int[np.ndarray, " distinct"]:
    """Positions of the first evaluation of each distinct cell, in the order of the pool.

    Args:
        cells: unique index of the cell of each evaluation.
    """
    return np.sort(np.unique(cells, return_index=True)[1])


def average_repeats(
    cells: Cells, scores: Real[np.ndarray, " evaluations"]
) -> tuple[Int[np.ndarray, " distinct"], Float[np.ndarray, " distinct"]]:
    """Mean score of each distinct cell.

    Args:
        cells: unique index of the cell of each evaluation.
        scores: its score, any unit.

    Returns:
        The distinct cells in ascending order, and the mean score of each, in the unit of `scores`.
    """
    distinct, group = np.unique(cells, return_inverse=True)
    return distinct, np.bincount(group, weights=scores, minlength=distinct.size) / np.bincount(group)


def common_cells(
    cells_a: Int[np.ndarray, " evaluations_a"], cells_b: Int[np.ndarray, " evaluations_b"]
) -> tuple[Int[np.ndarray, " common"], Int[np.ndarray, " common"]]:
    """Where two pools hold the same cells.

    Args:
        cells_a: unique index of the cell of each evaluation in one pool.
        cells_b: the same for the other pool.

    Returns:
        Positions in the first and in the second pool, the first evaluation of each distinct cell that both hold.
    """
    _, in_a, in_b = np.intersect1d(cells_a, cells_b, return_indices=True)
    return in_a, in_b
