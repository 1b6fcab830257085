import math
from dataclasses import replace

import numpy as np
import pytest

from shareornot.appraisal.appraisal import appraise, appraise_on
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.ranking_quality import ranking_quality
from shareornot.appraisal.truth import benchmark_truth, search_table
from shareornot.errors import SettingsError
from shareornot.search import guided_regret, trivial_guides
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import parameter_count, space_cells
from shareornot.statistics import noise_ceiling, paper_interval, spearman

COSTS = SupernetCosts(training=4.0, scoring=0.01)
FULL = open_space("A_FULL")


NUM_RUNS = 100
"""A fifth of the runs of random search and of evolution is enough here."""


def judged(truth, pools, costs=COSTS, **changes):
    return appraise_on(truth, pools, costs, rng(), num_runs=NUM_RUNS, **changes)


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
    return appraise(replay_table, FULL, make_pools(noisy), COSTS, rng(), num_runs=NUM_RUNS)


def test_agreement_is_that_of_the_statistics(replay_table, make_pools, noisy_appraisal):
    truth = replay_table.mean("validation_accuracy")
    values = [spearman(pool.proxies, truth[pool.cells]).value for pool in make_pools(noisy)]
    assert list(noisy_appraisal.spearmans) == values
    assert noisy_appraisal.agreement.mean == pytest.approx(np.mean(values))
    assert -1 <= noisy_appraisal.agreement.low < noisy_appraisal.agreement.mean < noisy_appraisal.agreement.high <= 1
    assert noisy_appraisal.paper_agreement == paper_interval(np.array(values))
    for pool, accuracies in zip(noisy_appraisal.pools, noisy_appraisal.standalone, strict=True):
        np.testing.assert_array_equal(accuracies, truth[pool.cells])


def test_ceiling_is_that_of_the_space(replay_table, noisy_appraisal):
    runs = replay_table.values("validation_accuracy").astype(float)
    assert noisy_appraisal.ceiling.ceiling == noise_ceiling(runs, rng()).ceiling
    assert noisy_appraisal.share_of_ceiling == noisy_appraisal.agreement.mean / noisy_appraisal.ceiling.ceiling


def test_guides_are_those_of_the_whole_space(replay_table, noisy_appraisal):
    landscape = search_table(replay_table, FULL)
    parameters = trivial_guides(landscape)["most_parameters"]
    assert noisy_appraisal.baselines["number of parameters"] == spearman(parameters, landscape.validation).value
    assert noisy_appraisal.baselines["number of parameters"] > 0.9  # so the table was made
    assert abs(noisy_appraisal.baselines["training time"]) < 0.1


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
        "local": 100,
        "baseline": 3,
        "guided": 3,
    }


def test_the_same_seed_gives_the_same_numbers(replay_table, make_pools, noisy_appraisal):
    again = appraise(replay_table, FULL, make_pools(noisy), COSTS, rng(), num_runs=NUM_RUNS)
    assert again.comparisons == noisy_appraisal.comparisons
    assert again.verdict == noisy_appraisal.verdict


def without_baselines(table):
    """In the made-up table, the number of parameters ranks nearly as well as the truth does."""
    return replace(benchmark_truth(table, FULL), baselines={})


def test_the_truth_as_proxy_helps(replay_table, make_pools):
    # A pool of 1,000 holds better cells than some fifteen random trainings find.
    pools = make_pools(lambda truth, _: truth, num_supernets=10, num_cells=1000)
    found = judged(without_baselines(replay_table), pools)
    assert found.spearmans == (1.0,) * 10
    assert found.share_of_ceiling > 1
    assert (found.verdict.helped.word, found.verdict.helped.num_trained) == ("HELPED", 10)
    assert found.verdict.sentence.startswith("Sharing weights helped: after training its 10 best architectures")
    assert "closer to the optimum than" in found.verdict.sentence
    assert found.verdict.helped.more_supernets is None
    assert (found.verdict.trust.answer, found.verdict.trust.more_supernets) == ("reliable", None)


def test_what_a_free_baseline_does_as_well_is_no_help(replay_table, make_pools):
    size = parameter_count(np.arange(2_532)).astype(float)
    found = judged(
        replace(benchmark_truth(replay_table, FULL), baselines={"number of parameters": size}),
        make_pools(lambda truth, _: truth, num_supernets=10, num_cells=1000),
    )
    (top,) = [one for one in found.comparisons if one.num_trained == 10]
    random, free = top.rivals[0], top.rivals[-1]
    assert (free.kind, free.tested, random.name) == ("baseline", True, "random search")
    assert random.p_value < 0.05
    assert random.difference.mean < 0
    assert found.verdict.answer != "helped"
    assert "ranks by number of parameters" in found.verdict.sentence


