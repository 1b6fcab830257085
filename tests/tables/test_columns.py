import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, MissingDataError, SettingsError, UnitError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.tables import import_columns, open_table

TEXTS = FAMILY.texts(np.array([3, 1, 4]))


@pytest.fixture
def target(tmp_path):
    return tmp_path / "table.arrow"


def csv_of(path, header, *rows):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_two_columns_are_enough(tmp_path, target):
    source = csv_of(tmp_path / "mine.csv", "architecture,accuracy", *(f"{t},0.{n}" for n, t in enumerate(TEXTS, 1)))
    table = import_columns(source, target, name="mine")
    assert (table.space.name, table.num_architectures) == ("nasbench201", 15_625)
    assert table.architectures.tolist() == [1, 3, 4]
    assert table.metrics == ("validation_accuracy",)
    np.testing.assert_allclose(table.mean("validation_accuracy"), [0.2, 0.1, 0.3], rtol=1e-6)
    assert open_table(target).info == table.info


def test_names_of_any_kind_are_a_list(tmp_path, target):
    source = csv_of(tmp_path / "mine.csv", "architecture,accuracy,kind", "small,0.1,a", "large,0.5,b")
    import_columns(source, target, name="mine")
    table = open_table(target)
    assert table.space.texts(table.architectures) == ["small", "large"]
    assert table.space.family == "mine"
    assert table.mean("validation_accuracy").tolist() == pytest.approx([0.1, 0.5])


def test_runs_metrics_and_gaps(tmp_path, target):
    source = csv_of(
        tmp_path / "mine.csv",
        "architecture,standalone_0,standalone_1,test,cost",
        f"{TEXTS[0]},90,92,91,12.5",
        f"{TEXTS[1]},,80,79,11",
        f"{TEXTS[2]},,,78,10",
    )
    table = import_columns(source, target, name="mine", percent=True, data_set="cifar10", epochs=12)
    assert table.metrics == ("validation_accuracy", "test_accuracy", "training_time")
    assert table.settings == ("cifar10:12",)
    np.testing.assert_allclose(table.mean("validation_accuracy"), [0.8, 0.91, np.nan], rtol=1e-6)
    np.testing.assert_allclose(table.values("training_time")[:, 0], [11, 12.5, 10])


def test_columns_may_be_named(shared_data, target):
    table = import_columns(
        shared_data / "nasbench201.parquet",
        target,
        name="published",
        columns={
            "validation_accuracy": ["cifar10_valid_200"],
            "test_accuracy": [f"cifar10_test_200_run_{run}" for run in range(3)],
        },
        percent=True,
        data_set="cifar10",
        epochs=200,
    )
    assert len(table) == 15_625
    missing = np.isnan(table.values("test_accuracy")).sum(axis=1)
    assert np.bincount(missing).tolist() == [7_961, 5_439, 2_225]
    assert 0.94 < table.mean("test_accuracy").max() < 0.95


def test_parquet_and_json(tmp_path, target):
    pq.write_table(pa.table({"architecture": TEXTS, "accuracy": [0.1, 0.2, 0.3]}), tmp_path / "mine.parquet")
    (tmp_path / "mine.json").write_text(json.dumps({t: {"test": [0.1, 0.2], "note": "x"} for t in TEXTS}))
    assert len(import_columns(tmp_path / "mine.parquet", target, name="mine")) == 3
    assert import_columns(tmp_path / "mine.json", target, name="mine").values("test_accuracy").shape == (3, 2)


def test_a_space_of_options_is_checked(tmp_path, target):
    (tmp_path / "space.toml").write_text("[decisions]\ndepth = [1, 2]\n")
    source = csv_of(tmp_path / "mine.csv", "architecture,accuracy", "depth=1,0.1", "depth=3,0.2")
    with pytest.raises(DataError, match="architecture 2 of 2, 'depth=3': depth: expected one of 1, 2, got '3'"):
        import_columns(source, target, name="mine", space=open_space(str(tmp_path / "space.toml")))
    source = csv_of(tmp_path / "mine.csv", "architecture,accuracy", "depth=1,0.1", "depth=2,0.2")
    table = import_columns(source, target, name="mine", space=open_space(str(tmp_path / "space.toml")))
    assert table.space.texts(table.architectures) == ["depth=1", "depth=2"]


HEADER = "architecture,accuracy"


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        ([HEADER], DataError, "expected at least one row"),
        ([""], DataError, "expected a first line with the names of the columns"),
        (["name,accuracy", "a,1"], DataError, "expected a column 'architecture' .*got name, accuracy; name the column"),
        (["architecture,loss", "a,1"], DataError, "expected a column with accuracies, such as 'accuracy'.*got loss"),
        ([HEADER, "a,0.5,3"], DataError, "line 2: expected 2 values, got 3"),
        ([HEADER, "a,good"], DataError, "accuracy of row 1: expected a number, got 'good'"),
        ([HEADER, ",0.5"], DataError, "architecture of row 1: expected text, got None"),
        ([HEADER, "a,0.5", "a,0.6"], DataError, "expected each once, got 'a' twice"),
        ([HEADER, f"{TEXTS[0]},0.5", f"{TEXTS[0]},0.6"], DataError, "expected each once, got .* twice"),
        (
            [HEADER, "a,94.2"],
            UnitError,
            "expected fractions from 0 to 1, got 94.2; state that they are percentages \\(--percent\\)",
        ),
        ([HEADER, "a,-0.2"], DataError, "expected fractions from 0 to 1, got -0.2"),
        ([HEADER, "a,"], DataError, "expected accuracies, got none"),
        ([HEADER, "a,nan"], DataError, "expected accuracies, got none"),
    ],
)
def test_files_of_something_else_are_refused(tmp_path, target, lines, error, message):
    source = csv_of(tmp_path / "odd.csv", *lines)
    with pytest.raises(error, match=message) as caught:
        import_columns(source, target, name="odd")
    assert str(caught.value).startswith(f"{source}: ")
    assert not target.exists()


def test_other_wrong_requests(tmp_path, target):
    source = csv_of(tmp_path / "mine.csv", HEADER, "a,0.5")
    with pytest.raises(MissingDataError, match="expected a CSV, Parquet or JSON file"):
        import_columns(tmp_path / "none.csv", target, name="mine")
    with pytest.raises(UnitError, match=r"expected percentages, got none above 0\.5"):
        import_columns(source, target, name="mine", percent=True)
    with pytest.raises(SettingsError, match="metric: expected one of"):
        import_columns(source, target, name="mine", columns={"loss": ["accuracy"]})
    with pytest.raises(DataError, match="test_accuracy: expected a column 'other', got accuracy"):
        import_columns(source, target, name="mine", columns={"test_accuracy": ["other"]})
    with pytest.raises(DataError, match="'a': expected eight digits"):
        import_columns(source, target, name="mine", space=open_space("macro"))
    (tmp_path / "odd.parquet").write_bytes(b"PAR1 something")
    (tmp_path / "odd.json").write_text("[1, 2]")
    for name in ("odd.parquet", "odd.json"):
        with pytest.raises(DataError, match="expected"):
            import_columns(tmp_path / name, target, name="mine")
