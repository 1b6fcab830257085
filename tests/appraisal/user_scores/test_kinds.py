"""What users bring, kind by kind; the right correlation is SciPy's on the data that is meant."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.appraisal.user_scores.agreements import agreement_of
from shareornot.errors import DataError, SettingsError, ShareOrNotError
from shareornot.spaces import open_space

NUM = 40
RNG = np.random.default_rng(7)
TRUTH = np.round(RNG.uniform(0.85, 0.95, NUM), 5)
PROXY = np.round(TRUTH / 2 + RNG.normal(0, 0.01, NUM), 6)
NAMES = [f"net{number}" for number in range(NUM)]


def table(**changes):
    """Columns of a file, all as text; None leaves one out."""
    columns = {"architecture": NAMES, "proxy": PROXY, "standalone": TRUTH} | changes
    return {name: [str(value) for value in values] for name, values in columns.items() if values is not None}


def csv(columns, *, mark=",", end="\n", decimal="."):
    def cell(text):
        text = text.replace(".", decimal) if decimal != "." and text.replace(".", "").lstrip("-").isdigit() else text
        return f'"{text}"' if mark in text or text != text.strip() else text

    rows = zip(*columns.values(), strict=True)
    return end.join([mark.join(columns), *(mark.join(map(cell, row)) for row in rows)]) + end


@pytest.fixture
def read(tmp_path):
    def read(content, **options):
        path = tmp_path / "mine.csv"
        path.write_text(csv(content) if isinstance(content, dict) else content, newline="")
        return read_user_scores(path, **options)

    return read


def spearmans(scores):
    """Of each super-net of the only space and variant."""
    (one,) = scores.variants
    found = [agreement_of(one).spearman.mean] if len(one.pools) == 1 else []
    validation = one.truth.table.validation
    return found or [scipy.stats.spearmanr(p.proxies, validation[p.cells])[0] for p in one.pools]


def is_right(scores, proxy=PROXY, truth=TRUTH):
    """Whether the agreement is SciPy's, to 1e-9."""
    assert spearmans(scores)[0] == pytest.approx(scipy.stats.spearmanr(proxy, truth)[0], abs=1e-9)
    return True


def features(scores):
    (one,) = scores.variants
    return one.truth.architectures.columns


def baselines(scores):
    (one,) = scores.variants
    return one.truth.baselines


# 1: words in columns that look like sizes


@pytest.mark.parametrize(
    ("name", "texts", "values"),
    [
        ("params", ["1.2M", "950k", "3M", "1.5M"], [1.2e6, 950e3, 3e6, 1.5e6]),
        ("params", ["1.2 M params", "3 M params"], [1.2e6, 3e6]),
        ("FLOPs", ["1.2G", "800M", "2 GFLOPs"], [1.2e9, 8e8, 2e9]),
        ("latency", ["3 ms", "5ms", "1.5 s", "20 us"], [0.003, 0.005, 1.5, 2e-5]),
        ("latency", ["0:01:30", "1:00:00"], [90, 3600]),
        ("num_params", ["1,234,567", "950,000", "12"], [1_234_567, 950_000, 12]),
        ("num_params", ["1 234 567", "950 000"], [1_234_567, 950_000]),
        ("num_params", ["1_234_567", "950'000"], [1_234_567, 950_000]),
        ("model_size", ["10 MB", "800 kB"], [1e7, 8e5]),
        ("params", ["1.5", "N.A.", "2"], [1.5, np.nan, 2]),
        ("params", ["1e6", "2.5E+06"], [1e6, 2.5e6]),
    ],
)
def test_sizes_with_units(read, name, texts, values):
    scores = read(table(**{name: np.resize(texts, NUM)}))
    np.testing.assert_allclose(features(scores)[name], np.resize(values, NUM))
    assert (name in baselines(scores)) == (not np.isnan(values).mean() > 0.2)
    assert is_right(scores)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("model_size", ["S", "M", "L"]),
        ("kernel_size", ["3x3", "5x5"]),
        ("params", ["1.2M", "3.4"]),  # 3.4 what?
        ("params", ["1.2M", "3 ms"]),
        ("params", ["10", "many", "20"]),
        ("params_op", ["none", "skip_connect"]),
    ],
)
def test_words_in_a_column_that_looks_like_a_size(read, name, texts):
    scores = read(table(**{name: np.resize(texts, NUM)}))
    assert set(features(scores)[name]) == set(texts)
    assert baselines(scores) == {}
    if name in ("model_size", "params"):
        assert f"{name}: read as words and no baseline, since row" in " ".join(scores.notes)
    assert is_right(scores)


