"""Appraisals of a user's scores: agreement, searches, costs, notes, and too little data."""

import numpy as np
import pytest
import scipy.stats

from shareornot.appraisal.user_scores import appraise_scores, read_user_scores
from shareornot.errors import DataError, SettingsError
from shareornot.statistics import noise_ceiling, spearman

REGRET_NOTE = "Regret is in standalone accuracy too, since there are no test accuracies."


COST_NOTE = "A super-net counts as 4 average trainings, its scoring as nothing."


@pytest.fixture(scope="module", autouse=True)
def few_runs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shareornot.appraisal.user_scores.appraisals.NUM_RUNS", 20)
        yield


def made_up(num=60, seed=0, **changes):
    """Scores by one super-net that sees accuracies through noise; deep networks are better, and over-rated."""
    rng = np.random.default_rng(seed)
    depth = rng.integers(1, 5, num)
    truth = 0.6 + 0.05 * depth + rng.normal(0, 0.03, num)
    columns = {
        "architecture": [f"net {number}" for number in range(num)],
        "proxy": truth + 0.05 * depth + rng.normal(0, 0.03, num),
        "standalone": truth,
        "depth": depth,
    }
    return {name: values for name, values in (columns | changes).items() if values is not None}


def one(source, **options):
    """The only space and variant."""
    (found,) = appraise_scores(read_user_scores(source), **options)
    return found


def notes_of(found):
    return " ".join(found.appraisal.notes)


@pytest.fixture(scope="module")
def plain():
    return one(made_up())


def test_everything_comes_out(plain):
    appraisal = plain.appraisal
    source = made_up()
    assert appraisal.spearmans == (spearman(source["proxy"], source["standalone"]).value,)
    assert (appraisal.benchmark, appraisal.space, appraisal.variant, appraisal.thing) == (
        "scores",
        "all",
        None,
        "architecture",
    )
    assert (appraisal.num_known, appraisal.num_cells) == (60, 60)
    assert [one.num_trained for one in appraisal.comparisons] == [1, 10, 20]
    assert [top.k for top in appraisal.quality.top] == [1, 6, 10, 20]
    assert list(appraisal.curves) == ["random", "guided"]
    assert appraisal.architectures.texts(np.array([0, 59])) == ["net 0", "net 59"]
    assert appraisal.notes == (REGRET_NOTE, COST_NOTE)
    assert "rank the architectures" in appraisal.verdict.details[0]


def test_nothing_is_known_of_noise_time_and_evolution(plain):
    appraisal = plain.appraisal
    assert appraisal.ceiling is appraisal.share_of_ceiling is None
    assert "no training was repeated" in appraisal.verdict.details[0]
    assert appraisal.baselines == {}
    assert "No free baseline" in appraisal.verdict.details[1]
    assert appraisal.time_unit == "trainings"
    assert all(one.evolution_regret is one.evolution_difference is None for one in appraisal.comparisons)


def test_budgets_count_trainings(plain):
    assert [one.budget_s for one in plain.appraisal.comparisons] == [5, 14, 24]
    dearer = one(made_up(), supernet_cost=10.0, scoring_cost=0.1)
    assert [one.budget_s for one in dearer.appraisal.comparisons] == pytest.approx([17, 26, 36])
    assert "A super-net counts as 10 average trainings, scoring one architecture as 0.1." in notes_of(dearer)
    free = one(made_up(), supernet_cost=0.0)
    assert free.appraisal.comparisons[0].budget_s == pytest.approx(1)


@pytest.mark.parametrize("costs", [{"supernet_cost": -1.0}, {"scoring_cost": float("nan")}])
def test_odd_costs(costs):
    with pytest.raises(SettingsError, match="finite numbers of at least 0"):
        one(made_up(), **costs)


def test_the_bias_audit_finds_the_liking_of_depth():
    found = one(made_up(num=400))
    (effect,) = found.audit.bias.effects
    assert (effect.name, effect.rating) == ("depth", "over-rated")
    assert found.audit.architectures is found.appraisal.architectures
    np.testing.assert_array_equal(found.audit.standalone, made_up(num=400)["standalone"])


def test_the_same_seed_gives_the_same(plain):
    again = one(made_up())
    assert again.appraisal.comparisons == plain.appraisal.comparisons
    assert one(made_up(), seed=1).appraisal.comparisons != plain.appraisal.comparisons


def test_percentages_are_reported():
    scores = read_user_scores(made_up(standalone=made_up()["standalone"] * 100))
    assert scores.notes[0].startswith("standalone: taken for percentages")
    (found,) = appraise_scores(scores)
    assert found.appraisal.standalone[0].max() < 1


def test_proxies_may_have_any_unit(plain):
    assert plain.appraisal.proxy_unit == "any"  # some are above 1
    percent = one(made_up(proxy=made_up()["proxy"] * 100))
    assert percent.appraisal.spearmans == plain.appraisal.spearmans
    assert percent.appraisal.comparisons == plain.appraisal.comparisons
    assert one(made_up(proxy=made_up()["proxy"] / 2)).appraisal.proxy_unit == "fraction"


