"""Quality of the architectures that a super-net rates highest, compared with a random choice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shareornot.statistics import (
    Interval,
    best_rank_at_k,
    best_regret_at_k,
    kendall_tau,
    precision_at_k,
    random_best_rank_at_k,
    random_best_regret_at_k,
    student_interval,
)

TOP_SHARE = 0.1
"""One of the k is this share of the smallest pool."""

Column = Float64[np.ndarray, " _"]
"""One value for each architecture of a super-net's pool; pools may differ in size."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TopOfRanking:
    """The k best by proxy of each super-net's own pool; intervals are Student's, within what is possible."""

    k: int
    precision: Interval
    """Share of them that is among the k truly best."""
    random_precision: float
    """Exact expectation for k drawn at random, mean over super-nets; so are those below."""
    best_rank: Interval
    """True rank of the truly best among them; 1 is the best of the pool."""
    random_best_rank: float
    best_regret: Interval
    """What its standalone accuracy falls short of the best of the pool, a fraction."""
    random_best_regret: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RankingQuality:
    """Beyond Spearman's correlation."""

    kendall_tau: Interval
    """Tau-b, mean over super-nets."""
    top: tuple[TopOfRanking, ...]
    """Results for some k, ascending."""


def ranking_quality(
    proxies: Sequence[Column], accuracies: Sequence[Column], num_chosen: Sequence[int]
) -> RankingQuality:
    """Judge the rankings of super-nets that did not diverge.

    Args:
        proxies: scores of each super-net's pool, any unit.
        accuracies: standalone accuracies of the same, fractions.
        num_chosen: wanted k; those above the size of the smallest pool are left out, its tenth is added.
    """
    pairs = list(zip(proxies, accuracies, strict=True))
    smallest = min(len(truth) for truth in accuracies)
    chosen = sorted({*(k for k in num_chosen if k <= smallest), max(1, round(TOP_SHARE * smallest))})
    taus = [kendall_tau(scores, truth).value for scores, truth in pairs]
    return RankingQuality(
        kendall_tau=student_interval(np.array([tau for tau in taus if tau is not None]), bounds=(-1.0, 1.0)),
        top=tuple(_top(pairs, k) for k in chosen),
    )


def _top(pairs: Sequence[tuple[Column, Column]], k: int) -> TopOfRanking:
    """The k best by proxy."""

    def over_supernets(statistic: Callable[[Column, Column, int], float], least: float, most: float) -> Interval:
        return student_interval(
            np.array([statistic(scores, truth, k) for scores, truth in pairs]), bounds=(least, most)
        )

    def expected(statistic: Callable[[Column, int], float]) -> float:
        return float(np.mean([statistic(truth, k) for _, truth in pairs]))

    return TopOfRanking(
        k=k,
        precision=over_supernets(precision_at_k, 0.0, 1.0),
        random_precision=expected(lambda truth, k: k / len(truth)),
        best_rank=over_supernets(best_rank_at_k, 1.0, float(max(len(truth) for _, truth in pairs))),
        random_best_rank=expected(random_best_rank_at_k),
        best_regret=over_supernets(best_regret_at_k, 0.0, 1.0),
        random_best_regret=expected(random_best_regret_at_k),
    )