def test_what_is_no_size(read):
    numbers = {"params_lr": TRUTH * 3, "batch_size": np.arange(NUM) % 3, "image_size": np.arange(NUM) % 2 * 32}
    scores = read(table(**numbers))
    assert baselines(scores) == {}
    assert list(features(scores)) == list(numbers)
    said = read(table(**numbers), baseline=["params_lr", "batch_size"])
    assert list(baselines(said)) == ["params_lr", "batch_size"]
    with pytest.raises(DataError, match="'op': expected numbers for --baseline, got words such as conv"):
        read(table(op=np.resize(["conv", "pool"], NUM)), baseline="op")


# 2: infinite scores


@pytest.mark.parametrize("infinite", ["-inf", "inf", "Infinity", "-Infinity", "1e999"])
def test_infinite_scores(read, infinite):
    proxy = [*PROXY[:-2].astype(str), infinite, str(PROXY[-1])]
    numbers = np.array([*PROXY[:-2], float(infinite), PROXY[-1]])
    scores = read(table(proxy=proxy))
    assert is_right(scores, proxy=scipy.stats.rankdata(numbers))
    assert f"1 infinite score, the first in row {NUM - 1} (line {NUM})" in " ".join(scores.variants[0].truth.notes)


@pytest.mark.parametrize("scale", [5e-324 * 2**20, 1e-310, 1e-200, 1e200, 1e308])
def test_proxies_of_any_size(scale):
    proxies = np.argsort(np.argsort(PROXY)) * (scale / NUM)
    scores = read_user_scores({"architecture": NAMES, "proxy": proxies, "standalone": TRUTH})
    assert is_right(scores)
    drawn = scores.variants[0].pools[0].proxies
    assert np.isfinite(drawn.max() - drawn.min())


# 3: dialects


@given(
    mark=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    begin=st.sampled_from(["", "\ufeff", "sep=", "# a comment\n"]),
    decimal=st.sampled_from([".", ","]),
    last=st.booleans(),
)
def test_dialects_are_read_right(tmp_path_factory, mark, end, begin, decimal, last):
    text = csv(table(depth=np.arange(NUM) % 4), mark=mark, end=end, decimal=decimal)
    text = text if last else text.removesuffix(end)
    text = f"sep={mark}{end}{text}" if begin == "sep=" else begin.replace("\n", end) + text
    path = tmp_path_factory.mktemp("dialect") / "mine.csv"
    path.write_text(text, newline="", encoding="utf-8")
    scores = read_user_scores(path)
    assert is_right(scores)
    np.testing.assert_array_equal(features(scores)["depth"], np.arange(NUM) % 4)


def test_points_between_thousands_in_a_file_of_decimal_commas(read):
    columns = table(num_params=[f"1.{n:03d}.000" for n in range(NUM)])
    scores = read(csv(columns, mark=";", decimal=",").replace(",000", ".000"))
    assert is_right(scores)


# 4: columns that are no structure


def test_columns_that_are_no_structure(read):
    shuffled = np.random.default_rng(0).permutation(NUM)
    others = {
        "Unnamed: 0": np.arange(NUM),
        "__index_level_0__": np.arange(NUM),
        "number_in_list": shuffled + 1,
        "proxy_1": PROXY,
        "proxy_rank": shuffled,
        "val_acc": TRUTH,
        "standalone_std": TRUTH / 100,
        "started": ["2026-01-01 10:00:00"] * NUM,
        "depth": np.arange(NUM) % 3,
    }
    scores = read(table(**others))
    assert list(features(scores)) == ["depth"]
    (note,) = [note for note in scores.notes if note.startswith("Columns taken as structure: depth; left out: ")]
    for name in others:
        assert name in note
    chosen = read(table(**others), feature=["val_acc"], ignore=["depth", "Unnamed*"])
    assert list(features(chosen)) == ["val_acc"]
    with pytest.raises(SettingsError, match="--ignore 'height': expected a column of the file"):
        read(table(**others), ignore="height")


