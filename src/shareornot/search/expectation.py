"""What random search can be expected to find, computed rather than simulated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.search.table import SearchTable
from shareornot.statistics.pools import num_repeats

Pool = Integer[np.ndarray, " pool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedRegret:
    """Exact regret of random search without replacement, over all orders."""

    num_evaluations: Int64[np.ndarray, " counts"]
    mean: Float64[np.ndarray, " counts"]
    """Expected regret of the incumbent, a fraction."""
    std: Float64[np.ndarray, " counts"]
    """Standard deviation of that regret from run to run."""


def expected_random_regret(
    table: SearchTable, num_evaluations: Sequence[int], *, pool: Pool | None = None
) -> ExpectedRegret:
    """Exact mean and spread of the regret after n evaluations of random search without replacement.

    With N cells, of which S are better than a cell, none of the better ones is among n drawn with probability
    C(N - S, n) / C(N, n). Cells with equal validation accuracy are incumbents with equal probability.

    Args:
        table: the values.
        num_evaluations: how many cells are evaluated, 0 to N; with 0 the regret is that of the worst cell of the space.
        pool: distinct unique indices to draw from, by default all known cells of the space.

    Returns:
        For each number of evaluations the mean and the standard deviation of the regret, fractions.

    Raises:
        SettingsError: more evaluations than cells, a negative number, an empty pool, or one with repeats or unknown
            cells.
    """
    cells = table.cells if pool is None else pool
    check_pool(table, cells)
    num_cells = len(cells)
    counts = np.array(num_evaluations, np.int64)
    if counts.size and not (counts.min() >= 0 and counts.max() <= num_cells):
        raise SettingsError(
            f"num_evaluations: expected 0 to {num_cells:,}, the number of cells, "
            f"got {counts.min():,} to {counts.max():,}; choose fewer evaluations"
        )
    best_first = np.argsort(-table.validation[cells], kind="stable")
    validation = table.validation[cells[best_first]]
    regret = table.best_test - table.test[cells[best_first]]
    begins = np.flatnonzero(np.diff(validation, prepend=np.inf) != 0)
    sizes = np.diff(begins, append=num_cells)
    first_moment = np.add.reduceat(regret, begins) / sizes
    second_moment = np.add.reduceat(regret**2, begins) / sizes
    mean, std = np.full(len(counts), table.worst_regret), np.zeros(len(counts))
    better = np.arange(num_cells)
    for position, count in enumerate(counts):
        if count == 0:
            continue
        factors = np.maximum(num_cells - count - better, 0) / (num_cells - better)
        none_better = np.concatenate([[1.0], np.cumprod(factors)])  # C(N - S, n) / C(N, n) for S = 0, 1, ..., N
        probability = none_better[begins] - none_better[begins + sizes]
        mean[position] = probability @ first_moment
        std[position] = np.sqrt(max(probability @ second_moment - mean[position] ** 2, 0.0))
    return ExpectedRegret(num_evaluations=counts, mean=mean, std=std)


def check_pool(table: SearchTable, pool: Pool) -> None:
    """Raise a `SettingsError` unless a pool has cells, all distinct, inside the space and known to the table."""
    if not len(pool):
        raise SettingsError("pool: expected at least one cell, got none; draw a pool from the space")
    if repeats := num_repeats(pool):
        raise SettingsError(f"pool: expected distinct cells, got {repeats} repeats; drop them with np.unique")
    inside = np.isin(pool, table.cells)
    if not inside.all():
        raise SettingsError(
            f"pool: expected known cells of the space, got {int((~inside).sum())} others, such as {pool[~inside][0]}; "
            "leave them out, or take the space that the pool was drawn from"
        )
