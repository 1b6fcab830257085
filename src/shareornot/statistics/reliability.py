"""How reliable are the accuracies of a benchmark table, which are noisy themselves?

A table gives a few runs of each cell. With accuracy of run r of cell c = true accuracy of c + noise, noise independent
between runs and of mean zero, the *reliability* of a column is the share of its variance that is true.

Runs are exchangeable: run 0 of one cell has nothing in common with run 0 of another, hence one-way analysis of
variance.
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float, Real

from shareornot.errors import DataError
from shareornot.statistics.agreement import Coefficient, agreement_within_top, spearman

Runs: TypeAlias = Real[np.ndarray, "cells runs"]
"""Accuracy of each run of each cell, any unit; at least two cells and two runs."""


def single_run_agreement(runs: Runs, *, share: float = 1.0, coefficient: Coefficient = spearman) -> float:
    """Mean coefficient between single runs, over ordered pairs of them.

    Args:
        runs: accuracies of each cell, any unit.
        share: fraction of the cells, the best by the second run of each pair: choosing by both would hide how well they
            agree, because what they have in common then varies little.
        coefficient: what is averaged.

    Returns:
        The mean coefficient, in [-1, 1].

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or a column that is constant.
        SettingsError: `share` is outside (0, 1].
    """
    runs = checked_runs(runs)
    num_runs = runs.shape[1]
    pairs = [(a, b) for a in range(num_runs) for b in range(num_runs) if a != b]
    return mean_agreement([(runs[:, a], runs[:, b]) for a, b in pairs], share, coefficient)


def one_run_against_others(runs: Runs, *, share: float = 1.0, coefficient: Coefficient = spearman) -> float:
    """Correlation of one run with the mean of the others, which a proxy as good as one training would reach.

    Args:
        runs: accuracies of each cell, any unit.
        share: fraction of the cells, the best by the mean of the others.
        coefficient: what is averaged over the runs.

    Returns:
        The mean coefficient over the runs, in [-1, 1].

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or a column that is constant.
        SettingsError: `share` is outside (0, 1].
    """
    runs = checked_runs(runs)
    pairs = [(runs[:, a], mean_of_runs(np.delete(runs, a, axis=1))) for a in range(runs.shape[1])]
    return mean_agreement(pairs, share, coefficient)


def reliability_of_mean(runs: Runs) -> float:
    """Reliability of the mean over the runs: ICC(1, k) = (MSB - MSW) / MSB, which is `spearman_brown` of ICC(1, 1).

    Args:
        runs: accuracies of each cell, any unit.

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or cells whose means are all equal.
    """
    between, within = _mean_squares(checked_runs(runs))
    if between == 0:
        raise DataError(
            "runs: expected cells with different means, got equal means for all cells; reliability is undefined"
        )
    return (between - within) / between


def spearman_brown(reliability: float, factor: float | int) -> float:
    """Reliability of the mean of `factor` times as many runs: factor r / (1 + (factor - 1) r).

    Args:
        reliability: r, at most 1.
        factor: ratio of the numbers of runs, positive; may be below 1.

    Returns:
        A reliability, at most 1.
    """
    return factor * reliability / (1 + (factor - 1) * reliability)


def mean_of_runs(runs: Float[np.ndarray, "cells runs"]) -> Float[np.ndarray, " cells"]:
    """Mean of each cell, to twelve digits of the largest, so that the rounding of sums breaks no tie."""
    means = runs.mean(axis=1)
    step = np.ldexp(1.0, int(np.frexp(np.abs(means).max(initial=0))[1]) - 40)
    return np.asarray(np.rint(means / step) * step)


def mean_agreement(
    pairs: list[tuple[Float[np.ndarray, " cells"], Float[np.ndarray, " cells"]]], share: float, coefficient: Coefficient
) -> float:
    """Mean coefficient over pairs of columns, each among the best by its second column.

    Args:
        pairs: what stands for the proxies, what stands for the accuracies.
        share: fraction of the cells, in (0, 1].
        coefficient: what is averaged.

    Raises:
        DataError: a column that is constant among the best.
        SettingsError: `share` is outside (0, 1].
    """
    each = [agreement_within_top(first, second, share=share, coefficient=coefficient).value for first, second in pairs]
    defined = [value for value in each if value is not None]
    if len(defined) < len(each):
        raise DataError(
            f"runs: expected accuracies that differ among the best {share:.4g} of the cells, got a constant column; "
            "take a larger share"
        )
    return float(np.mean(defined))


def checked_runs(runs: Runs) -> Float[np.ndarray, "cells runs"]:
    """The runs as floats.

    Raises:
        DataError: fewer than two cells or runs, or a value that is not finite.
    """
    num_cells, num_runs = runs.shape
    if num_cells < 2 or num_runs < 2:
        raise DataError(
            f"runs: expected at least 2 cells with 2 runs each, got {num_cells} with {num_runs}; "
            "a table with one run of each cell does not show its noise"
        )
    if not np.isfinite(runs).all():
        raise DataError("runs: expected finite numbers, got others; leave out the cells that the table does not hold")
    return np.asarray(runs, dtype=np.float64)


def _mean_squares(runs: Float[np.ndarray, "cells runs"]) -> tuple[float, float]:
    """Mean squares between and within cells."""
    between = float(runs.shape[1] * runs.mean(axis=1).var(ddof=1))
    return between, float(runs.var(axis=1, ddof=1).mean())
