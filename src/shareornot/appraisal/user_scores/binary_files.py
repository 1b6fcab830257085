"""Parquet, Arrow, Feather, NumPy and spreadsheet files as columns; nothing is unpickled."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.appraisal.user_scores.columns import MOST_ROWS, Columns, make_columns
from shareornot.appraisal.user_scores.formulas import formula_notes
from shareornot.appraisal.user_scores.python_columns import array_of
from shareornot.appraisal.user_scores.wording import shown
from shareornot.errors import DataError, MissingExtraError, message_of


def read_parquet(source: str, content: bytes) -> Columns:
    """All columns of a Parquet file, checked against its checksums.

    Raises:
        DataError: damaged, or too many rows.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        if file.metadata.num_rows > MOST_ROWS:
            raise DataError(f"{source}: expected at most {MOST_ROWS:,} rows, got {file.metadata.num_rows:,}; split it")
        table = file.read()
    except DataError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{source}: expected a Parquet file of scores, got: {message_of(error)}; write it again"
        ) from error
    return make_columns(source, zip(table.column_names, table.columns, strict=True))


def read_arrow(source: str, content: bytes) -> Columns:
    """All columns of an Arrow file or stream.

    Raises:
        DataError: damaged.
    """
    try:
        opener = pa.ipc.open_file if content.startswith(b"ARROW1") else pa.ipc.open_stream
        with opener(pa.BufferReader(content)) as reader:
            table = reader.read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{source}: expected an Arrow file of scores, got: {message_of(error)}; write it again"
        ) from error
    return make_columns(source, zip(table.column_names, table.columns, strict=True))


def read_feather(source: str, content: bytes) -> Columns:
    """All columns of a Feather file of version 1.

    Raises:
        DataError: damaged.
    """
    from pyarrow import feather

    try:
        table = feather.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise DataError(
            f"{source}: expected a Feather file of scores, got: {message_of(error)}; write it again"
        ) from error
    return make_columns(source, zip(table.column_names, table.columns, strict=True))


def read_npz(source: str, content: bytes) -> Columns:
    """The named arrays of an npz file; objects, which are pickles, are refused.

    Raises:
        DataError: damaged, or an array of objects.
    """
    pairs: list[tuple[str, Any]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                with archive.open(member) as file:
                    pairs.append((name, _numpy_array(source, name, file.read())))
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source}: expected a whole npz file, got {message_of(error)}; write it again") from error
    columns: list[tuple[str, Any]] = []
    for name, values in pairs:
        columns += array_of(source, name, values)
    return make_columns(source, columns)


def read_npy(source: str, content: bytes) -> Columns:
    """The fields of a structured npy file.

    Raises:
        DataError: damaged, objects, or an array without named fields.
    """
    array = _numpy_array(source, None, content)
    if not array.dtype.names:
        raise DataError(
            f"{source}: expected named columns, got one array of shape {array.shape}, which has no names; save "
            "several: numpy.savez('scores.npz', architecture=..., proxy=..., standalone=...)"
        )
    columns: list[tuple[str, Any]] = []
    for name in array.dtype.names:
        columns += array_of(source, name, array[name])
    return make_columns(source, columns)


def _numpy_array(source: str, name: str | None, content: bytes) -> np.ndarray:
    """An array in NumPy's format without objects.

    Raises:
        DataError: damaged, or objects.
    """
    where = source if name is None else f"{source}: {shown(name)}"
    try:
        return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))
    except Exception as error:  # the header is a Python literal that may be anything
        if "allow_pickle" in str(error) or "Object arrays" in str(error):
            raise DataError(
                f"{where}: expected numbers or text, got Python objects, which are a pickle that can run code, so they "
                "are never opened here; write them as CSV, or as arrays of numbers and of text"
            ) from error
        raise DataError(
            f"{where}: expected an array in NumPy's format, got {message_of(error)}; write it again"
        ) from error


def read_spreadsheet(source: str, content: bytes) -> Columns:
    """The first sheet with a header and rows in an .xlsx file.

    Raises:
        MissingExtraError: neither python-calamine nor openpyxl is installed.
        DataError: damaged, or without rows.
    """
    notes: list[str] = []
    sheets = _sheets(source, content)
    filled = [(name, rows, line) for name, rows, line in sheets if len(rows) > 1]
    if not filled:
        raise DataError(f"{source}: expected a sheet with a header and rows, got none; add scores")
    named = [sheet for sheet in filled if _has_known_name(sheet[1][0])]
    name, rows, line = (named or filled)[0]
    above = next((number for number, row in enumerate(rows[:20]) if _num_known_names(row) > 1), 0)
    rows, line = rows[above:], line + above  # below a title
    if len(filled) > 1:
        notes.append(f"Read: the sheet {shown(name)}, one of {len(filled)} sheets.")
    width = max(len(row) for row in rows)
    header = ["" if value is None else str(value).strip() for value in [*rows[0], *[None] * (width - len(rows[0]))]]
    body = [[*row, *[None] * (width - len(row))] for row in rows[1:]]
    notes += formula_notes(source, content, name, header, line)
    columns: list[tuple[str, Any]] = []
    for place, column in enumerate(header):
        values = [row[place] for row in body]
        if column or any(value is not None for value in values):
            columns += array_of(source, column, values)
    return make_columns(source, columns, notes, first_line=line + 1)


def _has_known_name(header: Sequence[Any]) -> bool:
    return _num_known_names(header) > 0


def _num_known_names(header: Sequence[Any]) -> int:
    return sum(str(name).strip().lower().startswith(("architecture", "proxy", "standalone")) for name in header)


_Sheet = tuple[str, list[list[Any]], int]
"""Name, rows from the first to the last that is not blank, and the line of the first."""


def _sheets(source: str, content: bytes) -> list[_Sheet]:
    """The rows of each sheet; None for an empty cell, whole numbers as integers.

    Raises:
        MissingExtraError: no library to read them.
        DataError: damaged.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        return _sheets_by_openpyxl(source, content)
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = [
            (name, *_tidy(book.get_sheet_by_name(name).to_python(skip_empty_area=False))) for name in book.sheet_names
        ]
    except Exception as error:  # its errors have no common type
        raise DataError(
            f"{source}: expected an .xlsx file, got {message_of(error)}; save it again or as CSV"
        ) from error
    return found


def _sheets_by_openpyxl(source: str, content: bytes) -> list[_Sheet]:
    try:
        import openpyxl
    except ImportError:
        raise MissingExtraError(
            f"{source}: a spreadsheet needs python-calamine; install it: pip install 'shareornot[spreadsheet]', or "
            "save the sheet as CSV"
        ) from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        return [(sheet.title, *_tidy([list(row) for row in sheet.iter_rows(values_only=True)])) for sheet in book]
    except Exception as error:  # its errors have no common type
        raise DataError(
            f"{source}: expected an .xlsx file, got {message_of(error)}; save it again or as CSV"
        ) from error


def _tidy(rows: list[list[Any]]) -> tuple[list[list[Any]], int]:
    tidy = [[_cell(value) for value in row] for row in rows]
    there = [place for place, row in enumerate(tidy) if any(value is not None for value in row)]
    return (tidy[there[0] : there[-1] + 1], there[0] + 1) if there else ([], 1)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
