import numpy as np
import pytest
from scipy import stats

from shareornot.statistics.ranks import average_ranks, average_ranks_of_rows, lowest_ranks


@pytest.mark.parametrize("levels", [1, 3, 1000])
def test_are_those_of_scipy(levels):
    values = np.random.default_rng(levels).integers(0, levels, (4, 200)) / 7
    np.testing.assert_array_equal(average_ranks_of_rows(values), stats.rankdata(values, axis=1))
    np.testing.assert_array_equal(average_ranks(values[0]), stats.rankdata(values[0]))
    np.testing.assert_array_equal(lowest_ranks(values[0]), stats.rankdata(values[0], method="min"))
    np.testing.assert_array_equal(average_ranks(values[0, :1]), [1.0])
    assert average_ranks(values[0, :0]).size == 0


def test_rank_infinite_values_at_the_ends():
    np.testing.assert_array_equal(average_ranks(np.array([np.inf, 0.0, -np.inf, np.inf])), [3.5, 2.0, 1.0, 3.5])
