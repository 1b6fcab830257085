"""Is a search method better than random search, or was it luck?

One sign convention, here and on every table: difference = regret of the method - regret of random search, so that
negative means better than random search. The paper's own header has it the other way round from its text.

Samples that do not vary at all leave the t-tests a quotient by zero. Its limit is taken: p = 1 where the means are
equal, p = 0 and an infinite statistic where they differ.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Real
from scipy import stats

from shareornot.errors import DataError, SettingsError
from shareornot.statistics.intervals import Interval, upper_quantile
from shareornot.statistics.levels import CONFIDENCE
from shareornot.statistics.samples import checked_sample, mean_and_variance

MethodRuns: TypeAlias = Real[np.ndarray, " method_runs"]
"""Regret of each run of the method, fractions; smaller is better."""
RandomRuns: TypeAlias = Real[np.ndarray, " random_runs"]
"""Regret of each run of random search in the same time."""

MAX_PAIRS_EXACT = 200
"""Pairs up to which Wilcoxon's test enumerates all signs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Significance:
    """A two-sided test of method against random search."""

    test: Literal["student", "welch", "wilcoxon exact", "wilcoxon approximate"]
    statistic: float
    """t, negative where the method is better; or Wilcoxon's smaller rank sum."""
    p_value: float
    degrees_of_freedom: float | None
    """Degrees of freedom of the t-tests."""
    num_method: int
    num_random: int


def mean_difference(
    method: MethodRuns,
    random_search: RandomRuns,
    *,
    equal_variances: bool = False,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    confidence: float = CONFIDENCE,
) -> Interval:
    """Mean regret of the method minus that of random search, with the interval of the matching t-test.

    Args:
        method: regret of each run, fractions; at least 2 for an interval.
        random_search: regret of each run, fractions; at least 2 for an interval.
        equal_variances: Student's pooled variance in place of Welch's two.
        bounds: least and largest possible difference, beyond which the interval is cut.
        confidence: probability to cover the true difference, in (0, 1).

    Returns:
        Difference, negative = better than random search; its `n` counts the runs of both.

    Raises:
        DataError: no run, or a regret that is not finite.
        SettingsError: `confidence` is outside (0, 1).
    """
    quantile = upper_quantile(confidence)
    method = checked_sample(method, "method", least=1)
    random_search = checked_sample(random_search, "random_search", least=1)
    low = high = None
    if min(method.size, random_search.size) == 1:
        difference = float(method.mean() - random_search.mean())
    else:
        difference, error, degrees = _difference(method, random_search, equal_variances=equal_variances)
        half = float(stats.t.ppf(quantile, degrees)) * error
        low, high = max(difference - half, bounds[0]), min(difference + half, bounds[1])
    return Interval(
        mean=difference,
        low=low,
        high=high,
        method="student difference" if equal_variances else "welch difference",
        n=method.size + random_search.size,
        confidence=confidence,
    )


def student_t_test(method: MethodRuns, random_search: RandomRuns) -> Significance:
    """Student's two-sample t-test, which takes both variances for equal: the paper's test.

    Its p-values err where a few runs are compared with many and spread differently; `welch_t_test` does not.

    Args:
        method: regret of each run, at least 2.
        random_search: regret of each run, at least 2.

    Returns:
        The statistic and the two-sided p-value.

    Raises:
        DataError: fewer than 2 runs, or a regret that is not finite.
    """
    return _t_test(method, random_search, equal_variances=True)


def welch_t_test(method: MethodRuns, random_search: RandomRuns) -> Significance:
    """Welch's two-sample t-test, with a variance for each.

    Args:
        method: regret of each run, at least 2.
        random_search: regret of each run, at least 2.

    Returns:
        The statistic and the two-sided p-value.

    Raises:
        DataError: fewer than 2 runs, or a regret that is not finite.
    """
    return _t_test(method, random_search, equal_variances=False)


