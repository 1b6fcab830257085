"""Pools of evaluated cells: repeated cells in one, common cells of two.

A pool drawn with replacement holds some cells more than once. Statistics take it as it is, repeats counted, as the
paper does; these functions reduce it to distinct cells, which is what p-values assume.
"""

import numpy as np
from jaxtyping import Int

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
