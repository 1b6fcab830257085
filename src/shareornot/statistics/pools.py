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
    return cells.size - distinct_cells(cells).size


def first_evaluations(cells: Cells) -> Int[np.ndarray, " distinct"]:
    """Positions of the first evaluation of each distinct cell, in the order of the pool.

    Args:
        cells: unique index of the cell of each evaluation.
    """
    return np.sort(np.unique(cells, return_index=True)[1])


def distinct_cells(cells: Cells) -> Int[np.ndarray, " distinct"]:
    """The distinct cells, ascending, as `np.unique` gives them; many are marked in a table rather than sorted.

    Args:
        cells: unique indices, of at least 0.
    """
    if not cells.size or cells.max() > 4 * cells.size:
        return np.unique(cells)
    seen = np.zeros(int(cells.max()) + 1, bool)
    seen[cells] = True
    return np.flatnonzero(seen).astype(cells.dtype)


def places_among(distinct: Int[np.ndarray, " distinct"], cells: Cells) -> Int[np.ndarray, " evaluations"]:
    """The position of each cell among distinct ones.

    Args:
        distinct: unique indices, ascending.
        cells: unique indices, all of them among the distinct ones.
    """
    if not len(distinct) or distinct[-1] > 4 * cells.size:
        return np.searchsorted(distinct, cells)
    table = np.zeros(int(distinct[-1]) + 1, np.int64)
    table[distinct] = np.arange(len(distinct))
    return np.asarray(table[cells])


def first_of_each(places: Cells, num: int) -> Int[np.ndarray, " distinct"]:
    """The first evaluation of each distinct cell.

    Args:
        places: positions of each evaluation's cell among the distinct ones, see `places_among`.
        num: number of distinct cells, each of which occurs.
    """
    first = np.empty(num, np.int64)
    first[places[::-1]] = np.arange(len(places))[::-1]  # the last assignment stays, which is that of the first one
    return first
