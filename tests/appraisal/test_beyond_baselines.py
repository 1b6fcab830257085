import numpy as np
import pytest

from shareornot.appraisal.beyond_baselines import compare_with_baselines
from shareornot.statistics import spearman


@pytest.fixture(scope="module")
def made_up():
    rng = np.random.default_rng(0)
    size = rng.random(500)
    accuracies = size + 0.5 * rng.random(500)
    pools = [rng.choice(500, 200, replace=False).astype(np.int32) for _ in range(4)]
    return accuracies, {"number of parameters": size, "constant": np.ones(500)}, pools


def compare(made_up, scores, **changes):
    accuracies, baselines, pools = made_up
    return compare_with_baselines(
        pools, [scores[pool] for pool in pools], accuracies, baselines | changes, np.random.default_rng(1)
    )


def test_scores_with_more_information_than_size_add_to_it(made_up):
    accuracies, _, pools = made_up
    scores = accuracies + 0.05 * np.random.default_rng(2).normal(size=500)
    found = compare(made_up, scores)
    assert found.agreement.mean == pytest.approx(np.mean([spearman(scores[p], accuracies[p]).value for p in pools]))
    assert (found.size, found.best) == ("number of parameters", "number of parameters")
    assert found.differences.keys() == {"number of parameters"}
    assert found.differences["number of parameters"].low > 0
    assert found.partial_given_size.low > 0.5
    assert found.at_equal_size.low > 0.5


def test_scores_that_count_parameters_badly_do_not(made_up):
    size = made_up[1]["number of parameters"]
    found = compare(made_up, size + 0.2 * np.random.default_rng(3).normal(size=500))
    assert found.differences["number of parameters"].high < 0
    assert found.partial_given_all.low < 0 < found.partial_given_all.high


def test_the_best_baseline_is_the_one_to_beat(made_up):
    better = made_up[0] + 0.01
    found = compare(made_up, made_up[0], oracle=better)
    assert found.best == "oracle"
    assert found.differences["oracle"].mean == pytest.approx(0)


def test_without_baselines(made_up):
    accuracies, _, pools = made_up
    found = compare_with_baselines(
        pools, [accuracies[pool] for pool in pools], accuracies, {}, np.random.default_rng(0)
    )
    assert (found.size, found.best, found.differences, found.partial_given_all) == (None, None, {}, None)
    assert found.agreement.mean == pytest.approx(1)


def test_one_super_net_has_means_alone(made_up):
    accuracies, baselines, pools = made_up
    found = compare_with_baselines(pools[:1], [accuracies[pools[0]]], accuracies, baselines, np.random.default_rng(0))
    assert found.agreement.low is found.partial_given_size.low is None
