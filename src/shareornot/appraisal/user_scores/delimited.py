"""Delimited text as columns of text: separated by commas, semicolons, tabs or bars, with line ends of any kind.

Every column is read as text, so that one rule decides what a number is, whatever the file, and every message can name
the row, the column and the value.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from shareornot.appraisal.user_scores.columns import MOST_BYTES, Columns, make_columns
from shareornot.appraisal.user_scores.delimited_layout import LINE_END, NAMES_OF_DELIMITERS, Layout, find_layout
from shareornot.appraisal.user_scores.delimited_lines import without_other_lines
from shareornot.appraisal.user_scores.number_text import MISSING, has_decimal_commas
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError, message_of

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 24
_SAMPLE = 1_000
"""Rows in which decimal commas are looked for."""
_SPACED_QUOTE = re.compile(rb"[,;\t|] +\"")


def read_delimited(source: str, content: bytes) -> Columns:
    """All columns of delimited text.

    Args:
        source: what messages call the file.
        content: content of the file.

    Raises:
        DataError: another encoding, no header, a row that is too short or too long, or a quote that is not closed.
    """
    content, notes = _utf8(source, content)
    if len(content) > MOST_BYTES:
        raise DataError(f"{source}: expected at most 2 GiB of text, got {len(content) / 2**30:.1f} GiB; split the file")
    layout = find_layout(source, content, notes)
    if layout.delimiter != ",":
        notes.append(f"Columns are separated by {NAMES_OF_DELIMITERS.get(layout.delimiter, repr(layout.delimiter))}.")
    _refuse_other_encodings(source, content, layout)
    content = without_other_lines(content, layout, notes)
    try:
        parse = _parsed_by_python if layout.delimiter == " " else _parsed
        table = parse(source, content, layout)
    except DataError:
        if layout.delimiter == " " or not _SPACED_QUOTE.search(content):
            raise
        table = _parsed_by_python(source, content, layout)
    a_line_each = _num_breaks(content, layout.start) + 1 == table.num_rows
    if not a_line_each or b"\r" in content:
        _refuse_open_quote(source, table, layout)
    pairs = list(zip(table.column_names, table.columns, strict=True))
    del content, table  # of a large file both are large, and the columns are copied once more
    decimal_comma = layout.delimiter != "," and _decimal_commas([column for _, column in pairs])
    return make_columns(
        source,
        _handed_over(_without_empty_end(pairs)),
        notes,
        decimal_comma=decimal_comma,
        first_line=layout.line if a_line_each else None,
    )


def _num_breaks(content: bytes, start: int) -> int:
    """Line ends between the rows, without those after the last one."""
    stop = len(content)
    while stop > start and content[stop - 1] in b"\r\n":
        stop -= 1
    return content.count(b"\n", start, stop) or content.count(b"\r", start, stop)


def _handed_over(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs; the iterator drops each one when the next one is requested."""
    pairs.reverse()
    while pairs:
        yield pairs.pop()


