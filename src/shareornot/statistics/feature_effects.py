"""How much is a structure over- or under-rated, for certain, and by other super-nets too?

An effect is Cohen's d: a difference of means between cells with and without a structure, in standard deviations within
those groups; for a number, the slope per standard deviation of that number in the same unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from scipy import special, stats

from shareornot.errors import DataError
from shareornot.statistics.intervals import upper_quantile
from shareornot.statistics.levels import SIGNIFICANCE
from shareornot.statistics.moderated_spread import moderated_variances

Values = Float[np.ndarray, " cells"]
Rating = Literal["over-rated", "under-rated", "not beyond noise", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StandardizedEffect:
    """The effect of a structure in one super-net, or its mean over several."""

    d: float
    """In standard deviations; positive = over-rated."""
    low: float
    high: float
    p_value: float
    """Two-sided, of no effect at all."""
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StructureEffect:
    """How the super-nets of a space rate the cells that have a structure."""

    name: str
    is_number: bool
    """Whether effects are per standard deviation, rather than with against without."""
    share: float | None
    """Share of the cells that have the structure; None for a number."""
    points: float
    """Difference of mean rank residuals as a fraction: 0.2 = over-rated by 20 points of rank. Mean over super-nets."""
    effect: StandardizedEffect
    """On rank residuals."""
    at_equal_accuracy: StandardizedEffect
    """On the rank of the proxy between cells of equal standalone rank: free of what mere noise does, which under-rates
    whatever good cells have."""
    each: tuple[float, ...]
    """Effect on rank residuals in each super-net in which enough cells have the structure and enough do not."""
    num_same_sign: int
    """In how many of them it has the sign of the mean."""
    spread: float | None
    """Standard deviation from super-net to super-net; None for one."""
    corrected_p: float
    """Of the effect on rank residuals, corrected for the number of structures tried."""
    corrected_p_beyond_noise: float
    """Of both effects together, corrected likewise: before, the larger of their p-values, or 1 where signs differ."""

    @property
    def rating(self) -> Rating:
        """The effect in a word; `not beyond noise` where cells of equal accuracy are not shown to be rated so."""
        if self.corrected_p >= SIGNIFICANCE:
            return "none"
        if self.corrected_p_beyond_noise >= SIGNIFICANCE:
            return "not beyond noise"
        return "over-rated" if self.effect.d > 0 else "under-rated"


def standardized_effect(
    outcome: Values,
    structure: Values,
    *,
    equal: Values | None = None,
    is_number: bool = False,
    confidence: float = 0.95,
) -> StandardizedEffect | None:
    """Cohen's d of an outcome between cells with a structure and without, by least squares.

    d = b / s, where b is the coefficient of the structure and s the standard deviation of what is left. Without
    `equal` this is Cohen's d with pooled variance; with it, that of an analysis of covariance. The interval is the
    exact one for normal residuals: b / its standard error follows a noncentral t law.

    Args:
        outcome: such as rank residuals.
        structure: 0 or 1, or numbers.
        equal: what is held equal, such as ranks of standalone accuracies.
        is_number: divide the structure by its standard deviation.
        confidence: of the interval, in (0, 1).

    Returns:
        The effect; None where the structure or the outcome does not vary, or too few cells are given.

    Raises:
        SettingsError: `confidence` is outside (0, 1).

    References: Cohen 1988, "Statistical power analysis for the behavioral sciences"; Steiger and Fouladi 1997,
        "Noncentrality interval estimation and the evaluation of statistical models".
    """
    quantile = upper_quantile(confidence)
    degrees = len(outcome) - 2 - (equal is not None)
    if degrees < 1 or np.ptp(structure) == 0:
        return None
    x = structure / structure.std() if is_number else structure
    x, y = x - x.mean(), outcome - outcome.mean()
    if equal is not None and np.ptp(equal) > 0:
        z = equal - equal.mean()
        x, y = x - (x @ z) / (z @ z) * z, y - (y @ z) / (z @ z) * z
    squares = float(x @ x)
    if squares <= 1e-9 * len(x):  # the structure says nothing that is not held equal
        return None
    slope = float(x @ y) / squares
    left = float(((y - slope * x) ** 2).sum())
    if left <= 1e-12 * len(y):
        return None
    d, scale = slope / np.sqrt(left / degrees), 1 / np.sqrt(squares)
    t = d / scale
    return StandardizedEffect(
        d=float(d),
        low=float(scale * special.nctdtrinc(degrees, quantile, t)),
        high=float(scale * special.nctdtrinc(degrees, 1 - quantile, t)),
        p_value=float(2 * stats.t.sf(abs(t), degrees)),
        confidence=confidence,
    )


def mean_effects(effects: Sequence[Sequence[StandardizedEffect]]) -> tuple[StandardizedEffect, ...]:
    """Mean of each effect over super-nets, with Student's interval and test over them.

    They speak of further super-nets, and of further pools where pools differ. The variance of an effect over super-nets
    is compared with what its cells alone would give, and moderated by those of all other effects, see
    `moderated_variances`: so two or three super-nets suffice for what is plain. The interval of a single super-net is
    that of its cells, and speaks of this super-net alone.

    Args:
        effects: for each structure those in all super-nets that tell it, at least one.

    Raises:
        DataError: a structure without any.
    """
    if not all(effects):
        raise DataError("effects: expected those of at least one super-net for each structure, got none")
    several = [number for number, own in enumerate(effects) if len(own) > 1]
    means = {number: own[0] for number, own in enumerate(effects) if len(own) == 1}
    degrees = np.array([len(effects[number]) - 1.0 for number in several])
    errors = np.array([np.mean([_squared_error(effect) for effect in effects[number]]) for number in several])
    values = [np.array([effect.d for effect in effects[number]]) for number in several]
    ratios = np.array([own.var(ddof=1) for own in values]) / errors
    ratios, degrees = moderated_variances(ratios, degrees)
    for number, own, ratio, error, freedom in zip(several, values, ratios, errors, degrees, strict=True):
        confidence = effects[number][0].confidence
        mean, spread = float(own.mean()), float(np.sqrt(ratio * error / len(own)))
        half = float(stats.t.ppf(upper_quantile(confidence), freedom)) * spread
        p_value = float(2 * stats.t.sf(abs(mean) / spread, freedom)) if spread else float(mean == 0)
        means[number] = StandardizedEffect(
            d=mean, low=mean - half, high=mean + half, p_value=p_value, confidence=confidence
        )
    return tuple(means[number] for number in range(len(effects)))


def _squared_error(effect: StandardizedEffect) -> float:
    """Variance of an effect that cells drawn anew would give, by its interval."""
    return float(((effect.high - effect.low) / (2 * stats.norm.ppf(upper_quantile(effect.confidence)))) ** 2)


def benjamini_hochberg(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """P-values corrected so that, of the structures called significant, at most the level are so by chance on average.

    The i-th smallest of m becomes the least of p_j m / j over all j >= i.

    Args:
        p_values: of all tests made, in [0, 1].

    Raises:
        DataError: a p-value outside [0, 1].

    References: Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise DataError(f"p_values: expected numbers in [0, 1], got {p_values}; leave out tests that were not made")
    return np.asarray(stats.false_discovery_control(p_values)) if p_values.size else p_values
