from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import PAPER_V1, ComparisonProtocol, compare_searches, guided_regret, supernet_cost


def supernets(table, num, pool_size, rng):
    pools = [rng.choice(table.cells, pool_size) for _ in range(num)]  # with replacement, as the published ones are
    return pools, [table.validation[pool] + 0.3 * rng.standard_normal(pool_size) for pool in pools]


def test_first_version_pairs_each_supernet_with_its_own_pool(table):
    rng = np.random.default_rng(0)
    pools, scores = supernets(table, 4, 300, rng)
    start_s = supernet_cost(table, epochs_ratio=PAPER_V1.epochs_ratio).total_s
    result = compare_searches(table, pools, scores, rng, protocol=PAPER_V1, start_s=start_s)
    assert result.num_trained.tolist() == [1, 10, 100]
    assert result.guided.shape == result.random.shape == result.budget_s.shape == (4, 3)
    assert result.evolution.shape == (0, 3)
    for run in range(4):
        alone = guided_regret(table, pools[run], scores[run], rng, num_trained=(1, 10, 100), start_s=start_s)
        np.testing.assert_allclose(result.guided[run], alone.regret)
        np.testing.assert_allclose(result.budget_s[run], alone.time_s)


def test_second_version_runs_on_the_whole_space_at_a_common_budget(table):
    table = replace(table, test=table.validation)
    rng = np.random.default_rng(1)
    pools, scores = supernets(table, 3, 500, rng)
    protocol = ComparisonProtocol(
        num_trained=(1, 10, 20),
        pool_size=500,
        random_search_from="space",
        num_random_runs=200,
        num_evolution_runs=40,
        num_evaluations=300,
    )
    result = compare_searches(table, pools, scores, rng, protocol=protocol, start_s=2000.0)
    assert result.num_trained.tolist() == [1, 10, 20]
    assert result.guided.shape == (3, 3)
    assert result.random.shape == (200, 3)
    assert result.evolution.shape == (40, 3)
    assert (np.diff(result.random.mean(axis=0)) < 0).all()
    assert result.guided.mean(axis=0)[1] < result.random.mean(axis=0)[1]  # these scores are informative


def test_pools_without_scores_are_refused(table):
    with pytest.raises(SettingsError, match="one array of scores"):
        compare_searches(table, [table.cells], [], np.random.default_rng(0), protocol=PAPER_V1, start_s=0.0)
