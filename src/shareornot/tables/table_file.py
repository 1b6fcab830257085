"""The file format of benchmark tables: Arrow IPC, uncompressed, so that it is used where it lies on the disk.

One record batch, one row per cell, in the order of unique indices:

| column | type | |
|---|---|---|
| `cell` | int32 | unique index, strictly increasing |
| `module_hash` | fixed-size binary, 16 | official hash |
| `hash_order` | int32 | row numbers in the order of the hashes |
| `trainable_parameters` | int64 | |
| `{halfway,final}_{train,validation,test}_accuracy` | fixed-size list of float32 | fractions, budgets x runs |
| `{halfway,final}_training_time` | fixed-size list of float32 | seconds, budgets x runs |

What the table is about stands in the schema's metadata under `shareornot`, as JSON (`TableInfo`). Reading checks the
structure, which takes no time; `check_contents` looks at every value.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float32, Int32, Int64, UInt8

from shareornot.errors import DataError, MissingDataError, message_of
from shareornot.spaces.nasbench101 import MAX_VERTICES
from shareornot.spaces.nasbench101.vocabulary import NUM_CELLS_UP_TO
from shareornot.storage import atomic_write
from shareornot.tables.contract import METRICS

FORMAT = "shareornot-benchmark"
VERSION = 1
METADATA_KEY = b"shareornot"
MOMENTS = ("halfway", "final")
"""When it is known: half-way through the training, and at its end."""
VALUE_COLUMNS = tuple(f"{moment}_{metric}" for moment in MOMENTS for metric in METRICS)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableInfo:
    """Description of a benchmark table."""

    name: str
    """Name of the benchmark."""
    budgets: tuple[int, ...]
    """Epochs of the trainings, increasing."""
    num_runs: int
    """Trainings of each cell with each budget."""
    max_vertices: int
    """The benchmark is about the cells with at most this number of vertices; the table may hold some of them only."""
    data_set: str
    network: Mapping[str, int]
    """Size of the networks, as `parameter_count` takes it."""
    source: str | None = None
    """Name of the file that the table was made from."""
    source_sha256: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Anything else worth knowing about where the values come from."""

    def __post_init__(self) -> None:
        if not self.budgets or list(self.budgets) != sorted(set(self.budgets)) or self.budgets[0] < 1:
            raise DataError(f"budgets: expected increasing numbers of epochs, got {self.budgets}")
        if self.num_runs < 1:
            raise DataError(f"num_runs: expected at least 1, got {self.num_runs}")
        if self.max_vertices not in NUM_CELLS_UP_TO:
            raise DataError(f"max_vertices: expected 2 to {MAX_VERTICES}, got {self.max_vertices}")

    @property
    def num_cells(self) -> int:
        """Unique cells that the benchmark is about, whether or not the table holds them."""
        return NUM_CELLS_UP_TO[self.max_vertices]

    def to_json(self) -> bytes:
        """Text for the schema's metadata."""
        content = {"format": FORMAT, "version": VERSION, **asdict(self)}
        return json.dumps(content, allow_nan=False).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "TableInfo":
        """The inverse of `to_json`.

        Raises:
            DataError: not what `to_json` writes, or of a newer version.
        """
        try:
            content = dict(json.loads(text))
        except (ValueError, TypeError, RecursionError) as error:
            raise DataError("metadata: expected a JSON object") from error
        if content.pop("format", None) != FORMAT:
            raise DataError(f"metadata: expected the format {FORMAT}")
        if (version := content.pop("version", None)) != VERSION:
            raise DataError(f"metadata: expected version {VERSION}, got {version}; install a newer shareornot")
        types = {"name": str, "budgets": list, "num_runs": int, "max_vertices": int, "data_set": str, "network": dict}
        for key, kind in types.items():
            if type(content.get(key)) is not kind:
                raise DataError(f"metadata: expected {key} as {kind.__name__}, got {content.get(key)!r}")
        if not all(type(number) is int for number in (*content["budgets"], *content["network"].values())):
            raise DataError("metadata: expected whole numbers as budgets and sizes of the network")
        known = {key: content[key] for key in cls.__dataclass_fields__ if key in content}
        return cls(**known | {"budgets": tuple(content["budgets"])})


@dataclass(frozen=True, kw_only=True, slots=True)
class TableColumns:
    """The rows of a benchmark table, cells in the order of their unique indices."""

    cells: Int32[np.ndarray, " cells"]
    module_hashes: UInt8[np.ndarray, "cells 16"]
    trainable_parameters: Int64[np.ndarray, " cells"]
    values: Mapping[str, Float32[np.ndarray, "cells budgets runs"]]
    """One array for each of `VALUE_COLUMNS`; accuracies are fractions, times in seconds."""

    def hash_order(self) -> Int32[np.ndarray, " cells"]:
        """Row numbers in the order of the hashes."""
        return np.argsort(_sortable(self.module_hashes), kind="stable").astype(np.int32)


