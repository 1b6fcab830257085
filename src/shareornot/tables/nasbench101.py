"""Makes a benchmark table of the files of NASBench-101, as published or in Parquet format.

Two sources: the official TFRecord files, and Parquet files with a row for each cell, which may hold some of the cells
only. Each cell is found by its adjacency and operations; that hash and number of parameters belong to it is checked, so
that a file with another meaning is refused rather than imported wrongly. Nothing is filled in.
"""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import UInt8

from shareornot.errors import CellError, DataError, MissingDataError
from shareornot.progress import Progress, Silent
from shareornot.spaces.nasbench101 import MAX_VERTICES, Cell, parameter_count, parse_codes, unique_index
from shareornot.storage import sha256_of
from shareornot.tables.contract import METRICS
from shareornot.tables.table_file import MOMENTS, VALUE_COLUMNS, TableColumns, TableInfo, write_table
from shareornot.tables.tfrecord import TrainingRecords, read_records

NETWORK = MappingProxyType(
    {"num_filters": 128, "num_stacks": 3, "cells_per_stack": 3, "num_classes": 10, "image_channels": 3}
)
OFFICIAL_FILES = MappingProxyType(
    {
        "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1": "nasbench_only108.tfrecord",
        "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c": "nasbench_full.tfrecord",
    }
)
"""SHA-256 of the published files, and their names."""
NUM_HASHES_CHECKED = 1000
"""Hashes that are computed again for comparison, spread over the file; all would take a minute."""
PARQUET_BUDGET = 108


def import_tfrecord(source: Path, target: Path, progress: Progress | None = None) -> TableInfo:
    """Make a table of an official file, with whatever budgets it has.

    Args:
        source: nasbench_only108.tfrecord, nasbench_full.tfrecord, or a part of them.
        target: the table; written whole or not at all.
        progress: receives the number of bytes of `source` that are done.

    Returns:
        The table's description; `provenance["official"]` is whether the file is one of the published ones.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, of another format, or different from NASBench-101's values of these cells.
    """
    records = read_records(source, progress)
    budgets, columns = group_by_cell(records)
    info = _info(
        source,
        budgets=budgets,
        num_runs=columns.values[VALUE_COLUMNS[0]].shape[2],
        sha256=records.sha256,
        provenance={
            "official": records.sha256 in OFFICIAL_FILES,
            "published_as": OFFICIAL_FILES.get(records.sha256),
            "num_records": len(records),
            "float32_exact": records.is_exact,
        },
    )
    check_cells(columns, info)
    write_table(target, columns, info)
    return info


def group_by_cell(records: TrainingRecords) -> tuple[tuple[int, ...], TableColumns]:
    """Bring trainings into the rows of a table; runs keep their order in the file.

    Returns:
        The budgets, increasing, and the rows.

    Raises:
        DataError: a cell with two hashes or numbers of parameters, or cells that were
            not all trained as often.
    """
    indices = unique_index(records.codes)
    budgets = tuple(np.unique(records.epochs).tolist())
    cells, rows = np.unique(indices, return_inverse=True)
    keys = rows * len(budgets) + np.searchsorted(budgets, records.epochs)
    counts = np.bincount(keys, minlength=len(cells) * len(budgets))
    num_runs = int(counts.max())
    if (counts < num_runs).any():
        row, budget = divmod(int(np.argmax(counts < num_runs)), len(budgets))
        raise DataError(
            f"cell {cells[row]}: expected {num_runs} trainings with {budgets[budget]} epochs, as for other cells, got "
            f"{counts.min()}; the file is incomplete; download it again"
        )
    order = np.argsort(keys, kind="stable")
    shape = (len(cells), len(budgets), num_runs)
    trainings = order.reshape(len(cells), -1)
    firsts = trainings[:, 0]
    for name, column in (("module hash", records.module_hashes), ("parameters", records.trainable_parameters)):
        for others in trainings.T[1:]:
            differs = np.atleast_2d((column[others] != column[firsts]).T).any(axis=0)
            if differs.any():
                raise DataError(
                    f"{name}: expected the same for all trainings of cell {cells[np.argmax(differs)]}, got two"
                )
    values = {
        f"{moment}_{metric}": records.values[:, i, j][order].reshape(shape)
        for i, moment in enumerate(MOMENTS)
        for j, metric in enumerate(METRICS)
    }
    columns = TableColumns(
        cells=cells.astype(np.int32),
        module_hashes=records.module_hashes[firsts],
        trainable_parameters=records.trainable_parameters[firsts],
        values=values,
    )
    return budgets, columns