def test_a_header_that_repeats_is_repeated_training(read):
    text = csv(table(b=TRUTH, c=TRUTH)).replace("standalone,b,c", "standalone,standalone,standalone")
    assert "standalone.1 of standalone" in " ".join(read(text).notes)
    runs = [TRUTH, TRUTH + 0.001, TRUTH - 0.004]
    columns = table(standalone=runs[0], **{"standalone.1": runs[1], "standalone.2": runs[2]})
    scores = read(columns)
    assert is_right(scores, truth=np.round(np.mean([[float(f"{v}") for v in run] for run in runs], axis=0), 10))
    assert "taken for repeated trainings, since the header repeats" in " ".join(scores.notes)


# 5: names of the super-net


@pytest.mark.parametrize("name", ["super-net", "Super Net", "supernet_id", "seed", "run"])
def test_names_of_the_super_net(read, name):
    twice = {key: [*values, *values] for key, values in table(proxy=PROXY).items()}
    twice["proxy"] = [*map(str, PROXY), *map(str, -PROXY)]
    twice[name] = ["3"] * NUM + ["4"] * NUM
    scores = read(twice)
    (one,) = scores.variants
    assert [pool.name for pool in one.pools] == ["3", "4"]
    assert agreement_of(one).spearman.mean == pytest.approx(0, abs=1e-12)
    assert f"{name} is taken for the super-net" in " ".join(scores.notes)


def test_a_seed_that_tells_no_super_nets_apart(read):
    twice = {key: [*values, *values] for key, values in table().items()}
    twice["proxy"] = [*map(str, PROXY), *map(str, PROXY[::-1])]
    twice["seed"] = [str(number % 2) for number in range(NUM)] * 2
    with pytest.raises(DataError, match=rf"row {NUM + 1} \(line {NUM + 2}\): column 'seed': .* --ignore seed"):
        read(twice)
    once = table(seed=np.arange(NUM))
    assert is_right(read(once))
    assert "seed (how the run went)" in " ".join(read(once).notes)


# 6: odd texts of architectures


def edges_texts(number=NUM, seed=0):
    rng = np.random.default_rng(seed)
    space = open_space("nasbench201")
    return space.texts(rng.choice(len(space), number, replace=False))


@pytest.mark.parametrize(
    "odd", ["|none~0|+|none~0|none~1|+|none~0", "|none~0|+|nonne~0|none~1|+|none~0|none~1|none~2|", "what?"]
)
@pytest.mark.parametrize("place", [0, 7])
def test_one_odd_text_of_a_graph(read, odd, place):
    texts = edges_texts()
    texts[place] = odd
    scores = read(table(architecture=texts))
    assert is_right(scores)
    notes = " ".join(scores.variants[0].truth.notes)
    assert "1 text understood as no architecture" in notes
    assert f"row {place + 1} (line {place + 2})" in notes
    found = scores.variants[0].truth.architectures.features(np.arange(NUM))
    assert found["edge_0_1"][place] == ""
    assert np.isnan(found["depth"][place])
    assert sum(word == "" for word in found["edge_0_1"]) == 1
    assert "number of parameters" in baselines(scores)


@pytest.mark.parametrize("place", [0, 11])
def test_one_odd_text_of_a_cell(read, place):
    cells = open_space("nasbench101")
    texts = cells.texts(np.arange(100, 100 + NUM))
    texts[place] = texts[place].replace("conv1x1-bn-relu", "conv1x1") + " "
    texts[place] = texts[place] if "conv1x1," in texts[place] else texts[place].replace("input", "in put")
    scores = read(table(architecture=texts))
    assert is_right(scores)
    found = scores.variants[0].truth.architectures.features(np.arange(NUM))
    assert np.isnan(found["num_edges"][place])
    assert np.isfinite(np.delete(found["num_edges"], place)).all()
    assert scores.variants[0].truth.architectures.graph(place) is None


def wrapped(text):
    return f"Structure(4 nodes with {text})"


def reordered(text):
    return "+".join("|" + "|".join(reversed(node.strip("|").split("|"))) + "|" for node in text.split("+"))


