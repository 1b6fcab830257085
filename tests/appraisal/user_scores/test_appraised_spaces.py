"""Appraisals of scores in several spaces, with features, and on architectures whose texts describe them."""

import json

import numpy as np
import pytest

from shareornot.appraisal.user_scores import appraise_scores, read_user_scores
from shareornot.reproduction.agreement import agreement_of
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, cell_features
from shareornot.tables import import_parquet, open_benchmark


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


def test_cells_have_features_and_evolution_is_simulated_on_them():
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


def test_the_first_of_many_super_nets(monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.appraisals.MOST_SUPERNETS", 2)
    source = made_up(num=90, supernet=np.repeat(["a", "b", "c"], 30))
    (found,) = appraise_scores(source, num_runs=5)
    assert len(found.appraisal.pools) == 2
    assert "Appraised are the first 2 of 3 super-nets, which have" in notes_of(found)
    (whole,) = appraise_scores(source, num_runs=5, everything=True)
    assert len(whole.appraisal.pools) == 3
