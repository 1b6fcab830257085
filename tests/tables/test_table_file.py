"""The file format: round trip, and refusal of whatever is none."""

import dataclasses
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shareornot.errors import DataError, MissingDataError, ShareOrNotError
from shareornot.spaces.nasbench101 import unique_codes
from shareornot.tables.table import BenchmarkTable
from shareornot.tables.table_file import (
    METADATA_KEY,
    NUM_CELLS_UP_TO,
    VALUE_COLUMNS,
    TableColumns,
    TableInfo,
    read_table,
    write_table,
)


def test_round_trip(tmp_path, make_columns, info):
    columns = make_columns()
    write_table(tmp_path / "table.arrow", columns, info)
    got, hash_order, got_info = read_table(tmp_path / "table.arrow")
    assert got_info == info
    for field in ("cells", "module_hashes", "trainable_parameters"):
        np.testing.assert_array_equal(getattr(got, field), getattr(columns, field))
    for name in VALUE_COLUMNS:
        np.testing.assert_array_equal(got.values[name], columns.values[name])
    hashes = [got.module_hashes[row].tobytes() for row in hash_order]
    assert hashes == sorted(hashes)


def test_is_mapped_not_read(tmp_path, make_columns, info):
    write_table(tmp_path / "table.arrow", make_columns(), info)
    before = pa.total_allocated_bytes()
    columns, _, _ = read_table(tmp_path / "table.arrow")
    assert pa.total_allocated_bytes() == before
    assert not any(values.flags.writeable or values.flags.owndata for values in columns.values.values())


def test_another_program_can_read_it(tmp_path, make_columns, info):
    columns = make_columns()
    write_table(tmp_path / "table.arrow", columns, info)
    with pa.ipc.open_file(tmp_path / "table.arrow") as reader:
        table = reader.read_all()
    assert table["cell"].to_pylist() == columns.cells.tolist()
    assert table["final_test_accuracy"].to_pylist() == columns.values["final_test_accuracy"].reshape(6, -1).tolist()
    assert json.loads(table.schema.metadata[METADATA_KEY])["budgets"] == [4, 108]


def test_universes_have_the_sizes_of_the_cells():
    assert {number: len(unique_codes(number)) for number in range(2, 8)} == NUM_CELLS_UP_TO


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cells": np.array([5, 4, 6, 7, 8, 9], np.int32)}, "increasing unique indices below 2,532"),
        ({"cells": np.array([5, 5, 6, 7, 8, 9], np.int32)}, "increasing unique indices"),
        ({"cells": np.array([-1, 5, 6, 7, 8, 9], np.int32)}, "increasing unique indices"),
        ({"cells": np.array([4, 5, 6, 7, 8, 2532], np.int32)}, "increasing unique indices"),
        ({"module_hashes": np.zeros((6, 16), np.uint8)}, "expected each once, got 0000"),
        ({"trainable_parameters": np.array([-1, 1, 1, 1, 1, 1])}, "trainable_parameters: expected at least 0"),
        ({"values": {}}, "is wrong"),
    ],
)
def test_refuses_to_write_wrong_columns(tmp_path, make_columns, info, change, message):
    columns = dataclasses.replace(make_columns(), **change)
    with pytest.raises(DataError, match=message):
        write_table(tmp_path / "table.arrow", columns, info)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("final_test_accuracy", 94.2, "expected fractions from 0 to 1, got 94.1"),
        ("final_test_accuracy", np.nan, "expected fractions"),
        ("halfway_train_accuracy", -0.1, "expected fractions"),
        ("final_training_time", np.inf, "expected seconds"),
        ("final_training_time", -1.0, "expected seconds"),
    ],
)
def test_verify_sees_every_value(tmp_path, make_columns, info, name, value, message):
    write_table(tmp_path / "table.arrow", make_columns(), info)
    content = bytearray((tmp_path / "table.arrow").read_bytes())
    old = make_columns().values[name][4, 1, 0]
    at = content.find(old.tobytes())
    assert at == content.rfind(old.tobytes())
    content[at : at + 4] = np.float32(value).tobytes()
    (tmp_path / "table.arrow").write_bytes(content)
    table = BenchmarkTable.open(tmp_path / "table.arrow")
    with pytest.raises(DataError, match=f"{name} of cell {make_columns().cells[4]}: {message}"):
        table.verify()


