"""Chapters as files and as JSON, by `cattrs`: the classes of an appraisal are the list of what is stored.

A stored chapter is two files: JSON, and NumPy's archive for the arrays. Nothing is unpickled or evaluated, and only the
classes that `Chapter` names are made, with every array checked against its declared type and shape. What is read is
what was written, to the last bit.
"""

import io
import json
import math
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cattrs import Converter
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError, StructureHandlerNotFoundError
from jaxtyping import AbstractArray

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.chapter import Chapter
from shareornot.errors import DataError, message_of
from shareornot.spaces import ListedSpace, Space, known_families, open_family
from shareornot.storage import atomic_write

RECORD, ARRAYS = "record.json", "arrays.npz"


def write_chapter(folder: Path, chapter: Chapter) -> tuple[str, str]:
    """Write a chapter to `record.json` and `arrays.npz`.

    Args:
        folder: created if it does not exist.
        chapter: what to write.

    Returns:
        The names of the files.

    Raises:
        TypeError: the chapter holds something that no file can hold, which is a bug of ours.
        OSError: the folder cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_pack(_converter().unstructure(chapter, Chapter), arrays), separators=(",", ":"), allow_nan=False)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    for name, content in ((ARRAYS, buffer.getvalue()), (RECORD, text.encode())):
        with atomic_write(folder / name) as file:
            file.write(content)
    return RECORD, ARRAYS


def read_chapter(folder: Path) -> Chapter:
    """Read what `write_chapter` wrote.

    Raises:
        DataError: the files are missing, damaged, or of a version whose results look different.
    """
    try:
        with np.load(folder / ARRAYS, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        stored = json.loads((folder / RECORD).read_bytes(), object_hook=lambda value: _unpack(value, arrays))
        return _converter().structure(stored, Chapter)
    except (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        zipfile.BadZipFile,
        BaseValidationError,
        ForbiddenExtraKeysError,
        StructureHandlerNotFoundError,
    ) as error:
        raise DataError(
            f"{folder}: expected the record of an appraisal by this version, got another file: "
            f"{message_of(error)}; delete the folder and appraise again"
        ) from error


def numbers(value: Appraisal | SpaceAudit) -> dict[str, Any]:
    """The fields of an appraisal or audit as JSON can hold them, without its arrays; a space is stored as its family.

    JSON has no infinity and no NaN: both become null.
    """
    plain: dict[str, Any] = _without_arrays(_converter(with_lists=False).unstructure(value))
    return plain


@cache
def _converter(*, with_lists: bool = True) -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_structure_hook_func(_is_array, _structure_array)

    def unstructure_space(value: Space) -> dict[str, Any]:
        """A list as a whole, a family by its name."""
        if not with_lists:
            return {"family": value.family}
        if isinstance(value, ListedSpace):
            return {"list": converter.unstructure(value, ListedSpace)}
        if value not in known_families():
            raise TypeError(f"record: expected a family of architectures or a list, got {type(value).__name__}")
        return {"family": value.name}

    def structure_space(stored: dict[str, Any], _: Any) -> Any:
        if "list" in stored:
            return converter.structure(stored["list"], ListedSpace)
        return open_family(stored["family"])

    # the protocol itself, and not the classes that fulfil it
    converter.register_unstructure_hook_func(lambda kind: kind is Space, unstructure_space)
    converter.register_structure_hook_func(lambda kind: kind is Space, structure_space)
    return converter


def _is_array(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, AbstractArray | np.ndarray)


def _structure_array(value: Any, kind: Any) -> np.ndarray:
    if not isinstance(value, kind) or not isinstance(value, np.ndarray):
        got = f"{value.dtype} of shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"expected an array of type {kind.__name__}, got {got}")
    return value


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Move arrays out of nested containers, and put numbers that are not finite into words."""
    match value:
        case None | bool() | str():
            return value
        case np.ndarray() if not value.dtype.hasobject:
            name = f"a{len(arrays)}"
            arrays[name] = value
            return {"array": name}
        case int() | np.integer():
            return int(value)
        case float() | np.floating():
            return float(value) if math.isfinite(value) else {"number": str(float(value))}
        case dict():
            return {name: _pack(one, arrays) for name, one in value.items()}
        case list() | tuple():
            return [_pack(one, arrays) for one in value]
    raise TypeError(f"record: expected numbers, texts, arrays and containers of them, got {type(value).__name__}")


def _unpack(value: dict[str, Any], arrays: dict[str, np.ndarray]) -> Any:
    """The inverse of `_pack` for one object of JSON."""
    match value:
        case {"array": str(name), **rest} if not rest:
            return arrays[name]
        case {"number": "inf" | "-inf" | "nan" as text, **rest} if not rest:
            return float(text)
    return value


def _without_arrays(value: Any) -> Any:
    match value:
        case dict():
            kept = {name: one for name, one in value.items() if not _holds_arrays(one)}
            return {name: _without_arrays(one) for name, one in kept.items()}
        case list() | tuple():
            return [_without_arrays(one) for one in value]
        case float() | np.floating():
            return float(value) if math.isfinite(value) else None
    return value


def _holds_arrays(value: Any) -> bool:
    """Whether a value is an array or a sequence of arrays."""
    sequence = value if isinstance(value, list | tuple) and value else (value,)
    return all(isinstance(one, np.ndarray) for one in sequence)
