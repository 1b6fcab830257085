"""Each super-net's search against one random order of its own pool, the comparison of the paper's first version."""

from dataclasses import dataclass

from shareornot.statistics import Interval, Significance


@dataclass(frozen=True, kw_only=True, slots=True)
class PairedComparison:
    """As in the paper's first version: each super-net's search against one random order of its own pool."""

    num_trained: int
    """k."""
    guided_regret: float
    """Mean test regret, a fraction."""
    random_regret: float
    difference: Interval
    """Guided minus random, paired by super-net, with Student's interval."""
    test: Significance
    """Wilcoxon's signed-rank test, exact; the paper prints a one-sided p-value by the normal approximation."""
