"""Where the header and the rows of delimited text are: what stands before the header, its names, and the delimiter."""

import csv
import io
import re
from dataclasses import dataclass

from shareornot.appraisal.user_scores.column_names import is_known_name
from shareornot.appraisal.user_scores.wording import shown
from shareornot.errors import DataError

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NAMES_OF_DELIMITERS = {**DELIMITERS, " ": "spaces"}
LINE_END = re.compile(rb"\r\n|\r|\n")
RULER = re.compile(rb"[ \t]*[|+]?[ \t]*:?[-=]{3,}[-=:|+ \t]*(?=[\r\n]|\Z)")
"""A line below the header, or around a table, in Markdown, Org, reStructuredText and printed tables."""
_DRAWN = re.compile(rb"(?:\xe2\x94[\x80\x82\x8c]|\xe2\x95[\x94\xad])(?:\xe2\x94\x80|\xe2\x95\x90){2}")
"""A corner or a line of a table that is drawn in letters for boxes, in UTF-8."""
_MOST_BEFORE_HEADER = 20
"""Lines, such as a title."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """Where the rows of a file begin, and how they are written."""

    names: list[str]
    delimiter: str
    start: int
    """Offset of the first row."""
    line: int
    """Line of the first row."""
    comments: bool
    """Whether a line that starts with # stands before the header or in front of its names."""
    ruled: bool
    """Whether the table has rulers."""


def find_layout(source: str, content: bytes, notes: list[str]) -> Layout:
    """Skip lines before the header, and find the names and their separator."""
    if _DRAWN.search(content[:4_096]):
        raise DataError(
            f"{source}: expected columns with commas between them, got a table with drawn lines, as programs print it; "
            "write it as CSV: frame.write_csv('scores.csv') in polars"
        )
    start, line, delimiter, skipped, comments, ruled = 0, 1, None, 0, False, False
    while True:
        end = LINE_END.search(content, start)
        first = content[start : end.start() if end else len(content)]
        text = first.strip()
        if found := re.fullmatch(rb"\"?sep=(.)\"?", text, re.IGNORECASE | re.DOTALL):
            delimiter = found[1].decode("latin-1")
        elif first.lower().startswith(b"sep=\t"):
            delimiter = "\t"
        elif text.startswith(b"#") and not _is_commented_header(text):
            skipped, comments = skipped + 1, True
        elif RULER.fullmatch(text):
            ruled = True
        elif text and (
            _splits_into_known_names(text) or _is_header_with_spaces(text) or not _header_follows(content, start)
        ):
            break
        elif text:
            skipped += 1
        if end is None:
            raise DataError(f"{source}: expected names of columns in the first line, got none; add a header")
        start, line = end.end(), line + 1
    if skipped:
        notes.append(f"{skipped} line{'s' * (skipped > 1)} before the header left out.")
    header, length, num_lines = _header_text(source, content, start, line)
    if commented := re.match(r"\s*#+\s*(?=[\w\"'])", header):  # as numpy.savetxt writes it
        header, comments = header[commented.end() :], True
    names, delimiter = _names(source, header, delimiter)
    start, line = start + length, line + num_lines
    if ruler := RULER.match(content, start):
        end = LINE_END.match(content, ruler.end())
        start, line, ruled = end.end() if end else ruler.end(), line + 1, True
    return Layout(
        names=_fitted_names(names, content, start, delimiter),
        delimiter=delimiter,
        start=start,
        line=line,
        comments=comments,
        ruled=ruled,
    )


def _splits_into_known_names(text: bytes) -> bool:
    return bool(_known_names(text))


def _known_names(text: bytes) -> list[str]:
    return [word for word in re.split(r"[,;\t|]", text.decode("utf-8", "replace")) if is_known_name(word)]


def _is_commented_header(text: bytes) -> bool:
    """Whether a line that starts with # holds names of columns."""
    return _splits_into_known_names(text.lstrip(b"# ")) or _is_header_with_spaces(text.lstrip(b"# "))


