"""Lines of delimited text that are no rows: comments, rulers, and the number of rows that a database prints."""

import re

from shareornot.appraisal.user_scores.delimited_layout import RULER, Layout
from shareornot.appraisal.user_scores.number_text import is_number_or_missing
from shareornot.appraisal.user_scores.wording import count

_COMMENT = re.compile(rb"(?:\A|(?<=[\r\n]))[ \t]*#[^\r\n]*")
_RULER_BETWEEN = re.compile(rb"(?:\A|(?<=[\r\n]))" + RULER.pattern)
_NUM_ROWS = re.compile(rb"[\r\n]\(([\d,]+) rows?\)\s*\Z")


def without_other_lines(content: bytes, layout: Layout, notes: list[str]) -> bytes:
    """The content with blank lines in place of lines that are no rows.

    Lines that start with # are comments where one stands before the header, unless most rows start so.

    Args:
        content: text in UTF-8.
        layout: layout of the file.
        notes: gets one on what was left out.
    """
    if layout.ruled and (printed := _NUM_ROWS.search(content, max(layout.start, len(content) - 100))):
        content = content[: printed.start()]
    if layout.comments and (first := _COMMENT.search(content, layout.start)):
        rows = [found for found in _COMMENT.finditer(content, first.start()) if _is_row(found[0], layout)]
        content, num = _blanked(_COMMENT, content, layout, keep_rows=len(rows) > _num_lines(content, layout) / 2)
        if num:
            notes.append(f"{count(num, 'comment')} between or below the rows left out.")
    if layout.ruled:
        content, _ = _blanked(_RULER_BETWEEN, content, layout, keep_rows=False)
    return content


def _blanked(pattern: re.Pattern[bytes], content: bytes, layout: Layout, *, keep_rows: bool) -> tuple[bytes, int]:
    """The content without the lines of a pattern, whose line ends stay, and how many these are."""
    kept: list[bytes] = []
    position, num, num_quotes = 0, 0, 0
    for found in pattern.finditer(content, layout.start):
        num_quotes += content.count(b'"', max(position, layout.start), found.start())
        if num_quotes % 2 or (keep_rows and _is_row(found[0], layout)):  # within a text in quotes
            kept.append(content[position : found.end()])
            num_quotes += found[0].count(b'"')
        else:
            kept.append(content[position : found.start()])
            num += 1
        position = found.end()
    return (b"".join([*kept, content[position:]]) if num else content), num


def _num_lines(content: bytes, layout: Layout) -> int:
    """Lines from the first row on."""
    return content.count(b"\n", layout.start) or content.count(b"\r", layout.start)


def _is_row(line: bytes, layout: Layout) -> bool:
    text = line.decode("utf-8", "replace")
    values = text.split() if layout.delimiter == " " else text.split(layout.delimiter)
    return len(values) == len(layout.names) and all(map(is_number_or_missing, values[-1:]))
