"""Is a correlation more than chance? Exact, by permutation, or by the usual approximation.

The null hypothesis is that any assignment of the accuracies to the proxies was equally likely. Cells that a pool holds
more than once are not independent: reduce the pool to distinct cells first (`first_evaluations`).
"""

import itertools
import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Int, Real
from scipy import stats

from shareornot.errors import SettingsError
from shareornot.statistics.agreement import kendall_tau, pearson, spearman

Method: TypeAlias = Literal["exact", "permutation", "asymptotic"]

MAX_CELLS_EXACT = 8
"""All 8! = 40,320 assignments are enumerated up to here."""
MAX_CELLS_PERMUTATION = 50
"""Up to here `auto` prefers random permutations to the approximation, which is good to about two digits beyond."""

_COEFFICIENTS = {"spearman": spearman, "kendall": kendall_tau, "pearson": pearson}


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrelationTest:
    """A correlation and how often chance alone gives one as far from zero."""

    coefficient: Literal["spearman", "kendall", "pearson"]
    value: float | None
    """None if the correlation is undefined: constant or non-finite proxies."""
    p_value: float | None
    """Two-sided; None if the correlation is undefined."""
    method: Method
    num_cells: int


def correlation_test(
    proxies: Real[np.ndarray, " cells"],
    accuracies: Real[np.ndarray, " cells"],
    *,
    coefficient: Literal["spearman", "kendall", "pearson"] = "spearman",
    method: Literal["auto"] | Method = "auto",
    rng: np.random.Generator | None = None,
    num_permutations: int = 9_999,
) -> CorrelationTest:
    """Two-sided test that a correlation is zero.

    *exact*: the share of all n! assignments whose coefficient is at least as far from zero. *permutation*: the same
    over random assignments, (hits + 1) / (permutations + 1), which never gives 0. *asymptotic*: Student's t with n - 2
    degrees of freedom for Spearman and Pearson, the normal approximation with the variance corrected for ties for
    Kendall.

    Args:
        proxies: scores of the cells, any unit; at least 2 (asymptotic: 3).
        accuracies: standalone accuracies of the same cells, any unit.
        coefficient: which correlation.
        method: `auto` enumerates up to 8 cells, permutes up to 50, and approximates beyond.
        rng: source of the random permutations, needed by that method alone.
        num_permutations: how many random permutations.

    Returns:
        The coefficient, the p-value, and the method that gave it.

    Raises:
        DataError: an accuracy is not finite.
        SettingsError: too many cells to enumerate, too few to approximate, or permutations without `rng`.

    References: Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    num_cells = proxies.size
    chosen = _choose(num_cells) if method == "auto" else method
    value = _COEFFICIENTS[coefficient](proxies, accuracies).value
    _check(chosen, num_cells, rng)
    if value is None:
        p_value = None
    elif chosen == "asymptotic":
        p_value = _asymptotic(proxies, accuracies, coefficient, value)
    else:
        left, right = _pair_tables(proxies, accuracies, coefficient)
        if chosen == "exact":
            orders = np.array(list(itertools.permutations(range(num_cells))))
            p_value = float(_as_extreme(left, right, orders).mean())
        else:
            assert rng is not None
            p_value = _permutation_p(left, right, rng, num_permutations)
    return CorrelationTest(coefficient=coefficient, value=value, p_value=p_value, method=chosen, num_cells=num_cells)


def _choose(num_cells: int) -> Method:
    if num_cells <= MAX_CELLS_EXACT:
        return "exact"
    return "permutation" if num_cells <= MAX_CELLS_PERMUTATION else "asymptotic"


def _check(method: Method, num_cells: int, rng: np.random.Generator | None) -> None:
    if method == "exact" and num_cells > MAX_CELLS_EXACT:
        raise SettingsError(
            f"method 'exact': expected at most {MAX_CELLS_EXACT} cells, got {num_cells}; use 'permutation' with `rng`"
        )
    if method == "asymptotic" and num_cells < 3:
        raise SettingsError(f"method 'asymptotic': expected at least 3 cells, got {num_cells}; use 'exact'")
    if method == "permutation" and rng is None:
        raise SettingsError(
            f"rng: expected a numpy Generator to permute {num_cells} cells, got None; pass one, or method='asymptotic'"
        )


def _asymptotic(proxies: np.ndarray, accuracies: np.ndarray, coefficient: str, value: float) -> float:
    if coefficient == "kendall":
        return float(stats.kendalltau(proxies, accuracies, method="asymptotic").pvalue)
    degrees = proxies.size - 2
    if abs(value) >= 1:
        return 0.0
    return float(2 * stats.t.sf(abs(value) * math.sqrt(degrees / (1 - value * value)), degrees))


def _pair_tables(
    proxies: np.ndarray, accuracies: np.ndarray, coefficient: str
) -> tuple[Float[np.ndarray, "cells columns"], Float[np.ndarray, "cells columns"]]:
    """Two tables whose product sum, rows of the second permuted (Kendall: columns too), orders the coefficient.

    Ties leave its denominator the same under every permutation, so the numerator decides.
    """
    x, y = proxies.astype(np.float64), accuracies.astype(np.float64)
    if coefficient == "kendall":
        return np.sign(x[:, None] - x), np.sign(y[:, None] - y)
    if coefficient == "spearman":
        x, y = stats.rankdata(x), stats.rankdata(y)
    return (x - x.mean())[:, None], (y - y.mean())[:, None]


def _as_extreme(
    left: Float[np.ndarray, "cells columns"],
    right: Float[np.ndarray, "cells columns"],
    orders: Int[np.ndarray, "permutations cells"],
) -> np.ndarray:
    """Whether the sum of each permutation of the right table is at least as far from zero as the one observed."""
    if right.shape[1] == 1:
        sums = right[orders, 0] @ left[:, 0]
    else:
        sums = np.einsum("pij,ij->p", right[orders[:, :, None], orders[:, None, :]], left)
    observed = abs(float(np.sum(left * right)))
    # a permutation that gives the observed value itself must count, whatever the order in which its terms were summed
    slack = 1e-12 * math.sqrt(float(np.sum(left**2)) * float(np.sum(right**2)))
    return np.asarray(np.abs(sums) >= observed - slack)


def _permutation_p(
    left: Float[np.ndarray, "cells columns"],
    right: Float[np.ndarray, "cells columns"],
    rng: np.random.Generator,
    num_permutations: int,
) -> float:
    num_cells = len(left)
    chunk = max(1, 4_000_000 // (num_cells * right.shape[1]))  # tables of at most 32 MB
    hits = 0
    for start in range(0, num_permutations, chunk):
        rows = min(chunk, num_permutations - start)
        orders = rng.permuted(np.tile(np.arange(num_cells), (rows, 1)), axis=1)
        hits += int(np.count_nonzero(_as_extreme(left, right, orders)))
    return (hits + 1) / (num_permutations + 1)
