"""From files of NASBench-101 to tables."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, MissingDataError
from shareornot.spaces.nasbench101 import Cell
from shareornot.storage import sha256_of
from shareornot.tables.nasbench101 import OFFICIAL_FILES, group_by_cell, import_parquet, import_tfrecord
from shareornot.tables.table import BenchmarkTable
from shareornot.tables.table_file import METRICS, MOMENTS
from shareornot.tables.tfrecord import read_records


def test_every_value_reaches_its_place(tmp_path, make_trainings, as_tfrecord):
    indices = [2531, 0, 423_623, 90]
    trainings = make_trainings(indices, budgets=(4, 108), num_runs=3)
    order = np.random.default_rng(0).permutation(len(trainings))
    source = tmp_path / "shuffled.tfrecord"
    source.write_bytes(as_tfrecord([trainings[i] for i in order]))
    info = import_tfrecord(source, tmp_path / "table.arrow")
    table = BenchmarkTable.open(tmp_path / "table.arrow")
    table.verify()
    assert table.info == info
    assert (info.budgets, info.num_runs, info.source_sha256) == ((4, 108), 3, sha256_of(source))
    assert info.provenance["official"] is False
    assert table.cells.tolist() == sorted(indices)
    runs = dict.fromkeys([(training["hash"], training["epochs"]) for training in trainings], 0)
    for i in order:
        training = trainings[i]
        key = training["hash"], training["epochs"]
        for when in MOMENTS:
            got = table.query(training["cell"], run=runs[key], budget=training["epochs"], when=when)
            assert got.trainable_parameters == training["parameters"]
            values = [got.training_time_s, got.train_accuracy, got.validation_accuracy, got.test_accuracy]
            assert values == training[when][1:]
        runs[key] += 1


def test_isomorphic_specifications_are_one_cell(make_trainings, as_tfrecord, tmp_path):
    first = Cell.parse("0110000100010000;input,conv1x1-bn-relu,maxpool3x3,output")
    second = Cell.parse("0110000100010000;input,maxpool3x3,conv1x1-bn-relu,output")
    trainings = make_trainings([first.index], num_runs=2)
    trainings[0]["cell"], trainings[1]["cell"] = first, second
    path = tmp_path / "relabelled.tfrecord"
    path.write_bytes(as_tfrecord(trainings))
    _, columns = group_by_cell(read_records(path))
    assert columns.cells.tolist() == [first.index]


def test_parquet_gives_the_same_table(tmp_path, make_trainings, as_tfrecord, as_parquet):
    trainings = make_trainings([2531, 0, 4, 423_623, 90])
    (tmp_path / "a.tfrecord").write_bytes(as_tfrecord(trainings))
    import_tfrecord(tmp_path / "a.tfrecord", tmp_path / "a.arrow")
    info = import_parquet(as_parquet(trainings, tmp_path / "b.parquet"), tmp_path / "b.arrow")
    assert info.provenance["float32_exact"]
    first, second = BenchmarkTable.open(tmp_path / "a.arrow"), BenchmarkTable.open(tmp_path / "b.arrow")
    np.testing.assert_array_equal(first.cells, second.cells)
    np.testing.assert_array_equal(first.trainable_parameters, second.trainable_parameters)
    assert [first.module_hash(row) for row in range(5)] == [second.module_hash(row) for row in range(5)]
    for when in MOMENTS:
        for metric in METRICS:
            np.testing.assert_array_equal(first.values(metric, when=when), second.values(metric, when=when))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trainings: trainings.pop(), "expected 3 trainings with 108 epochs.* got 2"),
        (lambda trainings: trainings[0].update(hash="0" * 32), "module hash: expected the same for all trainings"),
        (lambda trainings: trainings[0].update(parameters=1), "parameters: expected the same for all trainings"),
        (lambda trainings: [training.update(parameters=7) for training in trainings], "trainable parameters of cell"),
        (
            lambda trainings: [training.update(hash="0" * 32) for training in trainings],
            "module_hash: expected each once|hash",
        ),
        (lambda trainings: trainings[4]["final"].__setitem__(3, 94.2), "expected fractions from 0 to 1, got 94.1"),
        (lambda trainings: trainings[4]["halfway"].__setitem__(1, -1.0), "halfway_training_time.*expected seconds"),
        (lambda trainings: trainings[4]["final"].__setitem__(2, float("nan")), "final_train_accuracy.*got nan"),
        (lambda trainings: trainings[4]["final"].__setitem__(1, 1e300), "final_training_time.*got inf"),
    ],
)
def test_refuses_wrong_contents_and_leaves_nothing(tmp_path, make_trainings, as_tfrecord, change, message):
    trainings = make_trainings([4, 90])
    change(trainings)
    source, target = tmp_path / "wrong.tfrecord", tmp_path / "table.arrow"
    source.write_bytes(as_tfrecord(trainings))
    with pytest.raises(DataError, match=message):
        import_tfrecord(source, target)
    assert list(tmp_path.iterdir()) == [source]


def test_refuses_what_is_no_cell(tmp_path, make_trainings, as_frame, as_payload):
    fields = json.loads(as_payload(make_trainings([4])[0]))
    fields[2] = "000000000"
    source = tmp_path / "unconnected.tfrecord"
    source.write_bytes(as_frame(json.dumps(fields).encode()))
    with pytest.raises(DataError, match=r"record 0: .*expected a path from the input"):
        import_tfrecord(source, tmp_path / "table.arrow")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"module_hash": "xyz"}, "32 hexadecimal digits"),
        ({"module_hash": None}, "expected text"),
        ({"module_adjacency": "0120"}, "architecture 1 of 1, '0120;.*expected 0 or 1, got 2|expected text like"),
        (
            {"module_adjacency": "0" * 9, "module_operations": "input,maxpool3x3,output"},
            "expected a path from the input",
        ),
        ({"module_operations": "input,magic,output"}, "architecture 1 of 1, .*got 'magic'"),
        ({"trainable_parameters": 12}, "trainable parameters of cell"),
        ({"final_test_accuracy_0": 94.0}, "expected fractions"),
        ({"final_test_accuracy_0": "high"}, "numbers"),
    ],
)
def test_refuses_wrong_parquet(tmp_path, make_trainings, as_parquet, changes, message):
    source = as_parquet(make_trainings([4]), tmp_path / "wrong.parquet", **changes)
    with pytest.raises(DataError, match=message):
        import_parquet(source, tmp_path / "table.arrow")
    assert list(tmp_path.iterdir()) == [source]


def test_refuses_other_parquet(tmp_path):
    with pytest.raises(MissingDataError):
        import_parquet(tmp_path / "nowhere.parquet", tmp_path / "table.arrow")
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"architecture": ["a"], "accuracy": [0.5]}), path)
    with pytest.raises(DataError, match="the column module_hash, got architecture, accuracy"):
        import_parquet(path, tmp_path / "table.arrow")
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=str(path)):
        import_parquet(path, tmp_path / "table.arrow")


def test_double_precision_is_admitted(tmp_path, make_trainings, as_parquet):
    source = as_parquet(make_trainings([4]), tmp_path / "double.parquet", final_test_accuracy_1=0.1)
    assert import_parquet(source, tmp_path / "table.arrow").provenance["float32_exact"] is False


def test_published_files_are_known():
    assert sorted(OFFICIAL_FILES.values()) == ["nasbench_full.tfrecord", "nasbench_only108.tfrecord"]
    assert all(len(sha256) == 64 for sha256 in OFFICIAL_FILES)


def test_the_real_sample(shared_data, sample_table):
    """All real rows arrive: hashes, parameters and cells belong together, and float32 holds every value."""
    table = BenchmarkTable.open(sample_table)
    table.verify()
    assert len(table) == 151_644
    assert not table.is_complete
    assert table.info.provenance["float32_exact"]
    assert table.info.network["num_filters"] == 128
    rows = pq.read_table(shared_data / "nasbench101-sample.parquet").slice(70_000, 50).to_pylist()
    for row in rows:
        for run in range(3):
            got = table.query(row["module_hash"], run=run)
            assert got.test_accuracy == row[f"final_test_accuracy_{run}"]
            assert got.training_time_s == row[f"final_training_time_{run}"]
            assert got.trainable_parameters == row["trainable_parameters"]
            half = table.query(row["module_hash"], run=run, when="halfway")
            assert half.validation_accuracy == row[f"halfway_validation_accuracy_{run}"]
