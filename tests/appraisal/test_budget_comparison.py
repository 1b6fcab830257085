import numpy as np
import pytest

from shareornot.appraisal.budget_comparison import (
    ScoredPool,
    SupernetCosts,
    _most_evaluations,
    cautious_test,
    compare_at_budgets,
)
from shareornot.appraisal.truth import benchmark_truth
from shareornot.spaces import open_space
from shareornot.statistics import student_t_test, welch_t_test


def test_luck_is_seldom_taken_for_significance():
    random = np.random.default_rng(1).exponential(0.02, 500)
    pairs = np.random.default_rng(2).choice(random, (400, 2))  # guided searches that are no better than random
    cautious = np.mean([cautious_test(guided, random).p_value < 0.05 for guided in pairs])
    assert cautious < 0.07 < np.mean([welch_t_test(guided, random).p_value < 0.05 for guided in pairs])


def test_the_cautious_test_is_one_of_the_two():
    guided, random = np.array([0.01, 0.011]), np.random.default_rng(0).exponential(0.02, 100)
    both = [student_t_test(guided, random), welch_t_test(guided, random)]
    assert cautious_test(guided, random) in both
    assert cautious_test(guided, random).p_value == max(one.p_value for one in both)


@pytest.mark.parametrize(
    ("price_s", "start_s", "num_trained", "most"),
    [
        ([1.0, 2.0, 9.0], 5.0, 1, 15),  # 14 of the cheapest end in 5 + 9 seconds
        ([1.0, 2.0, 9.0], 5.0, 2, 17),
        ([0.0, 2.0, 9.0], 5.0, 1, 60),
        (np.full(1_000, 1.0), 1e9, 1, 10_000),
    ],
)
def test_evolution_runs_as_long_as_any_budget(price_s, start_s, num_trained, most):
    assert _most_evaluations(np.array(price_s), start_s, num_trained) == most


def test_longer_runs_of_evolution_change_nothing(replay_table, monkeypatch):
    ground = benchmark_truth(replay_table, open_space("A3"))
    rng = np.random.default_rng(0)
    pools = [ScoredPool(name=str(seed), cells=ground.table.cells[:50], proxies=rng.random(50)) for seed in range(2)]

    def compare():
        return compare_at_budgets(
            ground, pools, SupernetCosts(training=4.0), np.random.default_rng(0), num_trained=(1, 10), num_runs=20
        )[0]

    short = compare()
    monkeypatch.setattr("shareornot.appraisal.budget_comparison._most_evaluations", lambda *_: 2_000)
    assert compare() == short
