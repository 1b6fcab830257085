"""The comparison of the paper's first version: each super-net's search against one random order of its own pool."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.search import PAPER_V1, SearchTable, compare_searches, supernet_cost
from shareornot.statistics import Interval, Significance, student_interval, wilcoxon_signed_rank


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedComparison:
    """Guided search against random search on the pool of each super-net, at one budget."""

    num_trained: int
    """k."""
    guided_regret: float
    """Mean test regret, a fraction."""
    random_regret: float
    difference: Interval
    """Guided minus random, paired by super-net, with Student's interval."""
    test: Significance
    """Wilcoxon's signed-rank test, exact; the paper prints a one-sided p-value by the normal approximation."""


def compare_on_pools(
    table: SearchTable,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int],
) -> tuple[PairedComparison, ...]:
    """Compare each super-net's search with one random order of its own pool, at the same cost.

    Args:
        table: what training each architecture alone gave.
        pools: pools of super-nets that converged.
        costs: costs of a super-net; scoring is left out, as in the paper's first version.
        rng: source of the random orders.
        num_trained: k of the TOP-k; those above the size of the smallest pool are left out.

    References: Pourchot et al. 2020, arXiv:2002.04289v1, section 5 and Table 2.
    """
    smallest = min(len(np.unique(pool.cells)) for pool in pools)
    ks = tuple(k for k in num_trained if k <= smallest)
    found = compare_searches(
        table,
        [pool.cells for pool in pools],
        [pool.proxies for pool in pools],
        rng,
        protocol=replace(PAPER_V1, num_trained=ks, pool_size=max(len(pool.cells) for pool in pools)),
        start_s=supernet_cost(table, epochs_ratio=costs.training, narrow_time_s=costs.narrow_time_s).total_s,
    )
    return tuple(
        PairedComparison(
            num_trained=k,
            guided_regret=float(found.guided[:, column].mean()),
            random_regret=float(found.random[:, column].mean()),
            difference=student_interval(found.guided[:, column] - found.random[:, column]),
            test=wilcoxon_signed_rank(found.guided[:, column], found.random[:, column]),
        )
        for column, k in enumerate(ks)
    )
