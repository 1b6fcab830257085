"""Intervals for the mean over super-nets, each of which records its method.

| function | half width |
|---|---|
| `paper_interval` | 1.96 x population standard deviation / sqrt(n), the paper's +- |
| `student_interval` | t quantile x sample standard deviation / sqrt(n), 1.58 times as wide for n = 5 |
| `two_way_interval` | Student's, plus what architectures that super-nets share do to all of them |
| `bootstrap_interval` | percentiles over resampled super-nets and cells |

The paper's interval takes the standard deviation of a few values for the true one, twice: it divides by n and not
by n - 1, and uses the normal quantile in place of Student's.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from jaxtyping import Float, Real
from scipy import stats

from shareornot.errors import DataError, SettingsError
from shareornot.statistics.agreement import Agreement, Coefficient, spearman
from shareornot.statistics.levels import CONFIDENCE

IntervalMethod: TypeAlias = Literal[
    "paper", "student", "two-way", "bootstrap", "student difference", "welch difference", "paired"
]

PAPER_QUANTILE = 1.96
_BATCH_SCORES = 250_000
"""Scores that are resampled at once: few megabytes, enough that calls do not dominate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A mean and the interval that covers the true one with a given confidence."""

    mean: float
    low: float | None
    """None if there is no interval, because a single value has no spread."""
    high: float | None
    method: IntervalMethod
    n: int
    """How many values: super-nets, or runs of both methods together for a difference."""
    confidence: float
    """Probability to cover the mean, such as 0.95."""

    @property
    def half_width(self) -> float | None:
        """Half of the interval's width, printed after ±; None if there is no interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.mean:.4g} (n = {self.n}: no interval)"
        ends = f"[{self.low:.4g}, {self.high:.4g}]"
        return f"{self.mean:.4g} {ends} ({self.method}, {self.confidence * 100:.0f} %, n = {self.n})"


def paper_interval(values: Real[np.ndarray, " supernets"]) -> Interval:
    """The paper's 95 % interval: mean +- 1.96 x population standard deviation / sqrt(n).

    Kept to compare with printed tables; about 1.6 times too narrow at n = 5.

    Args:
        values: one number per super-net, such as the `converged` coefficients of an `Agreement`.

    Raises:
        DataError: no value, or one that is not finite.
    """
    values = _checked(values)
    half = PAPER_QUANTILE * float(values.std()) / math.sqrt(values.size)
    return _around(float(values.mean()), half, "paper", values.size, 0.95)


def student_interval(
    values: Real[np.ndarray, " supernets"],
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    confidence: float = CONFIDENCE,
) -> Interval:
    """Student's t interval: mean +- t quantile with n - 1 degrees of freedom x sample standard deviation / sqrt(n).

    Args:
        values: one number per super-net, such as the `converged` coefficients of an `Agreement`.
        bounds: least and largest possible value, beyond which the interval is cut.
        confidence: probability to cover the true mean, in (0, 1).

    Returns:
        The mean with its lower and upper bound, in the unit of `values`; no bounds for a single value.

    Raises:
        DataError: no value, or one that is not finite.
        SettingsError: `confidence` is outside (0, 1).
    """
    values, quantile = _checked(values), upper_quantile(confidence)
    if values.size == 1:
        return _around(float(values[0]), 0.0, "student", 1, confidence)
    half = float(stats.t.ppf(quantile, values.size - 1)) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return _around(float(values.mean()), half, "student", values.size, confidence, bounds)


def bootstrap_interval(
    proxies: Real[np.ndarray, "supernets cells"],
    accuracies: Real[np.ndarray, "*#supernets cells"],
    rng: np.random.Generator,
    *,
    coefficient: Coefficient = spearman,
    num_resamples: int = 1_000,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Percentile interval of a mean coefficient over super-nets and cells redrawn, both with replacement.

    Student's interval covers other seeds and other pools of the same size together; this one too, and it requires
    nothing of the coefficients' distribution. One row of accuracies means one pool for all super-nets, whose cells are
    then drawn once for all; with a pool for each super-net, cells are drawn within each. With few super-nets it is
    narrow, as every percentile bootstrap: by sqrt((n - 1) / n) and by the quantile of the normal law in place of
    Student's. With a pool for each super-net the spread between super-nets holds the luck of the pools already, which
    drawing cells adds once more.

    Args:
        proxies: scores of the cells, any unit; diverged super-nets are left out.
        accuracies: standalone accuracies, one row for all super-nets or a row for each.
        rng: source of the resamples.
        coefficient: coefficient whose mean over super-nets is sought.
        num_resamples: how often everything is redrawn.
        confidence: probability to cover the true mean, in (0, 1).

    Returns:
        Interval about the mean coefficient of the given super-nets; none for one super-net.

    Raises:
        DataError: no super-net converged, or an accuracy is not finite.
        SettingsError: `confidence` is outside (0, 1).
    """
    quantile = upper_quantile(confidence)
    agreement = coefficient(proxies, accuracies)
    mean = float(_checked(agreement.converged).mean())
    proxies = proxies[agreement.defined]
    one_pool = accuracies.ndim == 1 or len(accuracies) == 1
    rows = np.broadcast_to(accuracies, (agreement.defined.size, proxies.shape[1]))[agreement.defined]
    num_supernets, num_cells = proxies.shape
    if num_supernets == 1:
        return _around(mean, 0.0, "bootstrap", 1, confidence)
    batch = max(1, _BATCH_SCORES // proxies.size)
    means = []
    for start in range(0, num_resamples, batch):
        size = min(batch, num_resamples - start)
        drawn = rng.integers(num_supernets, size=(size, num_supernets, 1))
        cells = rng.integers(num_cells, size=(size, 1 if one_pool else num_supernets, num_cells))
        resampled, truth = (scores[drawn, cells].reshape(-1, num_cells) for scores in (proxies, rows))
        means.append(_means_of_defined(coefficient(resampled, truth), size))
    low, high = np.quantile(np.concatenate(means), [1 - quantile, quantile])
    return Interval(
        mean=mean, low=float(low), high=float(high), method="bootstrap", n=num_supernets, confidence=confidence
    )


def upper_quantile(confidence: float) -> float:
    """Level of the quantile that bounds a two-sided interval from above: 0.975 for a confidence of 0.95.

    Raises:
        SettingsError: `confidence` is outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise SettingsError(f"confidence: expected a fraction between 0 and 1, got {confidence}; 95 % is 0.95")
    return (1 + confidence) / 2


def _around(
    mean: float,
    half: float,
    method: IntervalMethod,
    n: int,
    confidence: float,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    low, high = (max(mean - half, bounds[0]), min(mean + half, bounds[1])) if n > 1 else (None, None)
    return Interval(mean=mean, low=low, high=high, method=method, n=n, confidence=confidence)


def _means_of_defined(agreement: Agreement, num_resamples: int) -> Float[np.ndarray, " resamples"]:
    """Mean of each resample, without those in which chance drew nothing but constant columns."""
    defined = agreement.defined.reshape(num_resamples, -1)
    sums = np.where(defined, agreement.values.reshape(num_resamples, -1), 0).sum(axis=1)
    counts = defined.sum(axis=1)
    return np.asarray(sums[counts > 0] / counts[counts > 0])


def _checked(values: Real[np.ndarray, " supernets"]) -> Float[np.ndarray, " supernets"]:
    values = np.asarray(values, dtype=np.float64)
    if values.size == 0:
        raise DataError("values: expected at least one super-net that converged, got none; there is no mean to report")
    if not np.isfinite(values).all():
        raise DataError("values: expected finite numbers, got others; leave out super-nets that diverged (`converged`)")
    return values
