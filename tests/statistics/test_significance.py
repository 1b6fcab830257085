import itertools

import numpy as np
import pytest
from scipy import stats

from shareornot.errors import SettingsError
from shareornot.statistics import correlation_test, kendall_tau, pearson, spearman

COEFFICIENTS = {"spearman": spearman, "kendall": kendall_tau, "pearson": pearson}


def with_ties(seed, num_cells):
    rng = np.random.default_rng(seed)
    accuracies = rng.integers(0, 6, num_cells) / 10
    return accuracies + rng.integers(0, 6, num_cells) / 10, accuracies


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("seed", range(4))
def test_exact_matches_plain_enumeration(coefficient, seed):
    proxies, accuracies = with_ties(seed, 6)
    of = COEFFICIENTS[coefficient]
    observed = of(proxies, accuracies).value
    each = [of(proxies, accuracies[list(order)]).value for order in itertools.permutations(range(6))]
    result = correlation_test(proxies, accuracies, coefficient=coefficient)
    assert result.method == "exact"
    assert result.value == observed
    assert result.p_value == pytest.approx(np.mean(np.abs(each) >= abs(observed) - 1e-9), abs=1e-12)


def test_size_of_the_space_against_agreement_as_printed():
    agreement = np.array([0.64, 0.59, 0.60, 0.68, 0.56, 0.46, 0.71])
    num_cells = np.array([10_467, 90_782, 201_441, 120_933, 423_624, 342_604, 81_020])
    exact = correlation_test(agreement, num_cells)
    approximate = correlation_test(agreement, num_cells, method="asymptotic")
    assert exact.value == pytest.approx(-0.714, abs=5e-4)
    assert approximate.p_value == pytest.approx(0.0713, abs=5e-5)  # printed as 0.07
    assert exact.p_value == 444 / 5040


@pytest.mark.parametrize(
    ("coefficient", "reference"),
    [
        ("spearman", stats.spearmanr),
        ("pearson", stats.pearsonr),
        ("kendall", lambda x, y: stats.kendalltau(x, y, method="asymptotic")),
    ],
)
def test_asymptotic_matches_scipy(coefficient, reference):
    proxies, accuracies = with_ties(5, 120)
    result = correlation_test(proxies, accuracies, coefficient=coefficient)
    assert result.method == "asymptotic"
    assert result.p_value == pytest.approx(reference(proxies, accuracies).pvalue, rel=1e-9)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_permutation_nears_the_exact_p(coefficient):
    proxies, accuracies = with_ties(1, 8)
    exact = correlation_test(proxies, accuracies, coefficient=coefficient).p_value
    sampled = correlation_test(
        proxies,
        accuracies,
        coefficient=coefficient,
        method="permutation",
        rng=np.random.default_rng(0),
        num_permutations=20_000,
    )
    assert 0.01 < exact < 0.99
    assert sampled.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))


def test_permutation_never_gives_zero():
    cells = np.arange(30.0)
    result = correlation_test(cells, cells, rng=np.random.default_rng(0), num_permutations=99)
    assert result.method == "permutation"
    assert result.p_value == 0.01


def test_perfect_agreement_has_no_asymptotic_p():
    cells = np.arange(60.0)
    assert correlation_test(cells, cells).p_value == 0


@pytest.mark.parametrize("num_cells", [5, 20, 100])
def test_diverged_super_net_has_no_test(num_cells):
    result = correlation_test(np.full(num_cells, 0.1), np.arange(num_cells) / 100, rng=np.random.default_rng(0))
    assert result.value is None
    assert result.p_value is None


@pytest.mark.parametrize(
    ("num_cells", "method", "message"),
    [
        (9, "exact", "at most 8 cells, got 9"),
        (2, "asymptotic", "at least 3 cells, got 2"),
        (20, "auto", "expected a numpy Generator to permute 20 cells"),
    ],
)
def test_refuses_what_a_method_cannot_do(num_cells, method, message):
    with pytest.raises(SettingsError, match=message):
        correlation_test(np.arange(num_cells), np.arange(num_cells), method=method)
