"""How large is a difference, whatever its significance? Cohen's d and the probability of superiority.

The sign is that of method - random search in regret: negative = better than random search.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Real
from scipy import special, stats

from shareornot.statistics.intervals import upper_quantile
from shareornot.statistics.samples import checked_sample, mean_and_variance


@dataclass(frozen=True, kw_only=True, slots=True)
class EffectSize:
    """Cohen's d with its interval."""

    d: float
    """Difference of means in pooled standard deviations; infinite where neither sample varies and the means differ."""
    low: float | None
    """None where neither sample varies."""
    high: float | None
    num_method: int
    num_random: int
    confidence: float


def cohens_d(
    method: Real[np.ndarray, " method_runs"],
    random_search: Real[np.ndarray, " random_runs"],
    *,
    confidence: float = 0.95,
) -> EffectSize:
    """Cohen's d = (mean of method - mean of random search) / pooled standard deviation, with an exact interval.

    The pooled variance weighs both sample variances by their degrees of freedom. For normal samples
    d / sqrt(1/n1 + 1/n2) follows a noncentral t law; the interval holds all effects that this law does not make
    unlikely.

    Args:
        method: regret of each run, at least 2.
        random_search: regret of each run, at least 2.
        confidence: probability to cover the true effect, in (0, 1).

    Raises:
        DataError: fewer than 2 runs, or a regret that is not finite.
        SettingsError: `confidence` is outside (0, 1).

    References: Cohen 1988, "Statistical power analysis for the behavioral sciences"; Steiger and Fouladi 1997,
        "Noncentrality interval estimation and the evaluation of statistical models".
    """
    quantile = upper_quantile(confidence)
    method = checked_sample(method, "method", least=2)
    random_search = checked_sample(random_search, "random_search", least=2)
    num_method, num_random = method.size, random_search.size
    degrees = num_method + num_random - 2
    (mean, variance), (random_mean, random_variance) = mean_and_variance(method), mean_and_variance(random_search)
    difference = mean - random_mean
    pooled = math.sqrt(((num_method - 1) * variance + (num_random - 1) * random_variance) / degrees)
    low = high = None
    if pooled:
        d = difference / pooled
        scale = math.sqrt(1 / num_method + 1 / num_random)
        low = scale * float(special.nctdtrinc(degrees, quantile, d / scale))
        high = scale * float(special.nctdtrinc(degrees, 1 - quantile, d / scale))
    else:
        d = math.copysign(math.inf, difference) if difference else 0.0
    return EffectSize(d=d, low=low, high=high, num_method=num_method, num_random=num_random, confidence=confidence)


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

    Raises:
        DataError: no run, or a regret that is not finite.
    """
    method = checked_sample(method, "method", least=1)
    random_search = checked_sample(random_search, "random_search", least=1)
    ordered = np.sort(random_search)
    not_below = random_search.size - np.searchsorted(ordered, method, side="left")
    above = random_search.size - np.searchsorted(ordered, method, side="right")
    return float(np.mean(not_below + above)) / (2 * random_search.size)
