"""How many super-nets does it take to see an effect?

All figures are for the two-sided two-sample t-test, with as many runs of random search as one can afford: they cost
look-ups, whereas each run of the method costs a super-net.
"""

import math

from scipy import optimize, special, stats

from shareornot.errors import SettingsError
from shareornot.statistics.levels import POWER, SIGNIFICANCE

_MOST_RUNS = 10_000_000


def t_test_power(d: float, num_method: int, num_random: int, *, alpha: float = SIGNIFICANCE) -> float:
    """Probability that the t-test finds an effect of true size d.

    With t0 the critical value at n1 + n2 - 2 degrees of freedom, P(abs(T) > t0) for T noncentral with d / sqrt(1/n1 +
    1/n2).

    Args:
        d: true effect in standard deviations; the sign does not matter.
        num_method: runs of the method, at least 2.
        num_random: runs of random search, at least 2.
        alpha: level of significance, in (0, 1).

    Returns:
        A probability.

    Raises:
        SettingsError: a number of runs below 2, or `alpha` outside (0, 1).
    """
    _check(num_method, num_random, alpha)
    degrees = num_method + num_random - 2
    critical = float(stats.t.isf(alpha / 2, degrees))
    shift = abs(d) / math.sqrt(1 / num_method + 1 / num_random)
    return _probability_below(-critical, degrees, shift) + 1 - _probability_below(critical, degrees, shift)


def num_supernets_needed(
    d: float, *, target: float = POWER, alpha: float = SIGNIFICANCE, num_random: int | None = None
) -> int | None:
    """Smallest number of super-nets, one run of the method each, whose power reaches the target.

    Args:
        d: true effect in standard deviations, not 0.
        target: wanted power, in (alpha, 1).
        alpha: level of significance, in (0, 1).
        num_random: runs of random search; as many as super-nets where not given.

    Returns:
        The number, at least 2; None if millions are not enough, most likely because there are too few runs of random
        search.

    Raises:
        SettingsError: `d` is 0, `target` is outside (alpha, 1), or `num_random` is below 2.
    """
    _check(2, 2 if num_random is None else num_random, alpha)
    if d == 0 or not alpha < target < 1:
        raise SettingsError(
            f"power: expected d other than 0 and a target between alpha = {alpha} and 1, got d = {d} and {target}"
        )

    def reached(num_method: int) -> bool:
        return t_test_power(d, num_method, num_method if num_random is None else num_random, alpha=alpha) >= target

    enough = 2
    while not reached(enough):
        if enough > _MOST_RUNS:
            return None
        enough *= 2
    too_few = enough // 2
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        enough, too_few = (middle, too_few) if reached(middle) else (enough, middle)
    return enough


def smallest_detectable_effect(
    num_method: int, num_random: int, *, target: float = POWER, alpha: float = SIGNIFICANCE
) -> float:
    """The smallest effect that the t-test finds with the wanted power.

    Args:
        num_method: runs of the method, at least 2.
        num_random: runs of random search, at least 2.
        target: wanted power, in (alpha, 1).
        alpha: level of significance, in (0, 1).

    Returns:
        abs(d) in standard deviations.

    Raises:
        SettingsError: a number of runs below 2, or `target` outside (alpha, 1).
    """
    _check(num_method, num_random, alpha)
    if not alpha < target < 1:
        raise SettingsError(f"target: expected a power between alpha = {alpha} and 1, got {target}")
    most = 1.0
    while t_test_power(most, num_method, num_random, alpha=alpha) < target:
        most *= 2
    return float(optimize.brentq(lambda d: t_test_power(d, num_method, num_random, alpha=alpha) - target, 0.0, most))


def _probability_below(value: float, degrees: int, shift: float) -> float:
    """Distribution function of the noncentral t law."""
    probability = float(special.nctdtr(degrees, shift, value))
    # scipy answers NaN if the probability is too small for its series
    return 0.0 if math.isnan(probability) else probability


def _check(num_method: int, num_random: int, alpha: float) -> None:
    if min(num_method, num_random) < 2:
        raise SettingsError(f"runs: expected at least 2 of each method, got {num_method} and {num_random}")
    if not 0 < alpha < 1:
        raise SettingsError(f"alpha: expected a level between 0 and 1, got {alpha}; 5 % is 0.05")
