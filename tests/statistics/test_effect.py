import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shareornot.errors import DataError
from shareornot.statistics import cohens_d, probability_of_superiority, superiority_from_d


@pytest.mark.parametrize("num_method", [2, 30, 500])
def test_d_is_t_over_the_scale_of_the_samples(num_method):
    rng = np.random.default_rng(num_method)
    method, random_search = rng.normal(-0.4, size=num_method), rng.normal(size=500)
    t = stats.ttest_ind(method, random_search).statistic
    assert cohens_d(method, random_search).d == pytest.approx(t * np.sqrt(1 / num_method + 1 / 500))


def test_d_by_hand():
    effect = cohens_d(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    assert effect.d == pytest.approx(-2 / np.sqrt((2 * 1 + 2 * 4) / 4))
    assert (effect.num_method, effect.num_random) == (3, 3)


@pytest.mark.parametrize("shift", [-20.0, -0.5, 0.0, 0.5, 3.0])
@pytest.mark.parametrize("sizes", [(2, 3), (30, 500), (500, 500)])
def test_bounds_are_effects_that_put_the_sample_at_the_edge(shift, sizes):
    rng = np.random.default_rng(0)
    method, random_search = rng.normal(shift, size=sizes[0]), rng.normal(size=sizes[1])
    effect = cohens_d(method, random_search, confidence=0.9)
    scale = np.sqrt(1 / sizes[0] + 1 / sizes[1])
    assert effect.low < effect.d < effect.high
    for bound, level in ((effect.low, 0.95), (effect.high, 0.05)):
        assert stats.nct.cdf(effect.d / scale, sum(sizes) - 2, bound / scale) == pytest.approx(level, abs=1e-4)


def test_interval_covers_the_true_effect():
    rng = np.random.default_rng(1)
    effects = [cohens_d(rng.normal(0.8, size=6), rng.normal(size=20)) for _ in range(1_000)]
    covered = np.mean([effect.low <= 0.8 <= effect.high for effect in effects])
    assert covered == pytest.approx(0.95, abs=0.025)


def test_samples_that_do_not_vary():
    same = cohens_d(np.full(3, 0.1), np.full(5, 0.1))
    assert (same.d, same.low, same.high) == (0, None, None)
    assert cohens_d(np.full(3, 0.1), np.full(5, 0.2)).d == -np.inf
    assert superiority_from_d(-np.inf) == 1


@pytest.mark.parametrize(("d", "percent"), [(-0.39, 60.9), (-1.16, 79.4), (-0.52, 64.3), (0.0, 50.0), (0.39, 39.1)])
def test_superiority_of_the_printed_effects(d, percent):
    """The paper prints 61, 89 and 65; the second is not what the formula gives."""
    assert 100 * superiority_from_d(d) == pytest.approx(percent, abs=0.05)


def test_superiority_from_d_is_that_of_normal_samples():
    rng = np.random.default_rng(2)
    method, random_search = rng.normal(-0.7, size=20_000), rng.normal(size=20_000)
    from_d = superiority_from_d(cohens_d(method, random_search).d)
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
