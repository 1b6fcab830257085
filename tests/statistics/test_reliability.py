import itertools

import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics import (
    kendall_tau,
    one_run_against_others,
    pearson,
    reliability_of_mean,
    single_run_agreement,
    spearman,
    spearman_brown,
)


def table(seed=0, num_cells=60, num_runs=3, noise=0.5):
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(size=(num_cells, 1)) + noise * rng.normal(size=(num_cells, num_runs)), 1)


@pytest.mark.parametrize("coefficient", [spearman, kendall_tau])
def test_single_runs_match_plain_loop(coefficient):
    runs = table()
    expected = [coefficient(runs[:, a], runs[:, b]).value for a, b in itertools.combinations(range(3), 2)]
    assert single_run_agreement(runs, coefficient=coefficient) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_one_run_against_others_matches_plain_loop(share):
    runs = table(num_runs=4)
    expected = []
    for run in range(4):
        others = np.round(np.mean([runs[:, other] for other in range(4) if other != run], axis=0), 9)
        best = others >= np.sort(others)[-round(60 * share)]
        expected.append(spearman(runs[best, run], others[best]).value)
    assert one_run_against_others(runs, share=share) == pytest.approx(np.mean(expected))


def test_choosing_the_best_by_one_run_keeps_agreement_in_sight():
    """Chosen by the mean of both runs, they would seem to disagree."""
    runs = table(1, num_cells=20_000, num_runs=2)
    by_mean = runs.mean(axis=1) >= np.quantile(runs.mean(axis=1), 0.99)
    assert spearman(*runs[by_mean].T).value < 0
    assert single_run_agreement(runs, share=0.01) > 0.1


@pytest.mark.parametrize("seed", range(3))
def test_reliability_of_the_mean_matches_plain_sums(seed):
    runs = table(seed, num_runs=4)
    grand, means = runs.mean(), runs.mean(axis=1)
    between = 4 * sum((mean - grand) ** 2 for mean in means) / 59
    within = sum((value - mean) ** 2 for row, mean in zip(runs, means, strict=True) for value in row) / (60 * 3)
    icc = (between - within) / (between + 3 * within)
    assert reliability_of_mean(runs) == pytest.approx((between - within) / between)
    assert spearman_brown(icc, 4) == pytest.approx(reliability_of_mean(runs))
    assert spearman_brown(reliability_of_mean(runs), 1 / 4) == pytest.approx(icc)


def test_reliability_is_the_share_of_true_variance():
    rng = np.random.default_rng(2)
    runs = rng.normal(size=(200_000, 1)) + 0.5 * rng.normal(size=(200_000, 3))
    assert reliability_of_mean(runs) == pytest.approx(1 / (1 + 0.25 / 3), abs=0.01)
    assert single_run_agreement(runs, coefficient=pearson) == pytest.approx(1 / 1.25, abs=0.01)


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (np.ones((5, 1)), "at least 2 cells with 2 runs each, got 5 with 1"),
        (np.ones((1, 3)), "got 1 with 3"),
        (np.array([[0.1, 0.2], [np.nan, 0.3]]), "leave out the cells that the table does not hold"),
    ],
)
def test_refuses_tables_that_show_no_noise(runs, message):
    for function in (single_run_agreement, one_run_against_others, reliability_of_mean):
        with pytest.raises(DataError, match=message):
            function(runs)


def test_refuses_tables_without_variation():
    same = np.full((5, 3), 0.5)
    with pytest.raises(DataError, match="reliability is undefined"):
        reliability_of_mean(same)
    with pytest.raises(DataError, match=r"among the best 0\.2 of the cells, got a constant column"):
        single_run_agreement(same, share=0.2)
