import time
from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.tables import ArchitectureTableInfo, Column, open_benchmark, open_table, write_architecture_table
from shareornot.tables.architecture_table_file import read_architecture_table

COLUMNS = tuple(
    Column(metric=metric, data_set=data_set, epochs=epochs, runs=("777", "888"))
    for data_set in ("cifar10", "cifar100")
    for epochs in (12, 200)
    for metric in ("validation_accuracy", "test_accuracy")
)
INFO = ArchitectureTableInfo(name="made-up", family="macro", num_architectures=6_561, columns=COLUMNS, source="x.csv")


@pytest.fixture
def path(tmp_path):
    rng = np.random.default_rng(0)
    values = [rng.random((6_561, 2)).astype(np.float32) for _ in COLUMNS]
    values[0][5] = np.nan
    write_architecture_table(tmp_path / "made-up.arrow", INFO, np.arange(6_561)[::-1], [one[::-1] for one in values])
    return tmp_path / "made-up.arrow"


def test_it_is_read_back(path):
    table = read_architecture_table(path)
    assert table.info == INFO
    assert table.metrics == ("validation_accuracy", "test_accuracy")
    assert table.settings == ("cifar10:12", "cifar10:200", "cifar100:12", "cifar100:200")
    expected = np.random.default_rng(0).random((6_561, 2)).astype(np.float32)
    expected[5] = np.nan
    np.testing.assert_array_equal(table.select(data_set="cifar10", epochs=12).values("validation_accuracy"), expected)
    assert np.isnan(table.select(data_set="cifar10", epochs=12).mean("validation_accuracy")[5])
    table.verify()


def test_an_ambiguous_selection_is_refused(path):
    table = read_architecture_table(path)
    with pytest.raises(SettingsError) as caught:
        table.mean("test_accuracy")
    assert "there for cifar10:12, cifar10:200, cifar100:12, cifar100:200; select one" in str(caught.value)
    assert "made-up:cifar10:12" in str(caught.value)
    with pytest.raises(SettingsError, match="test_accuracy is there for cifar10:12, cifar10:200; select one"):
        table.select(data_set="cifar10").mean("test_accuracy")
    with pytest.raises(SettingsError, match=r"expected a data set and epochs among cifar10:12.*got svhn, 12 epochs"):
        table.select(data_set="svhn", epochs=12)


def test_a_name_selects_data_set_and_epochs(path):
    assert open_table(f"{path}").settings[0] == "cifar10:12"
    assert open_table(f"{path}:cifar100:200").settings == ("cifar100:200",)
    assert open_table(f"{path}:cifar100").settings == ("cifar100:12", "cifar100:200")
    with pytest.raises(SettingsError, match="expected NAME:DATA_SET:EPOCHS with a whole number, got 'many'"):
        open_table(f"{path}:cifar100:many")
    with pytest.raises(SettingsError, match="got svhn"):
        open_table(f"{path}:svhn")
    with pytest.raises(DataError, match=r"expected a table of cells of NASBench-101 .* got one about macro"):
        open_benchmark(path)
    with pytest.raises(SettingsError, match="table digits: expected no suffix"):
        open_table("digits:digits:20")


def test_opening_takes_milliseconds(path):
    open_table(path)
    begin = time.process_time()
    open_table(path)
    assert time.process_time() - begin < 0.05


def test_a_damaged_file_is_refused(path):
    content = path.read_bytes()
    for damaged in (content[:-200], content.replace(b"macro", b"micro"), content.replace(b"200", b"-2x"), b""):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="not a table, or damaged"):
            read_architecture_table(path)
    with pytest.raises(MissingDataError):
        read_architecture_table(path.with_name("none.arrow"))


ONE = replace(INFO, columns=COLUMNS[:1])


@pytest.mark.parametrize(
    ("info", "architectures", "values", "message"),
    [
        (ONE, [0, 0], [[0.1, 0.2]] * 2, "expected each once, got number 0 twice"),
        (ONE, [0, 6_561], [[0.1, 0.2]] * 2, "expected numbers from 0 to 6,560"),
        (ONE, [0, 1], [[0.1, 94.2]] * 2, "of architecture 0 on cifar10:12: expected fractions from 0 to 1, got 94.2"),
        (ONE, [0, 1], [[0.1, -0.1]] * 2, "expected fractions from 0 to 1, got -0.1"),
        (ONE, [0, 1], [[0.1]] * 2, "expected shape"),
        (ONE, [], np.zeros((0, 2)), "expected at least one, got none"),
        (replace(ONE, num_architectures=100), [0], [[0.1, 0.2]], "num_architectures: expected one of 6561, got 100"),
        (replace(ONE, family="micro"), [0], [[0.1, 0.2]], "family: expected one of"),
        (replace(ONE, family=None), [0], [[0.1, 0.2]], "texts: expected the text of each architecture for a list"),
    ],
)
def test_impossible_tables_are_refused(tmp_path, info, architectures, values, message):
    with pytest.raises(DataError) as caught:
        write_architecture_table(tmp_path / "odd.arrow", info, np.array(architectures, int), [np.array(values)])
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_impossible_columns_are_refused():
    with pytest.raises(DataError, match="metric: expected one of train_accuracy"):
        Column(metric="loss", data_set="x", runs=("0",))
    with pytest.raises(DataError, match="expected at least one run"):
        Column(metric="test_accuracy", data_set="x", runs=("0", "0"))
    with pytest.raises(DataError, match="each metric once"):
        replace(INFO, columns=(COLUMNS[0], COLUMNS[0]))