def wilcoxon_signed_rank(method: Real[np.ndarray, " pairs"], random_search: Real[np.ndarray, " pairs"]) -> Significance:
    """Wilcoxon's signed-rank test of paired runs, such as a guided search and the random search beside it.

    Pairs without a difference are dropped, equal sizes share their ranks. Up to 200 pairs the p-value is exact, ties
    or not: it enumerates all signs. Beyond, it is the normal approximation with the variance corrected for ties.

    Args:
        method: regret of each run.
        random_search: regret of the run it is paired with.

    Returns:
        The statistic and the p-value.

    Raises:
        DataError: no pair, or a regret that is not finite.

    References: Wilcoxon 1945, "Individual comparisons by ranking methods".
    """
    method = checked_sample(method, "method", least=1)
    random_search = checked_sample(random_search, "random_search", least=1)
    differences = np.round(method - random_search, 12)  # 0.3 - 0.2 and 0.2 - 0.1 are a tie
    differences = differences[differences != 0]
    ranks = stats.rankdata(np.abs(differences))
    positive, total = float(ranks[differences > 0].sum()), float(ranks.sum())
    smaller = min(positive, total - positive)
    exact = differences.size <= MAX_PAIRS_EXACT
    if exact:
        p_value = _exact_signed_rank_p(ranks, smaller)
    else:
        # the variance of a sum of ranks with random signs holds for tied ranks as it stands
        z = (smaller - total / 2) / math.sqrt(float((ranks**2).sum()) / 4)
        p_value = float(2 * stats.norm.cdf(z))
    return Significance(
        test="wilcoxon exact" if exact else "wilcoxon approximate",
        statistic=smaller,
        p_value=p_value,
        degrees_of_freedom=None,
        num_method=method.size,
        num_random=random_search.size,
    )


def smallest_wilcoxon_p(num_pairs: int) -> float:
    """The smallest two-sided p-value that n pairs can give, 2 / 2^n, hence 0.0625 for five.

    Args:
        num_pairs: pairs that differ, at least 1.

    Raises:
        SettingsError: `num_pairs` is below 1.
    """
    if num_pairs < 1:
        raise SettingsError(f"num_pairs: expected at least 1, got {num_pairs}")
    return 2.0 ** (1 - num_pairs)


def holm(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Adjust the p-values of a table after Holm, which bounds the probability of any false positive.

    The i-th smallest of m is multiplied by m - i + 1, never below its predecessor, never above 1.

    Args:
        p_values: p-values of all tests of the table, in [0, 1].

    Returns:
        Adjusted p-values in the order given.

    Raises:
        DataError: a p-value outside [0, 1].

    References: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise DataError(f"p_values: expected numbers in [0, 1], got {p_values}; leave out tests that were not made")
    order = np.argsort(p_values)
    adjusted = np.empty(p_values.shape)
    adjusted[order] = np.maximum.accumulate(p_values[order] * np.arange(p_values.size, 0, -1))
    return np.minimum(adjusted, 1.0)


def _t_test(method: MethodRuns, random_search: RandomRuns, *, equal_variances: bool) -> Significance:
    method = checked_sample(method, "method", least=2)
    random_search = checked_sample(random_search, "random_search", least=2)
    difference, error, degrees = _difference(method, random_search, equal_variances=equal_variances)
    if error:
        found = stats.ttest_ind_from_stats(
            *(difference, math.sqrt(mean_and_variance(method)[1]), method.size),
            *(0.0, math.sqrt(mean_and_variance(random_search)[1]), random_search.size),
            equal_var=equal_variances,
        )
        statistic, p_value = float(found.statistic), float(found.pvalue)
    else:  # the limit of a quotient by zero
        statistic = math.copysign(math.inf, difference) if difference else 0.0
        p_value = 0.0 if difference else 1.0
    return Significance(
        test="student" if equal_variances else "welch",
        statistic=statistic,
        p_value=p_value,
        degrees_of_freedom=degrees,
        num_method=method.size,
        num_random=random_search.size,
    )


def _difference(
    method: Float[np.ndarray, " method_runs"],
    random_search: Float[np.ndarray, " random_runs"],
    *,
    equal_variances: bool,
) -> tuple[float, float, float]:
    """Difference of means, its standard error, and the degrees of freedom of that."""
    (mean, variance), (random_mean, random_variance) = mean_and_variance(method), mean_and_variance(random_search)
    degrees = float(method.size + random_search.size - 2)
    if equal_variances:
        squares = (method.size - 1) * variance + (random_search.size - 1) * random_variance
        error = math.sqrt(squares / degrees * (1 / method.size + 1 / random_search.size))
    else:
        part, random_part = variance / method.size, random_variance / random_search.size
        error = math.sqrt(part + random_part)
        if error:
            # shares of the squared error, whose squares do not underflow as the parts' own would
            share, random_share = part / (part + random_part), random_part / (part + random_part)
            degrees = 1 / (share**2 / (method.size - 1) + random_share**2 / (random_search.size - 1))
    return mean - random_mean, error, degrees


def _exact_signed_rank_p(ranks: Float[np.ndarray, " pairs"], smaller: float) -> float:
    """Two-sided p-value over all signs; average ranks are halves, so twice the ranks are counted."""
    doubled = np.rint(2 * ranks).astype(np.int64)
    probability = np.zeros(int(doubled.sum()) + 1)
    probability[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(probability)
        shifted[rank:] = probability[: probability.size - rank]
        probability = (probability + shifted) / 2
    return min(1.0, 2 * float(probability[: round(2 * smaller) + 1].sum()))
