"""Do two super-nets of one space err alike? Seed noise against bias that they share.

Scores of the same cells by several super-nets tell apart what a single correlation with the truth cannot. With r_b the
mean correlation between super-nets and r_t the mean correlation with standalone accuracy, the variance of one
super-net's scores splits into three shares that add up to one: r_t^2 follows the standalone accuracy, r_b - r_t^2 is
common to all super-nets but does not (shared bias), and 1 - r_b differs from seed to seed.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Real

from shareornot.errors import DataError
from shareornot.statistics.agreement import Coefficient, spearman


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetAgreement:
    """Agreement among super-nets on the same cells; shares of the variance of a single super-net's scores."""

    num_supernets: int
    """How many converged."""
    num_cells: int
    between: float
    """Mean coefficient between two super-nets."""
    with_truth: float
    """Mean coefficient between a super-net and the standalone accuracies."""
    signal: float
    """Share that follows the standalone accuracies."""
    shared_bias: float
    """Share that super-nets have in common and standalone accuracies do not; below zero by chance alone."""
    seed_noise: float
    """Share that another seed would change."""
    ensemble: float | None
    """Agreement with the truth of the mean of very many super-nets, by the attenuation formula; None where super-nets
    do not agree with each other at all, so that averaging them would leave nothing."""


def supernet_agreement(
    proxies: Real[np.ndarray, "supernets cells"],
    accuracies: Real[np.ndarray, " cells"],
    *,
    coefficient: Coefficient = spearman,
) -> SupernetAgreement:
    """Tell seed noise from shared bias by several super-nets that scored the same cells.

    With the default coefficient, variance is that of the ranks. Noise of the standalone accuracies is counted as bias:
    it takes (1 - ceiling^2) of the signal's share, see `highest_spearman`.

    Args:
        proxies: scores of the same cells by two or more super-nets of one space; diverged ones are left out. For pools
            that differ, choose the cells with `common_cells`.
        accuracies: standalone accuracies of the cells, any unit.
        coefficient: `spearman` or `pearson`; shares of variance have no meaning for others.

    Raises:
        DataError: fewer than two super-nets converged, or accuracies that are constant or not finite.
    """
    truth = coefficient(proxies, accuracies)
    kept = proxies[truth.defined]
    if len(kept) < 2:
        raise DataError(
            f"proxies: expected at least 2 super-nets that converged, with accuracies that differ, got {len(kept)}; "
            "train another seed"
        )
    first, second = zip(*itertools.combinations(range(len(kept)), 2), strict=True)
    between = float(coefficient(kept[list(first)], kept[list(second)]).values.mean())
    with_truth = float(truth.converged.mean())
    signal = with_truth**2
    return SupernetAgreement(
        num_supernets=len(kept),
        num_cells=proxies.shape[1],
        between=between,
        with_truth=with_truth,
        signal=signal,
        shared_bias=between - signal,
        seed_noise=1 - between,
        ensemble=max(-1.0, min(1.0, with_truth / math.sqrt(between))) if between > 0 else None,
    )