def check_contents(columns: TableColumns, info: TableInfo) -> None:
    """Look at every value of a table.

    Raises:
        DataError: a cell twice or out of order, two cells with one hash, a value that is missing or out of range.
    """
    shape = (len(columns.cells), len(info.budgets), info.num_runs)
    _check_cells(columns.cells, info)
    hashes = np.sort(_sortable(columns.module_hashes))
    if (repeated := hashes[1:] == hashes[:-1]).any():
        raise DataError(f"module_hash: expected each once, got {hashes[1:][repeated][0].tobytes().hex()} twice")
    if columns.trainable_parameters.min() < 0:
        raise DataError(f"trainable_parameters: expected at least 0, got {columns.trainable_parameters.min()}")
    if missing := set(VALUE_COLUMNS) ^ columns.values.keys():
        raise DataError(f"columns: expected {', '.join(VALUE_COLUMNS)}; {', '.join(sorted(missing))} is wrong")
    for name, values in columns.values.items():
        if values.shape != shape:
            raise DataError(f"{name}: expected shape {shape} (cells, budgets, runs), got {values.shape}")
        top = 1 if name.endswith("accuracy") else np.inf
        bad = ~((values >= 0) & (values <= top) & np.isfinite(values))
        if bad.any():
            row = int(np.argwhere(bad)[0, 0])
            expected = "fractions from 0 to 1" if top == 1 else "seconds"
            raise DataError(f"{name} of cell {columns.cells[row]}: expected {expected}, got {values[bad][0]}")


def write_table(path: Path, columns: TableColumns, info: TableInfo) -> None:
    """Write a table, checked in full, whole or not at all.

    Args:
        path: the file.
        columns: cells in ascending order, with their values; accuracies are fractions, times seconds.
        info: what the table is about.

    Raises:
        DataError: see `check_contents`.
    """
    check_contents(columns, info)
    schema = _schema(info)
    hashes = pa.py_buffer(np.ascontiguousarray(columns.module_hashes))
    arrays = [
        pa.array(columns.cells),
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(columns.cells), [None, hashes]),
        pa.array(columns.hash_order()),
        pa.array(columns.trainable_parameters),
        *(
            pa.FixedSizeListArray.from_arrays(pa.array(columns.values[name].reshape(-1)), type=schema.field(name).type)
            for name in VALUE_COLUMNS
        ),
    ]
    batch = pa.record_batch(arrays, schema=schema)
    with atomic_write(path) as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(batch)


def read_table(path: Path) -> tuple[TableColumns, Int32[np.ndarray, " cells"], TableInfo]:
    """Map a table into memory: milliseconds, whatever its size.

    Checked are structure, types, lengths, and that cells and row numbers are what they must be for look-ups to stay
    inside the table; not each accuracy, see `check_contents`.

    Returns:
        The columns, read-only and on the disk until they are used; the hash order; and what it is about.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, or something else than a benchmark table.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a benchmark table, found no file")
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            info = TableInfo.from_json((reader.schema.metadata or {}).get(METADATA_KEY, b""))
            if not reader.schema.equals(_schema(info)) or reader.num_record_batches != 1:
                raise DataError(f"expected one batch with the columns {', '.join(_schema(info).names)}")
            batch = reader.get_batch(0)
            batch.validate()
        if batch.nbytes > path.stat().st_size:
            raise DataError("expected an uncompressed file")
        shape = (len(batch), len(info.budgets), info.num_runs)
        cells, hash_order = _values(batch.column("cell"), np.int32), _values(batch.column("hash_order"), np.int32)
        columns = TableColumns(
            cells=cells,
            module_hashes=_values(batch.column("module_hash"), np.uint8, 16).reshape(-1, 16),
            trainable_parameters=_values(batch.column("trainable_parameters"), np.int64),
            values={name: _values(batch.column(name).values, np.float32).reshape(shape) for name in VALUE_COLUMNS},
        )
        _check_cells(cells, info)
        if hash_order.min() < 0 or hash_order.max() >= len(cells):
            raise DataError("hash_order: expected row numbers")
    except (pa.ArrowException, OSError, DataError, ValueError) as error:
        raise DataError(
            f"{path}: not a benchmark table, or damaged: {message_of(error)}; fetch or build it again"
        ) from error
    return columns, hash_order, info


def _schema(info: TableInfo) -> pa.Schema:
    values = pa.list_(pa.field("item", pa.float32(), nullable=False), len(info.budgets) * info.num_runs)
    columns = [
        ("cell", pa.int32()),
        ("module_hash", pa.binary(16)),
        ("hash_order", pa.int32()),
        ("trainable_parameters", pa.int64()),
        *((name, values) for name in VALUE_COLUMNS),
    ]
    return pa.schema([pa.field(*column, nullable=False) for column in columns], {METADATA_KEY: info.to_json()})


def _check_cells(cells: Int32[np.ndarray, " cells"], info: TableInfo) -> None:
    if len(cells) == 0:
        raise DataError("cell: expected at least one, got none")
    if cells[0] < 0 or cells[-1] >= info.num_cells or not (cells[1:] > cells[:-1]).all():
        raise DataError(f"cell: expected increasing unique indices below {info.num_cells:,}")


def _sortable(hashes: UInt8[np.ndarray, "cells 16"]) -> np.ndarray:
    """Hashes as values that compare as their bytes do."""
    return np.ascontiguousarray(hashes).view("V16").reshape(-1)


def _values(array: pa.Array, kind: type[np.generic], num_per_row: int = 1) -> np.ndarray:
    """Values of an Arrow array of a fixed width, nothing copied. Its own `to_numpy` would import pandas first."""
    if array.null_count or array.offset:
        raise DataError("expected no missing values")
    return np.frombuffer(array.buffers()[1], kind, len(array) * num_per_row)