def test_super_nets_are_distinguished_and_sorted():
    source = made_up(num=120, supernet=[10, 9] * 60)
    found = one(source)
    assert [pool.name for pool in found.appraisal.pools] == ["9", "10"]
    assert found.appraisal.agreement.n == 2
    assert list(found.appraisal.curves) == ["random", "guided"]
    odd = np.arange(1, 120, 2)
    assert found.appraisal.spearmans[0] == spearman(source["proxy"][odd], source["standalone"][odd]).value


def test_repeats_give_a_ceiling():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.5, 0.9, 60)
    runs = np.clip(truth[:, None] + rng.normal(0, 0.02, (60, 3)), 0, 1)
    found = one(made_up(standalone=runs))
    assert found.appraisal.ceiling.ceiling == noise_ceiling(runs, np.random.default_rng(0)).ceiling
    np.testing.assert_allclose(found.appraisal.standalone[0], runs.mean(axis=1))
    gaps = np.where((np.arange(60) < 5)[:, None] & [False, True, True], np.nan, runs)
    found = one(made_up(standalone=gaps))
    assert found.appraisal.ceiling.num_cells == 55
    assert "that of the 55 architectures with all 3 repeated trainings" in notes_of(found)
    gaps = np.where((np.arange(60) < 55)[:, None] & [False, True, True], np.nan, runs)
    found = one(made_up(standalone=gaps))
    assert found.appraisal.ceiling is None
    assert "No noise ceiling: it needs 10 architectures with 3 repeated trainings" in notes_of(found)


def test_regret_is_measured_in_test_accuracies():
    test = np.random.default_rng(0).uniform(0.5, 0.9, 60)
    found = one(made_up(test=test, proxy=made_up()["standalone"]))
    best = made_up()["standalone"].argmax()
    assert found.appraisal.comparisons[0].guided_regret == pytest.approx(test.max() - test[best])
    assert REGRET_NOTE not in found.appraisal.notes
    same = one(made_up(test=np.stack([test, test], axis=1), proxy=made_up()["standalone"]))
    assert same.appraisal.comparisons == found.appraisal.comparisons


def test_costs_are_seconds():
    cost = np.linspace(10, 100, 60)
    found = one(made_up(cost=cost))
    assert found.appraisal.time_unit == "seconds"
    assert found.appraisal.baselines.keys() == {"training time"}
    best = cost[made_up()["proxy"].argmax()]
    assert found.appraisal.comparisons[0].budget_s == pytest.approx(4 * cost.mean() + best)
    gaps = one(made_up(cost=np.where(np.arange(60) == 3, np.nan, cost)))
    assert "1 architecture without a cost: the mean of the others is taken." in notes_of(gaps)


@pytest.mark.parametrize("odd", [0.0, -1.0, np.inf])
def test_odd_times(odd):
    with pytest.raises(DataError, match="row 4: column 'cost': expected seconds above 0"):
        one(made_up(cost=np.where(np.arange(60) == 3, odd, 5.0)))


def test_columns_of_sizes_are_baselines():
    size = np.arange(60.0)
    found = one(made_up(num_params=size, FLOPs=-size, width=size))
    assert found.appraisal.baselines.keys() == {"num_params", "FLOPs"}
    assert found.appraisal.baselines["num_params"] == spearman(size, made_up()["standalone"]).value


def test_architectures_that_were_not_scored_are_there_for_random_search():
    proxy = np.where(np.arange(60) < 20, np.nan, made_up()["proxy"])
    found = one(made_up(proxy=proxy, supernet=[None] * 20 + ["a"] * 40))
    assert found.appraisal.num_known == 60
    assert len(found.appraisal.pools[0].cells) == 40
    assert "20 rows without a proxy: known to random search alone." in notes_of(found)


def test_standalone_accuracy_of_some_only():
    standalone = np.where(np.arange(60) < 15, np.nan, made_up()["standalone"])
    found = one(made_up(standalone=standalone))
    assert (found.appraisal.num_known, found.appraisal.num_cells) == (45, 60)
    assert "Left out: 15 scores of architectures without a standalone accuracy." in notes_of(found)


def test_repeated_rows_count_as_often_as_they_are_there():
    source = made_up()
    twice = {name: np.concatenate([np.asarray(values), np.asarray(values)[:10]]) for name, values in source.items()}
    found = one(twice)
    assert found.appraisal.num_known == 60
    assert found.appraisal.spearmans == (spearman(twice["proxy"], twice["standalone"]).value,)
    assert "10 rows of architectures that the same super-net had scored already" in notes_of(found)


