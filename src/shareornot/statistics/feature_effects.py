"""How much is a structure over- or under-rated, for certain, and by other super-nets too?

In each super-net, least squares give the difference b between architectures with and without a structure (for a number,
the slope per standard deviation): once in the rank residuals, and once in the ranks of the proxies at equal standalone
rank, where five groups of standalone rank have a level and a slope each. Only then is a score that is merely noisy, or
that saturates among good architectures, not mistaken for one with a bias against what good architectures have.

Several super-nets see the same architectures, so their errors are not independent. Two variances of the mean effect
over n super-nets are distinguished:

    W = sum over architectures of (sum over super-nets of influences / n)^2    what other architectures would change
    S = s^2 / n + C                                                            what other seeds would change, too

with s the standard deviation of b between super-nets, and C the part of W that super-nets have in common. The interval
is S's: Student's over super-nets, widened by C, see `half_width`. The p-value for claims is that of W plus the spread
between super-nets in excess of what W explains, as a mean over all structures, since two or three super-nets hardly
estimate how much one effect varies from seed to seed. A structure that varies more is held back by its own interval.

A structure is called over-rated where both effects are above 0. Its effect at equal accuracy determines the sign,
two-sided; for that sign the effect on rank residuals is then tested one-sided. The weaker of the two counts, so that,
whichever of them is 0, a claim is false with at most the probability of the level (an intersection-union test). This is
required of the p-values for claims, corrected for the number of structures, and also of those that belong to the
intervals.

References: Bell and McCaffrey 2002, "Bias reduction in standard errors for linear regression with multi-stage samples";
Berger 1982, "Multiparameter hypothesis testing and acceptance sampling" (intersection-union tests);
Satterthwaite 1946, "An approximate distribution of estimates of variance components".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy import stats

from shareornot.statistics.false_discoveries import benjamini_hochberg
from shareornot.statistics.feature_columns import FeatureColumn
from shareornot.statistics.intervals import upper_quantile
from shareornot.statistics.levels import SIGNIFICANCE
from shareornot.statistics.two_way import half_width, two_part_p_value

Ranks = Float[np.ndarray, " distinct"]
PerStructure = Float[np.ndarray, " structures"]
Rating = Literal["over-rated", "under-rated", "not beyond noise", "none"]

NUM_GROUPS = 5
"""Groups of standalone rank, each with a level and a slope."""
MIN_GROUP = 10
"""Architectures of a super-net that must have a structure, and that must not."""
_MOST_LEVERAGE = 0.99


@dataclass(frozen=True, kw_only=True, slots=True)
class StandardizedEffect:
    """The mean effect of a structure over super-nets."""

    points: float
    """Difference of ranks as a fraction: 0.2 = over-rated by 20 points of rank."""
    d: float
    """The same in standard deviations of the rank residuals of all architectures; positive = over-rated."""
    low: float
    """Interval of d; of a single super-net for other architectures, of several for other seeds, too."""
    high: float
    p_value: float
    """Two-sided, of no effect at all, by the same variance as the interval."""
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class StructureEffect:
    """How the super-nets of a space rate the architectures that have a structure."""

    feature: str
    """Name of the feature, such as `residual` or `operation_1`."""
    level: str | None
    """Which of its words, for a feature in words."""
    is_number: bool
    """Whether effects are per standard deviation, rather than with against without."""
    share: float | None
    """Share of the architectures that have the structure; None for a number."""
    effect: StandardizedEffect
    """On rank residuals."""
    at_equal_accuracy: StandardizedEffect
    """On the rank of the proxy between architectures of equal standalone rank, in the same unit: free of what mere
    noise does, which under-rates whatever good architectures have."""
    each: tuple[float, ...]
    """Effect d on rank residuals in each super-net in which enough have the structure and enough do not."""
    num_same_sign: int
    """Number of them in which it has the sign of the mean."""
    spread: float | None
    """Standard deviation of d from super-net to super-net; None for one."""
    corrected_p: float
    """P-value of the effect on rank residuals, corrected for the number of structures tried."""
    corrected_p_of_rating: float
    """P-value of both effects together, corrected likewise: before, the larger of the p-value at equal
    accuracy and half of that on rank residuals, or 1 where signs differ."""

    @property
    def name(self) -> str:
        """Name of the structure, such as `residual` or `operation_1 = conv3x3`."""
        return self.feature if self.level is None else f"{self.feature} = {self.level}"

    @property
    def points(self) -> float:
        """Difference of mean rank residuals as a fraction."""
        return self.effect.points

    @property
    def rating(self) -> Rating:
        """The effect in a word; `not beyond noise` where cells of equal accuracy are not shown to be rated so."""
        if self.corrected_p_of_rating < SIGNIFICANCE:
            return "over-rated" if self.effect.d > 0 else "under-rated"
        return "not beyond noise" if self.corrected_p < SIGNIFICANCE else "none"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MeanEffects:
    """Mean effects of structures over super-nets, an entry each; without meaning where no super-net gives one."""

    num_supernets: Int[np.ndarray, " structures"]
    """Number of them in which enough architectures have the structure and enough do not."""
    each: Float[np.ndarray, "supernets structures"]
    """Effect in points in each super-net, NaN if it cannot be estimated."""
    mean: PerStructure
    between: PerStructure
    """s^2 / n of the module's text; W for a single super-net."""
    between_degrees: PerStructure
    common: PerStructure
    """C of the module's text; 0 for a single super-net."""
    common_degrees: PerStructure
    test_variance: PerStructure
    """W plus the mean excess between super-nets."""
    test_degrees: PerStructure

    @property
    def variance(self) -> PerStructure:
        """S of the module's text, of W for a single super-net."""
        return np.asarray(self.between + self.common)

    @property
    def p_values(self) -> PerStructure:
        """Levels at which the intervals end at 0."""
        return two_part_p_value(self.mean, *self._parts)

    @property
    def test_p_values(self) -> PerStructure:
        """P-values for claims, before they are corrected for the number of structures."""
        some = self.test_variance > 0
        t = np.abs(self.mean) / np.sqrt(np.where(some, self.test_variance, 1))
        limit = np.where(self.mean == 0, 1.0, 0.0)
        return np.asarray(np.where(some, 2 * stats.t.sf(t, self.test_degrees), limit))

    def standardized(self, std: float, confidence: float) -> list[StandardizedEffect]:
        """The effects, in points and in standard deviations."""
        level = np.full_like(self.mean, 2 * (1 - upper_quantile(confidence)))
        half = half_width(level, *self._parts)
        return [
            StandardizedEffect(
                points=mean, d=mean / std, low=(mean - h) / std, high=(mean + h) / std, p_value=p, confidence=confidence
            )
            for mean, h, p in zip(self.mean.tolist(), half.tolist(), self.p_values.tolist(), strict=True)
        ]

    @property
    def _parts(self) -> tuple[tuple[PerStructure, PerStructure], tuple[PerStructure, PerStructure]]:
        return (self.between, self.between_degrees), (self.common, self.common_degrees)


