import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import DataError, SettingsError, UnitError
from shareornot.statistics import (
    best_rank_at_k,
    best_regret_at_k,
    incumbent_probabilities,
    precision_at_k,
    random_best_rank_at_k,
    random_best_regret_at_k,
)

pools = st.integers(2, 6).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
        st.integers(1, n),
    )
)


def choices_of_best(scores, k):
    """Every way to take the k best, one for each order of the cells: ties fall as the order has it."""
    for order in itertools.permutations(range(len(scores))):
        yield sorted(order, key=lambda cell: -scores[cell])[:k]


def true_rank(accuracies, cell):
    return 1 + sum(other > accuracies[cell] for other in accuracies)


@given(pools)
def test_selection_matches_plain_loops_over_all_orders(pool):
    proxies, accuracies, k = np.array(pool[0]) / 10, np.array(pool[1]) / 10, pool[2]
    chosen = list(choices_of_best(proxies, k))
    ranks = [min(true_rank(accuracies, cell) for cell in choice) for choice in chosen]
    regrets = [accuracies.max() - accuracies[choice].max() for choice in chosen]
    assert best_rank_at_k(proxies, accuracies, k) == pytest.approx(np.mean(ranks))
    assert best_regret_at_k(proxies, accuracies, k) == pytest.approx(np.mean(regrets))


@given(pools)
def test_precision_matches_plain_loop_over_all_orders(pool):
    proxies, accuracies = np.array(pool[0][:4]), np.array(pool[1][:4])
    k = min(pool[2], proxies.size)
    overlaps = [
        len(set(liked) & set(best)) / k
        for liked in choices_of_best(proxies, k)
        for best in choices_of_best(accuracies, k)
    ]
    assert precision_at_k(proxies, accuracies, k) == pytest.approx(np.mean(overlaps))


@given(pools)
def test_random_choice_matches_plain_loops_over_all_subsets(pool):
    accuracies, k = np.array(pool[1]) / 10, pool[2]
    subsets = [list(subset) for subset in itertools.combinations(range(accuracies.size), k)]
    ranks = [min(true_rank(accuracies, cell) for cell in subset) for subset in subsets]
    regrets = [1 - accuracies[subset].max() for subset in subsets]
    assert random_best_rank_at_k(accuracies, k) == pytest.approx(np.mean(ranks))
    assert random_best_regret_at_k(accuracies, k, best_accuracy=1.0) == pytest.approx(np.mean(regrets))

    incumbents = np.zeros(accuracies.size)
    for subset in subsets:
        best = [cell for cell in subset if accuracies[cell] == accuracies[subset].max()]
        incumbents[best] += 1 / len(best) / len(subsets)
    np.testing.assert_allclose(incumbent_probabilities(accuracies, k), incumbents, atol=1e-12)


def test_constant_proxy_is_a_random_choice():
    accuracies = np.random.default_rng(0).integers(0, 30, 200) / 30
    constant = np.full(200, 0.1)
    for k in (1, 7, 200):
        assert best_rank_at_k(constant, accuracies, k) == pytest.approx(random_best_rank_at_k(accuracies, k))
        assert best_regret_at_k(constant, accuracies, k) == pytest.approx(random_best_regret_at_k(accuracies, k))
        assert precision_at_k(constant, accuracies, k) == pytest.approx(k / 200)


def test_scores_that_are_not_finite_come_last():
    accuracies = np.array([0.9, 0.5, 0.4, 0.3])
    proxies = np.array([np.nan, 0.2, 0.3, np.inf])
    assert best_rank_at_k(proxies, accuracies, 2) == 2
    assert best_rank_at_k(proxies, accuracies, 3) == 1.5  # the first or the last cell joins


def test_random_rank_in_closed_form_for_a_whole_benchmark():
    accuracies = np.random.default_rng(1).permutation(423_624) / 423_624
    for k in (1, 10, 1000):
        assert random_best_rank_at_k(accuracies, k) == pytest.approx(423_625 / (k + 1), rel=1e-9)
    assert incumbent_probabilities(accuracies, 1000).sum() == pytest.approx(1, abs=1e-9)


def test_incumbents_give_the_test_regret_of_random_search():
    rng = np.random.default_rng(2)
    validation, test = rng.integers(0, 8, 50) / 10, rng.uniform(size=50)
    draws = np.array([rng.permutation(50)[:5] for _ in range(20_000)])
    incumbents = np.take_along_axis(draws, validation[draws].argmax(axis=1, keepdims=True), axis=1)
    simulated = (test.max() - test[incumbents]).ravel()
    exact = incumbent_probabilities(validation, 5) @ (test.max() - test)
    assert exact == pytest.approx(simulated.mean(), abs=4 * simulated.std() / np.sqrt(simulated.size))


@pytest.mark.parametrize("k", [0, 4])
def test_refuses_k_outside_the_pool(k):
    cells = np.array([0.1, 0.2, 0.3])
    for function in (precision_at_k, best_rank_at_k, best_regret_at_k):
        with pytest.raises(SettingsError, match=f"expected 1 to 3, the number of cells, got {k}"):
            function(cells, cells, k)
    for function in (random_best_rank_at_k, random_best_regret_at_k, incumbent_probabilities):
        with pytest.raises(SettingsError, match=f"got {k}"):
            function(cells, k)


def test_refuses_percentages_unknown_cells_and_a_best_that_is_not():
    cells = np.array([0.1, 0.2, 0.3])
    with pytest.raises(UnitError, match=r"got 94\.2; divide percentages by 100"):
        best_regret_at_k(cells, np.array([94.2, 93.0, 90.0]), 1)
    with pytest.raises(UnitError, match=r"got 94\.3"):
        random_best_regret_at_k(cells, 1, best_accuracy=94.3)
    with pytest.raises(SettingsError, match=r"at least 0\.3, which a cell has, got 0\.25"):
        best_regret_at_k(cells, cells, 1, best_accuracy=0.25)
    with pytest.raises(DataError, match="leave out the cells"):
        best_rank_at_k(cells, np.array([0.1, np.nan, 0.3]), 1)