def test_the_truth_in_reverse_hurts(replay_table, make_pools):
    found = judged(
        benchmark_truth(replay_table, FULL), make_pools(lambda truth, _: 1 - truth, num_supernets=5, num_cells=1000)
    )
    assert found.agreement.mean == pytest.approx(-1)
    assert found.verdict.helped.word == "DID NOT PAY"
    assert found.verdict.trust.word == "UNRELIABLE"
    assert "further from the optimum than" in found.verdict.sentence
    assert "worse than the number of parameters" in found.verdict.details[1]
    assert all(one.difference.mean > 0 and one.superiority < 0.5 for one in found.comparisons)


def test_the_budget_of_the_verdict_is_fixed_beforehand(replay_table, make_pools):
    truth, pools = benchmark_truth(replay_table, FULL), make_pools(noisy)
    assert judged(truth, pools, num_trained=(1, 4, 20)).verdict.helped.num_trained == 4
    assert judged(truth, pools, num_trained=(1, 4, 20), top=20).verdict.helped.num_trained == 20
    found = judged(truth, pools, num_trained=(1, 4), top=7)
    assert [one.num_trained for one in found.comparisons] == [1, 4, 7]
    assert found.verdict.helped.num_trained == 7


def test_undecided_states_how_many_more_super_nets_decide(replay_table, make_pools):
    def slightly(truth, rng):
        return truth + rng.normal(0, 0.15, len(truth))

    found = judged(without_baselines(replay_table), make_pools(slightly), SupernetCosts(training=1.0))
    assert found.verdict.answer == "undecided"
    more = found.verdict.helped.more_supernets
    assert f"{more} more super-net" in found.verdict.sentence or "no test" in found.verdict.sentence or more is None


def test_at_no_cost_chance_is_not_taken_for_help(replay_table):
    truth = without_baselines(replay_table)
    answers = []
    for seed in range(20):
        draws = np.random.default_rng(seed)
        pools = [
            ScoredPool(
                name=str(net), cells=draws.choice(replay_table.cells, 150, replace=False), proxies=draws.random(150)
            )
            for net in range(3)
        ]
        found = judged(truth, pools, SupernetCosts(training=0.0))
        answers.append(found.verdict.answer)
        assert [one.num_trained for one in found.comparisons][-2:] == [10, 20]
    assert answers.count("helped") + answers.count("did not pay") <= 3


def test_one_super_net_allows_no_test(replay_table, make_pools):
    found = appraise(
        replay_table, FULL, make_pools(lambda truth, _: truth, num_supernets=1), COSTS, rng(), num_runs=NUM_RUNS
    )
    assert found.verdict.answer == "undecided"
    assert "With one super-net no test is possible" in found.verdict.sentence
    assert found.verdict.trust.answer == "undecided"
    assert all(one.p_value is None and one.effect is None for one in found.comparisons)
    assert found.agreement.low is None


def test_a_diverged_super_net_is_left_out_with_a_note(replay_table, make_pools, noisy_appraisal):
    pools = make_pools(noisy)
    bad = ScoredPool(name="bad", cells=pools[0].cells, proxies=constant(pools[0].proxies, None))
    not_a_number = replace(bad, proxies=np.where(np.arange(150) == 7, np.nan, pools[0].proxies))
    found = appraise(
        replay_table, FULL, [pools[0], bad, pools[1], not_a_number, pools[2]], COSTS, rng(), num_runs=NUM_RUNS
    )
    assert [value is None for value in found.spearmans] == [False, True, False, True, False]
    assert found.agreement == noisy_appraisal.agreement
    assert found.comparisons == noisy_appraisal.comparisons
    assert found.verdict.details[-1] == "Training diverged for 2 super-nets, left out of all figures."


def test_all_diverged(replay_table, make_pools):
    with pytest.raises(SettingsError, match=r"constant or non-finite proxies from all 3: .* lower the learning rate"):
        appraise(replay_table, FULL, make_pools(constant), COSTS, rng(), num_runs=NUM_RUNS)


def test_no_super_net(replay_table):
    with pytest.raises(SettingsError, match="at least one with scored cells, got none"):
        appraise(replay_table, FULL, [], COSTS, rng(), num_runs=NUM_RUNS)


def test_cells_that_the_table_does_not_hold(partial_table):
    pool = ScoredPool(name="seed-0", cells=np.array([0, 1, 3], np.int32), proxies=np.array([0.1, 0.2, 0.3]))
    with pytest.raises(SettingsError, match=r"super-net seed-0: .* got 2 others, such as 1; score the pool again"):
        appraise(partial_table, FULL, [pool], COSTS, rng(), num_runs=NUM_RUNS)


