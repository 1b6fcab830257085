import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from shareornot.errors import DataError, SettingsError
from shareornot.statistics import (
    agreement_within_top,
    diverged,
    kendall_tau,
    pearson,
    sparse_kendall_tau,
    spearman,
    weighted_kendall_tau,
    within_top,
)

COEFFICIENTS = [spearman, kendall_tau, pearson, weighted_kendall_tau, sparse_kendall_tau]


def with_ties(seed, shape=(40,), num_values=12):
    """Proxies and accuracies, correlated, with many ties, neither constant."""
    rng = np.random.default_rng(seed)
    accuracies = rng.integers(0, num_values, shape)
    proxies = accuracies + rng.integers(-5, 6, shape)
    return proxies / 50 + 0.1, accuracies / num_values


def kendall_loop(x, y):
    concordance = untied_x = untied_y = 0
    for i, j in itertools.combinations(range(len(x)), 2):
        concordance += np.sign(x[i] - x[j]) * np.sign(y[i] - y[j])
        untied_x += x[i] != x[j]
        untied_y += y[i] != y[j]
    return concordance / np.sqrt(untied_x * untied_y)


def weighted_kendall_loop(x, y):
    """Average over both ways to rank: best first by one side, ties broken by the other."""
    results = []
    for first, second in ((x, y), (y, x)):
        rank = np.argsort(np.lexsort((second, first))[::-1])
        products = np.zeros(3)
        for i, j in itertools.permutations(range(len(x)), 2):
            weight = 1 / (rank[i] + 1) + 1 / (rank[j] + 1)
            a, b = np.sign(x[i] - x[j]), np.sign(y[i] - y[j])
            products += weight * np.array([a * b, a * a, b * b])
        results.append(products[0] / np.sqrt(products[1] * products[2]))
    return np.mean(results)


@pytest.mark.parametrize("seed", range(10))
def test_spearman_and_pearson_match_scipy(seed):
    proxies, accuracies = with_ties(seed)
    for ours, reference in ((spearman, stats.spearmanr), (pearson, stats.pearsonr)):
        expected = reference(proxies, accuracies).statistic
        assert ours(proxies, accuracies).value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_kendalls_match_plain_loops(seed):
    proxies, accuracies = with_ties(seed)
    assert kendall_tau(proxies, accuracies).value == pytest.approx(kendall_loop(proxies, accuracies), abs=1e-12)
    expected = weighted_kendall_loop(proxies, accuracies)
    assert weighted_kendall_tau(proxies, accuracies).value == pytest.approx(expected, abs=1e-12)


def test_weighted_kendall_minds_the_best_most():
    accuracies = np.arange(20) / 20
    swap_best, swap_worst = np.arange(20), np.arange(20)
    swap_best[[18, 19]] = [19, 18]
    swap_worst[[0, 1]] = [1, 0]
    best, worst = (weighted_kendall_tau(proxies, accuracies).value for proxies in (swap_best, swap_worst))
    assert best < worst < 1
    assert kendall_tau(swap_best, accuracies).value == kendall_tau(swap_worst, accuracies).value


@pytest.mark.parametrize("seed", range(5))
def test_sparse_kendall_ignores_small_differences(seed):
    rng = np.random.default_rng(seed)
    accuracies, proxies = rng.uniform(0.9, 0.95, 60), rng.uniform(size=60)
    rounded = np.array([round(accuracy * 100) for accuracy in accuracies])
    assert sparse_kendall_tau(proxies, accuracies, resolution=0.01).value == pytest.approx(
        kendall_loop(proxies, rounded)
    )
    assert sparse_kendall_tau(proxies, accuracies, resolution=1e-9).value == kendall_tau(proxies, accuracies).value


def test_sparse_kendall_by_default_rounds_to_a_tenth_of_a_percent():
    proxies = np.array([0.1, 0.3, 0.2, 0.4])
    accuracies = np.array([0.9000, 0.9003, 0.9104, 0.9202])  # first two alike
    assert sparse_kendall_tau(proxies, accuracies).value == pytest.approx(kendall_loop(proxies, [0.9, 0.9, 0.91, 0.92]))
    with pytest.raises(SettingsError, match="resolution: expected a positive fraction, got 0"):
        sparse_kendall_tau(proxies, accuracies, resolution=0.0)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_rows_are_super_nets(coefficient):
    proxies, accuracies = with_ties(0, (4, 30))
    own = coefficient(proxies, accuracies)
    shared = coefficient(proxies, accuracies[0])
    assert own.values.shape == shared.values.shape == (4,)
    for row in range(4):
        assert own.values[row] == pytest.approx(coefficient(proxies[row], accuracies[row]).value, abs=1e-14)
        assert shared.values[row] == pytest.approx(coefficient(proxies[row], accuracies[0]).value, abs=1e-14)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("bad", [0.1, np.nan, np.inf])
