import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shareornot.errors import DataError
from shareornot.statistics import (
    Interval,
    cohens_d,
    mean_difference,
    probability_of_superiority,
    standardized_difference,
    superiority_from_d,
)


@pytest.mark.parametrize("num_method", [2, 30, 500])
def test_d_is_t_over_the_scale_of_the_samples(num_method):
    rng = np.random.default_rng(num_method)
    method, random_search = rng.normal(-0.4, size=num_method), rng.normal(size=500)
    t = stats.ttest_ind(method, random_search).statistic
    assert cohens_d(method, random_search) == pytest.approx(t * np.sqrt(1 / num_method + 1 / 500))


def test_d_by_hand():
    effect = cohens_d(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    assert effect == pytest.approx(-2 / np.sqrt((2 * 1 + 2 * 4) / 4))


def test_the_interval_covers_whatever_the_spread_of_the_method():
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(500):
        method, random_search = rng.normal(-0.8, 4.7, size=5), rng.normal(size=500)
        effect = standardized_difference(mean_difference(method, random_search), float(random_search.std(ddof=1)))
        covered.append(effect.low <= -0.8 <= effect.high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_differences_are_measured_in_the_spread_of_random_search():
    difference = Interval(mean=-0.02, low=-0.03, high=-0.01, method="welch difference", n=9, confidence=0.95)
    effect = standardized_difference(difference, 0.01)
    assert (effect.d, effect.low, effect.high, effect.confidence) == (-2, -3, -1, 0.95)
    endless = standardized_difference(difference, 0.0)
    assert (endless.d, endless.low, endless.high) == (-np.inf, None, None)


def test_samples_that_do_not_vary():
    assert cohens_d(np.full(3, 0.1), np.full(5, 0.1)) == 0
    assert cohens_d(np.full(3, 0.1), np.full(5, 0.2)) == -np.inf
    assert superiority_from_d(-np.inf) == 1


@pytest.mark.parametrize(("d", "percent"), [(-0.39, 60.9), (-1.16, 79.4), (-0.52, 64.3), (0.0, 50.0), (0.39, 39.1)])
def test_superiority_of_the_printed_effects(d, percent):
    """The paper prints 61, 89 and 65; the second is not what the formula gives."""
    assert 100 * superiority_from_d(d) == pytest.approx(percent, abs=0.05)


def test_superiority_from_d_is_that_of_normal_samples():
    rng = np.random.default_rng(2)
    method, random_search = rng.normal(-0.7, size=20_000), rng.normal(size=20_000)
    from_d = superiority_from_d(cohens_d(method, random_search))
    assert probability_of_superiority(method, random_search) == pytest.approx(from_d, abs=0.01)


samples = st.lists(st.integers(0, 5), min_size=1, max_size=12).map(np.array)


@given(samples, samples)
def test_superiority_matches_plain_loop(method, random_search):
    wins = [(a < b) + (a == b) / 2 for a in method for b in random_search]
    assert probability_of_superiority(method, random_search) == pytest.approx(np.mean(wins))
    u = stats.mannwhitneyu(method, random_search).statistic if np.ptp([*method, *random_search]) else None
    if u is not None:
        assert probability_of_superiority(method, random_search) == pytest.approx(
            1 - u / method.size / random_search.size
        )


def test_refuses_too_few_runs():
    with pytest.raises(DataError, match=r"method: expected at least 2 run\(s\), got 1"):
        cohens_d(np.array([0.1]), np.array([0.1, 0.2]))
    with pytest.raises(DataError, match=r"random_search: expected at least 1 run\(s\), got 0"):
        probability_of_superiority(np.array([0.1]), np.array([]))
