import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from shareornot.errors import DataError, SettingsError
from shareornot.statistics import bootstrap_interval, kendall_tau, paper_interval, spearman, student_interval

FIVE = np.array([0.61, 0.66, 0.64, 0.67, 0.62])


def super_nets(rng, num_supernets=5, num_cells=120, one_pool=False):
    accuracies = rng.normal(size=(1 if one_pool else num_supernets, num_cells))
    skills = rng.uniform(0.5, 1.5, (num_supernets, 1))
    proxies = accuracies * skills + rng.normal(size=(num_supernets, num_cells))
    return proxies, accuracies[0] if one_pool else accuracies


def test_paper_interval_is_the_papers_formula():
    interval = paper_interval(FIVE)
    assert interval.mean == pytest.approx(0.64)
    squares = sum((value - 0.64) ** 2 for value in FIVE)
    assert interval.half_width == pytest.approx(1.96 * (squares / 5) ** 0.5 / 5**0.5)
    assert (interval.method, interval.n, interval.confidence) == ("paper", 5, 0.95)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("n", [2, 5, 30])
def test_student_interval_matches_statsmodels(n, confidence):
    values = np.random.default_rng(n).normal(size=n)
    interval = student_interval(values, confidence=confidence)
    assert (interval.low, interval.high) == pytest.approx(DescrStatsW(values).tconfint_mean(1 - confidence))
    assert (interval.mean, interval.method, interval.n) == (pytest.approx(values.mean()), "student", n)


def test_the_papers_interval_is_too_narrow_for_five_super_nets():
    assert student_interval(FIVE).half_width / paper_interval(FIVE).half_width == pytest.approx(1.584, abs=5e-4)


@pytest.mark.parametrize("interval_of", [paper_interval, student_interval])
def test_one_super_net_has_no_interval(interval_of):
    interval = interval_of(np.array([0.64]))
    assert (interval.mean, interval.low, interval.high, interval.half_width) == (0.64, None, None, None)
    assert str(interval) == "0.64 (n = 1: no interval)"


def test_intervals_print_bounds_and_level():
    assert str(student_interval(FIVE)) == "0.64 [0.6083, 0.6717] (student, 95 %, n = 5)"


def test_refuses_no_value_diverged_values_and_percentages():
    with pytest.raises(DataError, match="at least one super-net that converged"):
        student_interval(np.array([]))
    with pytest.raises(DataError, match="leave out super-nets that diverged"):
        paper_interval(np.array([0.5, np.nan]))
    with pytest.raises(SettingsError, match=r"got 95.0; 95 % is 0\.95"):
        student_interval(FIVE, confidence=95.0)


@pytest.mark.parametrize("one_pool", [False, True])
def test_bootstrap_matches_plain_loop(one_pool):
    proxies, accuracies = super_nets(np.random.default_rng(0), one_pool=one_pool)
    interval = bootstrap_interval(proxies, accuracies, np.random.default_rng(1), num_resamples=500)
    rng = np.random.default_rng(2)
    means = []
    for _ in range(300):
        one_draw = rng.integers(120, size=120)
        coefficients = []
        for supernet in rng.integers(5, size=5):
            cells = one_draw if one_pool else rng.integers(120, size=120)
            truth = accuracies if one_pool else accuracies[supernet]
            coefficients.append(spearman(proxies[supernet, cells], truth[cells]).value)
        means.append(np.mean(coefficients))
    # quantiles of a few hundred resamples err by a sixth of the standard deviation
    tolerance = 0.6 * np.std(means)
    assert (interval.low, interval.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=tolerance)
    assert interval.mean == pytest.approx(spearman(proxies, accuracies).values.mean())
    assert (interval.method, interval.n) == ("bootstrap", 5)


def test_bootstrap_covers_the_mean_of_other_super_nets():
    """Cells drawn too: the interval covers although all spread comes from the pools."""
    rng = np.random.default_rng(3)
    truth = 6 / np.pi * np.arcsin(np.sqrt(0.5) / 2)  # Spearman of two normal columns that correlate by sqrt(1/2)
    covered = 0
    for _ in range(100):
        accuracies = rng.normal(size=(5, 60))
        proxies = accuracies + rng.normal(size=(5, 60))
        interval = bootstrap_interval(proxies, accuracies, rng, num_resamples=200)
        covered += interval.low <= truth <= interval.high
    assert covered >= 88


def test_bootstrap_leaves_out_diverged_super_nets():
    proxies, accuracies = super_nets(np.random.default_rng(4))
    with_diverged = np.concatenate([proxies, np.full((1, 120), 0.1)])
    truth = np.concatenate([accuracies, accuracies[:1]])
    expected = bootstrap_interval(proxies, accuracies, np.random.default_rng(5), num_resamples=50)
    assert bootstrap_interval(with_diverged, truth, np.random.default_rng(5), num_resamples=50) == expected


def test_bootstrap_passes_over_resamples_without_variation():
    """Of three cells, one draw in nine repeats a single cell, which has no correlation."""
    proxies, accuracies = np.array([[0.1, 0.2, 0.3], [0.3, 0.5, 0.4]]), np.array([0.1, 0.2, 0.3])
    interval = bootstrap_interval(proxies, accuracies, np.random.default_rng(6), coefficient=kendall_tau)
    assert -1 <= interval.low < interval.high <= 1


def test_bootstrap_of_one_or_no_super_net():
    proxies, accuracies = super_nets(np.random.default_rng(7), num_supernets=1)
    assert bootstrap_interval(proxies, accuracies, np.random.default_rng(8)).low is None
    with pytest.raises(DataError, match="at least one super-net that converged"):
        bootstrap_interval(np.full((2, 120), 0.1), accuracies, np.random.default_rng(8))
