"""How large is a difference, whatever its significance? Standardised differences and the probability of superiority.

The sign is that of method - random search in regret: negative = better than random search.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Real
from scipy import stats

from shareornot.statistics.intervals import Interval
from shareornot.statistics.samples import checked_sample, mean_and_variance


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectSize:
    """A difference of means in standard deviations of random search (Glass's delta), with its interval."""

    d: float
    """Infinite if random search does not vary and the means differ."""
    low: float | None
    """None if there is no interval of the difference, or random search does not vary."""
    high: float | None
    confidence: float


def standardized_difference(difference: Interval, random_std: float) -> EffectSize:
    """Divide a difference and its interval by the standard deviation of random search.

    Hundreds of runs determine that standard deviation, so the interval covers as often as that of the difference,
    whatever the spread of the method. Cohen's d with its exact interval takes both spreads for equal; where they
    differ by a factor of five, that interval covers 35 % in place of 95 %.

    Args:
        difference: method - random search, with the interval of the test.
        random_std: standard deviation of the runs of random search, at least 0.

    Returns:
        The difference and its bounds in standard deviations.

    References: Glass 1976, "Primary, secondary, and meta-analysis of research".
    """
    if random_std > 0:
        low, high = (None if end is None else end / random_std for end in (difference.low, difference.high))
        return EffectSize(d=difference.mean / random_std, low=low, high=high, confidence=difference.confidence)
    d = math.copysign(math.inf, difference.mean) if difference.mean else 0.0
    return EffectSize(d=d, low=None, high=None, confidence=difference.confidence)


def cohens_d(method: Real[np.ndarray, " method_runs"], random_search: Real[np.ndarray, " random_runs"]) -> float:
    """Cohen's d = (mean of method - mean of random search) / pooled standard deviation.

    The pooled variance weighs both sample variances by their degrees of freedom.

    Args:
        method: regret of each run, at least 2.
        random_search: regret of each run, at least 2.

    Returns:
        d; infinite if neither sample varies and the means differ.

    Raises:
        DataError: fewer than 2 runs, or a regret that is not finite.

    References: Cohen 1988, "Statistical power analysis for the behavioral sciences".
    """
    method = checked_sample(method, "method", least=2)
    random_search = checked_sample(random_search, "random_search", least=2)
    degrees = method.size + random_search.size - 2
    (mean, variance), (random_mean, random_variance) = mean_and_variance(method), mean_and_variance(random_search)
    difference = mean - random_mean
    pooled = math.sqrt(((method.size - 1) * variance + (random_search.size - 1) * random_variance) / degrees)
    if pooled:
        return difference / pooled
    return math.copysign(math.inf, difference) if difference else 0.0


def superiority_from_d(d: float) -> float:
    """Probability that a run of the method has less regret than one of random search: Phi(-d / sqrt 2).

    For normal regrets of equal variance.

    Args:
        d: Cohen's d of method - random search in regret, negative = better.
    """
    return float(stats.norm.cdf(-d / math.sqrt(2)))


def probability_of_superiority(
    method: Real[np.ndarray, " method_runs"], random_search: Real[np.ndarray, " random_runs"]
) -> float:
    """Share of all pairs of runs in which the method has less regret than random search, ties counted as half.

    Assumes nothing of the laws of regret; the Mann-Whitney statistic over the number of pairs.

    Args:
        method: regret of each run, at least 1.
        random_search: regret of each run, at least 1.

    Returns:
        A fraction in [0, 1]; 0.5 where neither is better.

    Raises:
        DataError: no run, or a regret that is not finite.
    """
    method = checked_sample(method, "method", least=1)
    random_search = checked_sample(random_search, "random_search", least=1)
    ordered = np.sort(random_search)
    not_below = random_search.size - np.searchsorted(ordered, method, side="left")
    above = random_search.size - np.searchsorted(ordered, method, side="right")
    return float(np.mean(not_below + above)) / (2 * random_search.size)
