"""The k cells that a super-net rates highest, compared with k cells chosen at random.

Ties are resolved by expectation: where several cells share the last places among the best k, each choice among them is
equally likely and results are exact averages over those choices. A constant proxy therefore scores exactly what a
random choice scores. Proxies that are not finite count as worst, all alike.
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Real

from shareornot.errors import DataError, SettingsError, UnitError
from shareornot.statistics.ranks import lowest_ranks

Column: TypeAlias = Real[np.ndarray, " cells"]


def precision_at_k(proxies: Column, accuracies: Column, k: int) -> float:
    """Share of the k cells best by proxy that are among the k truly best; a random choice gets k / n.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.
        k: how many cells, 1 to n.

    Returns:
        A fraction in [0, 1], exact over all ways to break ties among proxies.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
    """
    chosen = _chance_among_best(_ordered(proxies), k)
    return float(chosen @ _chance_among_best(_finite(accuracies), k)) / k


def best_rank_at_k(proxies: Column, accuracies: Column, k: int) -> float:
    """True rank of the truly best among the k cells best by proxy; 1 is the best cell of all.

    Cells of equal accuracy share the lowest of their ranks. Not an integer where ties among proxies leave the choice
    open.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.
        k: how many cells, 1 to n.

    Returns:
        A rank from 1 to n, exact over all ways to break ties among proxies.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
    """
    return _least_of_best(_true_ranks(accuracies), _ordered(proxies), k)


def best_regret_at_k(proxies: Column, accuracies: Column, k: int, *, best_accuracy: float | None = None) -> float:
    """Difference between the best accuracy and that of the best of the k cells with the highest proxies.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, fractions in [0, 1].
        k: how many cells, 1 to n.
        best_accuracy: what regret is measured from; the best of these cells where not given.

    Returns:
        Regret, a fraction, at least 0.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
        UnitError: an accuracy above 1, most likely a percentage.
    """
    return _least_of_best(_regrets(accuracies, best_accuracy), _ordered(proxies), k)


def random_best_rank_at_k(accuracies: Column, k: int) -> float:
    """Exact expectation of `best_rank_at_k` for k cells drawn at random; (n + 1) / (k + 1) where no accuracies tie.

    Args:
        accuracies: standalone accuracies, any unit.
        k: how many cells, 1 to n.

    Returns:
        A rank from 1 to n.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
    """
    return _expected_least(_true_ranks(accuracies), k)


def random_best_regret_at_k(accuracies: Column, k: int, *, best_accuracy: float | None = None) -> float:
    """Exact expectation of `best_regret_at_k` for k cells drawn at random.

    Args:
        accuracies: standalone accuracies, fractions in [0, 1].
        k: how many cells, 1 to n.
        best_accuracy: what regret is measured from; the best of these cells where not given.

    Returns:
        Expected regret, a fraction.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
        UnitError: an accuracy above 1, most likely a percentage.
    """
    return _expected_least(_regrets(accuracies, best_accuracy), k)


def incumbent_probabilities(accuracies: Column, k: int) -> Float[np.ndarray, " cells"]:
    """Probability of each cell to be the best of k drawn at random without replacement.

    The whole distribution of a random search over all orders of its pool: with validation accuracies given, the product
    with the cells' test regrets is the expected regret of the incumbent after k evaluations. Cells that tie for the
    best are equally likely to be the incumbent.

    Args:
        accuracies: what the incumbent is chosen by, any unit.
        k: how many cells are drawn, 1 to n.

    Returns:
        One probability per cell; their sum is 1.

    Raises:
        SettingsError: `k` is not in 1..n.
        DataError: an accuracy is not finite.
    """
    accuracies = _finite(accuracies)
    _check_k(k, accuracies.size)
    _, group = np.unique(-accuracies, return_inverse=True)
    by_place = np.empty(accuracies.size)
    by_place[np.argsort(group, kind="stable")] = _least_probabilities(accuracies.size, k)
    return (np.bincount(group, weights=by_place) / np.bincount(group))[group]


def _least_of_best(losses: Float[np.ndarray, " cells"], scores: Float[np.ndarray, " cells"], k: int) -> float:
    """Expected least loss among the k highest scores, over random choices among those that tie for the last places."""
    _check_k(k, scores.size)
    last = np.partition(scores, scores.size - k)[scores.size - k]
    sure = losses[scores > last]
    tied = np.minimum(losses[scores == last], sure.min(initial=np.inf))
    return _expected_least(tied, k - sure.size)


def _expected_least(losses: Float[np.ndarray, " cells"], num_drawn: int) -> float:
    """Expected least of `num_drawn` losses drawn at random without replacement."""
    _check_k(num_drawn, losses.size)
    return float(_least_probabilities(losses.size, num_drawn) @ np.sort(losses))


def _least_probabilities(num_cells: int, num_drawn: int) -> Float[np.ndarray, " cells"]:
    """Probability that the i-th smallest is the least drawn: C(n - i, k - 1) / C(n, k), by the ratio of neighbours."""
    left = num_cells - np.arange(1, num_cells)
    # the factor that reaches zero ends the products, what follows it has no meaning
    ratios = np.maximum(left - (num_drawn - 1), 0) / left
    return num_drawn / num_cells * np.concatenate([[1.0], np.cumprod(ratios)])


def _chance_among_best(scores: Float[np.ndarray, " cells"], k: int) -> Float[np.ndarray, " cells"]:
    """Probability of each cell to be among the k highest scores."""
    _check_k(k, scores.size)
    last = np.partition(scores, scores.size - k)[scores.size - k]
    above, tied = scores > last, scores == last
    return np.asarray(above + tied * ((k - np.count_nonzero(above)) / np.count_nonzero(tied)))


def _true_ranks(accuracies: Column) -> Float[np.ndarray, " cells"]:
    return lowest_ranks(-_finite(accuracies))


def _regrets(accuracies: Column, best_accuracy: float | None) -> Float[np.ndarray, " cells"]:
    accuracies = _finite(accuracies)
    best = float(accuracies.max(initial=-np.inf)) if best_accuracy is None else best_accuracy
    if (top := max(best, float(accuracies.max(initial=-np.inf)))) > 1:
        raise UnitError(f"accuracies: expected fractions of at most 1, got {top:.4g}; divide percentages by 100")
    if top > best:
        raise SettingsError(
            f"best_accuracy: expected at least {top:.6g}, which a cell has, got {best:.6g}; give the best of the space"
        )
    return best - accuracies


def _ordered(proxies: Column) -> Float[np.ndarray, " cells"]:
    proxies = np.asarray(proxies, dtype=np.float64)
    return np.where(np.isfinite(proxies), proxies, -np.inf)


def _finite(accuracies: Column) -> Float[np.ndarray, " cells"]:
    accuracies = np.asarray(accuracies, dtype=np.float64)
    if not np.isfinite(accuracies).all():
        raise DataError(
            "accuracies: expected finite numbers, got others; leave out the cells that the table does not hold"
        )
    return accuracies


def _check_k(k: int, num_cells: int) -> None:
    if not 1 <= k <= num_cells:
        raise SettingsError(f"k: expected 1 to {num_cells}, the number of cells, got {k}")
