import json

import numpy as np
import pytest
import scipy.stats

from shareornot.appraisal.user_scores import appraise_scores, read_user_scores
from shareornot.errors import DataError, SettingsError
from shareornot.reproduction.agreement import agreement_of
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, cell_features
from shareornot.statistics import noise_ceiling, spearman
from shareornot.tables import import_parquet, open_benchmark

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


def test_percentages_are_told():
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


def test_super_nets_are_told_apart_and_sorted():
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


def test_columns_that_tell_the_size_are_guides():
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


def test_a_reversed_proxy_is_told():
    assert "say --lower-is-better proxy" in notes_of(one(made_up(proxy=-made_up()["proxy"])))
    assert "say --lower-is-better proxy" in notes_of(one(made_up(proxy=-made_up()["proxy"], supernet=[0, 1] * 30)))
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


def test_each_space_and_variant_by_itself():
    space, variant = ["A", "A", "B"] * 40, ["x", "y", "y"] * 40
    source = made_up(num=120, space=space, variant=variant)
    scores = read_user_scores(source)
    found = appraise_scores(scores)
    assert [(one.appraisal.space, one.appraisal.variant) for one in found] == [("A", "x"), ("A", "y"), ("B", "y")]
    assert [one.appraisal.num_known for one in found] == [80, 80, 40]  # the same ground for all variants of a space
    alone = one({name: np.asarray(values)[2::3] for name, values in source.items()})
    assert alone.appraisal.comparisons == found[2].appraisal.comparisons


def test_a_space_with_too_little_leaves_the_others():
    scores = read_user_scores(made_up(space=["A"] * 59 + ["B"]))
    assert scores.notes[-1] == (
        "Left out: scores, B: expected at least 2 architectures of different standalone accuracy, got 1; add rows."
    )
    found = read_user_scores(made_up(proxy=np.where(np.arange(60) < 30, 0.5, made_up()["proxy"]), variant=[*"ab"] * 30))
    assert len(found.variants) == 2
    half = np.where(np.arange(60) % 2 == 0, 0.5, made_up()["proxy"])
    (kept,) = appraise_scores(read_user_scores(made_up(proxy=half, variant=["a", "b"] * 30)))
    assert kept.appraisal.variant == "b"
    assert "scores, a: expected a super-net that ranks" in notes_of(kept)


def test_features_of_all_kinds():
    scores = read_user_scores(
        made_up(
            activation=["relu", None, "gelu"] * 20,
            skip=[True, False] * 30,
            maybe=[True, None, False] * 20,
            width=np.where(np.arange(60) == 0, np.inf, np.arange(60.0) % 7),
            label=[f"n{number}" for number in range(60)],
            essay=["x" * 1_000_000] * 60,
            nothing=[None] * 60,
        )
    )
    left_out = (
        "label (60 different words, which are names rather than a structure), essay (texts longer than 200 "
        "characters), nothing (nothing in it)"
    )
    assert scores.notes[0] == (
        f"Columns taken as structure: depth, activation, skip, maybe, width; left out: {left_out}. Choose with "
        "--feature, --baseline and --ignore."
    )
    assert scores.notes[1] == "width: 1 infinite value taken for missing."
    (found,) = appraise_scores(scores)
    features = found.appraisal.architectures.features(np.arange(3))
    assert features["activation"].tolist() == ["relu", "", "gelu"]
    assert features["skip"].tolist() == [True, False, True]
    assert features["maybe"].tolist() == ["true", "", "false"]
    np.testing.assert_array_equal(features["width"], [np.nan, 1, 2])
    assert features.keys() == {"depth", "activation", "skip", "maybe", "width"}


def test_no_features():
    found = one(made_up(depth=None))
    assert found.audit is None
    assert "The bias audit needs structural features" in notes_of(found)
    constant = one(made_up(depth=np.ones(60)))
    assert constant.audit.bias.effects == ()


def cells_as_texts(cells):
    return open_space("nasbench101").texts(np.asarray(cells))


