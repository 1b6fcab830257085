"""Reliability of scores from two halves of the images, against simulations."""

import numpy as np
import pytest

from shareornot.statistics.split_half import images_needed, split_half_reliability


def halves(num_images, num_cells=2_000, spread=0.03, seed=0):
    """Correct images of each half, of architectures with true accuracies around 0.4."""
    rng = np.random.default_rng(seed)
    true = np.clip(0.4 + spread * rng.standard_normal(num_cells), 0, 1)
    return true, rng.binomial(num_images // 2, true), rng.binomial(num_images // 2, true)


@pytest.mark.parametrize("num_images", [200, 1_000, 4_000])
def test_it_is_the_share_of_variance_that_is_true(num_images):
    true, first, second = halves(num_images)
    noise = 0.4 * 0.6 / num_images
    assert split_half_reliability(first, second) == pytest.approx(0.03**2 / (0.03**2 + noise), abs=0.03)
    attenuated = np.corrcoef(first + second, true)[0, 1]
    assert attenuated == pytest.approx(split_half_reliability(first, second) ** 0.5, abs=0.02)


def test_the_proposed_number_of_images_is_enough():
    _, first, second = halves(1_000)
    needed = images_needed(split_half_reliability(first, second), 1_000)
    _, first, second = halves(needed, seed=1)
    assert split_half_reliability(first, second) == pytest.approx(0.95, abs=0.01)


def test_limits():
    scores = np.arange(5.0)
    assert split_half_reliability(scores, scores) == pytest.approx(1)
    assert split_half_reliability(scores, -scores) == 0.0
    assert split_half_reliability(scores, np.ones(5)) is None
    assert split_half_reliability(scores, np.full(5, np.nan)) is None
    assert split_half_reliability(scores[:2], scores[:2]) is None
    assert images_needed(0.0, 100) is None
    assert images_needed(1.0, 100) == 1
    assert images_needed(0.95, 100) == 100