def as_tuples(text):
    nodes = [node.strip("|").split("|") for node in text.split("+")]
    pairs = [tuple((edge.split("~")[0], int(edge.split("~")[1])) for edge in node) for node in nodes]
    return str(tuple(pairs))


@pytest.mark.parametrize("write", [wrapped, reordered, as_tuples])
def test_texts_of_graphs_written_otherwise(read, write):
    texts = edges_texts()
    plain, other = read(table(architecture=texts)), read(table(architecture=[write(text) for text in texts]))
    assert is_right(other)
    expected = plain.variants[0].truth.architectures.features(np.arange(NUM))
    for name, values in other.variants[0].truth.architectures.features(np.arange(NUM)).items():
        np.testing.assert_array_equal(values, expected[name])


def test_names_stay_names(read):
    scores = read(table(architecture=[*NAMES[:-1], edges_texts(1)[0]]))
    assert scores.variants[0].truth.architectures.features(np.arange(3)) == {}


# 7: test accuracies of some only


def test_test_accuracies_of_some(read):
    test = np.where(np.arange(NUM) < 12, TRUTH, np.nan)
    scores = read(table(test=["" if np.isnan(value) else value for value in test]))
    assert is_right(scores)
    truth = scores.variants[0].truth
    assert len(truth.table.cells) == 12
    assert f"Agreement is with all {NUM} standalone accuracies; searches are over the 12" in " ".join(truth.notes)


# 8: copies


def test_a_copied_run_counts_once(read):
    runs = {"standalone_0": TRUTH, "standalone_1": TRUTH[::-1], "standalone_2": TRUTH[::-1]}
    scores = read(table(standalone=None, **runs))
    assert "Counted once: standalone_2 of standalone_1, a copy value by value." in scores.notes
    assert scores.variants[0].truth.runs.shape == (NUM, 2)


def test_a_copied_super_net_counts_once(read):
    order = np.random.default_rng(0).permutation(2 * NUM)
    columns = {name: np.array([*values, *values])[order] for name, values in table().items()}
    scores = read(columns | {"supernet": np.repeat(["0", "1"], NUM)[order]})
    assert len(scores.variants[0].pools) == 1
    assert "Counted once: 1 of 0, a copy score by score." in scores.variants[0].truth.notes
    assert is_right(scores)


# 11: lower is better


def test_lower_is_better(read):
    losses, errors = -PROXY, np.round(100 - 100 * TRUTH, 3)
    assert is_right(read(table(proxy=losses), lower_is_better="proxy"))
    scores = read(table(standalone=errors), lower_is_better="standalone")
    assert is_right(scores, truth=-errors)
    np.testing.assert_allclose(scores.variants[0].truth.table.validation, TRUTH, atol=1e-5)
    both = read(table(proxy=losses, standalone=errors), lower_is_better="both")
    assert is_right(both, truth=-errors)
    assert "Lower proxies are better: their signs are changed." in both.notes
    with pytest.raises((SettingsError, TypeCheckError), match="standalone"):
        read(table(), lower_is_better="neither")


# 13: equal means of runs tie


def test_equal_means_tie(read):
    rng = np.random.default_rng(1)
    runs = rng.integers(87, 91, (NUM, 5))
    scores = read(table(standalone=None, **{f"standalone_{number}": run for number, run in enumerate(runs.T)}))
    assert is_right(scores, truth=runs.sum(axis=1))


# 14: words for missing values


@given(word=st.sampled_from(["", " ", "n/a", "#N/A", "<NA>", "-", "NaN", "N.A.", "NA", "null", "None", "nan", "--"]))
def test_missing_words(tmp_path_factory, word):
    path = tmp_path_factory.mktemp("missing") / "mine.csv"

    def with_gap(values, place):
        return [word if number == place else value for number, value in enumerate(values)]

    depth = np.arange(NUM) % 5
    columns = table(proxy=with_gap(PROXY, 3), standalone=with_gap(TRUTH, 5), depth=with_gap(depth, 8))
    path.write_text(csv(columns))
    scores = read_user_scores(path)
    kept = np.delete(np.arange(NUM), [3, 5])
    assert is_right(scores, proxy=PROXY[kept], truth=TRUTH[kept])
    np.testing.assert_array_equal(features(scores)["depth"], np.where(np.arange(NUM) == 8, np.nan, depth))
    assert "depth: 1 missing value." in scores.notes


