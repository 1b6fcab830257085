from itertools import permutations

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import SearchTable, expected_random_regret, incumbent_regret, random_search_runs


def tiny_table(seed):
    rng = np.random.default_rng(seed)
    return SearchTable(
        validation=rng.integers(0, 4, 7) / 4,  # ties are common
        test=rng.random(7),
        time_s=np.ones(7),
        known=np.arange(7) != 2,
        member=np.arange(7) != 5,
    )


@pytest.mark.parametrize("seed", range(6))
def test_expectation_equals_the_mean_over_all_orders(seed):
    table = tiny_table(seed)
    orders = np.array(list(permutations(table.cells)))
    for count in range(1, 6):
        regrets = [table.best_test - table.test[o[:count][table.validation[o[:count]].argmax()]] for o in orders]
        expected = expected_random_regret(table, [count])
        assert expected.mean[0] == pytest.approx(np.mean(regrets))
        assert expected.std[0] == pytest.approx(np.std(regrets), abs=1e-7)


def test_expectation_equals_simulation_at_full_size(full_size_table):
    runs = random_search_runs(full_size_table.cells, np.random.default_rng(0), num_runs=3000, num_evaluations=300)
    regret, _ = incumbent_regret(full_size_table, runs)
    expected = expected_random_regret(full_size_table, [1, 10, 100, 300])
    for position, count in enumerate(expected.num_evaluations):
        sample = regret[:, count - 1]
        assert sample.mean() == pytest.approx(expected.mean[position], abs=4 * expected.std[position] / np.sqrt(3000))
        assert sample.std() == pytest.approx(expected.std[position], rel=0.08)


def test_all_cells_leave_the_best_by_validation(table):
    best = table.cells[table.validation[table.cells] == table.validation.max()]
    expected = expected_random_regret(table, [len(table.cells), 0])
    assert expected.mean[0] == pytest.approx(table.best_test - table.test[best].mean())
    assert (expected.mean[1], expected.std[1]) == (table.worst_regret, 0.0)


def test_a_pool_counts_only_its_own_cells(table):
    pool = table.cells[10:13]
    expected = expected_random_regret(table, [1], pool=pool)
    assert expected.mean[0] == pytest.approx(table.best_test - table.test[pool].mean())


@pytest.mark.parametrize(
    ("counts", "pool", "match"),
    [
        ([7], None, "0 to 5"),
        ([-1], None, "0 to 5"),
        ([1], [], "at least one"),
        ([1], [0, 1, 0], "distinct"),
        ([1], [0, 2], "known cells"),
        ([1], [0, 5], "known cells"),
    ],
)
def test_impossible_questions_are_refused(counts, pool, match):
    with pytest.raises(SettingsError, match=match):
        expected_random_regret(tiny_table(0), counts, pool=None if pool is None else np.array(pool, np.int32))
