"""Reads a file or a Python object as named columns: the one reader of everything that users bring."""

import sys
from pathlib import Path
from typing import Any

from shareornot.appraisal.user_scores.binary_files import (
    read_arrow,
    read_feather,
    read_npy,
    read_npz,
    read_parquet,
    read_spreadsheet,
)
from shareornot.appraisal.user_scores.columns import Columns
from shareornot.appraisal.user_scores.delimited import read_delimited
from shareornot.appraisal.user_scores.file_kinds import decompressed, recognized
from shareornot.appraisal.user_scores.json_files import read_json
from shareornot.appraisal.user_scores.memory import release_memory
from shareornot.appraisal.user_scores.python_columns import columns_from
from shareornot.errors import DataError, MissingDataError, message_of

STANDARD_INPUT = "-"
READERS = {
    "parquet": read_parquet,
    "arrow": read_arrow,
    "feather": read_feather,
    "npz": read_npz,
    "npy": read_npy,
    "spreadsheet": read_spreadsheet,
    "json": read_json,
    "text": read_delimited,
}
"""Readers by kind of file; a new format is a function and a line here."""


def read_columns(source: Any) -> Columns:
    """Columns of a file or of a Python object.

    Args:
        source: path of a file, `-` for standard input, or what `columns_from` takes. Files may be compressed.

    Raises:
        MissingDataError: no such file.
        DataError: a file of a kind that is not read, a damaged one, or an object that holds no columns.
    """
    if not isinstance(source, str | Path):
        return columns_from(source)
    name, content = _content(str(source))
    held = [decompressed(name, content)]
    reader = READERS[recognized(name, held[0])]
    del content
    columns = reader(name, held.pop())  # which may give the content up when it is read
    release_memory(columns.num_rows)
    return columns


def _content(path: str) -> tuple[str, bytes]:
    """What messages call a file, and its bytes; pipes are read to their end.

    Raises:
        MissingDataError: no such file.
        DataError: a folder, or a file that cannot be read.
    """
    if path == STANDARD_INPUT:
        content = sys.stdin.buffer.read()
        if not content:
            raise DataError(
                "standard input: expected scores, got nothing; write for example: program | shareornot appraise -"
            )
        return "standard input", content
    try:
        return Path(path).name or path, Path(path).read_bytes()
    except FileNotFoundError:
        raise MissingDataError(f"{path}: expected a file of scores, found none; check the path{_near(path)}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: expected a file of scores, got a folder; name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or message_of(error)
        raise DataError(f"{path}: expected a file of scores, got: {reason}; name a file that can be read") from None


def _near(path: str) -> str:
    """The file beside it with the nearest name, where there is one."""
    import difflib

    try:
        names = [one.name for one in Path(path).parent.iterdir() if one.is_file()]
    except (OSError, ValueError):
        return ""
    near = difflib.get_close_matches(Path(path).name, names, 1, cutoff=0.6)
    return f"; {near[0]!r} is there" if near else ""
