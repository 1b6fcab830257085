"""P-values of many tests, corrected so that few of the claims made are false."""

import numpy as np
from jaxtyping import Float
from scipy import stats

from shareornot.errors import DataError


def benjamini_hochberg(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """P-values corrected so that, of the structures called significant, at most the level are so by chance on average.

    The i-th smallest of m becomes the least of p_j m / j over all j >= i.

    Args:
        p_values: p-values of all tests made, in [0, 1].

    Raises:
        DataError: a p-value outside [0, 1].

    References: Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    if not ((p_values >= 0) & (p_values <= 1)).all():
        raise DataError(f"p_values: expected numbers in [0, 1], got {p_values}; leave out tests that were not made")
    return np.asarray(stats.false_discovery_control(p_values)) if p_values.size else p_values
