"""Values of single columns as numbers and words; whatever cannot be read is named by row, column and value."""

import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.columns import Columns, float_view, is_text
from shareornot.appraisal.user_scores.number_text import MISSING, parse_lists, parse_numbers, remedy_for
from shareornot.appraisal.user_scores.wording import shown
from shareornot.errors import DataError

MOST_CHARACTERS = 10_000
"""Most characters of a name: more is a mistake."""
MOST_IN_LIST = 10_000
"""Numbers in one row."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Words:
    """Position of each row's word among the distinct ones, -1 where there is none; and those."""

    positions: Int64[np.ndarray, " rows"]
    distinct: list[str]


def numbers_of(
    columns: Columns, name: str, *, units: bool = False, accuracies: bool = False
) -> tuple[Float64[np.ndarray, "rows repeats"], str | None]:
    """Numbers of a column, NaN where there is none, and how they were read where that is not plain.

    Args:
        columns: columns of the file.
        name: name of the column.
        units: whether units of time may follow the numbers.
        accuracies: whether the numbers are accuracies.

    Returns:
        One column, or several where each row holds a list; and a note or None.

    Raises:
        DataError: a value that is no number.
    """
    array = columns.named[name]
    kind = array.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _table_of_lists(columns, name, _lists(columns, name, array)), None
    if is_text(array):
        return _numbers_of_text(columns, name, array, units=units, accuracies=accuracies)
    if pa.types.is_null(kind):
        return np.full((len(array), 1), np.nan), None
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        if units and (pa.types.is_duration(kind) or pa.types.is_time(kind)):
            return _seconds_of(array)[:, None], f"{name}: read in seconds."
        row = int(np.argmax(np.asarray(pc.is_valid(array).to_numpy(zero_copy_only=False))))
        is_record = pa.types.is_struct(kind) or pa.types.is_map(kind)
        remedy = f"write one number in each row, {name}[...] alone" if is_record else "convert the column"
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected numbers, got "
            f"{'a record' if is_record else kind}, such as {shown(str(array[row].as_py()))}; {remedy}"
        )
    return float_view(array)[:, None], None


def _seconds_of(array: pa.Array) -> Float64[np.ndarray, " rows"]:
    """Seconds of durations, or of times of day, which is how spreadsheets hold durations of less than a day."""
    if pa.types.is_time32(array.type):
        array = pc.cast(array, pa.time64("us"))
    to_int = array if pa.types.is_time64(array.type) else pc.cast(array, pa.duration("ns"))
    per_second = 1e6 if to_int.type == pa.time64("us") else 1e9
    return float_view(to_int.view(pa.int64())) / per_second


def _numbers_of_text(
    columns: Columns, name: str, array: pa.Array, *, units: bool, accuracies: bool
) -> tuple[Float64[np.ndarray, "rows repeats"], str | None]:
    parsed = parse_numbers(array, decimal_comma=columns.decimal_comma, units=units, accuracies=accuracies)
    if parsed.odd_row is not None:
        if (lists := parse_lists(array)) is not None:
            return _table_of_lists(columns, name, lists), f"{name}: lists of numbers, one for each training."
        remedy = remedy_for(parsed.odd_text)
        if parsed.odd_text.strip() == name:
            remedy = "take out the header that repeats"
        elif parsed.odd_row == 0 and not any(map(str.isdigit, parsed.odd_text)):
            remedy = f"take the row out if it holds units or other names, else {remedy}"
        raise DataError(
            f"{columns.source}: {columns.row(parsed.odd_row)}: column {shown(name)}: expected numbers, got "
            f"{shown(parsed.odd_text)}; {remedy}"
        )
    values = parsed.values / 100 if parsed.percent and accuracies else parsed.values
    return values[:, None], None if parsed.reading is None else f"{name}: read {parsed.reading}."