def scored_cells(cells, **changes):
    rng = np.random.default_rng(0)
    features = cell_features(np.asarray(cells))
    truth = 0.6 + 0.05 * features.num_conv3x3 + rng.normal(0, 0.02, len(cells))
    proxy = truth + 0.1 * features.residual + rng.normal(0, 0.02, len(cells))
    return {"architecture": cells_as_texts(cells), "proxy": proxy, "standalone": truth} | changes


def test_cells_tell_their_features_and_evolution_is_played_on_them():
    found = one(scored_cells(np.arange(2_532)))
    appraisal = found.appraisal
    assert appraisal.thing == "architecture"
    assert appraisal.architectures.graph(0).vertices == ("input", "output")
    assert set(appraisal.curves) == {"random", "evolution", "local", "baseline", "guided"}
    assert all(0 <= one.evolution_regret < 1 and one.evolution_p_value <= 1 for one in appraisal.comparisons)
    assert set(appraisal.baselines) == {"number of parameters", "number of operations"}
    assert found.audit.bias.effects[0].name == "residual"
    assert found.audit.bias.effects[0].rating == "over-rated"


def test_evolution_needs_neighbours():
    found = one(scored_cells(np.arange(0, 2_532, 10)))
    assert "evolution" not in found.appraisal.curves
    assert "Evolution is left out: the file holds 10.0 % of the cells of its space" in notes_of(found)
    residual = np.flatnonzero(cell_features(np.arange(2_532)).residual)[::4]
    named = one(scored_cells(residual, space=["residual=true"] * len(residual)))
    assert "evolution" in named.appraisal.curves