def test_diverged_super_net_is_left_out(coefficient, bad):
    proxies, accuracies = with_ties(1, (3, 30))
    if bad == 0.1:
        proxies[1] = bad
    else:
        proxies[1, 7] = bad
    agreement = coefficient(proxies, accuracies)
    assert agreement.defined.tolist() == [True, False, True]
    assert agreement.num_undefined == 1
    np.testing.assert_array_equal(agreement.converged, agreement.values[[0, 2]])
    assert np.isfinite(agreement.converged).all()
    assert coefficient(proxies[1], accuracies[1]).value is None
    assert diverged(proxies[1])
    assert not diverged(proxies[0])


def test_constant_accuracies_and_single_cells_are_undefined():
    assert spearman(np.array([0.1, 0.2]), np.array([0.5, 0.5])).value is None
    assert spearman(np.array([0.1]), np.array([0.5])).value is None
    assert spearman(np.zeros((2, 0)), np.zeros((2, 0))).num_undefined == 2


def test_value_is_for_one_super_net():
    proxies, accuracies = with_ties(2, (3, 30))
    with pytest.raises(SettingsError, match="expected one super-net, got 3"):
        _ = spearman(proxies, accuracies).value


def test_unknown_cells_are_refused():
    with pytest.raises(DataError, match="1 of 3 that are not"):
        spearman(np.array([0.1, 0.2, 0.3]), np.array([0.5, np.nan, 0.7]))


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1.0, 1e12, 1e300])
def test_pearson_at_any_scale(scale):
    proxies, accuracies = with_ties(3)
    assert pearson(proxies * scale, accuracies).value == pytest.approx(pearson(proxies, accuracies).value, abs=1e-12)


columns = hnp.arrays(np.float64, st.integers(2, 25), elements=st.integers(-4, 4).map(float))


@given(columns.flatmap(lambda x: st.tuples(st.just(x), st.permutations(x).map(np.array))))
def test_coefficients_are_bounded_symmetric_and_odd(pair):
    x, y = pair
    for coefficient in (spearman, kendall_tau, pearson, weighted_kendall_tau):
        agreement = coefficient(x, y)
        if not agreement.defined:
            assert np.ptp(x) == 0
            continue
        assert -1 <= agreement.value <= 1
        assert coefficient(y, x).value == pytest.approx(agreement.value, abs=1e-12)
        assert coefficient(x, x).value == pytest.approx(1, abs=1e-12)
        if coefficient is not weighted_kendall_tau:
            assert coefficient(x, -y).value == pytest.approx(-agreement.value, abs=1e-12)


@given(columns, st.floats(0.01, 1))
def test_within_top_keeps_the_best_and_their_ties(accuracies, share):
    top = within_top(accuracies, share)
    assert top.sum() >= share * accuracies.size - 1e-6
    assert accuracies[top].min() > accuracies[~top].max(initial=-np.inf)
    # without the cells that tie with the last, fewer would be left than requested
    assert (accuracies > accuracies[top].min()).sum() < max(1, share * accuracies.size)


def test_within_top_does_not_fall_for_rounding():
    assert within_top(np.arange(100) / 100, 0.07).sum() == 7
    assert within_top(np.arange(1000) / 1000, 0.01).sum() == 10
    with pytest.raises(SettingsError, match=r"got 10\.0"):
        within_top(np.arange(100) / 100, 10.0)


def test_agreement_within_top_is_that_of_the_best_cells():
    proxies, accuracies = with_ties(4, (3, 200), num_values=150)
    agreement = agreement_within_top(proxies, accuracies, share=0.2, coefficient=kendall_tau)
    for row in range(3):
        best = accuracies[row] >= np.sort(accuracies[row])[-40]
        assert agreement.values[row] == kendall_tau(proxies[row][best], accuracies[row][best]).value
    assert (
        agreement_within_top(proxies[0], accuracies[0], share=0.2, coefficient=kendall_tau).value == agreement.values[0]
    )


def test_agreement_within_top_of_one_cell_is_undefined():
    assert agreement_within_top(np.arange(10.0), np.arange(10.0), share=0.1).value is None
