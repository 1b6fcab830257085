import numpy as np
import pytest
from scipy import stats

from shareornot.errors import DataError
from shareornot.statistics import (
    agreement_in_chosen_top,
    agreement_within_top,
    ceiling_in_chosen_top,
    kendall_tau,
    spearman,
    training_in_chosen_top,
)

NUM, SHARE = 4_000, 0.1


@pytest.fixture(scope="module")
def simulated():
    """True accuracies, three trainings with noise, and the scores of two super-nets."""
    rng = np.random.default_rng(0)
    true = rng.normal(size=NUM)
    runs = true[:, None] + 0.5 * rng.normal(size=(NUM, 3))
    return true, runs, true + rng.normal(size=(2, NUM))


def test_it_is_the_mean_over_pairs_of_trainings(simulated):
    _, runs, scores = simulated
    runs, scores = runs[:200], scores[:, :200]
    expected = []
    for chooser in range(3):
        top = np.argsort(runs[:, chooser])[-20:]
        expected += [stats.kendalltau(scores[1][top], runs[top, judge])[0] for judge in range(3) if judge != chooser]
    np.testing.assert_allclose(agreement_in_chosen_top(scores, runs, SHARE)[1], np.mean(expected))


def test_a_training_is_judged_as_a_score_is(simulated):
    """A score that is a fourth training agrees as the three agree with one another."""
    true, runs, _ = simulated
    fourth = true + 0.5 * np.random.default_rng(1).normal(size=NUM)
    found = agreement_in_chosen_top(fourth[None], runs, SHARE)[0]
    assert training_in_chosen_top(runs, SHARE) == pytest.approx(found, abs=0.05)


def test_the_ceiling_is_what_the_truth_itself_reaches(simulated):
    true, runs, _ = simulated
    reached = agreement_in_chosen_top(true[None], runs, SHARE, spearman)[0]
    assert ceiling_in_chosen_top(runs, SHARE) == pytest.approx(reached, abs=0.05)


def test_the_noise_that_chooses_must_not_judge(simulated):
    """Two trainings agree far less among the best by their own mean."""
    _, runs, _ = simulated
    top = runs[:, :2].mean(axis=1) >= np.quantile(runs[:, :2].mean(axis=1), 1 - SHARE)
    assert spearman(runs[top, 0], runs[top, 1]).value < training_in_chosen_top(runs, SHARE, spearman) - 0.3


def test_of_everything_it_is_the_plain_mean(simulated):
    _, runs, scores = simulated
    plain = np.mean([agreement_within_top(scores, run, share=1.0, coefficient=kendall_tau).values for run in runs.T], 0)
    np.testing.assert_allclose(agreement_in_chosen_top(scores, runs, 1.0), plain)


def test_constant_scores_agree_with_nothing(simulated):
    _, runs, _ = simulated
    assert np.isnan(agreement_in_chosen_top(np.zeros((1, NUM)), runs, SHARE)).all()


def test_too_few_trainings(simulated):
    _, runs, scores = simulated
    with pytest.raises(DataError, match="at least 2 trainings"):
        agreement_in_chosen_top(scores, runs[:, :1], SHARE)
    with pytest.raises(DataError, match="at least 3 trainings"):
        training_in_chosen_top(runs[:, :2], SHARE)
    with pytest.raises(DataError, match="constant"):
        training_in_chosen_top(np.ones((100, 3)), SHARE)
