"""Intervals for a mean over super-nets that scored the same architectures, or some of the same.

Student's interval over super-nets covers other seeds. Where all of them scored one pool, the luck of that pool is
common to all values: no spread between them shows it, and Student's interval covers too rarely. A jackknife over
architectures finds that part, and adds it:

    V = s^2 / n + C,    C = (J - mean of J_i / n) / (1 - 1 / n), at least 0

with s the standard deviation between n super-nets, J the jackknife variance of the mean over super-nets, and J_i that
of one super-net: C is what architectures do to all super-nets alike. Pools without a common architecture leave C = 0
but for chance, and the interval is Student's.

The two parts are known to different degrees, the first from n super-nets alone. Half of the interval's width is

    sqrt(t(n - 1)^2 s^2 / n + t(blocks - 1)^2 C)

which is never less than Student's. One common number of degrees of freedom, as Satterthwaite's, is far too large where
two super-nets happen to agree.

References: Owen 2007, "The pigeonhole bootstrap"; Student 1908, "The probable error of a mean".
"""

import math
from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from shareornot.errors import DataError
from shareornot.statistics.intervals import Interval, upper_quantile
from shareornot.statistics.levels import CONFIDENCE

NUM_BLOCKS = 20
"""Blocks of architectures that the jackknife leaves out, one after the other."""

Values = Float[np.ndarray, " supernets"]
LeftOut = Float[np.ndarray, "blocks supernets"]


def two_way_interval(
    values: Values,
    left_out: LeftOut,
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    confidence: float = CONFIDENCE,
) -> Interval:
    """Mean over super-nets with an interval for other seeds and other architectures.

    Args:
        values: a statistic of each super-net.
        left_out: the same statistic without each block of architectures, see `blocks_of`.
        bounds: least and largest possible value of the statistic.
        confidence: probability to cover the true mean, in (0, 1).

    Returns:
        The interval; none for one super-net.

    Raises:
        DataError: no value, or one that is not finite.
        SettingsError: `confidence` is outside (0, 1).
    """
    quantile = upper_quantile(confidence)
    if not values.size or not (np.isfinite(values).all() and np.isfinite(left_out).all()):
        raise DataError("values: expected at least one finite value, got others; leave out super-nets that diverged")
    mean, num = float(values.mean()), values.size
    if num == 1:
        return Interval(mean=mean, low=None, high=None, method="two-way", n=1, confidence=confidence)
    between, common = variance_parts(values, left_out)
    parts = ((np.array(between), np.array(num - 1.0)), (np.array(common), np.array(len(left_out) - 1.0)))
    half = float(half_width(np.array(2 * (1 - quantile)), *parts))
    return Interval(
        mean=mean,
        low=max(mean - half, bounds[0]),
        high=min(mean + half, bounds[1]),
        method="two-way",
        n=num,
        confidence=confidence,
    )


def variance_parts(values: Values, left_out: LeftOut) -> tuple[float, float]:
    """Variance of the mean over at least two super-nets: between them, and by the architectures that they share."""
    num = values.size
    of_mean = float(_jackknife_variance(left_out.mean(axis=1)))
    of_each = float(np.mean(_jackknife_variance(left_out)))
    common = max((of_mean - of_each / num) / (1 - 1 / num), 0.0)
    return float(values.var(ddof=1)) / num, common


Part: TypeAlias = tuple[Float[np.ndarray, "*statistics"], Float[np.ndarray, "*statistics"]]
"""A variance and its degrees of freedom."""


def half_width(level: Float[np.ndarray, "*statistics"], *parts: Part) -> Float[np.ndarray, "*statistics"]:
    """Half of the width of an interval for a mean whose variance has parts of different degrees of freedom.

    Args:
        level: probability that the interval does not cover the true mean, in (0, 1].
        parts: variances with their degrees of freedom.
    """
    return np.asarray(np.sqrt(sum((special.stdtrit(degrees, level / 2) ** 2 * part for part, degrees in parts), 0.0)))


def two_part_p_value(mean: Float[np.ndarray, "*statistics"], *parts: Part) -> Float[np.ndarray, "*statistics"]:
    """The level at which the interval of `half_width` ends at 0, by bisection; at least 1e-16, and 1 for a mean of 0.

    Args:
        mean: mean whose distance from 0 is tested.
        parts: variances with their degrees of freedom.
    """
    mean = np.abs(np.asarray(mean, np.float64))
    low, high = np.zeros_like(mean), np.full_like(mean, 16.0)  # of -log10 p
    for _ in range(30):
        middle = (low + high) / 2
        inside = half_width(10.0**-middle, *parts) < mean
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.asarray(10.0**-low)


def blocks_of(
    num_architectures: int, rng: np.random.Generator, *, num_blocks: int = NUM_BLOCKS
) -> Int[np.ndarray, " architectures"]:
    """A block for each architecture, at random, of sizes that differ by at most one.

    Args:
        num_architectures: distinct ones that any super-net scored.
        rng: chooses which are left out together.
        num_blocks: how many, at most.
    """
    return rng.permutation(np.arange(num_architectures) % min(num_blocks, num_architectures))


def _jackknife_variance(left_out: Float[np.ndarray, "blocks *supernets"]) -> Float[np.ndarray, "*supernets"]:
    """Variance of a statistic by its values without each block."""
    num = len(left_out)
    return np.asarray((num - 1) / num * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