def _is_header_with_spaces(text: bytes) -> bool:
    """Whether a line holds two names or more with spaces between them, all of which are known."""
    words = text.decode("utf-8", "replace").split()
    return len(words) > 1 and all(map(is_known_name, words))


def _header_follows(content: bytes, start: int) -> bool:
    """Whether one of the next lines is a header beyond doubt: with two known names or more."""
    lines = LINE_END.split(content[start : start + 8_192])[1:_MOST_BEFORE_HEADER]
    return any(len(_known_names(line)) > 1 or _is_header_with_spaces(line) for line in lines)


def _header_text(source: str, content: bytes, start: int, line: int) -> tuple[str, int, int]:
    """The header, its bytes with the line end, and its number of lines; names in quotes may hold line ends."""
    position, num_lines = start, 0
    while True:
        end = LINE_END.search(content, position)
        stop = end.start() if end else len(content)
        num_lines += 1
        position = end.end() if end else stop
        if content.count(b'"', start, stop) % 2 == 0 or end is None or num_lines == 50:
            break
    if content.count(b'"', start, stop) % 2:
        raise DataError(f"{source}: line {line:,}: expected a closing quote in the header, got none; close it")
    try:
        return content[start:stop].decode(), position - start, num_lines
    except UnicodeDecodeError:
        raise DataError(
            f"{source}: line {line:,}: expected UTF-8 text, got another encoding; save it as CSV in UTF-8"
        ) from None


def _names(source: str, header: str, delimiter: str | None) -> tuple[list[str], str]:
    """The names of the columns, and their separator."""
    if header.lstrip().startswith("\\begin{") or (" & " in header and header.rstrip().endswith("\\\\")):
        raise DataError(
            f"{source}: expected names of columns with commas between them, got a table in LaTeX, {shown(header)}; "
            "write it as CSV: frame.to_csv('scores.csv') in pandas"
        )
    if delimiter is None:
        split = {mark: _fields(header, mark) for mark in DELIMITERS}
        delimiter = max(split, key=lambda mark: (sum(map(is_known_name, split[mark])), len(split[mark])))
    names = _fields(header, delimiter)
    if len(names) == 1 and sum(map(is_known_name, _fields(header, " "))) > 1:
        return _fields(header, " "), " "
    if len(names) == 1 and not is_known_name(names[0]):
        raise DataError(
            f"{source}: expected names of columns with commas between them, got {shown(header)}; "
            "separate columns by commas, and name them: architecture, proxy, standalone, ..."
        )
    return names, delimiter


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        reader = csv.reader(
            io.StringIO(line.strip(" "), newline=""), delimiter=delimiter, skipinitialspace=delimiter == " "
        )
        return [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration):
        return [name.strip() for name in line.split(delimiter)]


def _fitted_names(names: list[str], content: bytes, start: int, delimiter: str) -> list[str]:
    """The names with one more where every row has one value more, or without an empty last one where it has one less.

    R leaves out the name of row names, which all differ. Where the first values do not, a text holds the delimiter.
    """
    text = content[start : start + 65_536].decode("utf-8", "replace")
    lines = map(str.strip, text.splitlines()) if delimiter == " " else io.StringIO(text)
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ")
    try:
        few = [row for _, row in zip(range(20), rows, strict=False) if any(value.strip() for value in row)][:-1]
    except csv.Error:
        return names
    if len(few) < 2:
        return names
    widths = {len(row) for row in few}
    if widths == {len(names) - 1} and not names[-1]:
        return names[:-1]
    if widths != {len(names) + 1}:
        return names
    if all(not row[-1].strip() for row in few):
        return [*names, ""]
    first = {row[0] for row in few}
    is_cut_text = any(one.lstrip().startswith(("[", "(", "{", "'")) for one in first)
    return names if len(first) < len(few) or is_cut_text else ["", *names]
