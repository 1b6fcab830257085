import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics.samples import checked_sample, mean_and_variance


@pytest.mark.parametrize("n", range(1, 12))
def test_a_constant_sample_has_no_variance(n):
    assert mean_and_variance(np.full(n, 0.1)) == (0.1, 0.0)


def test_moments_match_numpy():
    sample = np.random.default_rng(0).uniform(size=50)
    assert mean_and_variance(sample) == pytest.approx((sample.mean(), sample.var(ddof=1)))


def test_refuses_too_few_runs_and_unfinished_ones():
    with pytest.raises(DataError, match=r"method: expected at least 2 run\(s\), got 1"):
        checked_sample(np.array([0.1]), "method", least=2)
    with pytest.raises(DataError, match="random_search: expected finite regrets"):
        checked_sample(np.array([0.1, np.inf]), "random_search", least=2)