def import_parquet(source: Path, target: Path, progress: Progress | None = None) -> TableInfo:
    """Make a table of a Parquet file with a row for each cell, all or some.

    Columns: `module_hash` (32 hexadecimal digits), `module_adjacency` (0/1, row by row), `module_operations` (with
    commas), `trainable_parameters`, and for each run i and each `VALUE_COLUMNS` name `<name>_<i>`, after 108 epochs.

    Args:
        source: Parquet file.
        target: the table; written whole or not at all.
        progress: advances by the size of the file in bytes.

    Returns:
        What the table is about.

    Raises:
        MissingDataError, DataError: as `import_tfrecord`.
    """
    progress = progress or Silent()
    if not source.is_file():
        raise MissingDataError(f"{source}: expected a Parquet file, found none; check the name")
    try:
        table = pq.read_table(source)
        num_runs = sum(name.startswith(f"{VALUE_COLUMNS[0]}_") for name in table.column_names)
        columns, is_exact = _columns_of(table, num_runs)
    except (pa.ArrowException, CellError, DataError, OSError) as error:
        raise DataError(f"{source}: {error}") from error
    info = _info(
        source,
        budgets=(PARQUET_BUDGET,),
        num_runs=num_runs,
        sha256=sha256_of(source),
        provenance={"official": False, "float32_exact": is_exact},
    )
    check_cells(columns, info)
    write_table(target, columns, info)
    progress.advance(source.stat().st_size)
    return info


def check_cells(columns: TableColumns, info: TableInfo) -> None:
    """Compare the values of a file with those that follow from the structure of its cells.

    Raises:
        DataError: another number of parameters, or another hash.
    """
    expected = parameter_count(columns.cells, **info.network)
    if (wrong := expected != columns.trainable_parameters).any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"trainable parameters of cell {columns.cells[row]}: expected {expected[row]:,}, "
            f"got {columns.trainable_parameters[row]:,}; the networks are not those of NASBench-101"
        )
    for row in np.unique(np.linspace(0, len(columns.cells) - 1, NUM_HASHES_CHECKED).astype(int)):
        cell = Cell.from_index(int(columns.cells[row]))
        if cell.official_hash() != (got := columns.module_hashes[row].tobytes().hex()):
            raise DataError(f"hash of cell {columns.cells[row]}: expected {cell.official_hash()}, got {got}")


def _info(
    source: Path, *, budgets: tuple[int, ...], num_runs: int, sha256: str, provenance: dict[str, Any]
) -> TableInfo:
    return TableInfo(
        name="NASBench-101",
        budgets=budgets,
        num_runs=num_runs,
        max_vertices=MAX_VERTICES,
        data_set="CIFAR-10",
        network=dict(NETWORK),
        source=source.name,
        source_sha256=sha256,
        provenance=provenance,
    )


def _columns_of(table: pa.Table, num_runs: int) -> tuple[TableColumns, bool]:
    """Rows of a Parquet table in the order of unique indices, and whether float32 holds their values exactly."""
    names = [f"{name}_{run}" for name in VALUE_COLUMNS for run in range(num_runs)]
    needed = ["module_hash", "module_adjacency", "module_operations", "trainable_parameters", *names]
    if missing := [name for name in needed if name not in table.column_names]:
        raise DataError(
            f"expected one row per cell with the column {missing[0]}, got {', '.join(table.column_names[:8])}"
        )
    if num_runs == 0 or len(table) == 0:
        raise DataError("expected at least one row and one run")
    for name in needed:
        is_right = pa.types.is_string if name.startswith("module_") else _is_number
        if not is_right(table.schema.field(name).type):
            kind = "text" if name.startswith("module_") else "numbers"
            raise DataError(f"{name}: expected {kind}, got {table.schema.field(name).type}")
    if nulls := [name for name in needed if table[name].null_count]:
        raise DataError(f"{nulls[0]}: expected no missing values")
    cells = zip(table["module_adjacency"].to_pylist(), table["module_operations"].to_pylist(), strict=True)
    indices = unique_index(parse_codes([f"{adjacency};{operations}" for adjacency, operations in cells]))
    order = np.argsort(indices, kind="stable")
    doubles = {name: table[name].to_numpy().astype(np.float64)[order] for name in names}
    is_exact = all(np.array_equal(values, values.astype(np.float32)) for values in doubles.values())
    columns = TableColumns(
        cells=indices[order],
        module_hashes=_parse_hashes(table["module_hash"].to_pylist())[order],
        trainable_parameters=table["trainable_parameters"].to_numpy().astype(np.int64)[order],
        values={
            name: np.stack([doubles[f"{name}_{run}"] for run in range(num_runs)], axis=1).astype(np.float32)[:, None]
            for name in VALUE_COLUMNS
        },
    )
    return columns, is_exact


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _parse_hashes(texts: list[str]) -> UInt8[np.ndarray, "cells 16"]:
    try:
        hashes = bytes.fromhex("".join(texts))
    except (TypeError, ValueError) as error:
        raise DataError("module_hash: expected 32 hexadecimal digits in each row") from error
    if {len(text) for text in texts} != {32}:
        raise DataError("module_hash: expected 32 hexadecimal digits in each row")
    return np.frombuffer(hashes, np.uint8).reshape(-1, 16)
