"""The file format of tables of any family: Arrow IPC, uncompressed, so that it is used where it lies on the disk.

One record batch, a row for each architecture in the order of their numbers: `architecture` (int32), `text` (a string)
where the table is about a list, and for each column of the table a fixed-size list of float32 with a value for each
run, NaN if it is missing. What the table is about stands in the schema's metadata under `shareornot`, as JSON
(`ArchitectureTableInfo`).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from shareornot.errors import DataError, MissingDataError, SettingsError, message_of
from shareornot.spaces.registry import open_family
from shareornot.storage import atomic_write
from shareornot.tables.architecture_table import ArchitectureTable, ArchitectureTableInfo, Column

FORMAT = "shareornot-table"
VERSION = 1
METADATA_KEY = b"shareornot"


def write_architecture_table(
    path: Path,
    info: ArchitectureTableInfo,
    architectures: np.ndarray,
    values: Sequence[np.ndarray],
    texts: Sequence[str] | None = None,
) -> ArchitectureTable:
    """Write a table, checked in full, whole or not at all.

    Args:
        path: path of the new file.
        info: what the table is about.
        architectures: numbers, each once, in any order.
        values: for each of `info.columns`, architectures x runs; fractions or seconds, NaN if a run is missing.
        texts: text of each architecture, where the table is about a list, of which it then holds all.

    Raises:
        DataError: no such family, invalid or repeated numbers, wrong shapes, or values out of range.
    """
    order = np.argsort(architectures, kind="stable")
    numbers = np.asarray(architectures, np.int32)[order]
    for column, array in zip(info.columns, values, strict=True):
        if array.shape != (len(numbers), len(column.runs)):
            raise DataError(
                f"{column.metric} on {column.setting}: expected shape {(len(numbers), len(column.runs))} "
                f"(architectures, runs), got {array.shape}"
            )
    columns = tuple(np.ascontiguousarray(array[order], np.float32) for array in values)
    if (texts is None) != (info.family is not None) or (texts is not None and len(texts) != len(numbers)):
        raise DataError("texts: expected the text of each architecture for a list, and no texts for a known family")
    _check(info, numbers)
    sorted_texts = None if texts is None else [texts[row] for row in order.tolist()]
    table = ArchitectureTable(info, numbers, columns, sorted_texts)
    table.verify()
    schema = _schema(info)
    arrays = [
        pa.array(numbers),
        *([] if sorted_texts is None else [pa.array(sorted_texts, pa.large_string())]),
        *(
            pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), type=field.type)
            for array, field in zip(columns, list(schema)[-len(columns) :], strict=True)
        ),
    ]
    with atomic_write(path) as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    return table


def is_architecture_table(path: Path) -> bool:
    """Whether a file declares to be a table; nothing else is checked.

    Raises:
        MissingDataError: no such file.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a table, found no file")
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            content = json.loads((reader.schema.metadata or {}).get(METADATA_KEY, b"{}"))
    except (pa.ArrowException, OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def read_architecture_table(path: Path) -> ArchitectureTable:
    """Map a table into memory: milliseconds, whatever its size; see `ArchitectureTable.verify` for its values.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, or something else than a table.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a table, found no file")
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            info = _read_info((reader.schema.metadata or {}).get(METADATA_KEY, b""))
            if not reader.schema.equals(_schema(info)) or reader.num_record_batches != 1:
                raise DataError(f"expected one batch with the columns {', '.join(_schema(info).names)}")
            batch = reader.get_batch(0)
            batch.validate()
        if batch.nbytes > path.stat().st_size:
            raise DataError("expected an uncompressed file")
        architectures = _values(batch.column(0), np.int32)
        _check(info, architectures)
        arrays = batch.columns[-len(info.columns) :]
        columns = tuple(
            _values(array.values, np.float32).reshape(len(batch), len(column.runs))
            for array, column in zip(arrays, info.columns, strict=True)
        )
        texts = batch.column(1).to_pylist() if info.family is None else None
    except (pa.ArrowException, OSError, DataError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{path}: not a table, or damaged: {message_of(error)}; import it again") from error
    return ArchitectureTable(info, architectures, columns, texts)


def _schema(info: ArchitectureTableInfo) -> pa.Schema:
    item = pa.field("item", pa.float32(), nullable=False)
    fields = [pa.field("architecture", pa.int32(), nullable=False)]
    if info.family is None:
        fields.append(pa.field("text", pa.large_string(), nullable=False))
    fields += [
        pa.field(f"{column.setting}:{column.metric}", pa.list_(item, len(column.runs)), nullable=False)
        for column in info.columns
    ]
    content = {"format": FORMAT, "version": VERSION, **asdict(info)}
    return pa.schema(fields, {METADATA_KEY: json.dumps(content, allow_nan=False).encode()})


def _read_info(text: bytes) -> ArchitectureTableInfo:
    content: dict[str, Any] = dict(json.loads(text))
    if content.pop("format", None) != FORMAT:
        raise DataError(f"metadata: expected the format {FORMAT}")
    if (version := content.pop("version", None)) != VERSION:
        raise DataError(f"metadata: expected version {VERSION}, got {version}; install a newer shareornot")
    for key, kind in {"name": str, "num_architectures": int, "columns": list}.items():
        if type(content.get(key)) is not kind:
            raise DataError(f"metadata: expected {key} as {kind.__name__}, got {content.get(key)!r}")
    columns = []
    for one in content.pop("columns"):
        kinds = (type(one.get("metric")), type(one.get("data_set")), type(one.get("runs")))
        if kinds != (str, str, list) or type(one.get("epochs")) not in (int, type(None)):
            raise DataError(f"metadata: expected a metric, a data set, epochs and runs, got {one!r}")
        if not all(type(run) is str for run in one["runs"]):
            raise DataError("metadata: expected a different name for each run")
        columns.append(
            Column(metric=one["metric"], data_set=one["data_set"], epochs=one["epochs"], runs=tuple(one["runs"]))
        )
    return ArchitectureTableInfo(columns=tuple(columns), **content)


def _check(info: ArchitectureTableInfo, architectures: np.ndarray) -> None:
    try:
        universes = (len(architectures),) if info.family is None else open_family(info.family).universes
    except SettingsError as error:
        raise DataError(str(error)) from error
    if info.num_architectures not in universes:
        raise DataError(
            f"num_architectures: expected one of {', '.join(map(str, universes))}, got {info.num_architectures}"
        )
    if len(architectures) == 0:
        raise DataError("architecture: expected at least one, got none")
    if architectures[0] < 0 or architectures[-1] >= info.num_architectures:
        raise DataError(f"architecture: expected numbers from 0 to {info.num_architectures - 1:,}")
    if (repeated := architectures[1:] == architectures[:-1]).any():
        raise DataError(f"architecture: expected each once, got number {architectures[1:][repeated][0]} twice")
    if not (architectures[1:] > architectures[:-1]).all():
        raise DataError("architecture: expected increasing numbers")


def _values(array: pa.Array, kind: type[np.generic]) -> np.ndarray:
    """Values of an Arrow array, nothing copied. Its own `to_numpy` would import pandas first."""
    if array.null_count or array.offset:
        raise DataError("expected no missing values")
    return np.frombuffer(array.buffers()[1], kind, len(array))
