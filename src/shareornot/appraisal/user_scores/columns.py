"""Named columns as they come from a file or from Python, before anything is known about their meaning."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError, message_of

MOST_ROWS = 100_000_000
MOST_COLUMNS = 20_000
MOST_BYTES = (1 << 31) - 1
"""Most bytes of a file, after it was decompressed: more does not fit into one block of text."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Columns:
    """Columns of one length under different names. Text files have columns of text, others whatever they hold."""

    source: str
    """What messages call them."""
    named: dict[str, pa.Array]
    notes: tuple[str, ...] = ()
    """What was assumed about the file."""
    decimal_comma: bool = False
    """Whether numbers in text have a comma before the decimals."""
    first_line: int | None = None
    """Line of the first row in a text file in which each row is a line."""
    index: str | None = None
    """Name of the column that was the index of a data frame."""
    positions: Int64[np.ndarray, " rows"] | None = None
    """Position of each row in the file, where some were left out."""

    @property
    def num_rows(self) -> int:
        """Length of each column."""
        return len(next(iter(self.named.values()))) if self.named else 0

    def row(self, position: int) -> str:
        """A row in words, counted from 1, with its line in a text file."""
        place = position if self.positions is None else int(self.positions[position])
        line = "" if self.first_line is None else f" (line {self.first_line + place:,})"
        return f"row {place + 1:,}{line}"

    def take(self, rows: Int64[np.ndarray, " kept"]) -> "Columns":
        """Some of the rows."""
        named = {name: array.take(pa.array(rows)) for name, array in self.named.items()}
        return replace(self, named=named, positions=rows if self.positions is None else self.positions[rows])


def make_columns(
    source: str,
    pairs: Iterable[tuple[str, pa.Array | pa.ChunkedArray]],
    notes: Sequence[str] = (),
    *,
    decimal_comma: bool = False,
    first_line: int | None = None,
    index: str | None = None,
) -> Columns:
    """Columns of equal length with a name for each; a name that occurs again gets a number, as in pandas.

    Raises:
        DataError: no column, no row, too many of either, or columns of different lengths.
    """
    named: dict[str, pa.Array] = {}
    again: list[str] = []
    for name, array in pairs:
        unique, number = name, 0
        while unique in named:
            number += 1
            unique = f"{name}.{number}"
        if number:
            again.append(name)
        named[unique] = plain(source, unique, array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)
    lengths = {len(array) for array in named.values()}
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {len(array):,}" for name, array in list(named.items())[:10])
        raise DataError(f"{source}: expected columns of one length, got {sizes}; give one value for each row")
    if not named:
        raise DataError(f"{source}: expected named columns, got none; name them: architecture, proxy, standalone, ...")
    num_rows = lengths.pop()
    if num_rows == 0:
        raise DataError(f"{source}: expected a row for each architecture and super-net, got a header only; add scores")
    if num_rows > MOST_ROWS or len(named) > MOST_COLUMNS:
        raise DataError(
            f"{source}: expected at most {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns, got {num_rows:,} and "
            f"{len(named):,}; split the file"
        )
    repeated = [f"The header repeats {listed([*dict.fromkeys(again)])}: the copies are numbered."] if again else []
    return Columns(
        source=source,
        named=named,
        notes=(*notes, *repeated),
        decimal_comma=decimal_comma,
        first_line=first_line,
        index=index,
    )


def is_text(array: pa.Array) -> bool:
    """Whether an array holds text."""
    kind = array.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def plain(source: str, name: str, array: pa.Array) -> pa.Array:
    """The array without dictionaries, and text in one kind of array; bytes that are no text stay bytes.

    Raises:
        DataError: text of more than 2 GiB, or a damaged column.
    """
    try:
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        array.validate(full=True)
        if pa.types.is_dictionary(array.type):
            words = pc.cast(array.dictionary, pa.string()) if is_text(array.dictionary) else array.dictionary
            array = pa.DictionaryArray.from_arrays(array.indices, words).dictionary_decode()
        if is_text(array) and not pa.types.is_string(array.type):
            return pc.cast(array, pa.string())
    except pa.ArrowException as error:
        raise DataError(
            f"{source}: column {shown(name)}: expected text, got {message_of(error, 120)}; convert it"
        ) from error
    if _is_binary(array):
        try:
            return pc.cast(array, pa.string())
        except pa.ArrowException:
            return array
    return array


def _is_binary(array: pa.Array) -> bool:
    kind = array.type
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def float_view(column: pa.Array) -> Float64[np.ndarray, " rows"]:
    """Numbers of an Arrow column as an array, NaN where there is none."""
    filled = pc.fill_null(pc.cast(column, pa.float64(), safe=False), np.nan)
    return np.frombuffer(filled.buffers()[1], np.float64, len(filled), filled.offset * 8)
