import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.studies.study_file import (
    PRESETS,
    decode_study,
    describe_presets,
    new_study,
    preset_text,
    read_study,
    study_text,
    write_study,
)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_studies_and_survive_a_round_trip(preset, tmp_path):
    study = decode_study({"preset": preset})
    assert study.name == preset
    assert decode_study(tomllib.loads(study_text(study))) == study
    write_study(tmp_path / "study.toml", study)
    assert read_study(tmp_path) == study == read_study(tmp_path / "study.toml")
    assert describe_presets()[preset] in preset_text(preset)


def test_the_documentation_lists_every_preset():
    page = (Path(__file__).parents[2] / "docs" / "studies.md").read_text()
    assert re.findall(r"(?m)^\| `([\w-]+)` \|", page) == list(PRESETS)


def test_a_new_file_is_the_preset_with_its_comments(tmp_path):
    new_study(tmp_path / "a.toml", "digits")
    assert "# TOP-k" in (tmp_path / "a.toml").read_text()
    assert read_study(tmp_path / "a.toml") == decode_study({"preset": "digits", "name": "a"})
    with pytest.raises(SettingsError, match="expected the name of a new file, got an existing file"):
        new_study(tmp_path / "a.toml", "digits")


def test_the_settings_of_the_two_versions_of_the_paper():
    first, second = decode_study({"preset": "paper-v1"}), decode_study({"preset": "paper-v2"})
    assert [len(one.chapters()) for one in (first, second)] == [7 * 6, 7 * 6 + 7]
    for chapter in first.chapters():
        assert len(chapter.seeds) == 5
        assert chapter.pool.num_cells == 1000
        assert chapter.search.num_trained == (1, 10, 100)
        assert (chapter.search.random_search, chapter.search.count_scoring) == ("pool", False)
    searches = [one for one in second.chapters() if one.experiment == "searches"]
    assert {(len(one.seeds), one.pool.num_cells, one.supernet.variant, one.evaluation) for one in searches} == {
        (30, 10_000, "baseline", "bns-ft")
    }
    assert {one.search.num_trained for one in second.chapters()} == {(1, 10, 20)}
    supernet = first.chapters()[0].supernet.with_seed(3)
    assert (supernet.training.epochs, supernet.network.num_filters, supernet.training.seed) == (432, 16, 3)
    assert [one.scoring.adaptation for one in first.chapters()[:2]] == ["none", "last-batch"]


