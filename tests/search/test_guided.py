import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import guided_order, guided_runs, trivial_guides
from shareornot.spaces.nasbench101 import flop_count, parameter_count


def test_cells_come_in_descending_order_of_their_scores():
    order = guided_order(np.array([7, 3, 9, 1]), np.array([0.2, 0.9, 0.5, 0.7]), np.random.default_rng(0))
    assert order.tolist() == [3, 1, 9, 7]


def test_equal_scores_come_in_every_order():
    orders = [tuple(guided_order(np.arange(3), np.array([1.0, 1.0, 2.0]), np.random.default_rng(s))) for s in range(40)]
    assert set(orders) == {(2, 0, 1), (2, 1, 0)}


def test_a_repeated_cell_comes_once_at_its_best_score():
    order = guided_order(np.array([5, 6, 5, 8]), np.array([0.1, 0.5, 0.9, 0.7]), np.random.default_rng(0))
    assert order.tolist() == [5, 8, 6]


@pytest.mark.parametrize("levels", [3, 10_000])
@pytest.mark.parametrize("num_cells", [10, 1_000])
def test_the_first_of_an_order_are_those_of_the_whole_order(levels, num_cells):
    rng = np.random.default_rng(levels + num_cells)
    cells, scores = rng.integers(0, num_cells, 200), rng.integers(0, levels, 200) / levels
    whole = guided_order(cells, scores, np.random.default_rng(1))
    for few in (1, 5, 150):
        first = guided_order(cells, scores, np.random.default_rng(1), num_evaluations=few)
        assert first.tolist() == whole[:few].tolist()


def test_pools_of_different_sizes_become_runs():
    pools = [np.array([4, 2, 2]), np.array([8, 1, 6])]
    scores = [np.array([1.0, 3.0, 2.0]), np.array([1.0, 3.0, 2.0])]
    runs = guided_runs(pools, scores, np.random.default_rng(0))
    assert runs.num_evaluations.tolist() == [2, 3]
    assert runs.cells[0, :2].tolist() == [2, 4]
    assert runs.cells[1].tolist() == [1, 6, 8]
    assert guided_runs(pools, scores, np.random.default_rng(0), num_evaluations=1).cells.tolist() == [[2], [1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_of_a_diverged_supernet_are_refused(bad):
    with pytest.raises(SettingsError, match="diverged"):
        guided_order(np.arange(3), np.array([0.1, bad, 0.2]), np.random.default_rng(0))


def test_trivial_guides_and_their_reverse(table):
    guides = trivial_guides(table, num_filters=8)
    cells = np.arange(2532)
    np.testing.assert_array_equal(guides["most_parameters"], parameter_count(cells, num_filters=8))
    np.testing.assert_array_equal(guides["most_flops"], flop_count(cells, num_filters=8))
    np.testing.assert_array_equal(guides["longest_training"], table.time_s)
    for most, fewest in [("most_parameters", "fewest_parameters"), ("longest_training", "shortest_training")]:
        np.testing.assert_array_equal(guides[most], -guides[fewest])
    assert len(guides) == 6
