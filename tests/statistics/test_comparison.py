import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from shareornot.errors import DataError, SettingsError
from shareornot.statistics import (
    holm,
    mean_difference,
    smallest_wilcoxon_p,
    student_t_test,
    welch_t_test,
    wilcoxon_signed_rank,
)


def regrets(seed, num_method=30, num_random=500):
    rng = np.random.default_rng(seed)
    return rng.gamma(2, 0.002, num_method), rng.gamma(3, 0.002, num_random)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("test", "equal_variances"), [(student_t_test, True), (welch_t_test, False)])
def test_t_tests_match_scipy(seed, test, equal_variances):
    method, random_search = regrets(seed)
    result = test(method, random_search)
    reference = stats.ttest_ind(method, random_search, equal_var=equal_variances)
    assert result.statistic == pytest.approx(reference.statistic)
    assert result.p_value == pytest.approx(reference.pvalue)
    assert result.degrees_of_freedom == pytest.approx(reference.df)
    assert (result.num_method, result.num_random) == (30, 500)


@pytest.mark.parametrize(("usevar", "equal_variances"), [("pooled", True), ("unequal", False)])
def test_difference_matches_statsmodels(usevar, equal_variances):
    method, random_search = regrets(3)
    interval = mean_difference(method, random_search, equal_variances=equal_variances, confidence=0.9)
    reference = CompareMeans(DescrStatsW(method), DescrStatsW(random_search)).tconfint_diff(0.1, usevar=usevar)
    assert (interval.low, interval.high) == pytest.approx(reference)
    assert interval.method == ("student difference" if equal_variances else "welch difference")
    assert interval.n == 530


def test_negative_means_better_than_random_search():
    better, random_search = np.array([0.001, 0.002, 0.001, 0.003]), np.array([0.01, 0.02, 0.03, 0.02])
    assert mean_difference(better, random_search).mean < 0
    assert student_t_test(better, random_search).statistic < 0
    assert welch_t_test(better, random_search).statistic < 0


def test_one_run_has_a_difference_without_interval():
    interval = mean_difference(np.array([0.01]), np.array([0.02, 0.03]))
    assert (interval.mean, interval.low) == (pytest.approx(-0.015), None)
    with pytest.raises(DataError, match=r"method: expected at least 2 run\(s\), got 1"):
        welch_t_test(np.array([0.01]), np.array([0.02, 0.03]))


@pytest.mark.parametrize("test", [student_t_test, welch_t_test])
def test_samples_that_do_not_vary(test):
    same = test(np.full(3, 0.1), np.full(5, 0.1))
    assert (same.statistic, same.p_value) == (0, 1)
    better = test(np.full(3, 0.1), np.full(5, 0.2))
    assert (better.statistic, better.p_value) == (-np.inf, 0)


pairs = st.lists(st.integers(-5, 5), min_size=1, max_size=8)


@given(pairs)
def test_wilcoxon_matches_enumeration_of_all_signs(differences):
    method = np.array(differences) / 100
    result = wilcoxon_signed_rank(method, np.zeros(method.size))
    sizes = [abs(difference) for difference in differences if difference]
    ranks = stats.rankdata(sizes) if sizes else np.array([])
    observed = sum(
        rank for rank, difference in zip(ranks, (d for d in differences if d), strict=True) if difference > 0
    )
    sums = [
        sum(r for r, up in zip(ranks, signs, strict=True) if up)
        for signs in itertools.product((0, 1), repeat=ranks.size)
    ]
    smaller = min(observed, sum(ranks) - observed)
    assert result.statistic == smaller
    assert result.p_value == pytest.approx(min(1, 2 * np.mean([value <= smaller for value in sums])))
    assert result.test == "wilcoxon exact"
    assert result.num_method == len(differences)


@pytest.mark.parametrize("n", [5, 12, 60])
def test_wilcoxon_without_ties_matches_scipy(n):
    rng = np.random.default_rng(n)
    method, random_search = rng.normal(-0.2, size=n), rng.normal(size=n)
    reference = stats.wilcoxon(method, random_search, method="exact")
    result = wilcoxon_signed_rank(method, random_search)
    assert (result.statistic, result.p_value) == pytest.approx((reference.statistic, reference.pvalue))


def test_wilcoxon_of_many_pairs_with_ties_matches_scipy():
    rng = np.random.default_rng(0)
    method, random_search = rng.integers(0, 9, 400), rng.integers(0, 10, 400)
    reference = stats.wilcoxon(method, random_search, method="asymptotic", correction=False)
    result = wilcoxon_signed_rank(method, random_search)
    assert result.test == "wilcoxon approximate"
    assert (result.statistic, result.p_value) == pytest.approx((reference.statistic, reference.pvalue))


def test_five_pairs_never_reach_significance():
    result = wilcoxon_signed_rank(np.zeros(5), np.array([0.1, 0.2, 0.3, 0.4, 0.5]))
    assert result.p_value == smallest_wilcoxon_p(5) == 0.0625
    with pytest.raises(SettingsError, match="got 0"):
        smallest_wilcoxon_p(0)


def test_wilcoxon_sees_ties_through_rounding():
    assert wilcoxon_signed_rank(np.array([0.3, 0.1]), np.array([0.2, 0.2])).statistic == 1.5


def test_wilcoxon_without_any_difference():
    assert wilcoxon_signed_rank(np.ones(4), np.ones(4)).p_value == 1


@pytest.mark.parametrize("num_tests", [1, 2, 7, 42])
@pytest.mark.parametrize("seed", range(3))
def test_holm_matches_statsmodels(num_tests, seed):
    p_values = np.random.default_rng(seed).integers(0, 11, num_tests) ** 2 / 100  # ties, zeros and ones among them
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1], atol=1e-15)


def test_holm_refuses_what_is_no_p_value():
    for bad in (np.array([0.1, 1.2]), np.array([np.nan])):
        with pytest.raises(DataError, match=r"expected numbers in \[0, 1\]"):
            holm(bad)