def mean_effects(
    columns: Sequence[FeatureColumn],
    cells: Sequence[Int[np.ndarray, " _"]],
    outcomes: Sequence[Float[np.ndarray, " _"]],
    truths: Sequence[Float[np.ndarray, " _"]],
    *,
    at_equal_accuracy: bool,
) -> MeanEffects:
    """Effects of all structures on an outcome, mean over super-nets, with their variances.

    Args:
        columns: structures of all architectures.
        cells: distinct architectures of each super-net's pool.
        outcomes: outcomes of these, such as rank residuals.
        truths: ranks of their standalone accuracies, fractions.
        at_equal_accuracy: compare architectures of equal standalone rank.
    """
    num_nets, num_all = len(cells), len(columns[0].values)
    summed, expected = np.zeros((num_all, len(columns))), np.zeros((num_all, len(columns)))
    own_variance = np.zeros(len(columns))
    each = np.full((num_nets, len(columns)), np.nan)
    for numbers, applies in _same_applicability(columns):
        values = np.stack([columns[number].values for number in numbers], axis=1)
        are_numbers = np.array([columns[number].is_number for number in numbers])
        for net, (own, outcome, truth) in enumerate(zip(cells, outcomes, truths, strict=True)):
            inside = applies[own]
            rows = own[inside]
            x = values[rows]
            varying = _varies(x, are_numbers)
            if not varying.any():
                continue
            x, structures = x[:, varying], numbers[varying]
            x = x / np.where(are_numbers[varying], x.std(axis=0), 1.0)
            basis = _basis(truth[inside]) if at_equal_accuracy else np.full((len(x), 1), len(x) ** -0.5)
            effect, influence, share, estimable = _least_squares(x, outcome[inside], basis)
            structures = structures[estimable]
            each[net, structures] = effect[estimable]
            # rows as a whole where all structures are there, which takes a third of the time
            place = rows if len(structures) == len(columns) else (rows[:, None], structures[None])
            summed[place] += influence[:, estimable]
            expected[place] += share[:, estimable]
            own_variance[structures] += (influence[:, estimable] ** 2).sum(axis=0)
    return _combined(each, summed, expected, own_variance)


