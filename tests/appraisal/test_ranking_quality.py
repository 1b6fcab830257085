import numpy as np
import pytest

from shareornot.appraisal.ranking_quality import ranking_quality
from shareornot.statistics import best_rank_at_k, kendall_tau, precision_at_k, student_interval


def scores_of(num_supernets, num_cells=50):
    rng = np.random.default_rng(0)
    truths = [rng.uniform(0.4, 0.9, num_cells) for _ in range(num_supernets)]
    return [truth + rng.normal(0, 0.1, num_cells) for truth in truths], truths


def test_means_and_intervals_are_those_over_super_nets():
    proxies, truths = scores_of(3)
    found = ranking_quality(proxies, truths, (1, 10, 20))
    assert [top.k for top in found.top] == [1, 5, 10, 20]
    pairs = list(zip(proxies, truths, strict=True))
    assert found.kendall_tau == student_interval(np.array([kendall_tau(*pair).value for pair in pairs]))
    ten = found.top[2]
    assert ten.precision == student_interval(np.array([precision_at_k(*pair, 10) for pair in pairs]))
    assert ten.best_rank.mean == pytest.approx(np.mean([best_rank_at_k(*pair, 10) for pair in pairs]))
    assert ten.random_precision == pytest.approx(0.2)
    assert ten.random_best_rank == pytest.approx(51 / 11)
    assert ten.best_regret.mean < ten.random_best_regret


def test_few_cells_and_one_super_net():
    proxies, truths = scores_of(1, num_cells=3)
    found = ranking_quality(proxies, truths, (1, 10, 20))
    assert [top.k for top in found.top] == [1]
    assert found.kendall_tau.low is None


def test_the_truth_itself():
    _, truths = scores_of(2)
    (first, *_) = ranking_quality(truths, truths, (1,)).top
    assert (first.precision.mean, first.best_rank.mean, first.best_regret.mean) == (1, 1, 0)
