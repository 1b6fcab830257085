import pytest

from shareornot.errors import DataError, SettingsError
from shareornot.reproduction.wide.index import in_order_of, index_of_names, read_index, where


def csv(path, text):
    path.write_text(text)
    return path


def test_columns_of_texts_truth_values_and_whole_numbers_are_settings(wide_folder):
    index = read_index(wide_folder / "index.parquet")
    assert list(index.columns) == ["kind", "thresholds", "balanced", "epochs"]
    assert index.names[0] == "seed-0-one"
    assert index.seeds[:2] == ("0", "0")
    assert index.columns["epochs"][0] == 250
    assert index.columns["balanced"][:3] == (False, False, True)


def test_an_index_in_csv_is_read_alike(tmp_path):
    lines = ["supernet,seed,thresholds,balanced,epochs,tau", "a,0,20,True,250,0.5", 'b,1,"15,20",False,500,0.25']
    index = read_index(csv(tmp_path / "index.csv", "\n".join(lines) + "\n"))
    assert index.columns == {"thresholds": ("20", "15,20"), "balanced": (True, False), "epochs": (250, 500)}


def test_names_alone_give_seed_and_training():
    index = index_of_names(["seed-0-balanced", "seed-12-balanced", "one_seed3", "no number"])
    assert index.seeds == ("0", "12", "3", "0")
    assert index.columns == {"trained": ("balanced", "balanced", "one", "no number")}


def test_conditions_select(wide_folder):
    index = where(read_index(wide_folder / "index.parquet"), ["balanced=yes", "thresholds="])
    assert index.names == ("seed-0-one-balanced", "seed-118-one-balanced", "seed-5349-one-balanced")
    assert in_order_of(index, [index.names[1]]).seeds == ("118",)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (["balanced"], "expected SETTING=VALUE with a setting among kind, thresholds"),
        (["channels=5"], "setting among kind"),
        (["balanced=True"], "value among no, yes"),
        (["thresholds=", "kind=few-shot"], "expected super-nets, got none"),
    ],
)
def test_conditions_that_select_nothing(wide_folder, conditions, message):
    with pytest.raises(SettingsError, match=message):
        where(read_index(wide_folder / "index.parquet"), conditions)


def test_files_that_are_no_index(tmp_path, wide_folder):
    with pytest.raises(DataError, match="columns supernet and seed"):
        read_index(wide_folder / "truth.parquet")
    with pytest.raises(DataError, match="once, got 'a' twice"):
        read_index(csv(tmp_path / "twice.csv", "supernet,seed,epochs\na,0,1\na,1,1\n"))
    with pytest.raises(SettingsError, match="--setting 'nothing'"):
        read_index(wide_folder / "index.parquet", ["nothing"])
    with pytest.raises(DataError, match="none for other"):
        in_order_of(read_index(wide_folder / "index.parquet"), ["other"])
