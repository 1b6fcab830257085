"""Samples of regrets: checked, and their moments."""

import numpy as np
from jaxtyping import Float, Real

from shareornot.errors import DataError


def checked_sample(regrets: Real[np.ndarray, " runs"], name: str, *, least: int) -> Float[np.ndarray, " runs"]:
    """The regrets as floats.

    Args:
        regrets: one per run.
        name: what the message calls them.
        least: how many runs there must be.

    Raises:
        DataError: fewer runs, or a regret that is not finite.
    """
    regrets = np.asarray(regrets, dtype=np.float64)
    if regrets.size < least:
        raise DataError(f"{name}: expected at least {least} run(s), got {regrets.size}; run it again with another seed")
    if not np.isfinite(regrets).all():
        raise DataError(f"{name}: expected finite regrets, got others; leave out runs that did not finish")
    return regrets


def mean_and_variance(sample: Float[np.ndarray, " runs"]) -> tuple[float, float]:
    """Mean and unbiased variance, both exact for a sample that does not vary.

    Rounding would give three times 0.1 another mean than five times 0.1, and a variance: enough for a test to find a
    difference where there is none.
    """
    deviations = sample - sample[0]
    return float(sample[0] + deviations.mean()), float(deviations.var(ddof=1)) if sample.size > 1 else 0.0
