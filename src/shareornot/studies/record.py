"""Results made of dataclasses and arrays as two files: JSON, and NumPy's archive for the arrays; nothing is unpickled.

Only the classes named here are made when a record is read, by calling them with their fields. An appraisal in a file is
what `appraise` returned, to the last bit.
"""

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from shareornot.errors import DataError
from shareornot.storage import atomic_write

RECORD, ARRAYS = "record.json", "arrays.npz"


def write_record(folder: Path, value: Any) -> tuple[str, str]:
    """Write a value.

    Args:
        folder: gets the two files.
        value: of dataclasses of `known_classes`, mappings, tuples, lists, arrays, numbers, texts and None.

    Returns:
        The names of the files.

    Raises:
        TypeError: something else is in it, which is a bug of ours.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_encode(value, arrays), separators=(",", ":"), allow_nan=False)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    for name, content in ((ARRAYS, buffer.getvalue()), (RECORD, text.encode())):
        with atomic_write(folder / name) as file:
            file.write(content)
    return RECORD, ARRAYS


def read_record(folder: Path) -> Any:
    """Read what `write_record` wrote.

    Raises:
        DataError: damaged, or written by a version whose results look different.
    """
    try:
        with np.load(folder / ARRAYS, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return _decode(json.loads((folder / RECORD).read_bytes()), arrays)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DataError(f"{folder}: expected the record of a result, got something else: {error}") from error


@cache
def known_classes() -> Mapping[str, type]:
    """The classes that a record may hold, by name: those of an appraisal and of an audit, and of all their fields."""
    from shareornot.appraisal.appraisal import Appraisal
    from shareornot.appraisal.audit import SpaceAudit
    from shareornot.appraisal.paired_comparison import PairedComparison
    from shareornot.spaces.architectures import CellArchitectures

    found: dict[str, type] = {CellArchitectures.__name__: CellArchitectures}
    waiting: list[Any] = [Appraisal, SpaceAudit, PairedComparison]
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if isinstance(hint, type) and is_dataclass(hint) and hint.__name__ not in found:
            found[hint.__name__] = hint
            waiting += get_type_hints(hint).values()
    return found


def _encode(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(f"record: expected arrays of numbers or texts, got {value.dtype}")
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else {"number": str(float(value))}
    if isinstance(value, tuple):
        return {"tuple": [_encode(one, arrays) for one in value]}
    if isinstance(value, list):
        return [_encode(one, arrays) for one in value]
    if isinstance(value, Mapping):
        return {"mapping": [[_encode(key, arrays), _encode(one, arrays)] for key, one in value.items()]}
    name = type(value).__name__
    if known_classes().get(name) is not type(value):
        raise TypeError(f"record: expected a known class, got {type(value)}")
    own = {one.name: getattr(value, one.name) for one in fields(value)} if is_dataclass(value) else {}
    return {"class": name, "fields": {key: _encode(one, arrays) for key, one in own.items()}}


def _decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(one, arrays) for one in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "number" in value:
        return float(value["number"])
    if "tuple" in value:
        return tuple(_decode(one, arrays) for one in value["tuple"])
    if "mapping" in value:
        return {_decode(key, arrays): _decode(one, arrays) for key, one in value["mapping"]}
    kind = known_classes()[value["class"]]
    return kind(**{name: _decode(one, arrays) for name, one in value["fields"].items()})
