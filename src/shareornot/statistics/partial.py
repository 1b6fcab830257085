"""What scores add to what comes for free: differences of correlations, partial correlations, agreement at equal size.

All of them are functions of the ranks of one pool: of the scores, of the standalone accuracies, and of free baselines
such as the number of parameters.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from shareornot.statistics.ranks import average_ranks, average_ranks_of_rows

NUM_STRATA = 10
"""Groups of architectures of about equal size, see `agreement_at_equal_size`."""
MIN_STRATUM = 5
"""Least architectures in a stratum; small pools have fewer strata."""

Column = Float[np.ndarray, " architectures"]
Baselines = Float[np.ndarray, "baselines architectures"]


def ranks_of(columns: Float[np.ndarray, "columns architectures"]) -> Float[np.ndarray, "columns architectures"]:
    """Standardised average ranks of each column; zeros for a constant one, so that products are correlations."""
    ranks = average_ranks_of_rows(columns) - (columns.shape[1] + 1) / 2
    lengths = np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    return np.asarray(np.divide(ranks, lengths, out=np.zeros_like(ranks), where=lengths > 0))


def partial_correlation(scores: Column, accuracies: Column, given: Baselines) -> float:
    """Correlation of the residuals of two columns of ranks after linear regression on others.

    With r the correlations and G those of the given columns among each other, r_sa - r_s G^-1 r_a over the square root
    of the shares of both variances that the given columns leave.

    Args:
        scores: ranks of the scores, see `ranks_of`.
        accuracies: ranks of the standalone accuracies.
        given: ranks of what is held equal; rows may depend on each other.

    Returns:
        The partial Spearman correlation; 0 where nothing of the scores or of the accuracies is left.
    """
    inverse = np.linalg.pinv(given @ given.T, rcond=1e-9, hermitian=True)
    of_scores, of_accuracies = given @ scores, given @ accuracies
    left = scores @ scores - of_scores @ inverse @ of_scores
    true = accuracies @ accuracies - of_accuracies @ inverse @ of_accuracies
    if left < 1e-9 or true < 1e-9:
        return 0.0
    both = scores @ accuracies - of_scores @ inverse @ of_accuracies
    return float(np.clip(both / np.sqrt(left * true), -1, 1))


def size_strata(sizes: Column) -> Int[np.ndarray, " architectures"]:
    """Groups of architectures of about equal size: quantiles of the size, at most ten, of at least five each.

    Args:
        sizes: such as the number of parameters.
    """
    number = max(1, min(NUM_STRATA, sizes.size // MIN_STRATUM))
    cuts = np.quantile(sizes, np.arange(1, number) / number)
    return np.asarray(np.searchsorted(cuts, sizes, side="right"))


def agreement_at_equal_size(scores: Column, accuracies: Column, strata: Int[np.ndarray, " architectures"]) -> float:
    """Mean Spearman correlation within strata of size, weighted by their numbers of architectures.

    Args:
        scores: any unit.
        accuracies: standalone accuracies of the same architectures, any unit.
        strata: see `size_strata`.

    Returns:
        The mean over strata in which the correlation is defined; 0 where there is none.
    """
    x, y = (_within_strata(column, strata) for column in (scores, accuracies))
    return _mean_within_strata(x, y, strata)


def _within_strata(column: Column, strata: Int[np.ndarray, " architectures"]) -> Column:
    """Average ranks within each stratum, less their mean."""
    sizes = np.bincount(strata)
    # ranks of (stratum, value) less those of all lower strata are ranks within the stratum
    lower = np.concatenate([[0], np.cumsum(sizes)[:-1]])[strata]
    ranks = average_ranks(strata * (2.0 * column.size) + average_ranks(column)) - lower
    return np.asarray(ranks - (sizes[strata] + 1) / 2)


def _mean_within_strata(x: Column, y: Column, strata: Int[np.ndarray, " architectures"]) -> float:
    """Mean correlation of two columns of `_within_strata`."""
    squares = np.bincount(strata, weights=x * x) * np.bincount(strata, weights=y * y)
    products = np.bincount(strata, weights=x * y)
    varying = squares > 0
    if not varying.any():
        return 0.0
    return float(np.average(products[varying] / np.sqrt(squares[varying]), weights=np.bincount(strata)[varying]))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PoolRanks:
    """Precomputed ranks of a pool, which several super-nets that scored it share."""

    accuracies: Column
    """Ranks of the standalone accuracies, see `ranks_of`."""
    baselines: Baselines
    """Ranks of each baseline."""
    strata: Int[np.ndarray, " architectures"]
    within: Column
    """Ranks of the standalone accuracies within the strata."""

    @classmethod
    def of(cls, accuracies: Column, baselines: Baselines) -> "PoolRanks":
        """Rank a pool.

        Args:
            accuracies: standalone accuracies, any unit.
            baselines: a row each, the size first; may be none.
        """
        ranks = ranks_of(np.vstack([accuracies, baselines]))
        strata = size_strata(baselines[0]) if len(baselines) else np.zeros(accuracies.size, np.int64)
        return cls(accuracies=ranks[0], baselines=ranks[1:], strata=strata, within=_within_strata(accuracies, strata))


@dataclass(frozen=True, kw_only=True, slots=True)
class RankStatistics:
    """Rank statistics of the scores of one super-net on a pool."""

    agreement: float
    """Spearman's correlation of scores and standalone accuracies."""
    baselines: tuple[float, ...]
    """Correlation of each baseline, on the same architectures."""
    partial_given_size: float | None
    """Partial correlation given the first baseline; None without any."""
    partial_given_all: float | None
    """Given all baselines."""
    at_equal_size: float | None
    """See `agreement_at_equal_size`, by the first baseline."""

    def flat(self) -> list[float]:
        """Agreement, its differences to the baselines, and the three others where there are baselines."""
        others = (self.partial_given_size, self.partial_given_all, self.at_equal_size)
        return [
            self.agreement,
            *(self.agreement - value for value in self.baselines),
            *(value for value in others if value is not None),
        ]


def rank_statistics(scores: Column, pool: PoolRanks) -> RankStatistics:
    """Compute all of them for one super-net.

    Args:
        scores: scores of the pool's architectures, any unit, finite.
        pool: ranks of everything else.
    """
    own, truth, free = ranks_of(scores[None])[0], pool.accuracies, pool.baselines
    some = len(free) > 0
    return RankStatistics(
        agreement=float(np.clip(own @ truth, -1, 1)),
        baselines=tuple(np.clip(free @ truth, -1, 1).tolist()),
        partial_given_size=partial_correlation(own, truth, free[:1]) if some else None,
        partial_given_all=partial_correlation(own, truth, free) if some else None,
        at_equal_size=_mean_within_strata(_within_strata(own, pool.strata), pool.within, pool.strata) if some else None,
    )