def _utf8(source: str, content: bytes) -> tuple[bytes, list[str]]:
    """The content in UTF-8 without a byte-order mark."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding).encode(), [f"The text is in {encoding.upper()}."]
            except UnicodeError:
                raise DataError(
                    f"{source}: expected text in {encoding.upper()}, got a damaged file; save it as CSV in UTF-8"
                ) from None
    while content.startswith(codecs.BOM_UTF8):  # each program that writes it again may add one
        content = content.removeprefix(codecs.BOM_UTF8)
    if content[-1:] in b"\0\x1a" and b"\0" not in content[:20]:  # what old programs and full blocks end with
        content = content.rstrip(b"\0\x1a")
    if b"\0" in content:
        sample = content[:2000]
        for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if sample[start::2].count(0) > 0.9 * len(sample) / 2 and not sample[1 - start :: 2].count(0):
                try:
                    return content.decode(encoding).encode(), [f"The text is in {encoding[:6].upper()}."]
                except UnicodeError:
                    break
        raise DataError(
            f"{source}: expected text with names of columns in the first line, got zero bytes, as a program's own "
            "format has them; save it as CSV, JSON or Parquet"
        )
    return content, []


def _refuse_other_encodings(source: str, content: bytes, layout: Layout) -> None:
    """Raise where the rows are no UTF-8; they are looked at in parts, which takes no memory."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(layout.start, len(content), _BLOCK):
        part = content[start : start + _BLOCK]
        try:
            decoder.decode(part, final=start + _BLOCK >= len(content))
        except UnicodeDecodeError as error:
            place = min(start + error.start, len(content) - 1)
            line = len(LINE_END.findall(content, 0, place)) + 1
            row_start = max(content.rfind(b"\n", 0, place), content.rfind(b"\r", 0, place)) + 1
            before = content[row_start:place].count(layout.delimiter.encode())
            name = layout.names[min(before, len(layout.names) - 1)]
            where = f"row {max(line - layout.line, 0) + 1:,} (line {line:,}): column {shown(name)}"
            raise DataError(
                f"{source}: {where}: expected UTF-8 text, got another encoding; save it as CSV in UTF-8"
            ) from None


def _parsed(source: str, content: bytes, layout: Layout) -> pa.Table:
    """The rows as text.

    Raises:
        DataError: a row with another number of values, an open quote, or text that is no UTF-8.
    """
    odd: list[tuple[int | None, Any]] = []

    def take(row: Any) -> str:
        if not row.text.strip(layout.delimiter + ' \t\r\n"'):
            return "skip"
        odd.append((row.number, row))
        return "error"

    unique = [str(place) for place in range(len(layout.names))]
    body = pa.BufferReader(memoryview(content)[layout.start :])
    if len(content) == layout.start:
        return pa.table({}).select([]) if not layout.names else _no_rows(layout.names)
    for block in (_BLOCK, MOST_BYTES - 1):
        try:
            table = pacsv.read_csv(
                body,
                read_options=pacsv.ReadOptions(
                    column_names=unique, block_size=min(block, max(len(content), 1 << 16)), use_threads=False
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=take
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(unique, pa.string()), null_values=[], strings_can_be_null=False
                ),
            )
            return table.rename_columns(layout.names)
        except (pa.ArrowException, OSError, ValueError) as error:
            if "straddl" in str(error) and block == _BLOCK and len(content) > _BLOCK:
                body = pa.BufferReader(memoryview(content)[layout.start :])
                odd.clear()
                continue
            if "Empty CSV" in str(error):
                return _no_rows(layout.names)
            raise DataError(_explained(source, content, layout, error, odd)) from error
    raise AssertionError("a block holds the whole file")


def _no_rows(names: Sequence[str]) -> pa.Table:
    return pa.Table.from_arrays([pa.array([], pa.string()) for _ in names], names=list(names))


