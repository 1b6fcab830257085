import numpy as np
import pytest

from shareornot.appraisal.budget_comparison import BudgetComparison
from shareornot.appraisal.verdict import judge, with_half_width
from shareornot.statistics import Interval, NoiseCeiling, student_interval

AGREEMENT = student_interval(np.array([0.6, 0.62, 0.64]))
CEILING = NoiseCeiling(share=1.0, num_cells=100, single_run=0.8, one_against_others=0.85, ceiling=0.9)


def comparison(num_trained, mean, p_value):
    return BudgetComparison(
        num_trained=num_trained,
        budget_s=10.0,
        num_random_trainings=14.2,
        guided_regret=0.02,
        random_regret=0.02 - mean,
        evolution_regret=None,
        difference=Interval(
            mean=mean, low=mean - 0.01, high=mean + 0.01, method="welch difference", n=23, confidence=0.95
        ),
        p_value=p_value,
        effect=None,
        superiority=0.5,
        evolution_difference=None,
        evolution_p_value=None,
        evolution_effect=None,
    )


def judged(*differences_and_p, ceiling=CEILING, baselines=None, num_diverged=0, thing="cell"):
    comparisons = [comparison(number, *one) for number, one in enumerate(differences_and_p, start=1)]
    baselines = {"number of parameters": 0.5} if baselines is None else baselines
    return judge(AGREEMENT, ceiling, baselines, comparisons, num_diverged=num_diverged, thing=thing)


@pytest.mark.parametrize(
    ("differences_and_p", "answer", "told"),
    [
        ([(-0.02, 0.01), (0.03, 0.2)], "helped", "its best cell, the guided search is 2.00 points closer to"),
        ([(-0.02, 0.01), (-0.03, 0.01)], "helped", "its 2 best cells, the guided search is 3.00 points closer to"),
        ([(0.02, 0.01), (-0.03, 0.2)], "hurt", "its best cell, the guided search is 2.00 points further from"),
        ([(0.02, 0.01), (-0.03, 0.01)], "undecided", "3.00 points closer to"),
        ([(0.02, 0.06), (-0.03, 0.05)], "undecided", "points"),
    ],
)
def test_the_answer_follows_from_what_is_significant(differences_and_p, answer, told):
    verdict = judged(*differences_and_p)
    assert verdict.answer == answer
    assert told in verdict.sentence


def test_words_for_one_diverged_super_net():
    assert judged((-0.02, 0.01), num_diverged=1).details[-1].startswith("Training diverged for 1 super-net,")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(None, None, "0.25"), (0.15, 0.35, "0.25 ± 0.10"), (-2.75, 3.25, "0.25 ± 1 or more")],
)
def test_half_widths_of_correlations(low, high, text):
    assert with_half_width(Interval(mean=0.25, low=low, high=high, method="student", n=2, confidence=0.95)) == text


def test_what_carries_the_answer():
    ranking, price = judged((-0.02, 0.01)).details
    assert ranking == (
        "Over 3 super-nets, the scores rank the cells with a Spearman correlation of 0.62 ± 0.05; noise in the table "
        "allows 0.90. That is better than the number of parameters, which comes for free and reaches 0.50."
    )
    assert price == ("In the time of the super-net, of its scoring and of 1 training, random search trains 14 cells.")


def test_what_is_not_known_is_said():
    ranking, price = judged((-0.02, None), ceiling=None, baselines={}, thing="architecture").details
    assert "no training was repeated, so how far any scores could agree is unknown" in ranking
    assert "Nothing that comes for free" in ranking
    assert price.endswith("trains 14 architectures.")
    assert "with one super-net no test is possible" in judged((-0.02, None)).sentence


def test_architectures_are_called_so():
    sentence = judged((0.02, 0.01), (0.03, 0.01), thing="architecture").sentence
    assert "after training its 2 best architectures" in sentence
    assert "further from the best architecture than random search" in sentence
