"""Uniform and pro-rata sampling draw each architecture with its documented probability."""

import numpy as np
import pytest
from scipy.stats import chisquare

from shareornot.methods.pro_rata import draw_in_proportion
from shareornot.methods.uniform import draw_uniformly
from shareornot.spaces.nasbench101 import parameter_count

NUM_DRAWS = 40_000
ALARM = 1e-4
"""How improbable draws must be before a test fails."""
SPACE = np.arange(10, 2532, 60, dtype=np.int32)
PARAMETERS = parameter_count(SPACE)


def draws(name, space=SPACE):
    return draw_uniformly(space) if name == "uniform" else draw_in_proportion(space, parameter_count(space))


def counts(groups):
    assert groups.shape == (NUM_DRAWS, 1)
    found = np.bincount(np.searchsorted(SPACE, groups[:, 0]), minlength=len(SPACE))
    assert set(np.unique(groups)) <= set(SPACE)
    return found


def test_uniform_draws_all_architectures_alike():
    assert chisquare(counts(draws("uniform")(np.random.default_rng(0), NUM_DRAWS))).pvalue > ALARM


def test_pro_rata_draws_in_proportion_to_the_parameters():
    expected = NUM_DRAWS * PARAMETERS / PARAMETERS.sum()
    assert expected.max() > 5 * expected.min()
    found = counts(draws("pro-rata")(np.random.default_rng(0), NUM_DRAWS))
    assert chisquare(found, expected).pvalue > ALARM
    assert chisquare(found).pvalue < ALARM  # the test can distinguish the two


@pytest.mark.parametrize("name", ["uniform", "pro-rata"])
def test_draws_follow_from_the_generator(name):
    first, again, other = (draws(name)(np.random.default_rng(seed), 50) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.int32
    assert len(draws(name)(np.random.default_rng(0), 0)) == 0


@pytest.mark.parametrize("name", ["uniform", "pro-rata"])
def test_a_space_of_one_architecture_gives_that_one(name):
    assert (draws(name, np.array([77], np.int32))(np.random.default_rng(0), 100) == 77).all()