def _parsed_by_python(source: str, content: bytes, layout: Layout) -> pa.Table:
    """The same where a space stands between a delimiter and a quote, which Python's reader can skip."""
    try:
        text = content[layout.start :].decode()
        lines = map(str.strip, text.splitlines()) if layout.delimiter == " " else io.StringIO(text, newline="")
        reader = csv.reader(lines, delimiter=layout.delimiter, skipinitialspace=True)
        rows = [row for row in reader if any(value.strip() for value in row)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(
            f"{source}: expected delimited text, got {message_of(error, 120)}; write the file again"
        ) from None
    for number, row in enumerate(rows):
        if len(row) != len(layout.names):
            raise DataError(f"{source}: {_odd_row(layout, number, layout.delimiter.join(row), len(row))}")
    columns = zip(*rows, strict=True) if rows else ([] for _ in layout.names)
    return pa.Table.from_arrays([pa.array(list(column), pa.string()) for column in columns], names=layout.names)


def _explained(
    source: str, content: bytes, layout: Layout, reason: Exception, odd: list[tuple[int | None, Any]]
) -> str:
    """What is wrong with the file, in the words of its user."""
    if odd:
        number, row = odd[0]
        if row.text.count('"') % 2 or "\n" in row.text.strip() or "\r" in row.text.strip():
            return f"{source}: {_open_quote(content, layout)}"
        return f"{source}: {_odd_row(layout, (number or 1) - 1, row.text, row.actual_columns)}"
    if content.count(b'"', layout.start) % 2:
        return f"{source}: {_open_quote(content, layout)}"
    return f"{source}: expected a CSV file of scores, got: {message_of(reason)}; write the file again"


def _odd_row(layout: Layout, number: int, text: str, actual: int) -> str:
    """A row that is too short or too long, with a remedy."""
    expected = len(layout.names)
    marks = NAMES_OF_DELIMITERS.get(layout.delimiter, "marks")
    where = f"row {number + 1:,} (line {layout.line + number:,})"
    if actual < expected:
        lacks = layout.names[actual:]
        remedy = f"add the values of {listed(lacks, 5)}, or leave them empty between {marks}"
        if text.lstrip().startswith("#"):
            remedy = "take the comment out; such lines are comments where one stands before the header"
        elif ";" in text and layout.delimiter == ",":
            remedy += ", and put quotes around texts that hold commas"
        elif actual == 1:
            remedy = f"take the line out if it is no row, or {remedy}"
    else:
        remedy = "put quotes around texts that hold such marks, as cells do"
    return f"{where}: expected {expected} values with {marks} between them, got {actual} in {shown(text)}; {remedy}"


def _open_quote(content: bytes, layout: Layout) -> str:
    """Where the quote is that is not closed in its row."""
    rest = content[layout.start :].decode("utf-8", "replace")
    for number, line in enumerate(re.split(r"\r\n|\r|\n", rest)):
        if line.count('"') % 2:
            before = line[: line.index('"')].count(layout.delimiter)
            name = layout.names[min(before, len(layout.names) - 1)]
            return (
                f"row {number + 1:,} (line {layout.line + number:,}): column {shown(name)}: expected a closing quote, "
                f"got none in {shown(line)}; close the quote, or take it out"
            )
    return "expected a closing quote for each quote, got one that is not closed; close it, or take it out"


def _refuse_open_quote(source: str, table: pa.Table, layout: Layout) -> None:
    """Raise where a value holds whole rows, which a quote that was not closed has swallowed."""
    for place, name in enumerate(table.column_names):
        column = table.column(place)
        with_break = pc.match_substring_regex(column, "[\r\n]")
        if not pc.any(with_break).as_py():
            continue
        row = pc.index(with_break, True).as_py()
        value = column[row].as_py()
        if any(part.count(layout.delimiter) >= max(1, len(layout.names) - 1) for part in re.split(r"[\r\n]+", value)):
            raise DataError(
                f"{source}: row {row + 1:,} (line {layout.line + row:,}): column {shown(name)}: expected a closing "
                f"quote, got rows in {shown(value)}; close the quote, or take it out"
            )


def _without_empty_end(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The columns without those that have neither name nor value, which a mark at the end of each line makes."""

    def is_blank(name: str, column: Any) -> bool:
        return not name and not pc.any(pc.greater(pc.utf8_length(pc.utf8_trim_whitespace(column)), 0)).as_py()

    kept = [(name, column) for name, column in pairs if not is_blank(name, column)]
    pairs.clear()
    return kept


def _decimal_commas(columns: Sequence[pa.ChunkedArray]) -> bool:
    """Whether some column holds numbers with a comma before the decimals, and none such with a point."""
    for column in columns:
        texts = [text.strip() for text in column.slice(0, _SAMPLE).to_pylist()]
        if has_decimal_commas([text for text in texts if text.lower() not in MISSING]):
            return True
    return False
