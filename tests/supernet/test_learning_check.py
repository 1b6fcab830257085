"""The early warning: when it comes, and on what."""

import math

import numpy as np
import pytest

from shareornot.supernet.learning_check import LearningCheck

GUESSING = math.log(10)


def losses(mean, number, spread=0.05, seed=0):
    return (mean + spread * np.random.default_rng(seed).standard_normal(number)).tolist()


def test_losses_of_guessing_are_warned_of_once_after_a_twentieth_of_the_steps():
    check = LearningCheck(10, num_steps=10_000)
    assert check.due == 500
    assert check.add(losses(GUESSING, 499)) is None
    warning = check.add(losses(GUESSING, 200, seed=1))
    assert warning.startswith("the loss after 500 steps is 2.30")
    assert "guessing gives 2.303" in warning
    assert check.add(losses(GUESSING, 9_000)) is None


def test_a_short_training_is_checked_after_300_steps_or_not_at_all():
    assert LearningCheck(10, num_steps=2_000).due == 300
    assert LearningCheck(10, num_steps=300).add(losses(GUESSING, 300)) is not None
    assert LearningCheck(10, num_steps=299).add(losses(GUESSING, 299)) is None


@pytest.mark.parametrize(("mean", "warned"), [(GUESSING - 0.03, False), (GUESSING + 0.01, True), (1.5, False)])
def test_what_counts_is_how_far_the_loss_lies_below_guessing_in_units_of_its_noise(mean, warned):
    # The standard error of 100 losses is 0.005, so 0.03 is six of them.
    found = [LearningCheck(10, 6_000).add(losses(mean, 300, seed=seed)) is not None for seed in range(20)]
    assert np.mean(found) > 0.8 if warned else not any(found)


def test_the_likely_cause_depends_on_the_loss():
    assert "too high" in LearningCheck(10, 1000).add(losses(4.0, 300))
    assert "shareornot probe" in LearningCheck(10, 1000).add(losses(GUESSING, 300))
    assert "diverged" in LearningCheck(10, 1000).add([*losses(GUESSING, 299), math.nan])


def test_only_recent_losses_count():
    assert LearningCheck(10, 1000).add([*losses(8.0, 200), *losses(2.0, 100)]) is None


def test_a_training_that_is_resumed_later_is_not_warned_of_again():
    late = LearningCheck(10, num_steps=10_000, steps_done=600)
    assert late.add(losses(GUESSING, 1_000)) is None
    early = LearningCheck(10, num_steps=10_000, steps_done=480)
    assert early.add(losses(GUESSING, 60)) is None  # too few to decide
    assert early.add(losses(GUESSING, 60)).startswith("the loss after 580 steps")