def test_a_cell_written_in_two_ways_is_one():
    raw = Cell([[0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", *["conv1x1-bn-relu"] * 2, "output"])
    source = scored_cells(np.arange(40))
    texts = [*source["architecture"], str(raw)]
    found = one(
        {
            "architecture": texts,
            "proxy": [*source["proxy"], 0.3],
            "standalone": [*source["standalone"], source["standalone"][raw.index]],
        }
    )
    assert found.appraisal.num_known == 40
    assert "1 text of an architecture that another text describes: taken together." in notes_of(found)
    assert found.appraisal.architectures.texts(np.arange(40)) == texts[:40]
    np.testing.assert_array_equal(found.appraisal.standalone[0][:40], source["standalone"])


def test_hashes_without_the_table_are_names(monkeypatch, tmp_path):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    hashes = [Cell.from_index(cell).official_hash() for cell in range(30)]
    found = one(made_up(num=30, architecture=hashes))
    assert found.appraisal.thing == "architecture"
    assert "fetch it: shareornot data fetch nasbench101" in notes_of(found)


def test_hashes_with_the_table_are_cells(monkeypatch, replay_table):
    monkeypatch.setattr("shareornot.appraisal.user_scores.understood_texts.open_benchmark", lambda _: replay_table)
    hashes = [Cell.from_index(cell).official_hash().upper() for cell in range(30)]
    found = one(made_up(num=30, architecture=hashes))
    assert found.appraisal.thing == "architecture"
    assert found.appraisal.architectures.numbers.tolist() == list(range(30))
    unknown = one(made_up(num=30, architecture=[*hashes[:-1], "0" * 32]))
    assert "1 text understood as no architecture" in notes_of(unknown)
    assert np.isnan(unknown.appraisal.architectures.features(np.array([29]))["num_edges"]).all()


def test_a_user_is_not_shown_control_characters():
    found = one(made_up(supernet=["\x1b[31mred"] * 60, space=["<b>\n"] * 60))
    assert found.appraisal.pools[0].name == "\ufffd[31mred"
    assert found.appraisal.space == "<b>"


def test_many_architectures_are_audited_in_part(monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.appraisals.MOST_AUDITED", 40)
    found = one(made_up())
    assert len(found.audit.cells) == 40
    assert "The bias audit looks at 40 architectures drawn at random." in notes_of(found)


def test_a_million_rows_take_little_memory_for_texts():
    """Texts of a million rows are read once each; the whole is measured by hand, see the documentation."""
    found = read_user_scores(made_up(num=50_000))
    assert len(found.variants[0].pools[0].cells) == 50_000


def test_nas_bench_201(shared_data):
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "nasbench201-cifar10.parquet")
    accuracy = next(name for name in table.column_names if name != "architecture")
    truth = np.array(table[accuracy].to_pylist())
    rng = np.random.default_rng(0)
    texts = table["architecture"].to_pylist()
    skips = np.array([text.count("skip_connect") for text in texts])
    seeds = [truth + 2 * skips + rng.normal(0, 3, len(truth)) for _ in range(3)]
    found = one(
        {
            "architecture": texts * 3,
            "supernet": np.repeat([0, 1, 2], len(truth)),
            "proxy": np.concatenate(seeds),
            "standalone": np.tile(truth, 3),
        }
    )
    assert found.appraisal.num_known == 15_625
    rated = {effect.name: effect.rating for effect in found.audit.bias.effects}
    assert rated["num_skip_connect"] == rated["edge_0_3 = skip_connect"] == "over-rated"
    assert "number of parameters" in found.appraisal.baselines
    assert json.dumps(found.appraisal.architectures.graph(7).edges)


@pytest.fixture(scope="module")
def published(shared_data, tmp_path_factory):
    """The sample as a benchmark, the published evaluations on it, and some of both as a user would bring them."""
    target = tmp_path_factory.mktemp("benchmark") / "sample.arrow"
    import_parquet(shared_data / "nasbench101-sample.parquet", target)
    table = open_benchmark(str(target))
    return table, read_evaluations(shared_data / "published-supernets.parquet", table)


def test_the_published_super_nets_agree_as_in_the_replay(published):
    table, evaluations = published
    chosen = [
        supernet for variant in ("BNS-FT",) for space in ("A1", "A4") for supernet in evaluations.of(variant, space)
    ]
    cells = np.concatenate([supernet.cells for supernet in chosen])
    rows, _ = table.rows_of(cells)
    sizes = [len(supernet.cells) for supernet in chosen]
    scores = read_user_scores(
        {
            "architecture": cells_as_texts(cells),
            "space": np.repeat([supernet.space for supernet in chosen], sizes),
            "variant": np.repeat([supernet.variant for supernet in chosen], sizes),
            "supernet": np.repeat([supernet.seed for supernet in chosen], sizes),
            "proxy": np.concatenate([supernet.proxies for supernet in chosen]),
            "standalone": table.values("validation_accuracy")[rows],
            "test": table.values("test_accuracy")[rows],
            "cost": table.mean("training_time")[rows],
        }
    )
    found = {(one.appraisal.variant, one.appraisal.space): one for one in appraise_scores(scores)}
    assert len(found) == 2
    for (variant, space), one in found.items():
        replayed = [agreement_of(supernet, table) for supernet in evaluations.of(variant, space)]
        assert one.appraisal.spearmans == tuple(replayed)
    a1, a4 = found["BNS-FT", "A1"].audit, found["BNS-FT", "A4"].audit
    assert (a1.bias.effects[0].name, a4.bias.effects[0].name) == ("residual", "operation_1 = conv3x3")


def test_results_as_data_frames():
    results = appraise_scores(made_up(num=120, space=["A", "B"] * 60, supernet=np.repeat([0, 1], 60)), num_runs=5)
    frame = results.to_pandas()
    assert frame["space"].tolist() == ["A", "B"]
    assert frame["spearman"].tolist() == pytest.approx([one.appraisal.agreement.mean for one in results])
    assert frame["guided_regret_top_1"].notna().all()
    scores = results[0].to_pandas()
    assert scores.columns.tolist() == ["supernet", "architecture", "proxy", "standalone"]
    assert len(scores) == 60


def test_the_first_of_many_super_nets(monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.appraisals.MOST_SUPERNETS", 2)
    source = made_up(num=90, supernet=np.repeat(["a", "b", "c"], 30))
    (found,) = appraise_scores(source, num_runs=5)
    assert len(found.appraisal.pools) == 2
    assert "Appraised are the first 2 of 3 super-nets, which have" in notes_of(found)
    (whole,) = appraise_scores(source, num_runs=5, everything=True)
    assert len(whole.appraisal.pools) == 3
