"""The test behind the verdict: is the guided search better than the best search that needs no super-net?

Two kinds of rivals: *independent* ones, such as random search, of which hundreds of runs are simulated, and *paired*
ones, such as training the largest architectures of the super-net's own pool, which have one regret for each super-net.

    helped         the guided search is significantly better than each of the rivals (an intersection-union test, which
                   needs no correction)
    did not pay    it is significantly worse than at least one of them, corrected after Bonferroni for their number

All functions take one appraisal, shape `(supernets,)`, or many simulated ones, shape `(simulations, supernets)`: power
is simulated by the very functions that make the verdict. Differences are guided - rival in regret: negative = the
guided search is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from shareornot.errors import SettingsError
from shareornot.statistics.levels import POWER, SIGNIFICANCE

Regrets = Float[np.ndarray, "*simulations supernets"]
Numbers: TypeAlias = Float[np.ndarray, "*simulations"] | np.floating[Any]
"""One number, or one for each simulation: NumPy makes scalars of arrays without dimensions."""

MOST_SUPERNETS = 1_000
"""Largest number of further super-nets that is reported."""
_NUM_SIMULATIONS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RivalRuns:
    """Regret of an independent rival: moments over its runs."""

    mean: float
    std: float
    """Sample standard deviation."""
    num_runs: int
    """At least 2."""

    @classmethod
    def of(cls, regrets: Float[np.ndarray, " runs"]) -> "RivalRuns":
        """Moments of the regrets of runs; runs that do not differ have a standard deviation of exactly 0."""
        if np.ptp(regrets) == 0:
            return cls(mean=float(regrets[0]), std=0.0, num_runs=regrets.size)
        return cls(mean=float(regrets.mean()), std=float(regrets.std(ddof=1)), num_runs=regrets.size)


def independent_p_value(guided: Regrets, rival: RivalRuns) -> Numbers:
    """The larger of the p-values of Student's and of Welch's t-test; see `cautious_test`.

    Args:
        guided: regret of each super-net's search, at least 2.
        rival: moments of the rival's runs.
    """
    num = guided.shape[-1]
    mean, variance = guided.mean(axis=-1), _variance(guided)
    difference = mean - rival.mean
    degrees = num + rival.num_runs - 2
    pooled = ((num - 1) * variance + (rival.num_runs - 1) * rival.std**2) / degrees
    student = _t_p_value(difference, pooled * (1 / num + 1 / rival.num_runs), np.full_like(difference, degrees))
    part, other = variance / num, rival.std**2 / rival.num_runs
    error = part + other
    scale = np.where(error > 0, error, 1.0)
    share, rest = part / scale, other / scale
    welch_degrees = 1 / np.maximum(share**2 / (num - 1) + rest**2 / (rival.num_runs - 1), 1e-300)
    return np.asarray(np.maximum(student, _t_p_value(difference, error, np.minimum(welch_degrees, degrees))))


def paired_p_value(guided: Regrets, rival: Regrets, spread: RivalRuns) -> Numbers:
    """Student's paired t-test; where several super-nets have the same difference, with no less than random spread.

    Super-nets that end with the same architecture by chance have differences without any spread, which the t-test takes
    for certainty. The p-value is then at least that of a test with the standard deviation of random search.

    Args:
        guided: regret of each super-net's search, at least 2.
        rival: regret of the rival beside each.
        spread: spread of random search in the same time.
    """
    differences = guided - rival
    num = guided.shape[-1]
    mean, variance = differences.mean(axis=-1), _variance(differences)
    own = _t_p_value(mean, variance / num, np.full_like(mean, num - 1))
    ordered = np.sort(differences, axis=-1)
    tied = (np.diff(ordered, axis=-1) <= 1e-12).any(axis=-1) & (mean != 0)
    degrees = num + spread.num_runs - 2
    pooled = ((num - 1) * _variance(guided) + (spread.num_runs - 1) * spread.std**2) / degrees
    floor = _t_p_value(mean, pooled / num, np.full_like(mean, degrees))
    return np.asarray(np.where(tied, np.maximum(own, floor), own))


def decisions(
    guided: Regrets, independent: Sequence[RivalRuns], paired: Sequence[Regrets], spread: RivalRuns
) -> Int[np.ndarray, "*simulations"]:
    """Decision of the tests: -1 helped, 1 did not pay, 0 neither.

    Args:
        guided: regret of each super-net's search, at least 2.
        independent: rivals with runs of their own.
        paired: regrets of rivals beside each super-net.
        spread: spread of random search in the same time.
    """
    p_values = [independent_p_value(guided, one) for one in independent]
    p_values += [paired_p_value(guided, one, spread) for one in paired]
    means = [guided.mean(axis=-1) - one.mean for one in independent]
    means += [(guided - one).mean(axis=-1) for one in paired]
    better, worse = decided(np.stack(p_values), np.stack(means))
    return np.where(better, -1, np.where(worse, 1, 0))


def decided(
    p_values: Float[np.ndarray, "rivals *simulations"], differences: Float[np.ndarray, "rivals *simulations"]
) -> tuple[Bool[np.ndarray, "*simulations"], Bool[np.ndarray, "*simulations"]]:
    """Whether sharing helped, and whether it did not pay, by the tests against each rival.

    Args:
        p_values: two-sided, uncorrected.
        differences: guided - rival.
    """
    better = ((p_values < SIGNIFICANCE) & (differences < 0)).all(axis=0)
    worse = ((p_values * len(p_values) < SIGNIFICANCE) & (differences > 0)).any(axis=0)
    return np.asarray(better), np.asarray(worse)


def verdict_power(
    effect: float,
    num_supernets: int,
    rng: np.random.Generator,
    *,
    regrets: Float[np.ndarray, " runs"] | None = None,
    num_runs: int = 500,
    num_simulations: int = 20_000,
) -> float:
    """Probability that the verdict sees an effect of a given size against random search alone.

    The guided search has the law of random search, shifted. With further rivals the power is smaller.

    Args:
        effect: difference of mean regrets in standard deviations of random search; positive = the guided search is
            better.
        num_supernets: at least 2.
        rng: source of the simulations.
        regrets: regrets of runs of random search, whose law is taken; by default the normal law.
        num_runs: number of runs of random search.
        num_simulations: appraisals.

    Returns:
        Share of the simulated appraisals that find the effect, in [0, 1].

    Raises:
        SettingsError: fewer than 2 super-nets or runs.
    """
    if min(num_supernets, num_runs) < 2:
        raise SettingsError(f"power: expected at least 2 super-nets and runs, got {num_supernets} and {num_runs}")
    shape = (num_simulations, num_supernets)
    if regrets is None:
        rival, drawn = RivalRuns(mean=0.0, std=1.0, num_runs=num_runs), rng.normal(size=shape)
    else:
        moments = RivalRuns.of(regrets)
        rival = RivalRuns(mean=moments.mean, std=moments.std, num_runs=num_runs)
        drawn = rng.choice(regrets, shape)
    return float(np.mean(decisions(drawn - effect * rival.std, [rival], [], rival) == -1))


def more_supernets(
    guided: Float[np.ndarray, " supernets"],
    independent: Sequence[RivalRuns],
    paired: Sequence[Float[np.ndarray, " supernets"]],
    spread: RivalRuns,
    rng: np.random.Generator,
) -> int | None:
    """How many more super-nets decide, with a probability of 80 %, if the true differences equal the observed ones.

    Further appraisals are simulated: regrets of the guided search and of paired rivals are drawn from the normal law
    with the means and covariances seen, and the very test is made.

    Args:
        guided: regret of each super-net's search; a single one is taken to spread as random search does.
        independent: rivals with runs of their own.
        paired: regrets of rivals beside each super-net.
        spread: spread of random search in the same time.
        rng: source of the simulations.

    Returns:
        The smallest number of further super-nets, at least 1; None if a thousand decide nothing.
    """
    seen = np.stack([guided, *paired])
    num = guided.size
    covariance = np.atleast_2d(np.cov(seen)) if num > 1 else np.diag([spread.std**2] + [0.0] * len(paired))
    # super-nets that happen to end alike are not taken for ones that always do
    covariance[0, 0] = max(covariance[0, 0], spread.std**2 / 4)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))

    def power(total: int) -> float:
        simulations = max(200, min(_NUM_SIMULATIONS, 400_000 // total))
        drawn = seen.mean(axis=1)[:, None, None] + np.einsum(
            "ij,jsn->isn", root, rng.normal(size=(len(seen), simulations, total))
        )
        return float(np.mean(decisions(drawn[0], independent, list(drawn[1:]), spread) != 0))

    most = num + 1
    while power(most) < POWER:
        if most - num >= MOST_SUPERNETS:
            return None
        most = num + min(2 * (most - num), MOST_SUPERNETS)
    least = num + (most - num) // 2 if most - num > 1 else num
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if power(middle) >= POWER else (middle, most)
    return most - num


def _variance(values: Regrets) -> Numbers:
    """Sample variance, exactly 0 for values that are all equal."""
    return np.asarray(np.where(np.ptp(values, axis=-1) == 0, 0.0, values.var(axis=-1, ddof=1)))


def _t_p_value(difference: Numbers | float, squared_error: Numbers | float, degrees: Numbers | float) -> Numbers:
    """Two-sided p-value of Student's law; its limit where there is no error."""
    difference = np.where(np.abs(difference) < 1e-15, 0.0, difference)
    some = np.asarray(squared_error) > 0
    t = np.abs(difference) / np.sqrt(np.where(some, squared_error, 1.0))
    return np.asarray(np.where(some, 2 * stats.t.sf(t, degrees), np.where(difference == 0, 1.0, 0.0)))
