"""Agreement alone: computed for every space and variant at once, for any number of them."""

from dataclasses import dataclass

import numpy as np

from shareornot.appraisal.user_scores.scores import ScoredVariant
from shareornot.statistics import Interval, spearman, student_interval


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreAgreement:
    """Spearman's correlation of the super-nets of one space and variant with standalone accuracies."""

    space: str
    variant: str | None
    num_supernets: int
    num_diverged: int
    num_scores: int
    spearman: Interval
    """Mean over the super-nets that did not diverge, with Student's interval."""


def agreement_of(one: ScoredVariant) -> ScoreAgreement:
    """The agreement of one space and variant.

    Args:
        one: scores with at least one super-net that did not diverge.
    """
    validation = one.truth.table.validation
    values = [spearman(pool.proxies, validation[pool.cells]).value for pool in one.pools]
    return ScoreAgreement(
        space=one.truth.space,
        variant=one.truth.variant,
        num_supernets=len(one.pools),
        num_diverged=values.count(None),
        num_scores=sum(len(pool.cells) for pool in one.pools),
        spearman=student_interval(np.array([value for value in values if value is not None])),
    )