@given(
    value=st.one_of(st.floats(allow_nan=False), st.integers(-(10**25), 10**25)),
    form=st.sampled_from(["{!r}", "{:.3e}", " {!r} ", "+{!r}", "{:g}"]),
)
def test_numbers_in_any_form(tmp_path_factory, value, form):
    text = form.format(value).replace("+-", "-")
    path = tmp_path_factory.mktemp("number") / "mine.csv"
    path.write_text(csv(table(proxy=[text, *PROXY[1:]])))
    numbers = np.array([float(text), *PROXY[1:]])
    assert is_right(read_user_scores(path), proxy=scipy.stats.rankdata(numbers))


@given(text=st.text(st.characters(codec="utf-8", exclude_characters='\0\r\n",'), max_size=12), column=st.integers(1, 2))
def test_whatever_is_no_number_is_named(tmp_path_factory, text, column):
    name = ("architecture", "proxy", "standalone")[column]
    path = tmp_path_factory.mktemp("odd") / "mine.csv"
    path.write_text(csv(table(**{name: [*(PROXY if column == 1 else TRUTH)[:-1], text]})), encoding="utf-8")
    try:
        scores = read_user_scores(path)
    except ShareOrNotError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert f"row {NUM} (line {NUM + 1})" in said
        assert name in said
        return
    kept = scores.variants[0].pools[0].cells
    try:
        last = float(text.replace("\u2212", "-").strip())
    except ValueError:
        assert len(kept) == NUM - 1 or "%" in text or text.lower().strip("+-") in ("inf", "infinity", "\u221e")
        return
    assert len(kept) == (NUM if np.isfinite(last) or (column == 1 and not np.isnan(last)) else NUM - 1)


# 19: wide files, lists


def test_a_column_for_each_super_net(read):
    rng = np.random.default_rng(0)
    wide = {f"proxy_{number}": PROXY + rng.normal(0, 0.01, NUM) for number in range(12)}
    scores = read(table(proxy=None, **wide))
    assert [pool.name for pool in scores.variants[0].pools] == list(wide)
    expected = [scipy.stats.spearmanr(values, TRUTH)[0] for values in wide.values()]
    np.testing.assert_allclose(spearmans(scores), expected, atol=1e-9)
    renamed = {name.replace("proxy_", "net "): values for name, values in wide.items()}
    named = read(table(proxy=None, **renamed), proxy=["net *"])
    np.testing.assert_allclose(spearmans(named), expected, atol=1e-9)


def test_columns_are_named_by_options(read):
    columns = table(proxy=None, standalone=None, score=PROXY, alone_1=TRUTH, alone_2=TRUTH[::-1])
    scores = read(columns, proxy="score", standalone=["alone_1", "alone_2"])
    assert is_right(scores, truth=np.round(TRUTH + TRUTH[::-1], 9))


def test_lists_of_trainings_in_text(read):
    runs = np.stack([TRUTH, TRUTH + 0.01, TRUTH - 0.02], axis=1).round(4)
    scores = read(table(standalone=[str(run.tolist()) for run in runs]))
    assert is_right(scores, truth=runs.sum(axis=1).round(9))
    numpy = read(table(standalone=[str(run) for run in runs]))
    assert is_right(numpy, truth=runs.sum(axis=1).round(9))


# 18: from Python