def test_cells_of_another_space(replay_table):
    outside = np.setdiff1d(replay_table.cells, space_cells(open_space("A3"), 5))[:5]
    pool = ScoredPool(name="seed-0", cells=outside, proxies=np.linspace(0, 1, 5))
    with pytest.raises(SettingsError, match="expected cells of A3 that made up holds, got 5 others"):
        appraise(replay_table, open_space("A3"), [pool], COSTS, rng(), num_runs=NUM_RUNS)


def test_a_pool_drawn_with_replacement(replay_table):
    pools = [
        ScoredPool(name=str(seed), cells=cells, proxies=replay_table.mean("validation_accuracy")[cells])
        for seed in range(2)
        for cells in [np.random.default_rng(seed).choice(replay_table.cells[:40], 60).astype(np.int32)]
    ]
    found = appraise(replay_table, FULL, pools, COSTS, rng(), num_runs=NUM_RUNS)
    assert found.spearmans == (1.0, 1.0)


def test_few_cells_are_compared_at_few_budgets(replay_table, make_pools):
    found = appraise(replay_table, FULL, make_pools(noisy, num_cells=12), COSTS, rng(), num_runs=NUM_RUNS)
    assert [one.num_trained for one in found.comparisons] == [1, 10]


def test_measured_times_replace_those_of_the_table(replay_table, make_pools):
    costs = SupernetCosts(training=4.0, time_s=np.full(2_532, 10.0), narrow_time_s=np.full(2_532, 1.0))
    found = appraise(replay_table, FULL, make_pools(noisy), costs, rng(), num_runs=NUM_RUNS)
    assert [one.budget_s for one in found.comparisons] == pytest.approx([4 + 10, 4 + 100, 4 + 200])
    assert [one.num_random_trainings for one in found.comparisons] == pytest.approx([1.4, 10.4, 20.4])


def test_the_ranking_is_judged_beyond_its_correlation(noisy_appraisal, make_pools):
    truth = list(noisy_appraisal.standalone)
    proxies = [pool.proxies for pool in make_pools(noisy)]
    assert noisy_appraisal.quality == ranking_quality(proxies, truth, (1, 10, 20))


def test_the_pools_are_of_cells(noisy_appraisal):
    assert noisy_appraisal.architectures == open_space("nasbench101")
    assert (noisy_appraisal.proxy_unit, noisy_appraisal.time_unit, noisy_appraisal.thing) == (
        "fraction",
        "seconds",
        "architecture",
    )
    assert noisy_appraisal.notes == ()


def test_a_table_of_single_trainings_has_no_ceiling(replay_table, make_pools, noisy_appraisal):
    truth = replace(benchmark_truth(replay_table, FULL, variant="own"), runs=None)
    found = appraise_on(truth, make_pools(noisy), COSTS, rng(), num_runs=NUM_RUNS)
    assert found.ceiling is found.share_of_ceiling is None
    assert found.variant == "own"
    assert found.agreement == noisy_appraisal.agreement
    assert "no training was repeated" in found.verdict.details[0]


def test_a_table_of_noise_alone_gives_no_share(replay_table, make_pools):
    noise = np.random.default_rng(0).uniform(0.5, 0.9, (300, 2))
    half = np.concatenate([noise, noise[:, ::-1]])  # the two runs disagree as much as they can
    truth = replace(benchmark_truth(replay_table, FULL), runs=half)
    found = appraise_on(truth, make_pools(noisy), COSTS, rng(), num_runs=NUM_RUNS)
    assert (found.share_of_ceiling is None) == (found.ceiling.ceiling <= 0)


def test_evolution_is_compared_with_random_search(noisy_appraisal):
    for one in noisy_appraisal.comparisons:
        assert one.evolution_difference.mean == pytest.approx(one.evolution_regret - one.random_regret)
        assert one.evolution_difference.low < one.evolution_difference.mean < one.evolution_difference.high
        assert 0 <= one.evolution_p_value <= 1
        assert math.copysign(1, one.evolution_effect.d) == math.copysign(1, one.evolution_difference.mean)


def test_without_evolution_the_rest_is_there(replay_table, make_pools):
    truth = replace(benchmark_truth(replay_table, FULL), evolution_table=None)
    found = appraise_on(truth, make_pools(noisy), COSTS, rng(), num_runs=NUM_RUNS)
    assert set(found.curves) == {"random", "baseline", "guided"}
    assert all(one.evolution_regret is one.evolution_p_value is None for one in found.comparisons)
