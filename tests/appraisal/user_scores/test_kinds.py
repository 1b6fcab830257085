"""What columns are taken for, kind by kind; right values are SciPy's on the intended data."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from jaxtyping import TypeCheckError
from made_up_score_files import NAMES, NUM, PROXY, TRUTH, baselines, csv, features, is_right, spearmans, table

from shareornot.appraisal.user_scores import read_user_scores
from shareornot.appraisal.user_scores.agreements import agreement_of
from shareornot.errors import DataError, SettingsError


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


def test_a_seed_that_distinguishes_no_super_nets(read):
    twice = {key: [*values, *values] for key, values in table().items()}
    twice["proxy"] = [*map(str, PROXY), *map(str, PROXY[::-1])]
    twice["seed"] = [str(number % 2) for number in range(NUM)] * 2
    with pytest.raises(DataError, match=rf"row {NUM + 1} \(line {NUM + 2}\): column 'seed': .* --ignore seed"):
        read(twice)
    once = table(seed=np.arange(NUM))
    assert is_right(read(once))
    assert "seed (how the run went)" in " ".join(read(once).notes)


def test_test_accuracies_of_some(read):
    test = np.where(np.arange(NUM) < 12, TRUTH, np.nan)
    scores = read(table(test=["" if np.isnan(value) else value for value in test]))
    assert is_right(scores)
    truth = scores.variants[0].truth
    assert len(truth.table.cells) == 12
    assert f"Agreement is with all {NUM} standalone accuracies; searches are over the 12" in " ".join(truth.notes)


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


def test_equal_means_tie(read):
    rng = np.random.default_rng(1)
    runs = rng.integers(87, 91, (NUM, 5))
    scores = read(table(standalone=None, **{f"standalone_{number}": run for number, run in enumerate(runs.T)}))
    assert is_right(scores, truth=runs.sum(axis=1))


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


@pytest.mark.parametrize("name", ["proxy0", "proxy[0]", "proxy_00", "Proxy.0"])
def test_numbers_behind_a_name_in_any_spelling(read, name):
    scores = read(table(proxy=None) | {name: [*map(str, PROXY)], name.replace("0", "1"): [*map(str, -PROXY)]})
    assert len(scores.variants[0].pools) == 2
    assert is_right(scores)


def test_brackets_in_a_pattern_stand_for_themselves(read):
    columns = table(proxy=None) | {"p[0]": [*map(str, PROXY)], "p[1]": [*map(str, -PROXY)]}
    assert is_right(read(columns, proxy="p[*]"))
    assert is_right(read(columns, proxy="p[0]"))


def test_a_pattern_of_proxies_leaves_the_column_that_is_named_for_the_accuracies(read):
    columns = table(proxy=None, standalone=None) | {"x 0": [*map(str, PROXY)], "x 1": [*map(str, TRUTH)]}
    scores = read(columns, proxy="x *", standalone="x 1")
    assert len(scores.variants[0].pools) == 1
    assert is_right(scores)
    with pytest.raises(SettingsError, match=r"'x 0' in both"):
        read(columns, proxy="x *", standalone="x *")


def test_a_second_row_of_names_is_reported(tmp_path):
    names = [("architecture", ""), ("proxy", ""), ("standalone", "alone")]
    frame = pd.DataFrame(dict(zip(names, zip(*zip(NAMES, PROXY, TRUTH, strict=True), strict=True), strict=True)))
    frame.to_csv(tmp_path / "levels.csv", index=False)
    with pytest.raises(DataError, match=r"row 1 \(line 2\): column 'architecture': .* second row of names"):
        read_user_scores(tmp_path / "levels.csv")


def test_what_machines_and_logs_write_is_no_structure(read):
    told = {name: [f"{name} {n % 3}" for n in range(NUM)] for name in ("hostname", "node_ip", "user", "tags", "done")}
    counts = {name: [str(n * n % 11) for n in range(NUM)] for name in ("pid", "training_iteration", "_step")}
    scores = read(table(depth=np.arange(NUM) % 4) | told | counts)
    assert set(features(scores)) == {"depth"}
