"""Agreement of a super-net's proxies with standalone accuracies: one coefficient per super-net.

Every coefficient takes one pool, shape `(cells,)`, or a row for each super-net, shape `(supernets, cells)`; accuracies
that all super-nets share may stay one row. Ties are handled as the coefficient's definition has it: average ranks in
Spearman's, the denominator of tau-b in Kendall's.

A super-net that diverged has a constant or a non-finite proxy. Its correlation does not exist, so results name which
rows are `defined`, and a mean is taken over those alone.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Real
from scipy import stats

from shareornot.errors import DataError, SettingsError
from shareornot.statistics.ranks import average_ranks_of_rows

Scores: TypeAlias = Real[np.ndarray, "*#supernets cells"]
"""Proxies, accuracies, or any other column: larger is better."""
Rows: TypeAlias = Float[np.ndarray, "supernets cells"]
CoefficientName: TypeAlias = Literal["spearman", "kendall", "pearson", "weighted kendall", "sparse kendall"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Agreement:
    """A coefficient for one super-net (shape `()`) or for several (shape `(supernets,)`)."""

    coefficient: CoefficientName
    values: Float[np.ndarray, "*supernets"]
    """Coefficients in [-1, 1]; without meaning where not `defined`."""
    defined: Bool[np.ndarray, "*supernets"]
    """False if proxies or accuracies are constant, a proxy is not finite, or there are fewer than two cells."""

    @property
    def value(self) -> float | None:
        """The coefficient of one super-net, None if it is undefined.

        Raises:
            SettingsError: there are several super-nets.
        """
        if self.values.ndim:
            raise SettingsError(
                f"agreement: expected one super-net, got {self.values.size}; use `values` and `defined`, or `converged`"
            )
        return float(self.values) if self.defined else None

    @property
    def converged(self) -> Float[np.ndarray, " converged"]:
        """The coefficients that are defined, in the order of the super-nets."""
        kept: np.ndarray = np.atleast_1d(self.values)[np.atleast_1d(self.defined)]
        return kept

    @property
    def num_undefined(self) -> int:
        """How many super-nets `converged` leaves out: what the paper marks with an asterisk."""
        return int(np.count_nonzero(~self.defined))


Coefficient: TypeAlias = Callable[[Scores, Scores], Agreement]
"""A function of proxies and accuracies, such as `spearman`."""


def diverged(proxies: Real[np.ndarray, " cells"]) -> bool:
    """Whether the proxies of a super-net are constant or not all finite, so that they rank nothing."""
    return bool(_diverged_rows(_as_float(proxies)[None])[0])


def spearman(proxies: Scores, accuracies: Scores) -> Agreement:
    """Spearman's rank correlation: Pearson's of the ranks, tied cells sharing the average of theirs.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.

    Returns:
        The coefficient, in [-1, 1]; undefined where proxies are constant or not finite.

    Raises:
        DataError: an accuracy is not finite.
    """
    return _agreement("spearman", _spearman_rows, proxies, accuracies)


def pearson(proxies: Scores, accuracies: Scores) -> Agreement:
    """Pearson's linear correlation.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.

    Raises:
        DataError: an accuracy is not finite.
    """
    return _agreement("pearson", _pearson_rows, proxies, accuracies)


def kendall_tau(proxies: Scores, accuracies: Scores) -> Agreement:
    """Kendall's tau-b: concordant minus discordant pairs, over the geometric mean of the untied pairs of each side.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.

    Raises:
        DataError: an accuracy is not finite.
    """
    return _agreement("kendall", _kendall_rows, proxies, accuracies)


def weighted_kendall_tau(proxies: Scores, accuracies: Scores) -> Agreement:
    """Weighted tau: an exchange of the cells ranked r and s, counted from 0, weighs 1/(r + 1) + 1/(s + 1).

    Good cells thus count for more than bad ones. The ranks are once those of the proxies and once those of the
    accuracies, and the two results are averaged.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.

    Returns:
        The coefficient, in [-1, 1]; undefined where proxies are constant or not finite.

    Raises:
        DataError: an accuracy is not finite.

    References: Vigna 2015, "A weighted correlation index for rankings with ties".
    """
    return _agreement("weighted kendall", _weighted_kendall_rows, proxies, accuracies)


def sparse_kendall_tau(proxies: Scores, accuracies: Scores, *, resolution: float = 0.001) -> Agreement:
    """Kendall's tau-b after rounding the standalone accuracies, so that differences below their noise do not count.

    Args:
        proxies: scores of the cells, any unit; not rounded.
        accuracies: standalone accuracies, fractions.
        resolution: accuracies are rounded to multiples of this fraction; positive.

    Returns:
        The coefficient, in [-1, 1]; undefined where proxies are constant or not finite.

    Raises:
        DataError: an accuracy is not finite.
        SettingsError: `resolution` is not positive.

    References: Yu, Ranftl and Salzmann 2020, arXiv:2003.04276.
    """
    if not resolution > 0:
        raise SettingsError(
            f"resolution: expected a positive fraction, got {resolution}; 0.001 is a tenth of a percent"
        )
    return _agreement("sparse kendall", _kendall_rows, proxies, np.rint(_as_float(accuracies) / resolution))


def within_top(accuracies: Real[np.ndarray, " cells"], share: float) -> Bool[np.ndarray, " cells"]:
    """Mask of the truly best cells: the best `share` of all, rounded up, and whatever ties with the last of them.

    Args:
        accuracies: standalone accuracies, any unit.
        share: fraction of the cells, in (0, 1].

    Returns:
        True for each of the best cells.

    Raises:
        SettingsError: `share` is outside (0, 1].
    """
    if not 0 < share <= 1:
        raise SettingsError(f"share: expected a fraction in (0, 1], got {share}; the top 10 % are 0.1")
    # the small term keeps 0.07 * 100 = 7.000000000000001 from becoming 8 cells
    num_cells = max(1, math.ceil(share * accuracies.size - 1e-9))
    last = accuracies.size - num_cells
    top: np.ndarray = accuracies >= np.partition(accuracies, last)[last]
    return top


def agreement_within_top(
    proxies: Scores, accuracies: Scores, *, share: float = 0.1, coefficient: Coefficient = spearman
) -> Agreement:
    """Agreement among the truly best cells of each pool, see `within_top`.

    It is lower than the agreement over all cells even for a good proxy: the best differ little, and noise in the
    accuracies that choose them weighs more. Compare it with the noise ceiling of the same share.

    Args:
        proxies: scores of the cells, any unit.
        accuracies: standalone accuracies of the same cells, any unit.
        share: fraction of the cells, in (0, 1].
        coefficient: what is computed among them.

    Returns:
        The coefficient among these cells, in [-1, 1].

    Raises:
        DataError: an accuracy is not finite.
        SettingsError: `share` is outside (0, 1].
    """
    proxies, accuracies = np.broadcast_arrays(proxies, accuracies)
    _check_finite(accuracies)
    if proxies.ndim == 1:
        top = within_top(accuracies, share)
        return coefficient(proxies[top], accuracies[top])
    each = [
        agreement_within_top(proxy, accuracy, share=share, coefficient=coefficient)
        for proxy, accuracy in zip(proxies, accuracies, strict=True)
    ]
    return Agreement(
        coefficient=each[0].coefficient,
        values=np.array([one.values for one in each]),
        defined=np.array([one.defined for one in each]),
    )


def _agreement(
    coefficient: CoefficientName,
    of_rows: Callable[[Rows, Rows], np.ndarray],
    proxies: np.ndarray,
    accuracies: np.ndarray,
) -> Agreement:
    """Apply a coefficient of rows to those rows for which it is defined."""
    x, y = np.broadcast_arrays(_as_float(proxies), _as_float(accuracies))
    _check_finite(y)
    shape, num_cells = x.shape[:-1], x.shape[-1]
    x, y = (side.reshape(math.prod(shape), num_cells) for side in (x, y))
    values = np.full(len(x), np.nan)
    defined = np.zeros(len(x), dtype=bool) if num_cells < 2 else ~_diverged_rows(x) & ~_diverged_rows(y)
    if defined.all():
        values = of_rows(x, y)
    elif defined.any():
        values[defined] = of_rows(x[defined], y[defined])
    return Agreement(coefficient=coefficient, values=values.reshape(shape), defined=defined.reshape(shape))


def _spearman_rows(x: Rows, y: Rows) -> Float[np.ndarray, " supernets"]:
    return _pearson_rows(average_ranks_of_rows(x), average_ranks_of_rows(y))


def _pearson_rows(x: Rows, y: Rows) -> Float[np.ndarray, " supernets"]:
    # scaled to at most 1 first, so that squares of tiny or huge scores neither vanish nor overflow
    x, y = (_scaled_deviations(side) for side in (x, y))
    covariance = np.einsum("sc,sc->s", x, y)
    variances = np.einsum("sc,sc->s", x, x) * np.einsum("sc,sc->s", y, y)
    return np.asarray(np.clip(covariance / np.sqrt(variances), -1, 1))


def _scaled_deviations(x: Rows) -> Rows:
    # powers of two, so that scaling never makes two different scores equal
    x = np.ldexp(x, -np.frexp(np.abs(x).max(axis=1, keepdims=True))[1])
    deviations = x - x.mean(axis=1, keepdims=True)
    return np.asarray(np.ldexp(deviations, -np.frexp(np.abs(deviations).max(axis=1, keepdims=True))[1]))


def _kendall_rows(x: Rows, y: Rows) -> Float[np.ndarray, " supernets"]:
    if x.shape[1] == 2:  # one pair, for which scipy divides by zero on the way to a p-value
        return np.asarray(np.sign(x[:, 0] - x[:, 1]) * np.sign(y[:, 0] - y[:, 1]))
    return np.array([stats.kendalltau(a, b, method="asymptotic").statistic for a, b in zip(x, y, strict=True)])


def _weighted_kendall_rows(x: Rows, y: Rows) -> Float[np.ndarray, " supernets"]:
    return np.array([stats.weightedtau(a, b).statistic for a, b in zip(x, y, strict=True)])


def _diverged_rows(x: Rows) -> Bool[np.ndarray, " supernets"]:
    if x.shape[1] == 0:
        return np.ones(len(x), dtype=bool)
    return np.asarray(~np.isfinite(x).all(axis=1) | (x == x[:, :1]).all(axis=1))


def _as_float(scores: Real[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    return np.asarray(scores, dtype=np.float64)


def _check_finite(accuracies: Real[np.ndarray, "*any"]) -> None:
    num_bad = int(np.count_nonzero(~np.isfinite(accuracies)))
    if num_bad:
        raise DataError(
            f"accuracies: expected finite numbers, got {num_bad} of {accuracies.size} that are not; "
            "leave out the cells that the table does not hold"
        )