def test_different_accuracies_of_one_architecture():
    found = one(made_up(architecture=[f"net {number // 2}" for number in range(60)], supernet=[0, 1] * 30))
    assert found.appraisal.num_known == 30
    assert "30 architectures with different accuracies in different rows" in notes_of(found)
    assert "Ignored: depth, which differs between rows of one architecture." in notes_of(found)
    first = made_up()["standalone"][:2].mean()
    assert found.appraisal.standalone[0][0] == pytest.approx(first)


def test_a_super_net_that_diverged():
    proxy = np.where(np.arange(60) % 2 == 0, 0.1, made_up()["proxy"])
    found = one(made_up(proxy=proxy, supernet=[0, 1] * 30))
    assert found.appraisal.spearmans[0] is None
    assert "Training diverged for 1 super-net" in found.appraisal.verdict.details[-1]
    missing = one(made_up(proxy=np.where(np.arange(60) % 2 == 0, np.nan, made_up()["proxy"]), supernet=[0, 1] * 30))
    assert missing.appraisal.spearmans[0] is None
    assert "Training diverged for 1 super-net" in missing.appraisal.verdict.details[-1]


@pytest.mark.parametrize(("odd", "rank"), [(np.inf, "most"), (-np.inf, "least")])
def test_an_infinite_score_ranks_first_or_last(odd, rank):
    proxy = np.where(np.arange(60) == 2, odd, made_up()["proxy"])
    found = one(made_up(proxy=proxy))
    expected = scipy.stats.spearmanr(proxy, made_up()["standalone"])[0]
    assert found.appraisal.spearmans[0] == pytest.approx(expected, abs=1e-12)
    assert "1 infinite score, the first in row 3: minus infinity ranks last, infinity first." in notes_of(found)
    scores = found.appraisal.pools[0].proxies
    assert (scores.argmax() if rank == "most" else scores.argmin()) == 2


def test_a_reversed_proxy_is_reported():
    assert "use --lower-is-better proxy" in notes_of(one(made_up(proxy=-made_up()["proxy"])))
    assert "use --lower-is-better proxy" in notes_of(one(made_up(proxy=-made_up()["proxy"], supernet=[0, 1] * 30)))
    assert "lower-is-better" not in notes_of(one(made_up(proxy=np.random.default_rng(1).uniform(size=60))))


@pytest.mark.parametrize(("num", "ks"), [(2, [1]), (3, [1]), (12, [1, 10]), (19, [1, 10])])
def test_few_rows(num, ks):
    found = one(made_up(num=num))
    assert [one.num_trained for one in found.appraisal.comparisons] == ks
    assert found.audit is None
    assert found.appraisal.notes[-1] == "The bias audit needs a super-net with at least 20 scored architectures."


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num": 1}, "at least 2 architectures of different standalone accuracy, got 1; add rows"),
        ({"standalone": np.full(60, 0.5)}, "of different standalone accuracy, got 60 of equal ones"),
        ({"proxy": np.full(60, 0.5)}, "a super-net that ranks at least 2 architectures .* constant"),
        ({"proxy": np.full(60, np.nan)}, "expected proxies, got none"),
        (
            {"supernet": ["a", None] * 30},
            "column 'supernet': expected a text in every row, got 30 gaps, the first in row 2",
        ),
        (
            {"architecture": ["", *"b" * 59]},
            "column 'architecture': expected a text in every row, got 1 gap, the first in row 1",
        ),
        (
            {"space": [str(number // 2) for number in range(1200)], "num": 1200},
            "at most 500 pairs of space and variant",
        ),
        ({"space": [str(number) for number in range(600)], "num": 600}, "column 'space': .* looks like a row number"),
        ({"supernet": list(range(60))}, "column 'supernet': .* looks like a row number; .* --ignore supernet"),
    ],
)
def test_too_little(changes, message):
    with pytest.raises(DataError, match=message):
        read_user_scores(made_up(**changes))


def test_a_user_is_not_shown_control_characters():
    found = one(made_up(supernet=["\x1b[31mred"] * 60, space=["<b>\n"] * 60))
    assert found.appraisal.pools[0].name == "\ufffd[31mred"
    assert found.appraisal.space == "<b>"


def test_results_as_data_frames():
    results = appraise_scores(made_up(num=120, space=["A", "B"] * 60, supernet=np.repeat([0, 1], 60)), num_runs=5)
    frame = results.to_pandas()
    assert frame["space"].tolist() == ["A", "B"]
    assert frame["spearman"].tolist() == pytest.approx([one.appraisal.agreement.mean for one in results])
    assert frame["guided_regret_top_1"].notna().all()
    scores = results[0].to_pandas()
    assert scores.columns.tolist() == ["supernet", "architecture", "proxy", "standalone"]
    assert len(scores) == 60


def test_progress_moves_within_a_space():
    done = []

    class Recorded:
        def advance(self, num_done=1, note=""):
            assert not note
            done.append(num_done)

    appraise_scores(read_user_scores(made_up()), num_runs=2, progress=Recorded())
    assert done == [0.5, 0.25, 0.25]
