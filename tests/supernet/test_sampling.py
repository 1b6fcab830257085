"""The sampling strategies draw each cell as often as they say."""

import numpy as np
import pytest
from scipy.stats import chisquare

from shareornot.spaces.nasbench101 import parameter_count
from shareornot.supernet import SAMPLING_STRATEGIES, pro_rata, uniform

NUM_DRAWS = 40_000
ALARM = 1e-4
"""How improbable draws must be before a test fails."""
SPACE = np.arange(10, 2532, 60, dtype=np.int32)


def counts(sample):
    cells, numbers = np.unique(sample, return_counts=True)
    assert set(cells) <= set(SPACE)
    found = np.zeros(len(SPACE))
    found[np.searchsorted(SPACE, cells)] = numbers
    return found


def test_uniform_draws_all_cells_alike():
    found = counts(uniform(SPACE)(np.random.default_rng(0), NUM_DRAWS))
    assert chisquare(found).pvalue > ALARM


def test_pro_rata_draws_in_proportion_to_the_parameters():
    parameters = parameter_count(SPACE)
    expected = NUM_DRAWS * parameters / parameters.sum()
    assert expected.max() > 5 * expected.min()
    found = counts(pro_rata(SPACE)(np.random.default_rng(0), NUM_DRAWS))
    assert chisquare(found, expected).pvalue > ALARM
    assert chisquare(found).pvalue < ALARM  # the test can tell the two apart


@pytest.mark.parametrize("name", SAMPLING_STRATEGIES)
def test_draws_follow_from_the_generator(name):
    sample = SAMPLING_STRATEGIES[name](SPACE)
    first, again, other = (sample(np.random.default_rng(seed), 50) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.int32
    assert len(sample(np.random.default_rng(0), 0)) == 0


@pytest.mark.parametrize("name", SAMPLING_STRATEGIES)
def test_a_space_of_one_cell_gives_that_cell(name):
    cell = np.array([77], np.int32)
    assert (SAMPLING_STRATEGIES[name](cell)(np.random.default_rng(0), 100) == 77).all()
