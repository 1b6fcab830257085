"""Sentences of the verdict about noisy scores and trainings that failed."""

import numpy as np
import pytest

from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.score_quality import quality_sentences


def pool(name="seed-0", reliability=None, learnt=True):
    cells = np.arange(4, dtype=np.int32)
    return ScoredPool(name=name, cells=cells, proxies=cells / 4, reliability=reliability, learnt=learnt)


def test_the_attenuation_is_the_root_of_the_reliability():
    (sentence,) = quality_sentences([pool(reliability=0.81)], 0.45)
    assert "reliability of 0.81" in sentence
    assert "attenuates the correlation by 10 %" in sentence
    assert "the mean would be about 0.50" in sentence
    assert "score more validation images" in sentence


def test_several_supernets_are_averaged_and_reliable_scores_need_no_remedy():
    (sentence,) = quality_sentences([pool(reliability=0.97), pool(reliability=0.95)], 0.6)
    assert "reliability of 0.96 over validation images (lowest 0.95)" in sentence
    assert "score more" not in sentence


def test_scores_without_reliability_get_no_sentence():
    assert quality_sentences([pool()], 0.5) == ()
    (sentence,) = quality_sentences([pool(reliability=0.0)], 0.1)
    assert sentence == "The scores have a reliability of 0.00 over validation images; score more validation images."


@pytest.mark.parametrize(("number", "words"), [(1, "this super-net"), (2, "these super-nets")])
def test_trainings_that_learnt_nothing_are_named(number, words):
    pools = [pool(f"seed-{seed}", learnt=seed >= number) for seed in range(3)]
    (sentence,) = quality_sentences(pools, 0.5)
    assert sentence.startswith(", ".join(f"seed-{seed}" for seed in range(number)) + " learnt nothing")
    assert words in sentence
