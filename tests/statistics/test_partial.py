import numpy as np
import pytest

from shareornot.statistics import PoolRanks, partial_correlation, rank_statistics, spearman
from shareornot.statistics.partial import agreement_at_equal_size, ranks_of, size_strata


@pytest.fixture(scope="module")
def made_up():
    """Accuracies that follow the size, and scores that follow both, with ties everywhere."""
    rng = np.random.default_rng(0)
    size = rng.integers(0, 40, 300).astype(float)
    accuracies = np.round(size / 40 + rng.normal(size=300), 2)
    return np.round(accuracies + rng.normal(size=300), 1), accuracies, size


def test_ranks_have_length_one():
    ranks = ranks_of(np.array([[3.0, 1.0, 1.0, 9.0], [2.0, 2.0, 2.0, 2.0]]))
    assert (ranks[0] @ ranks[0], ranks[0].sum()) == pytest.approx((1, 0))
    assert ranks[1].tolist() == [0, 0, 0, 0]


def test_partial_correlation_is_that_of_residuals(made_up):
    scores, accuracies, size = made_up
    ranks = ranks_of(np.stack([scores, accuracies, size, np.sqrt(size) + accuracies / 9, 2 * size]))
    given = ranks[2:]  # the last depends on the first
    left = [side - given.T @ np.linalg.lstsq(given.T, side, rcond=None)[0] for side in ranks[:2]]
    assert partial_correlation(*ranks[:2], given) == pytest.approx(np.corrcoef(*left)[0, 1])


def test_scores_that_count_parameters_add_nothing(made_up):
    _, accuracies, size = made_up
    found = rank_statistics(size, PoolRanks.of(accuracies, size[None]))
    assert (found.partial_given_size, found.partial_given_all, found.at_equal_size) == (0, 0, pytest.approx(0, abs=0.3))
    assert found.agreement == pytest.approx(found.baselines[0])


def test_agreement_at_equal_size_equals_a_plain_loop(made_up):
    scores, accuracies, size = made_up
    strata = size_strata(size)
    assert np.bincount(strata).min() >= 20
    each = [spearman(scores[strata == one], accuracies[strata == one]).value for one in range(10)]
    expected = np.average(each, weights=np.bincount(strata))
    assert agreement_at_equal_size(scores, accuracies, strata) == pytest.approx(expected)
    assert agreement_at_equal_size(np.ones(300), accuracies, strata) == 0


def test_without_baselines_there_is_agreement_alone(made_up):
    scores, accuracies, _ = made_up
    found = rank_statistics(scores, PoolRanks.of(accuracies, np.empty((0, 300))))
    assert found.agreement == pytest.approx(spearman(scores, accuracies).value)
    assert found.flat() == [found.agreement]
    assert found.baselines == ()


def test_all_of_them_in_one_row(made_up):
    scores, accuracies, size = made_up
    found = rank_statistics(scores, PoolRanks.of(accuracies, np.stack([size, -size])))
    assert found.baselines[0] == pytest.approx(spearman(size, accuracies).value)
    assert found.baselines[1] == pytest.approx(-found.baselines[0])
    assert len(found.flat()) == 1 + 2 + 3
    assert found.at_equal_size == pytest.approx(agreement_at_equal_size(scores, accuracies, size_strata(size)))
    assert found.flat()[1] == pytest.approx(found.agreement - found.baselines[0])