def structure_effects(
    columns: Sequence[FeatureColumn],
    cells: Sequence[Int[np.ndarray, " _"]],
    ranks: Sequence[Float[np.ndarray, " _"]],
    truths: Sequence[Float[np.ndarray, " _"]],
    *,
    confidence: float,
) -> tuple[tuple[StructureEffect, ...], tuple[str, ...]]:
    """Effects of the structures that can be tested, the largest first, and the names of the others.

    A structure is tested where its effect can be estimated in more than half of the super-nets.

    Args:
        columns: structures of all architectures.
        cells: distinct architectures of each super-net's pool.
        ranks: rank fractions of their proxies.
        truths: rank fractions of their standalone accuracies.
        confidence: confidence of the intervals.
    """
    residuals = [rank - truth for rank, truth in zip(ranks, truths, strict=True)]
    std = float(np.sqrt(np.mean([residual.var() for residual in residuals]))) or 1.0
    raw = mean_effects(columns, cells, residuals, truths, at_equal_accuracy=False)
    equal = mean_effects(columns, cells, ranks, truths, at_equal_accuracy=True)
    enough = 2 * np.minimum(raw.num_supernets, equal.num_supernets) > len(cells)
    tested = np.flatnonzero(enough)
    untested = tuple(columns[number].name for number in np.flatnonzero(~enough).tolist())
    if not len(tested):
        return (), untested
    of_raw, of_equal = raw.standardized(std, confidence), equal.standardized(std, confidence)
    seeds_raw, seeds_equal = (np.array([one.p_value for one in effects]) for effects in (of_raw, of_equal))
    corrected = np.maximum(benjamini_hochberg(raw.test_p_values[tested]), seeds_raw[tested])
    # the weaker of two effects counts; the sign of the one at equal accuracy is tested one-sided in the other
    same_sign = raw.mean[tested] * equal.mean[tested] > 0
    both = np.where(same_sign, np.maximum(raw.test_p_values / 2, equal.test_p_values)[tested], 1.0)
    seeds = np.where(same_sign, np.maximum(seeds_raw / 2, seeds_equal)[tested], 1.0)
    of_rating = np.maximum(benjamini_hochberg(both), seeds)
    shares = np.mean([_means([column.values[own] for column in columns]) for own in cells], axis=0)
    effects = []
    for number, p, p_of_rating in zip(tested.tolist(), corrected, of_rating, strict=True):
        column = columns[number]
        own = raw.each[:, number][~np.isnan(raw.each[:, number])] / std
        effects.append(
            StructureEffect(
                feature=column.feature,
                level=column.level,
                is_number=column.is_number,
                share=None if column.is_number else float(shares[number]),
                effect=of_raw[number],
                at_equal_accuracy=of_equal[number],
                each=tuple(own.tolist()),
                num_same_sign=int(np.count_nonzero(own * raw.mean[number] > 0)),
                spread=float(own.std(ddof=1)) if own.size > 1 else None,
                corrected_p=float(p),
                corrected_p_of_rating=float(p_of_rating),
            )
        )
    return tuple(sorted(effects, key=lambda effect: -abs(effect.effect.d))), untested


def _same_applicability(
    columns: Sequence[FeatureColumn],
) -> list[tuple[Int[np.ndarray, " structures"], Bool[np.ndarray, " cells"]]]:
    """Numbers of the columns that apply to the same architectures, with these."""
    found: dict[bytes, tuple[list[int], Bool[np.ndarray, " cells"]]] = {}
    for number, column in enumerate(columns):
        applies = column.applies
        found.setdefault(applies.tobytes(), ([], applies))[0].append(number)
    return [(np.array(numbers), applies) for numbers, applies in found.values()]


def _varies(
    x: Float[np.ndarray, "rows structures"], are_numbers: Bool[np.ndarray, " structures"]
) -> Bool[np.ndarray, " structures"]:
    """Whether there are enough architectures on either side."""
    if len(x) < 2 * MIN_GROUP:
        return np.zeros(len(are_numbers), bool)
    num_with = x.sum(axis=0)
    both = np.minimum(num_with, len(x) - num_with) >= MIN_GROUP
    return np.asarray(np.where(are_numbers, np.ptp(x, axis=0) > 0, both))