def test_wrong_shape_of_values(tmp_path, make_columns, info):
    with pytest.raises(DataError, match=r"expected shape \(6, 1, 3\) .*, got \(6, 2, 3\)"):
        write_table(tmp_path / "table.arrow", make_columns(), dataclasses.replace(info, budgets=(4,)))


def test_no_cells(tmp_path, make_columns, info):
    columns = make_columns()
    empty = TableColumns(
        cells=columns.cells[:0],
        module_hashes=columns.module_hashes[:0],
        trainable_parameters=columns.trainable_parameters[:0],
        values={name: values[:0] for name, values in columns.values.items()},
    )
    with pytest.raises(DataError, match="expected at least one"):
        write_table(tmp_path / "table.arrow", empty, info)


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"ARROW1\0\0", b"PAR1" * 40], ids=["empty", "html", "arrow", "parquet"]
)
def test_refuses_other_files(tmp_path, content):
    path = tmp_path / "other.arrow"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path}: not a benchmark table, or damaged"):
        read_table(path)


def test_refuses_missing_files(tmp_path):
    with pytest.raises(MissingDataError, match="found no file"):
        read_table(tmp_path / "nowhere.arrow")
    with pytest.raises(MissingDataError, match="found no file"):
        read_table(tmp_path)


def rewrite(path, change_metadata=lambda content: content, **options):
    """Write a table again, otherwise."""
    with pa.ipc.open_file(path) as reader:
        table = reader.read_all()
    content = json.loads(table.schema.metadata[METADATA_KEY])
    change_metadata(content)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(content)})
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(format="other"), "expected the format shareornot-benchmark"),
        (lambda content: content.update(version=2), "version 1, got 2; install a newer"),
        (lambda content: content.update(num_runs="3"), "num_runs as int"),
        (lambda content: content.update(num_runs=4), "expected one batch with the columns"),
        (lambda content: content.update(num_runs=0), "num_runs: expected at least 1"),
        (lambda content: content.update(budgets=[]), "budgets: expected increasing"),
        (lambda content: content.update(budgets=[108, 4]), "budgets: expected increasing"),
        (lambda content: content.update(budgets=[4, 0.5]), "whole numbers"),
        (lambda content: content.update(max_vertices=8), "max_vertices: expected 2 to 7"),
        (lambda content: content.update(max_vertices=2), "increasing unique indices below 1"),
        (lambda content: content.pop("name"), "name as str"),
        (lambda content: content.update(network={"num_filters": "many"}), "whole numbers"),
    ],
)
def test_refuses_wrong_metadata(tmp_path, make_columns, info, change, message):
    path = tmp_path / "table.arrow"
    write_table(path, make_columns(), info)
    rewrite(path, change)
    with pytest.raises(DataError, match=message):
        read_table(path)


def test_fields_of_a_later_minor_change_are_ignored(tmp_path, make_columns, info):
    path = tmp_path / "table.arrow"
    write_table(path, make_columns(), info)
    rewrite(path, lambda content: content.update(colour="blue"))
    assert read_table(path)[2] == info


def test_refuses_compression(tmp_path, make_columns, info):
    path = tmp_path / "table.arrow"
    columns = make_columns(num_cells=2532)
    for values in columns.values.values():
        values[:] = 0.5
    write_table(path, columns, info)
    rewrite(path, compression="zstd")
    with pytest.raises(DataError, match="uncompressed"):
        read_table(path)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_damage_is_refused_or_harmless(tmp_path_factory, make_columns, info, data):
    """However the file is damaged: a typed error, or a table that can be queried without reading outside it."""
    path = tmp_path_factory.getbasetemp() / "damaged.arrow"
    write_table(path, make_columns(), info)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))])
    try:
        table = BenchmarkTable.open(path)
        for row, cell in enumerate(table.cells.tolist()):
            table.query(cell)
            table.query(table.module_hash(row))
        table.verify()
    except ShareOrNotError:
        return
    assert len(table) == 6


def test_information_survives(info):
    again = TableInfo.from_json(info.to_json())
    assert again == info
    for text in (b"", b"[]", b"3", b"null", b"\xff"):
        with pytest.raises(DataError, match="metadata"):
            TableInfo.from_json(text)
