"""How reliable are scores that were measured on a finite number of validation images?

A score is a mean over images, so it is noisy as any mean is. The images are split into two halves; how well the scores
on one half agree with those on the other shows how much of their variance is not noise.
"""

import math

import numpy as np
from jaxtyping import Real

RELIABLE = 0.95
"""The reliability that a number of images is chosen for."""
QUESTIONABLE = 0.9
"""Below it, a correlation with the scores is attenuated by more than 5 %."""

Half = Real[np.ndarray, " architectures"]


def split_half_reliability(first: Half, second: Half) -> float | None:
    """Reliability of the scores on both halves together, by the formula of Spearman and Brown.

        reliability = 2 r / (1 + r)

    r is Pearson's correlation of the two halves over architectures. A correlation with the true scores is attenuated by
    the square root of the reliability.

    Args:
        first: score of each architecture on one half of the images, any unit.
        second: scores on the other half.

    Returns:
        From 0 to 1; 0 where the halves do not agree at all. None if a half is constant, as that of a super-net that
        has diverged is, or with fewer than three architectures.

    Example:
        >>> split_half_reliability(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
        1.0

    References: Spearman 1910, Brown 1910, British Journal of Psychology 3.
    """
    finite = np.isfinite(first).all() and np.isfinite(second).all()
    if len(first) < 3 or not finite or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    r = float(np.corrcoef(first, second)[0, 1])
    return min(max(0.0, 2 * r / (1 + r)), 1.0) if r > 0 else 0.0


def images_needed(reliability: float, num_images: int, wanted: float = RELIABLE) -> int | None:
    """Number of images that give a wanted reliability, extrapolated from a measured one.

        n = num_images * wanted (1 - reliability) / (reliability (1 - wanted))

    Args:
        reliability: measured on `num_images`, from 0 to 1.
        num_images: behind it.
        wanted: reliability, in (0, 1).

    Returns:
        The number, at least 1; None if the reliability is 0, so that no number is enough.

    Example:
        >>> images_needed(0.9, 1000)
        2112

    References: Spearman 1910, Brown 1910, British Journal of Psychology 3.
    """
    if reliability <= 0:
        return None
    odds = wanted * (1 - reliability) / (reliability * (1 - wanted))
    return max(1, math.ceil(round(num_images * odds, 6)))