def python_sources():
    polars, torch = pytest.importorskip("polars"), pytest.importorskip("torch")
    columns = {"architecture": NAMES, "proxy": PROXY, "standalone": TRUTH}
    lists = {name: list(values) for name, values in columns.items()}
    frame = pd.DataFrame(columns)
    structured = np.array(
        list(zip(NAMES, PROXY, TRUTH, strict=True)), [("architecture", "U9"), ("proxy", "f8"), ("standalone", "f8")]
    )
    return {
        "lists": lists,
        "numpy": columns,
        "columns": columns
        | {"proxy": PROXY[:, None], "standalone": np.stack([TRUTH, TRUTH[::-1], TRUTH], axis=1)[:, [0]]},
        "torch": columns
        | {"proxy": torch.tensor(PROXY, requires_grad=True), "standalone": torch.tensor(TRUTH)[:, None]},
        "scalars of torch": lists | {"proxy": [torch.tensor(value) for value in PROXY]},
        "scalars of numpy": lists | {"proxy": [np.float64(value) for value in PROXY]},
        "pandas": frame,
        "pandas by architecture": frame.set_index("architecture"),
        "pandas without a name": frame.set_index("architecture").rename_axis(None),
        "objects of pandas": frame.astype(object),
        "polars": polars.DataFrame(columns),
        "table": pa.table(columns),
        "batch": pa.RecordBatch.from_pydict(columns),
        "records": [dict(zip(columns, row, strict=True)) for row in zip(NAMES, PROXY, TRUTH, strict=True)],
        "structured": structured,
        "by architecture": {
            name: {"proxy": p, "standalone": t} for name, p, t in zip(NAMES, PROXY, TRUTH, strict=True)
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "lists",
        "numpy",
        "columns",
        "torch",
        "scalars of torch",
        "scalars of numpy",
        "pandas",
        "pandas by architecture",
        "pandas without a name",
        "objects of pandas",
        "polars",
        "table",
        "batch",
        "records",
        "structured",
        "by architecture",
    ],
)
def test_python_objects(name):
    assert is_right(read_user_scores(python_sources()[name]))


@pytest.mark.parametrize("kind", ["bfloat16", "float16"])
def test_columns_of_torch_in_half_precision(kind):
    torch = pytest.importorskip("torch")
    proxies = torch.tensor(PROXY, dtype=getattr(torch, kind))
    scores = read_user_scores({"architecture": NAMES, "proxy": proxies, "standalone": TRUTH})
    assert is_right(scores, proxy=proxies.double().numpy())


def test_two_dimensions_are_super_nets_and_trainings():
    proxies, runs = np.stack([PROXY, -PROXY], axis=1), np.stack([TRUTH, TRUTH[::-1]], axis=1)
    scores = read_user_scores({"architecture": NAMES, "proxy": proxies, "standalone": runs})
    assert len(scores.variants[0].pools) == 2
    assert scores.variants[0].truth.runs.shape == (NUM, 2)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, "expected a file, a data frame, a table or a mapping of columns, got int"),
        ({}, "expected named columns, got none"),
        ({"architecture": ["a"], "proxy": [1, 2], "standalone": [1]}, "architecture 1, proxy 2, standalone 1"),
        ({"architecture": "abc", "proxy": [1], "standalone": [1]}, "got one text; give a list"),
        (
            {"architecture": ["a"], "proxy": ["x"], "standalone": [1]},
            "row 1: column 'proxy': expected numbers, got 'x'",
        ),
        ({"architecture": [], "proxy": [], "standalone": []}, "got a header only"),
        ({"architecture": ["a"], "proxy": np.ones((1, 1, 1)), "standalone": [1]}, "one or two dimensions, got 3"),
        ({"architecture": ["a"], "proxy": [1], "standalone": 0.5}, "expected a value for each row, got float"),
    ],
)
def test_python_objects_that_are_refused(source, message):
    with pytest.raises(ShareOrNotError, match=message):
        read_user_scores(source)


# 20: accuracies looked up


def test_accuracies_are_looked_up(read, replay_table, monkeypatch):
    monkeypatch.setattr("shareornot.appraisal.user_scores.accuracies.open_table", lambda _: replay_table)
    cells = open_space("nasbench101").texts(np.arange(200, 200 + NUM))
    known = replay_table.mean("validation_accuracy")[200 : 200 + NUM]
    scores = read(table(architecture=cells, standalone=None))
    assert is_right(scores, truth=known.round(9))
    assert "Looked up in the table made up, which holds 40 of the 40 architectures" in " ".join(
        scores.variants[0].truth.notes
    )
    with pytest.raises(
        DataError, match="expected the column standalone, got none, and architectures that no table holds"
    ):
        read(table(standalone=None))
    with pytest.raises(DataError, match="and the table made up is of nasbench101, where the architectures are of nasb"):
        read(table(architecture=edges_texts(), standalone=None))


def test_accuracies_without_a_table(read, monkeypatch, tmp_path):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"no table to look them up: .*fetch nasbench201.*or add the column"):
        read(table(architecture=edges_texts(), standalone=None))