def _lists(columns: Columns, name: str, array: pa.Array) -> list[list[float]]:
    """The lists of a column, empty where there is none."""
    found: list[list[float]] = []
    for position, value in enumerate(array.to_pylist()):
        try:
            found.append([] if value is None else [np.nan if one is None else float(one) for one in value])
        except (TypeError, ValueError, OverflowError):
            raise DataError(
                f"{columns.source}: {columns.row(position)}: column {shown(name)}: expected numbers or a list of "
                f"numbers, got {shown(str(value))}; give one number for each training"
            ) from None
    return found


def _table_of_lists(columns: Columns, name: str, lists: list[list[float]]) -> Float64[np.ndarray, "rows repeats"]:
    width = max(1, max(map(len, lists)))
    if width > MOST_IN_LIST or width * len(lists) > 1 << 28:
        row = int(np.argmax([len(one) for one in lists]))
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected at most {MOST_IN_LIST:,} numbers in "
            f"a list, got {width:,}; give one number for each training"
        )
    table = np.full((len(lists), width), np.nan)
    for row, one in enumerate(lists):
        table[row, : len(one)] = one
    return table


def words_of(columns: Columns, name: str) -> Words:
    """Words of a column of any kind; whole numbers that are written with decimals lose these.

    Raises:
        DataError: values that are no words, or too long.
    """
    array = columns.named[name]
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        array = _text_of_numbers(array)
    elif pa.types.is_nested(kind):
        array = _text_of_nested(array)
    elif not is_text(array):
        try:
            array = pc.cast(array, pa.string())
        except pa.ArrowException:
            raise DataError(
                f"{columns.source}: {columns.row(0)}: column {shown(name)}: expected text, got {kind}; convert the "
                "column"
            ) from None
    rows = pc.dictionary_encode(array)  # first of all, since texts repeat
    array = rows.dictionary
    lengths = pc.binary_length(array)
    longest = pc.max(lengths).as_py() or 0
    if longest > MOST_CHARACTERS:
        row = pc.index(rows.indices, pc.index(lengths, longest).cast(rows.indices.type)).as_py()
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected at most {MOST_CHARACTERS:,} "
            f"characters, got {longest:,}; give short names"
        )
    trimmed = pc.utf8_trim_whitespace(array)
    missing = pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(MISSING)))
    encoded = pc.dictionary_encode(pc.if_else(missing, pa.scalar(None, pa.string()), trimmed))
    distinct = encoded.dictionary
    own = np.append(_positions(encoded.indices), -1)
    if len(distinct) and pc.all(pc.match_substring_regex(distinct, r"^-?[0-9]+(\.0)?$")).as_py():
        # numbers of super-nets, some of which a data frame holds as real ones
        whole = pc.dictionary_encode(pc.replace_substring_regex(distinct, r"\.0$", ""))
        distinct, own = whole.dictionary, np.append(_positions(whole.indices), -1)[own]
    return Words(positions=own[_positions(rows.indices)], distinct=distinct.to_pylist())


def _positions(indices: pa.Array) -> Int64[np.ndarray, " rows"]:
    """Positions in a dictionary, -1 where there is none."""
    return np.asarray(pc.fill_null(pc.cast(indices, pa.int64()), -1).to_numpy(zero_copy_only=False), np.int64)


def _text_of_nested(array: pa.Array) -> pa.Array:
    """Lists and records, as JSON holds choices of an architecture, as text."""
    values = array.to_pylist()
    return pa.array([None if value is None else json.dumps(value, default=str) for value in values], pa.string())


def _text_of_numbers(array: pa.Array) -> pa.Array:
    """Numbers as text: whole ones without decimals."""
    values = float_view(array)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 2**53)
    if whole[~np.isnan(values)].all():
        return pc.cast(pc.cast(pa.array(np.where(whole, values, 0), mask=~whole), pa.int64()), pa.string())
    return pa.array([None if np.isnan(value) else f"{value:.17g}" for value in values.tolist()], pa.string())