def _basis(truth: Float[np.ndarray, " rows"]) -> Float[np.ndarray, "rows basis"]:
    """Orthonormal columns that span a level and a slope in each of five groups of equal size; fewer for few rows."""
    num_groups = max(1, min(NUM_GROUPS, len(truth) // (2 * MIN_GROUP)))
    cuts = np.sort(truth)[np.arange(1, num_groups) * len(truth) // num_groups]
    group = np.searchsorted(cuts, truth, side="right")
    levels = (group[:, None] == np.arange(num_groups)).astype(np.float64)
    sizes = np.maximum(levels.sum(axis=0), 1)
    slopes = levels * (truth - (truth @ levels / sizes)[group])[:, None]
    columns = np.concatenate([levels, slopes], axis=1)
    lengths = np.sqrt((columns**2).sum(axis=0))
    kept = lengths > 1e-9  # ties may leave a group empty, or without a slope
    return np.asarray(columns[:, kept] / lengths[kept])


def _least_squares(
    x: Float[np.ndarray, "rows structures"], y: Float[np.ndarray, " rows"], basis: Float[np.ndarray, "rows basis"]
) -> tuple[
    PerStructure,
    Float[np.ndarray, "rows structures"],
    Float[np.ndarray, "rows structures"],
    Bool[np.ndarray, " structures"],
]:
    """Coefficient of each structure alone beside a basis.

    Returns:
        The coefficients; the influence of each row on them, of which the squares sum to their variance (HC3); the
        squares of these for errors of variance 1; and which coefficients can be estimated.
    """
    left = x - basis @ (basis.T @ x)
    y = y - basis @ (basis.T @ y)
    squares = (left**2).sum(axis=0)
    leverage = left**2 / np.where(squares > 0, squares, 1) + (basis**2).sum(axis=1)[:, None]
    # a structure of which too little is left beside the basis adds nothing that is not held equal
    estimable = squares > 1e-6 * len(x)
    scale = np.where(estimable, squares, 1.0)
    coefficient = y @ left / scale
    errors = (y[:, None] - left * coefficient) / (1 - np.minimum(leverage, _MOST_LEVERAGE))
    weights = left / scale
    return coefficient, weights * errors, weights**2, estimable & ((y @ y) > 1e-12)


def _combined(
    each: Float[np.ndarray, "supernets structures"],
    summed: Float[np.ndarray, "cells structures"],
    expected: Float[np.ndarray, "cells structures"],
    own_variance: PerStructure,
) -> MeanEffects:
    """Means over super-nets with both variances."""
    estimable = ~np.isnan(each)
    num = estimable.sum(axis=0)
    some = np.maximum(num, 1)
    mean = np.where(estimable, each, 0).sum(axis=0) / some
    between = np.where(estimable, (each - mean) ** 2, 0).sum(axis=0) / np.maximum(num - 1, 1)
    within = own_variance / some  # of one super-net
    clustered = (summed**2).sum(axis=0) / some**2
    cluster_degrees = expected.sum(axis=0) ** 2 / np.maximum((expected**2).sum(axis=0), 1e-300)
    cluster_degrees = np.maximum(cluster_degrees - 1, 1)
    several = num > 1
    share = np.where(several, 1 - 1 / some, 1.0)
    common = np.where(several, np.maximum((clustered - within / some) / share, 0), 0.0)
    seen = (between - (within - common))[several]
    excess = np.where(several, max(float(seen.mean()), 0.0) if seen.size else 0.0, 0.0) / some
    seed_degrees = np.maximum(num - 1.0, 1.0)
    # the structures overlap, so their mean has fewer degrees of freedom than their number
    excess_degrees = seed_degrees * max(np.count_nonzero(several) / 4, 1.0)
    return MeanEffects(
        num_supernets=num,
        each=each,
        mean=mean,
        between=np.where(several, between / some, clustered),
        between_degrees=np.where(several, seed_degrees, cluster_degrees),
        common=common,
        common_degrees=cluster_degrees,
        test_variance=clustered + excess,
        test_degrees=_satterthwaite(clustered, cluster_degrees, excess, excess_degrees),
    )


def _satterthwaite(
    first: PerStructure, first_degrees: PerStructure, second: PerStructure, second_degrees: PerStructure
) -> PerStructure:
    """Degrees of freedom of the sum of two variances."""
    total = (first + second) ** 2
    parts = first**2 / first_degrees + second**2 / second_degrees
    return np.asarray(np.where(parts > 0, total / np.where(parts > 0, parts, 1), first_degrees))


def _means(values: Sequence[Float[np.ndarray, " rows"]]) -> Float[np.ndarray, " structures"]:
    """Mean of each column where it applies, 0 where it never does."""
    stacked = np.stack(values)
    applies = ~np.isnan(stacked)
    return np.asarray(np.where(applies, stacked, 0).sum(axis=1) / np.maximum(applies.sum(axis=1), 1))