def test_a_file_overrides_its_preset_and_the_command_line_both(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('preset = "digits"\nname = "mine"\n[training]\nepochs = 7\n')
    study = read_study(path, ["training.epochs=9", "recipe=as-described", 'spaces=["A1"]', "pool.num_cells = 'all'"])
    assert (study.name, study.spaces) == ("mine", ("A1",))
    assert (study.training, study.pool) == ({"epochs": 9}, {"num_cells": "all"})
    assert study.supernets == decode_study({"preset": "digits"}).supernets
    assert study.chapters()[0].supernet.training.epochs == 9


def test_two_studies_of_one_preset_have_names_of_their_own(tmp_path):
    for name in ("first", "second"):
        (tmp_path / f"{name}.toml").write_text('preset = "digits"\n')
        assert read_study(tmp_path / f"{name}.toml").name == name
    new_study(tmp_path / "third.toml", "laptop")
    assert read_study(tmp_path / "third.toml").name == "third"


def test_an_experiment_may_differ_in_anything_but_the_data():
    experiments = {"wide": {"network": {"num_filters": 12}}, "long": {"training": {"epochs": 2}}}
    chapters = decode_study({"preset": "digits", "experiments": experiments}).chapters()
    supernets = [(one.experiment, one.supernet) for one in chapters]
    sizes = {(name, supernet.network.num_filters, supernet.training.epochs) for name, supernet in supernets}
    assert sizes == {("wide", 12, 300), ("long", 8, 2)}


def test_a_damaged_folder_is_reported_with_a_remedy(tmp_path):
    for content in (b"damaged = ", b"\xff", b'name = "a"\n', b"[training]\nepochs = 0\n"):
        (tmp_path / "study.toml").write_bytes(content)
        with pytest.raises(DataError, match="delete it and run the command again that made the folder"):
            read_study(tmp_path)


def test_experiments_of_a_file_replace_those_of_its_preset():
    own = decode_study({"preset": "paper-v2", "experiments": {"only": {"spaces": ["A4"], "supernets": 2}}})
    assert [(one.experiment, one.supernet.space, len(one.seeds)) for one in own.chapters()] == [("only", "A4", 2)]
    changed = decode_study({"preset": "paper-v2"}, ["experiments.searches.supernets=3"])
    assert {len(one.seeds) for one in changed.chapters()} == {5, 3}


def test_a_path_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.arrow").touch()
    (tmp_path / "a.toml").write_text('preset = "digits"\nbenchmark = "table.arrow"\n')
    assert read_study(tmp_path / "a.toml").benchmark == str(tmp_path / "table.arrow")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 3}, "epochs: expected a known setting, got an unknown one; try 'training.epochs'"),
        ({"training": {"epoch": 3}}, "training.epoch: .*; try 'training.epochs'"),
        ({"trainign": {}}, "trainign: .*; try 'training'"),
        ({"training": {"optimizer": {"lr": 1}}}, "training.optimizer.lr: .*; try 'training.optimizer"),
        ({"experiments": {"a": {"pol": {}}}}, "experiments.a.pol: .*; try 'experiments.a.pool'"),
        ({"training": {"epochs": "many"}}, "training.epochs: input should be a valid integer, got 'many'"),
        ({"training": {"epochs": 0}}, "epochs: expected at least 1, got 0"),
        ({"training": 3}, "training: .*, got 3"),
        ({"supernets": 0}, "supernets: expected at least 1, and a seed from 0, got 0 and 0"),
        ({"supernets": 2.5}, "supernets: .*, got 2.5"),
        ({"seed": -1}, "supernets: expected at least 1, and a seed from 0, got 3 and -1"),
        ({"spaces": []}, "spaces: expected at least one and no duplicates, got none"),
        ({"spaces": ["A1", "A1"]}, "spaces: expected at least one and no duplicates, got A1, A1"),
        ({"spaces": ["A9"]}, "space: expected one of A1, .*, got 'A9'"),
        ({"variants": ["avg-4"]}, "variant: expected one of .*, got 'avg-4'"),
        ({"recipe": "as-published"}, "recipe: expected tuned on digits, got as-published"),
        ({"pool": {"num_cells": 0}}, "pool.num_cells: expected at least 1, or 'all', got 0"),
        ({"search": {"num_trained": [10, 1]}}, r"search.num_trained: expected increasing numbers"),
        ({"watching": {"num_cells": 1}}, "watching: expected num_times from 0"),
        ({"name": "../x"}, "name: expected a word that can name a folder, got '../x'"),
        ({"preset": "digit"}, "preset: expected one of .*, got 'digit'; try 'digits'"),
        ({"preset": 3}, "preset: expected one of .*, got 3"),
    ],
)
def test_mistakes_are_named(values, message):
    with pytest.raises(SettingsError, match=message):
        decode_study({"preset": "digits", **values})


def test_a_missing_setting_is_named():
    with pytest.raises(SettingsError, match="benchmark: field required"):
        decode_study({"name": "a", "images": "digits"})


@pytest.mark.parametrize("text", ["training.epochs", "=3", "a b=3", "a=1\nb=2", "a..b=1"])
def test_a_wrong_override_is_refused(text):
    with pytest.raises(SettingsError, match="--set: expected a dotted name"):
        decode_study({"preset": "digits"}, [text])


def test_invalid_files(tmp_path):
    with pytest.raises(MissingDataError, match="expected a study file or folder, found none; write one with"):
        read_study(tmp_path / "a.toml")
    for content in (b"a = ", b"\xff\xfe", b"<html>"):
        (tmp_path / "a.toml").write_bytes(content)
        with pytest.raises(DataError, match=r"a\.toml: expected a study in TOML"):
            read_study(tmp_path / "a.toml")


def test_an_experiment_without_changes_survives_the_round_trip(tmp_path):
    experiments = {"plain": {}, "pro-rata": {"training": {"method": "pro-rata"}}}
    study = decode_study({"preset": "digits", "experiments": experiments})
    write_study(tmp_path / "study.toml", study)
    assert list(read_study(tmp_path / "study.toml").experiments) == ["plain", "pro-rata"]
    assert read_study(tmp_path / "study.toml") == study


@given(name=st.text(min_size=1).filter(lambda text: not set(text) & set("/\\\0") and not text.startswith(".")))
def test_any_text_survives_the_round_trip(name):
    try:
        name.encode()
    except UnicodeEncodeError:
        return  # half a character is no text
    study = decode_study({"preset": "digits", "name": name, "experiments": {name: {"supernets": 1}}})
    assert decode_study(tomllib.loads(study_text(study))) == study
