"""Methods beside each other: on each space, every method against uniform sampling, paired by seed.

Super-nets of one seed share the initial weights, the order of the images and the pool, so that methods are compared by
the differences of their Spearman correlations seed by seed: Student's paired t-test, corrected after Holm over the
methods of a space.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.verdict import headline_comparison
from shareornot.statistics import SIGNIFICANCE, holm

REFERENCE = "uniform"


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodRow:
    """One method on one space. Regrets and differences of accuracies are fractions."""

    chapter: int
    """Number of the chapter that this is about."""
    space: str
    variant: str
    method: str
    spearman: float
    spearman_half_width: float | None
    share_of_ceiling: float | None
    given_size: float | None
    """Partial correlation given the number of parameters: what the scores add to counting them."""
    guided_regret: float
    """Test regret after training the k best by score, k that of the verdict."""
    random_regret: float
    """Regret of random search at equal cost."""
    own_regret: float | None
    """Test regret of the architecture that the method itself returns."""
    own_spearman: float | None
    """Spearman's correlation of the method's own preference."""
    training_cost: float | None
    """Training cost of a super-net, in trainings of an average architecture alone."""
    difference: float | None = None
    """Mean Spearman correlation minus that of uniform sampling with the same seeds; None for uniform sampling itself,
    and where there is none on the space."""
    p_value: float | None = None
    """P-value of the paired test of that difference, corrected after Holm; None with fewer than two pairs."""

    @property
    def differs(self) -> bool:
        """Whether the method is distinguishable from uniform sampling."""
        return self.p_value is not None and self.p_value < SIGNIFICANCE


def method_rows(chapters: Sequence[Chapter]) -> list[MethodRow]:
    """All methods on all spaces, the best Spearman correlation of each space first.

    Args:
        chapters: chapters of one or more methods; those whose method is unknown are left out.

    Returns:
        A row for each chapter, the spaces in the order of the chapters; none where all chapters are of one method.
    """
    known = [number for number, one in enumerate(chapters) if one.appraisal.method is not None]
    if len({chapters[number].appraisal.method for number in known}) < 2:
        return []
    rows = []
    for space in dict.fromkeys(chapters[number].appraisal.space for number in known):
        of_space = [number for number in known if chapters[number].appraisal.space == space]
        own = [_row(number, chapters[number]) for number in of_space]
        reference = _reference([chapters[number].appraisal for number in of_space])
        if reference is not None:
            own = _compared(own, chapters, reference)
        rows += sorted(own, key=lambda row: -row.spearman)
    return rows


def _row(number: int, chapter: Chapter) -> MethodRow:
    found = chapter.appraisal
    headline = headline_comparison(found.comparisons, found.verdict.helped.num_trained)
    given_size = found.beyond_baselines.partial_given_size
    return MethodRow(
        chapter=number,
        space=found.space,
        variant=chapter.variant,
        method=found.method or "",
        spearman=found.agreement.mean,
        spearman_half_width=found.agreement.half_width,
        share_of_ceiling=found.share_of_ceiling,
        given_size=None if given_size is None else given_size.mean,
        guided_regret=headline.guided_regret,
        random_regret=headline.random_regret,
        own_regret=None if found.own is None or found.own.regret is None else found.own.regret.mean,
        own_spearman=None if found.own is None or found.own.preference is None else found.own.preference.mean,
        training_cost=found.training_cost,
    )


def _reference(appraisals: Sequence[Appraisal]) -> Appraisal | None:
    """Uniform sampling on a space, the first of several chapters."""
    return next((one for one in appraisals if one.method == REFERENCE), None)


def _compared(rows: Sequence[MethodRow], chapters: Sequence[Chapter], reference: Appraisal) -> list[MethodRow]:
    """The rows with differences to uniform sampling and corrected p-values."""
    there = {pool.name: value for pool, value in zip(reference.pools, reference.spearmans, strict=True)}
    compared, p_values = [], []
    for row in rows:
        found = chapters[row.chapter].appraisal
        pairs = [
            (value, there[pool.name])
            for pool, value in zip(found.pools, found.spearmans, strict=True)
            if value is not None and there.get(pool.name) is not None
        ]
        if found is reference or not pairs:
            compared.append(row)
            continue
        differences = np.array([one - other for one, other in pairs])  # type: ignore[operator]
        p_value = _paired_p_value(differences)
        if p_value is not None:
            p_values.append(p_value)
        compared.append(replace(row, difference=float(differences.mean()), p_value=p_value))
    corrected = iter(holm(np.array(p_values)).tolist() if p_values else [])
    return [row if row.p_value is None else replace(row, p_value=next(corrected)) for row in compared]


def _paired_p_value(differences: np.ndarray) -> float | None:
    """Student's paired t-test, two-sided; None with fewer than two pairs, or where all differences are equal."""
    if len(differences) < 2 or np.ptp(differences) < 1e-12:
        return None
    return float(stats.ttest_1samp(differences, 0.0).pvalue)
