"""Rank residuals: by how much a score ranks a cell too high or too low.

Ranks are fractions: the share of the cells that a cell beats, ties and the cell itself counted half. A residual of
+0.3 places a cell 30 points of rank higher than its standalone accuracy does.
"""

import numpy as np
from jaxtyping import Float, Real

from shareornot.errors import DataError
from shareornot.statistics.ranks import average_ranks


def rank_fractions(scores: Real[np.ndarray, " cells"]) -> Float[np.ndarray, " cells"]:
    """Rank of each score from 0 (worst) to 1 (best): (average rank - 1/2) / n, ranks counted from 1.

    Args:
        scores: any unit, finite.

    Raises:
        DataError: a score is not finite.
    """
    if not np.isfinite(scores).all():
        raise DataError("scores: expected finite numbers to rank, got others; leave out what was not scored")
    return np.asarray((average_ranks(scores) - 0.5) / max(scores.size, 1))


def rank_residuals(
    proxies: Real[np.ndarray, " cells"], accuracies: Real[np.ndarray, " cells"]
) -> Float[np.ndarray, " cells"]:
    """Rank fraction of the proxy minus rank fraction of the standalone accuracy: positive = over-rated; mean 0.

    Scores that are merely noisy over-rate bad cells and under-rate good ones, whatever their structure: ranks drawn by
    lot leave a residual of 1/2 - rank. A structure that good cells have is thus under-rated by any imperfect score,
    which `standardized_effect` at equal accuracy separates from a bias towards or against the structure itself.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.

    Returns:
        One residual per cell, in (-1, 1).

    Raises:
        DataError: a proxy or an accuracy is not finite.
    """
    return np.asarray(rank_fractions(proxies) - rank_fractions(accuracies))
