"""Whatever Python holds as columns: data frames, tables, mappings, lists of records; arrays of NumPy and PyTorch."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa

from shareornot.appraisal.user_scores.column_names import ARCHITECTURE_NAMES, is_known_name, normalized
from shareornot.appraisal.user_scores.columns import Columns, make_columns
from shareornot.appraisal.user_scores.wording import shown
from shareornot.errors import DataError

Pairs = list[tuple[str, Any]]
SOURCE = "scores"
"""What messages call scores from Python."""


def columns_from(source: Any) -> Columns:
    """Columns of a Python object.

    Args:
        source: a frame of pandas or polars, a table or record batch of pyarrow, a structured array of NumPy, a mapping
            of names to values, or a list of mappings. Values are lists or arrays, also of PyTorch, with one value or
            one row of values for each row. A mapping of mappings is indexed by architecture.

    Raises:
        DataError: anything else, or columns of different lengths.
    """
    if isinstance(source, np.ndarray) and source.dtype.names:
        return make_columns(SOURCE, _arrays((name, source[name]) for name in source.dtype.names))
    if isinstance(source, Mapping):
        return make_columns(SOURCE, mapping_columns(SOURCE, source))
    if isinstance(source, list | tuple) and source and all(isinstance(one, Mapping) for one in source):
        return make_columns(SOURCE, record_columns(SOURCE, source))
    if hasattr(source, "iloc") and hasattr(source, "columns"):
        return _pandas(source)
    if isinstance(source, pa.RecordBatch):
        source = pa.table(source)
    if hasattr(source, "collect") and hasattr(source, "collect_schema"):  # a lazy frame of polars
        source = source.collect()
    if not isinstance(source, pa.Table) and hasattr(source, "__arrow_c_stream__"):  # polars and others
        with suppress(pa.ArrowException, TypeError, ValueError):  # where it is a single column
            source = pa.table(source)
    if isinstance(source, pa.Table):
        return make_columns(SOURCE, zip(source.column_names, source.columns, strict=True))
    raise DataError(
        f"{SOURCE}: expected a file, a data frame, a table or a mapping of columns, got {type(source).__name__}; give "
        "for example {'architecture': [...], 'proxy': [...], 'standalone': [...]}"
    )


def _pandas(frame: Any) -> Columns:
    """A frame of pandas with its index, unless that only counts rows."""
    pairs: Pairs = []
    index = None
    for level in range(frame.index.nlevels):
        values = frame.index.get_level_values(level)
        if frame.index.nlevels > 1 or values.name is not None or values.dtype.kind not in "iu":
            index = str(values.name) if values.name is not None else f"__index_level_{level}__"
            pairs.append((index, values.to_numpy()))
    pairs += [(_name(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]
    return make_columns(SOURCE, _arrays(pairs), index=index if frame.index.nlevels == 1 else None)


def _name(name: Any) -> str:
    """The name of a column; levels of several are joined."""
    return "_".join(str(part) for part in name if str(part)) if isinstance(name, tuple) else str(name)


def mapping_columns(source: str, mapping: Mapping[Any, Any]) -> Pairs:
    """Columns of a mapping of names to columns, or of architectures to values.

    Raises:
        DataError: some of both, or a value that is no column.
    """
    if not mapping:
        raise DataError(f"{source}: expected named columns, got none; name them: architecture, proxy, standalone, ...")
    nested = [isinstance(values, Mapping) for values in mapping.values()]
    if all(nested):
        return _nested_columns(source, mapping)
    scalars = [values is None or isinstance(values, str | bool | int | float) for values in mapping.values()]
    if all(scalars) and not any(isinstance(values, str) for values in mapping.values()):
        texts = [str(key) for key in mapping]
        return _arrays([("architecture", texts), ("proxy", list(mapping.values()))], source)
    if any(nested):
        name = next(str(key) for key, values in mapping.items() if isinstance(values, Mapping))
        raise DataError(f"{source}: {shown(name)}: expected a list as in the other columns, got a mapping; give a list")
    return _arrays(((str(name), values) for name, values in mapping.items()), source)


def _nested_columns(source: str, mapping: Mapping[Any, Mapping[Any, Any]]) -> Pairs:
    """Columns of {architecture: {column: value}} or of {column: {architecture: value}}."""
    inner: dict[Any, None] = {}
    for values in mapping.values():
        inner.update(dict.fromkeys(values))
    if _known_names(mapping) >= _known_names(inner) and _known_names(mapping):
        keys = list(inner)
        columns: dict[str, list[Any]] = {
            str(name): [values.get(key) for key in keys] for name, values in mapping.items()
        }
    else:
        keys = list(mapping)
        if any(isinstance(one, Mapping) for values in mapping.values() for one in values.values()):
            return record_columns(source, [{"architecture": str(key)} | dict(mapping[key]) for key in keys])
        columns = {str(name): [values.get(name) for values in mapping.values()] for name in inner}
    if not any(str(name).strip().lower() in ("architecture", "cell", "module_hash") for name in columns):
        columns = {"architecture": [str(key) for key in keys]} | columns
    return _arrays(columns.items(), source)


def _known_names(names: Iterable[Any]) -> int:
    return sum(str(name).strip().lower().startswith(("architecture", "proxy", "standalone")) for name in names)


def record_columns(source: str, records: Sequence[Mapping[Any, Any]]) -> Pairs:
    """Columns of a list of records; fields that a record lacks are missing values."""
    names: dict[Any, None] = {}
    for record in records:
        names.update(dict.fromkeys(record))
    groups = [
        name
        for name in names
        if normalized(str(name)) not in ARCHITECTURE_NAMES
        and all(record.get(name) is None or isinstance(record[name], Mapping) for record in records)
        and any(record.get(name) for record in records)
    ]
    if groups:
        return record_columns(source, [_flattened(record, groups) for record in records])
    return _arrays(((str(name), [record.get(name) for record in records]) for name in names), source)


def _flattened(record: Mapping[Any, Any], groups: Sequence[Any]) -> dict[Any, Any]:
    """A record in which values of groups such as `metrics` stand by their own names.

    By both names stand those whose name is taken, and those of groups with a name of its own, such as `proxy`.
    """
    flat = {name: value for name, value in record.items() if name not in groups}
    for group in groups:
        for name, value in (record.get(group) or {}).items():
            flat[f"{group}.{name}" if name in flat or is_known_name(str(group)) else name] = value
    return flat


def _arrays(pairs: Iterable[tuple[str, Any]], source: str = SOURCE) -> Pairs:
    found: Pairs = []
    for name, values in pairs:
        found += array_of(source, str(name), values)
    return found


def array_of(source: str, name: str, values: Any) -> Pairs:
    """A column as Arrow holds it; a table of values becomes a column for each of its columns, numbered from 0.

    Args:
        source: what messages call the scores.
        name: name of the column.
        values: a list or an array of one or two dimensions.

    Raises:
        DataError: one value in place of a column, or an array of more dimensions.
    """
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return [(name, values)]
    values = _without_torch(values)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        what = "one text" if isinstance(values, str | bytes) else type(values).__name__
        raise DataError(f"{source}: {shown(name)}: expected a value for each row, got {what}; give a list")
    dimensions = getattr(values, "ndim", 1)
    if dimensions == 2:
        table = np.asarray(values)
        return [pair for place, column in enumerate(table.T) for pair in array_of(source, f"{name}_{place}", column)]
    if dimensions != 1:
        raise DataError(
            f"{source}: {shown(name)}: expected one or two dimensions, got {dimensions}; give a row for each row"
        )
    if isinstance(values, np.ndarray):
        values = np.ascontiguousarray(values)
        if values.dtype.kind == "S":
            values = np.char.decode(values, "utf-8", "replace")
        if values.dtype.kind in "UT":
            return [(name, pa.array(values.tolist(), pa.string()))]
        if values.dtype.byteorder not in "=|" and values.dtype.kind in "iuf":
            values = values.astype(values.dtype.newbyteorder("="))
    try:
        return [(name, pa.array(values, from_pandas=True))]
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return [(name, _array_of_objects(values))]


def _array_of_objects(values: Any) -> pa.Array:
    """Values of different types: as numbers or lists of numbers where they all are, else as text."""
    plain = [_plain_value(value) for value in values]
    if all(value is None or isinstance(value, list) for value in plain):
        try:
            return pa.array(plain, pa.list_(pa.float64()))
        except (pa.ArrowException, ValueError, TypeError, OverflowError):
            pass
    elif all(value is None or isinstance(value, int | float) for value in plain):
        try:
            return pa.array([None if value is None else float(value) for value in plain], pa.float64())
        except OverflowError:
            pass
    return pa.array([None if value is None else _text(value) for value in plain], pa.string())


def _plain_value(value: Any) -> Any:
    """A value of a column as Python holds it: numbers of NumPy and PyTorch become plain, arrays lists."""
    value = _without_torch(value)
    if value is None or (isinstance(value, float) and np.isnan(value)) or str(value) in ("<NA>", "NaT"):
        return None
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else value.tolist()
    if isinstance(value, tuple):
        return list(value) if all(isinstance(one, int | float) for one in value) else value
    return value


def _text(value: Any) -> str:
    """The text of a value, of which Unicode must be able to write every letter."""
    return str(value).encode("utf-8", "replace").decode()


def _without_torch(values: Any) -> Any:
    """The values of a tensor as an array of NumPy; anything else as it is."""
    if hasattr(values, "detach") and hasattr(values, "cpu"):
        values = values.detach().cpu()
        try:
            return values.numpy()
        except TypeError:  # a type that NumPy does not have, such as bfloat16
            return values.float().numpy()
    return values
