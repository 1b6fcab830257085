import numpy as np
import pytest

from shareornot.appraisal.beyond_baselines import BeyondBaselines
from shareornot.appraisal.budget_comparison import BudgetComparison, RivalComparison
from shareornot.appraisal.verdict import headline_comparison, judge, with_half_width
from shareornot.statistics import Interval, NoiseCeiling, student_interval

CEILING = NoiseCeiling(share=1.0, num_cells=100, single_run=0.8, one_against_others=0.85, ceiling=0.9)


def interval(mean, half):
    return Interval(mean=mean, low=mean - half, high=mean + half, method="two-way", n=3, confidence=0.95)


def rival(name, mean, p_value, kind="random search"):
    return RivalComparison(
        name=name,
        kind=kind,
        regret=0.02 - mean,
        difference=interval(mean, 0.01),
        p_value=p_value,
        effect=None,
        superiority=0.5,
        tested=True,
    )


def comparison(num_trained, mean=-0.02, p_value=0.01, free=(-0.01, 0.02), **changes):
    content = {
        "num_trained": num_trained,
        "budget_s": 10.0,
        "num_random_trainings": 14.2,
        "guided_regret": 0.02,
        "random_regret": 0.02 - mean,
        "evolution_regret": None,
        "difference": interval(mean, 0.01),
        "p_value": p_value,
        "effect": None,
        "superiority": 0.5,
        "evolution_difference": None,
        "evolution_p_value": None,
        "evolution_effect": None,
        "rivals": (rival("random search", mean, p_value), rival("number of parameters", *free, "baseline")),
        "helped": True,
    }
    return BudgetComparison(**content | changes)


def beyond(agreement=0.7, half=0.05, difference=0.2, partial=0.5):
    return BeyondBaselines(
        agreement=interval(agreement, half),
        differences={"training time": interval(1.0, 0.1), "number of parameters": interval(difference, half)},
        size="number of parameters",
        partial_given_size=interval(partial, half),
        partial_given_all=interval(partial, half),
        at_equal_size=interval(partial, half),
    )


@pytest.mark.parametrize(
    ("changes", "answer", "word"),
    [
        ({}, "helped", "HELPED"),
        ({"helped": False, "hurt": True}, "did not pay", "DID NOT PAY"),
        ({"helped": False, "more_supernets": 4}, "undecided", "UNDECIDED"),
    ],
)
def test_the_first_answer_is_that_of_the_headline(changes, answer, word):
    comparisons = [comparison(1, helped=False, hurt=True), comparison(10, **changes), comparison(20, helped=True)]
    helped = judge(comparisons, beyond(), CEILING).helped
    assert (helped.answer, helped.word, helped.num_trained) == (answer, word, 10)
    assert ("4 more super-nets will decide with a probability of 80 %" in helped.sentence) == (answer == "undecided")
    assert helped.more_supernets == changes.get("more_supernets")


def test_the_sentence_names_both_rivals():
    sentence = judge([comparison(10)], beyond(), CEILING).sentence
    assert sentence == (
        "Sharing weights helped: after training its 10 best architectures, the guided search is 2.00 points closer to "
        "the optimum than random search in the same time (95 % interval of the difference -3.00 to -1.00 points, "
        "p = 0.01); it is 1.00 points closer to the optimum than the search without a super-net that ranks by number "
        "of parameters (95 % interval of the difference -2.00 to +0.00 points, p = 0.02)."
    )


def test_a_difference_that_no_number_of_super_nets_decides_is_reported():
    undecided = comparison(10, mean=0.0, p_value=1.0, helped=False)
    sentence = judge([undecided], beyond(), CEILING).sentence
    assert "as far from the optimum as random search" in sentence
    assert sentence.endswith("The searches differ too little to be decided by an affordable number of super-nets.")


def test_the_headline_is_the_largest_k_up_to_the_wanted_one():
    several = [comparison(k) for k in (2, 5, 20)]
    assert [headline_comparison(several, top).num_trained for top in (1, 2, 10, 20, 99)] == [2, 2, 5, 20, 20]


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (beyond(), "reliable"),
        (beyond(agreement=0.5), "partly"),  # less than half of what could be explained
        (beyond(difference=0.01), "partly"),  # not better than the number of parameters
        (beyond(agreement=0.02, difference=-0.5, partial=0.01), "unreliable"),
        (beyond(partial=0.16, half=0.2), "undecided"),
        (beyond(agreement=0.5, difference=-0.4, partial=0.04, half=0.3), "unreliable"),  # worse than parameters
    ],
)
def test_the_second_answer(found, answer):
    trust = judge([comparison(10)], found, CEILING).trust
    assert (trust.answer, trust.word) == (answer, answer.upper())
    assert (trust.more_supernets is not None) == (answer == "undecided")


def test_without_baselines_the_agreement_alone_decides():
    alone = BeyondBaselines(
        agreement=interval(0.8, 0.05),
        differences={},
        size=None,
        partial_given_size=None,
        partial_given_all=None,
        at_equal_size=None,
    )
    verdict = judge([comparison(10)], alone, None)
    assert verdict.trust.answer == "reliable"
    assert "No free baseline, such as the number of parameters, is available for comparison." in verdict.details
    assert "no training was repeated" in verdict.details[0]


def test_other_budgets_are_reported_beside_the_answer():
    undecided = comparison(10, helped=False)
    details = judge([comparison(1, helped=False, hurt=True), undecided], beyond(), CEILING).details
    assert details[-1].startswith("At another budget, after training its best architecture, the guided search is")


def test_words_for_one_diverged_super_net():
    details = judge([comparison(10)], beyond(), CEILING, num_diverged=1).details
    assert details[-1].startswith("Training diverged for 1 super-net,")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(None, None, "0.25"), (0.15, 0.35, "0.25 ± 0.10"), (-1.0, 0.9, "0.25 (-1.00 to 0.90)")],
)
def test_half_widths_of_correlations(low, high, text):
    assert with_half_width(Interval(mean=0.25, low=low, high=high, method="student", n=2, confidence=0.95)) == text


def test_what_carries_the_answers():
    ranking, baseline, partial, price = judge([comparison(10)], beyond(), CEILING, thing="architecture").details
    assert ranking == (
        "Over 3 super-nets, the scores rank the architectures with a Spearman correlation of 0.70 ± 0.05; noise in the "
        "table allows 0.90."
    )
    assert baseline == (
        "That is better than the number of parameters, which is free and reaches 0.50 on the same architectures "
        "(+0.20, 95 % interval +0.15 to +0.25)."
    )
    assert partial.startswith("Given the number of parameters, the partial correlation is 0.50 ± 0.05; among")
    assert price == (
        "In the time of the super-net, of its scoring and of 10 trainings, random search trains 14 architectures."
    )


def test_one_super_net_decides_nothing():
    single = student_interval(np.array([0.6]))
    alone = BeyondBaselines(
        agreement=single,
        differences={"number of parameters": single},
        size="number of parameters",
        partial_given_size=single,
        partial_given_all=single,
        at_equal_size=single,
    )
    trust = judge([comparison(10, helped=False)], alone, CEILING).trust
    assert (trust.answer, trust.more_supernets) == ("undecided", 1)
