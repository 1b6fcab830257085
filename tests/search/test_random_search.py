import numpy as np
import pytest
from plain_searches import RandomSearch, RandomStream, run_search
from scipy.stats import chisquare

from shareornot.errors import SettingsError
from shareornot.search import random_search_runs
from shareornot.search.random_stream import stream_states


@pytest.mark.parametrize("num_evaluations", [1, 700, 2532])
def test_kernel_equals_plain_twin(table, num_evaluations):
    landscape = table.landscape()
    runs = random_search_runs(
        landscape.candidates, np.random.default_rng(1), num_runs=3, num_evaluations=num_evaluations
    )
    for run, state in enumerate(stream_states(np.random.default_rng(1), 3)):
        search = RandomSearch(landscape.candidates, RandomStream(state))
        assert run_search(search, landscape, num_evaluations=num_evaluations) == runs.cells[run].tolist()


def test_no_cell_is_drawn_twice_and_all_come_in_the_end():
    cells = np.array([5, 90, 7, 3, 11])
    runs = random_search_runs(cells, np.random.default_rng(0), num_runs=20, num_evaluations=100)
    assert runs.cells.shape == (20, 5)
    assert all(sorted(row) == sorted(cells) for row in runs.cells.tolist())


def test_every_order_is_equally_likely():
    runs = random_search_runs(np.arange(4), np.random.default_rng(0), num_runs=24_000, num_evaluations=4)
    orders, counts = np.unique(runs.cells, axis=0, return_counts=True)
    assert len(orders) == 24
    assert chisquare(counts).pvalue > 1e-4


def test_runs_do_not_depend_on_threads():
    one, three = (
        random_search_runs(np.arange(1000), np.random.default_rng(0), num_runs=7, num_evaluations=50, num_threads=n)
        for n in (1, 3)
    )
    np.testing.assert_array_equal(one.cells, three.cells)


def test_nothing_to_draw_from_is_refused():
    with pytest.raises(SettingsError, match="at least 1 run"):
        random_search_runs(np.array([], np.int32), np.random.default_rng(0))
