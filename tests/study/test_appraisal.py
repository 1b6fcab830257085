import math
from dataclasses import replace

import numpy as np
import pytest

from shareornot.benchmarks import parse_space, space_cells
from shareornot.errors import SettingsError
from shareornot.search import guided_regret, trivial_guides
from shareornot.statistics import (
    Interval,
    noise_ceiling,
    paper_interval,
    spearman,
    student_interval,
    student_t_test,
    welch_t_test,
)
from shareornot.study.appraisal import appraise
from shareornot.study.budget_comparison import ScoredPool, SupernetCosts, cautious_test
from shareornot.study.landscape import search_table
from shareornot.study.verdict import judge, with_half_width

COSTS = SupernetCosts(training=4.0, scoring=0.01)
FULL = parse_space("A_FULL")


@pytest.fixture(scope="module", autouse=True)
def fewer_runs():
    """A fifth of the runs of random search and of evolution is enough here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shareornot.study.appraisal.NUM_RUNS", 100)
        yield


@pytest.fixture(scope="module")
def make_pools(replay_table):
    """Pools of 150 cells, and scores that a function makes of the standalone accuracies."""

    def make(score, num_supernets=3, num_cells=150):
        pools = []
        for seed in range(num_supernets):
            rng = np.random.default_rng(seed)
            cells = rng.choice(replay_table.cells, num_cells, replace=False)
            truth = replay_table.mean("validation_accuracy")[cells]
            pools.append(ScoredPool(name=f"seed-{seed}", cells=cells, proxies=score(truth, rng)))
        return pools

    return make


def rng():
    return np.random.default_rng(0)


def noisy(truth, rng):
    return np.clip(truth + rng.normal(0, 0.05, len(truth)), 0, 1)


def constant(truth, _rng):
    return np.full(len(truth), 0.1)


@pytest.fixture(scope="module")
def noisy_appraisal(replay_table, make_pools):
    return appraise(replay_table, FULL, make_pools(noisy), COSTS, rng())


def test_agreement_is_that_of_the_statistics(replay_table, make_pools, noisy_appraisal):
    truth = replay_table.mean("validation_accuracy")
    values = [spearman(pool.proxies, truth[pool.cells]).value for pool in make_pools(noisy)]
    assert list(noisy_appraisal.spearmans) == values
    assert noisy_appraisal.agreement == student_interval(np.array(values))
    assert noisy_appraisal.paper_agreement == paper_interval(np.array(values))
    for pool, accuracies in zip(noisy_appraisal.pools, noisy_appraisal.standalone, strict=True):
        np.testing.assert_array_equal(accuracies, truth[pool.cells])


def test_ceiling_is_that_of_the_space(replay_table, noisy_appraisal):
    runs = replay_table.values("validation_accuracy").astype(float)
    assert noisy_appraisal.ceiling == noise_ceiling(runs, rng())
    assert noisy_appraisal.share_of_ceiling == noisy_appraisal.agreement.mean / noisy_appraisal.ceiling.ceiling


def test_guides_are_those_of_the_whole_space(replay_table, noisy_appraisal):
    landscape = search_table(replay_table, FULL)
    parameters = trivial_guides(landscape)["most_parameters"]
    assert noisy_appraisal.guides["number of parameters"] == spearman(parameters, landscape.validation).value
    assert noisy_appraisal.guides["number of parameters"] > 0.9  # so the table was made
    assert abs(noisy_appraisal.guides["training time"]) < 0.1


def test_budgets_and_regrets_are_those_of_the_search(replay_table, make_pools, noisy_appraisal):
    landscape = search_table(replay_table, FULL)
    mean_s = landscape.time_s.mean()
    start_s = 4 * mean_s + 150 * 0.01 * mean_s
    top = [
        guided_regret(landscape, pool.cells, pool.proxies, rng(), num_trained=(1, 10, 20), start_s=start_s)
        for pool in make_pools(noisy)
    ]
    assert [one.num_trained for one in noisy_appraisal.comparisons] == [1, 10, 20]
    for column, one in enumerate(noisy_appraisal.comparisons):
        assert one.guided_regret == pytest.approx(np.mean([found.regret[column] for found in top]))
        assert one.budget_s == pytest.approx(np.mean([found.time_s[column] for found in top]))
        assert one.num_random_trainings == pytest.approx(one.budget_s / mean_s)
        assert one.difference.mean == pytest.approx(one.guided_regret - one.random_regret)
        assert one.difference.low < one.difference.mean < one.difference.high
        assert 0 <= one.p_value <= 1
        assert 0 <= one.superiority <= 1
        assert math.copysign(1, one.effect.d) == math.copysign(1, one.difference.mean)


def test_counts(noisy_appraisal):
    assert (noisy_appraisal.num_cells, noisy_appraisal.num_known) == (2_532, 2_532)
    assert (noisy_appraisal.benchmark, noisy_appraisal.space) == ("made up", "A_FULL")
    assert {name: curve.num_runs for name, curve in noisy_appraisal.curves.items()} == {
        "random": 100,
        "evolution": 100,
        "guided": 3,
    }


def test_the_same_seed_gives_the_same_numbers(replay_table, make_pools, noisy_appraisal):
    again = appraise(replay_table, FULL, make_pools(noisy), COSTS, rng())
    assert again.comparisons == noisy_appraisal.comparisons
    assert again.verdict == noisy_appraisal.verdict


def test_the_truth_as_proxy_helps(replay_table, make_pools):
    # A pool of 1,000 holds better cells than some fifteen random trainings find.
    pools = make_pools(lambda truth, _: truth, num_supernets=10, num_cells=1000)
    found = appraise(replay_table, FULL, pools, COSTS, rng())
    assert found.spearmans == (1.0,) * 10
    assert found.share_of_ceiling > 1
    assert found.verdict.answer == "helped"
    assert found.verdict.sentence.startswith("Sharing weights helped: after training its ")
    assert "closer to the best cell than random search" in found.verdict.sentence
    assert "better than the number of parameters" in found.verdict.details[0]


def test_the_truth_in_reverse_hurts(replay_table, make_pools):
    found = appraise(replay_table, FULL, make_pools(lambda truth, _: 1 - truth, num_cells=1000), COSTS, rng())
    assert found.agreement.mean == pytest.approx(-1)
    assert found.verdict.answer == "hurt"
    assert "further from the best cell than random search" in found.verdict.sentence
    assert "no better than the number of parameters" in found.verdict.details[0]
    assert all(one.difference.mean > 0 and one.superiority < 0.5 for one in found.comparisons)


def test_one_super_net_allows_no_test(replay_table, make_pools):
    found = appraise(replay_table, FULL, make_pools(lambda truth, _: truth, num_supernets=1), COSTS, rng())
    assert found.verdict.answer == "undecided"
    assert "with one super-net no test is possible" in found.verdict.sentence
    assert all(one.p_value is None and one.effect is None for one in found.comparisons)
    assert found.agreement.low is None


def test_a_diverged_super_net_is_left_out_with_a_note(replay_table, make_pools, noisy_appraisal):
    pools = make_pools(noisy)
    bad = ScoredPool(name="bad", cells=pools[0].cells, proxies=constant(pools[0].proxies, None))
    not_a_number = replace(bad, proxies=np.where(np.arange(150) == 7, np.nan, pools[0].proxies))
    found = appraise(replay_table, FULL, [pools[0], bad, pools[1], not_a_number, pools[2]], COSTS, rng())
    assert [value is None for value in found.spearmans] == [False, True, False, True, False]
    assert found.agreement == noisy_appraisal.agreement
    assert found.comparisons == noisy_appraisal.comparisons
    assert found.verdict.details[-1] == "Training diverged for 2 super-nets, left out of all figures."


def test_all_diverged(replay_table, make_pools):
    with pytest.raises(SettingsError, match=r"constant or non-finite proxies from all 3: .* lower the learning rate"):
        appraise(replay_table, FULL, make_pools(constant), COSTS, rng())


def test_no_super_net(replay_table):
    with pytest.raises(SettingsError, match="at least one with scored cells, got none"):
        appraise(replay_table, FULL, [], COSTS, rng())


def test_cells_that_the_table_does_not_hold(partial_table):
    pool = ScoredPool(name="seed-0", cells=np.array([0, 1, 3], np.int32), proxies=np.array([0.1, 0.2, 0.3]))
    with pytest.raises(SettingsError, match=r"super-net seed-0: .* got 2 others, such as 1; score the pool again"):
        appraise(partial_table, FULL, [pool], COSTS, rng())


def test_cells_of_another_space(replay_table):
    outside = np.setdiff1d(replay_table.cells, space_cells(parse_space("A3"), 5))[:5]
    pool = ScoredPool(name="seed-0", cells=outside, proxies=np.linspace(0, 1, 5))
    with pytest.raises(SettingsError, match="expected cells of A3 that made up holds, got 5 others"):
        appraise(replay_table, parse_space("A3"), [pool], COSTS, rng())


def test_a_pool_drawn_with_replacement(replay_table):
    pools = [
        ScoredPool(name=str(seed), cells=cells, proxies=replay_table.mean("validation_accuracy")[cells])
        for seed in range(2)
        for cells in [np.random.default_rng(seed).choice(replay_table.cells[:40], 60).astype(np.int32)]
    ]
    found = appraise(replay_table, FULL, pools, COSTS, rng())
    assert found.spearmans == (1.0, 1.0)


def test_few_cells_are_compared_at_few_budgets(replay_table, make_pools):
    found = appraise(replay_table, FULL, make_pools(noisy, num_cells=12), COSTS, rng())
    assert [one.num_trained for one in found.comparisons] == [1, 10]


def test_measured_times_replace_those_of_the_table(replay_table, make_pools):
    costs = SupernetCosts(training=4.0, time_s=np.full(2_532, 10.0), narrow_time_s=np.full(2_532, 1.0))
    found = appraise(replay_table, FULL, make_pools(noisy), costs, rng())
    assert [one.budget_s for one in found.comparisons] == pytest.approx([4 + 10, 4 + 100, 4 + 200])
    assert [one.num_random_trainings for one in found.comparisons] == pytest.approx([1.4, 10.4, 20.4])


def test_luck_is_seldom_taken_for_significance():
    random = np.random.default_rng(1).exponential(0.02, 500)
    pairs = np.random.default_rng(2).choice(random, (400, 2))  # guided searches that are no better than random
    cautious = np.mean([cautious_test(guided, random).p_value < 0.05 for guided in pairs])
    assert cautious < 0.07 < np.mean([welch_t_test(guided, random).p_value < 0.05 for guided in pairs])


def test_the_cautious_test_is_one_of_the_two():
    guided, random = np.array([0.01, 0.011]), np.random.default_rng(0).exponential(0.02, 100)
    both = [student_t_test(guided, random), welch_t_test(guided, random)]
    assert cautious_test(guided, random) in both
    assert cautious_test(guided, random).p_value == max(one.p_value for one in both)


@pytest.fixture
def judged(noisy_appraisal):
    """Judge comparisons with these differences and p-values."""

    def decide(*differences_and_p, num_diverged=0):
        comparisons = [
            replace(
                noisy_appraisal.comparisons[0],
                num_trained=number,
                p_value=p,
                difference=replace(
                    noisy_appraisal.comparisons[0].difference, mean=mean, low=mean - 0.01, high=mean + 0.01
                ),
            )
            for number, (mean, p) in enumerate(differences_and_p, start=1)
        ]
        return judge(
            noisy_appraisal.agreement,
            noisy_appraisal.ceiling,
            {"number of parameters": 0.5},
            comparisons,
            num_diverged=num_diverged,
        )

    return decide


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
def test_the_answer_follows_from_what_is_significant(judged, differences_and_p, answer, told):
    verdict = judged(*differences_and_p)
    assert verdict.answer == answer
    assert told in verdict.sentence


def test_words_for_one_diverged_super_net(judged):
    assert judged((-0.02, 0.01), num_diverged=1).details[-1].startswith("Training diverged for 1 super-net,")


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(None, None, "0.25"), (0.15, 0.35, "0.25 ± 0.10"), (-2.75, 3.25, "0.25 ± 1 or more")],
)
def test_half_widths_of_correlations(low, high, text):
    assert with_half_width(Interval(mean=0.25, low=low, high=high, method="student", n=2, confidence=0.95)) == text
