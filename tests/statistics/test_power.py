import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from shareornot.errors import SettingsError
from shareornot.statistics import num_supernets_needed, smallest_detectable_effect, t_test_power


@pytest.mark.parametrize("d", [0.0, 0.2, -0.5])
@pytest.mark.parametrize(("num_method", "num_random"), [(2, 2), (5, 5), (30, 500), (400, 500)])
def test_power_matches_statsmodels(d, num_method, num_random):
    reference = TTestIndPower().power(abs(d), num_method, 0.05, ratio=num_random / num_method)
    assert t_test_power(d, num_method, num_random) == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize(("d", "num_method", "num_random"), [(3.0, 30, 500), (-0.8, 500, 500), (5.0, 500, 500)])
def test_overwhelming_effects_are_always_found(d, num_method, num_random):
    """Here scipy's distribution function and statsmodels give NaN."""
    assert t_test_power(d, num_method, num_random) == pytest.approx(1, abs=1e-9)


def test_power_is_how_often_the_test_finds_the_effect():
    rng = np.random.default_rng(0)
    p_values = stats.ttest_ind(rng.normal(0.7, size=(10, 4_000)), rng.normal(size=(40, 4_000))).pvalue
    assert t_test_power(0.7, 10, 40) == pytest.approx(np.mean(p_values < 0.05), abs=0.025)


def test_power_of_the_papers_design():
    """30 super-nets against 500 random searches were meant to find a medium effect with a power of 0.8."""
    assert t_test_power(0.5, 30, 500) == pytest.approx(0.757, abs=5e-4)
    assert num_supernets_needed(0.5, num_random=500) == 34
    assert smallest_detectable_effect(30, 500) == pytest.approx(0.528, abs=5e-4)


@pytest.mark.parametrize("num_random", [None, 20, 500])
@pytest.mark.parametrize("d", [0.7, -1.2, 6.0])
@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
def test_number_is_the_smallest_that_is_enough(d, target, num_random):
    number = num_supernets_needed(d, target=target, num_random=num_random)
    if number is None:
        assert t_test_power(d, 10_000_000, num_random) < target
        return

    def reached(n):
        return t_test_power(d, n, num_random or n)

    assert reached(number) >= target
    assert number == 2 or reached(number - 1) < target


def test_too_few_random_searches_are_never_enough():
    assert num_supernets_needed(0.2, num_random=20) is None


@pytest.mark.parametrize(("num_method", "num_random"), [(2, 2), (5, 500), (500, 500)])
def test_detectable_effect_has_the_target_power(num_method, num_random):
    d = smallest_detectable_effect(num_method, num_random, target=0.9, alpha=0.01)
    assert t_test_power(d, num_method, num_random, alpha=0.01) == pytest.approx(0.9, abs=1e-8)


def test_refuses_what_has_no_power():
    with pytest.raises(SettingsError, match="at least 2 of each method, got 1 and 5"):
        t_test_power(0.5, 1, 5)
    with pytest.raises(SettingsError, match=r"got 5\.0; 5 % is 0\.05"):
        t_test_power(0.5, 5, 5, alpha=5.0)
    with pytest.raises(SettingsError, match=r"got d = 0\.0 and 0\.8"):
        num_supernets_needed(0.0)
    with pytest.raises(SettingsError, match=r"alpha = 0\.05 and 1, got 1\.0"):
        smallest_detectable_effect(5, 5, target=1.0)
