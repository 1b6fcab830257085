from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import budgets, expected_random_regret, guided_regret, random_search_runs_at


def test_top_k_equals_training_them_one_by_one(table):
    rng = np.random.default_rng(0)
    pool = rng.choice(table.cells, 40, replace=False)
    scores = rng.random(40)
    top = guided_regret(table, pool, scores, rng, num_trained=[1, 3, 40], start_s=1e4)
    best_first = pool[np.argsort(-scores)]
    for position, k in enumerate([1, 3, 40]):
        trained = best_first[:k]
        chosen = trained[table.validation[trained].argmax()]
        assert top.num_trained[position] == k
        assert top.cell[position] == chosen
        assert top.regret[position] == pytest.approx(table.best_test - table.test[chosen])
        assert top.time_s[position] == pytest.approx(1e4 + table.time_s[trained].sum())


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_averaged_over_all_ways_to_break_them(table, seed):
    rng = np.random.default_rng(seed)
    coarse = replace(table, validation=np.round(table.validation, 2))  # accuracies tie as well
    pool = rng.choice(table.cells, 12, replace=False)
    scores = rng.integers(0, 4, 12).astype(float)
    ks = [1, 2, 5, 9]
    found = guided_regret(coarse, pool, scores, rng, num_trained=ks, start_s=10.0)
    regret, time_s = np.zeros((20_000, 4)), np.zeros((20_000, 4))
    for draw in range(20_000):
        order = pool[np.lexsort((rng.random(12), -scores))]
        for column, k in enumerate(ks):
            chosen = order[coarse.validation[order[:k]].argmax()]
            regret[draw, column] = coarse.best_test - coarse.test[chosen]
            time_s[draw, column] = 10 + coarse.time_s[order[:k]].sum()
    error = regret.std(axis=0) / np.sqrt(20_000)
    assert (np.abs(found.regret - regret.mean(axis=0)) <= 4.5 * error + 1e-12).all()
    np.testing.assert_allclose(found.time_s, time_s.mean(axis=0), rtol=0.01)


def test_a_constant_score_gets_what_random_search_gets(table):
    pool = table.cells[:100]
    found = guided_regret(table, pool, np.zeros(100), np.random.default_rng(0), num_trained=[1, 7])
    np.testing.assert_allclose(found.regret, expected_random_regret(table, [1, 7], pool=pool).mean)


@pytest.mark.parametrize("num_trained", [[0], [41], []])
def test_more_trainings_than_cells_are_refused(table, num_trained):
    with pytest.raises(SettingsError, match="1 to 40"):
        guided_regret(table, table.cells[:40], np.arange(40.0), np.random.default_rng(0), num_trained=num_trained)


def test_random_search_is_read_at_budgets(table, monkeypatch):
    table = replace(table, test=table.validation)
    time_s = np.array([50.0, 1000.0, 30_000.0])
    whole = random_search_runs_at(table, table.cells, time_s, np.random.default_rng(0), num_runs=400)
    assert (np.diff(whole.regret.mean(axis=0)) < 0).all()
    assert not whole.defined[:, 0].any()  # nothing trains in less than 100 s
    assert (whole.num_finished[:, 2] * 100 <= 30_000).all()
    monkeypatch.setattr(budgets, "_MOST_EVALUATIONS_AT_ONCE", 1000)
    in_blocks = random_search_runs_at(table, table.cells, time_s, np.random.default_rng(0), num_runs=400)
    np.testing.assert_array_equal(in_blocks.regret, whole.regret)


def test_random_search_agrees_with_its_expectation_where_trainings_take_equally_long(table):
    equal = replace(table, time_s=np.full(2532, 10.0))
    for unfinished, counts in (("ignored", [1, 10]), ("counted", [2, 11])):
        found = random_search_runs_at(
            equal, table.cells, np.array([15.0, 105.0]), np.random.default_rng(0), num_runs=4_000, unfinished=unfinished
        )
        expected = expected_random_regret(equal, counts)
        assert (found.num_finished == counts).all()
        np.testing.assert_allclose(found.regret.mean(axis=0), expected.mean, atol=5 * expected.std.max() / 4_000**0.5)


def test_random_search_stops_within_a_pool(table):
    pool = table.cells[:5]
    found = random_search_runs_at(table, pool, np.array([1e9]), np.random.default_rng(0), num_runs=10)
    assert (found.num_finished == 5).all()
