from dataclasses import replace

import numpy as np
import pytest

from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts, cautious_test, compare_at_budgets
from shareornot.appraisal.truth import benchmark_truth
from shareornot.spaces import open_space
from shareornot.statistics import student_t_test, welch_t_test


@pytest.fixture(scope="module")
def truth(replay_table):
    return benchmark_truth(replay_table, open_space("A_FULL"))


def pools_of(truth, num_cells=60, num_supernets=3, shared=False):
    pools = []
    for seed in range(num_supernets):
        rng = np.random.default_rng(seed)
        cells = np.random.default_rng(0 if shared else seed).choice(truth.table.cells, num_cells, replace=False)
        pools.append(ScoredPool(name=str(seed), cells=cells, proxies=rng.random(num_cells)))
    return pools


def compare(truth, pools, costs=None, num_trained=(1, 10), seed=0):
    costs = costs or SupernetCosts(training=4.0)
    return compare_at_budgets(truth, pools, costs, np.random.default_rng(seed), num_trained=num_trained, num_runs=50)


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


def test_all_rivals_are_compared_at_every_budget(truth):
    for one in compare(truth, pools_of(truth)).comparisons:
        assert [rival.name for rival in one.rivals] == [
            "random search",
            "evolution",
            "local search",
            "number of parameters",
            "number of operations",
            "training time",
        ]
        assert sum(rival.tested for rival in one.rivals) == 2
        assert [rival.tested for rival in one.rivals if rival.kind == "baseline"].count(True) == 1
        for rival in one.rivals:
            assert rival.difference.mean == pytest.approx(one.guided_regret - rival.regret)
            assert 0 <= rival.p_value <= 1
            assert -1 <= rival.difference.low <= rival.difference.high <= 1
        assert (one.difference, one.random_regret) == (one.rivals[0].difference, one.rivals[0].regret)


def test_in_the_made_up_table_size_is_the_best_rival(truth):
    comparison = compare(truth, pools_of(truth, num_supernets=6)).comparisons[-1]
    regrets = {rival.name: rival.regret for rival in comparison.rivals}
    assert regrets["number of parameters"] < regrets["random search"] < comparison.guided_regret
    assert comparison.hurt is (comparison.more_supernets is None)
    assert not comparison.helped


def test_evaluating_what_was_trained_takes_time_too(truth):
    pools = pools_of(truth)
    free = compare(truth, pools, SupernetCosts(training=0.0)).comparisons
    charged = compare(truth, pools, SupernetCosts(training=0.0, evaluation=0.5)).comparisons
    for one, other in zip(free, charged, strict=True):
        assert other.budget_s == pytest.approx(1.5 * one.budget_s)
        assert other.num_random_trainings == pytest.approx(one.num_random_trainings)
    with_cost = compare(truth, pools, SupernetCosts(training=4.0, evaluation=0.5)).comparisons[0]
    super_net_s = 4 * truth.table.time_s[truth.table.cells].mean()
    assert with_cost.budget_s == pytest.approx(super_net_s + charged[0].budget_s if len(charged) == 2 else np.nan)


def test_a_budget_without_an_average_training_is_not_compared(truth):
    table = truth.table
    slow = replace(truth, table=replace(table, time_s=np.where(np.arange(2_532) % 2, 1.0, 100.0)), evolution_table=None)
    rng = np.random.default_rng(0)
    fast_first = [
        ScoredPool(name=str(seed), cells=cells, proxies=(cells % 2) + rng.random(60) / 2)
        for seed in range(2)
        for cells in [rng.choice(table.cells, 60, replace=False)]
    ]
    found = compare(slow, fast_first, SupernetCosts(training=0.0), num_trained=(1, 10, 50))
    assert [one.num_trained for one in found.comparisons] == [50]
    assert found.notes == ("TOP-1, TOP-10: not compared, since not even an average training ends in that time.",)


def test_super_nets_that_share_a_pool_have_rivals_in_it(truth):
    pools = pools_of(truth, shared=True)
    found = compare(truth, pools)
    assert "All super-nets scored the same 60" in found.notes[0]
    assert not {"evolution", "local search"} & {rival.name for rival in found.comparisons[0].rivals}
    worst = truth.table.best_test - truth.table.test[pools[0].cells].min()
    assert all(rival.regret <= worst for one in found.comparisons for rival in one.rivals)


def test_one_super_net_is_compared_without_tests(truth):
    found = compare(truth, pools_of(truth, num_supernets=1))
    for one in found.comparisons:
        assert not one.helped
        assert not one.hurt
        assert all(rival.p_value is None and rival.effect is None for rival in one.rivals)


def test_a_super_net_for_free_is_charged_nothing(truth):
    pools = pools_of(truth)
    found = compare(truth, pools, SupernetCosts(training=0.0), num_trained=(10,))
    assert found.comparisons[0].num_random_trainings == pytest.approx(10, abs=2)
