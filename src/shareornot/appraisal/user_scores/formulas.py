"""Formulas in spreadsheets whose values no program has computed: what reads a file alone finds empty cells there."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from html import unescape

from shareornot.appraisal.user_scores.column_names import is_known_name
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError

_CELL = re.compile(r'<c\b[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<f\b([^>]*?)(?:/>|>(.*?)</f>)(.*?)</c>', re.DOTALL)
_VALUE = re.compile(r"<v\b[^>]*>[^<]|<is\b")


def formula_notes(source: str, content: bytes, sheet: str, header: Sequence[str], line: int) -> list[str]:
    """A note on columns with formulas that have no value, which count as missing.

    Args:
        source: what messages call the file.
        content: content of an .xlsx file.
        sheet: its name.
        header: names of the columns.
        line: line of the header.

    Raises:
        DataError: such a formula in a column whose name has a meaning, such as `proxy`.
    """
    odd: dict[str, None] = {}
    for place, number, formula in _without_value(content, sheet):
        if number <= line or place >= len(header):
            continue
        name = header[place]
        if is_known_name(name):
            raise DataError(
                f"{source}: row {number - line:,} (line {number:,}): column {shown(name)}: expected a value, got the "
                f"formula {shown('=' + formula)} without one; open and save the file in a spreadsheet program, which "
                "computes the values, or export the sheet as CSV there"
            )
        odd[name] = None
    return [f"{listed([*odd])}: formulas without values are taken for missing values."] if odd else []


def _without_value(content: bytes, sheet: str) -> Iterator[tuple[int, int, str]]:
    """The column from 0, the line, and the formula of each cell that has a formula and no value."""
    text = _sheet_text(content, sheet)
    if "<f" not in text:
        return
    for found in _CELL.finditer(text):
        letters, number, _, formula, rest = found.groups()
        if not _VALUE.search(rest):
            place = 0
            for letter in letters:
                place = 26 * place + ord(letter) - 64
            yield place - 1, int(number), unescape(formula or "...")


def _sheet_text(content: bytes, sheet: str) -> str:
    """The XML of a sheet; nothing where it is not found, since a sheet was read already."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
            links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
            for entry in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
                if unescape(_attribute(entry, "name")) != sheet:
                    continue
                key = _attribute(entry, r"\w+:id")
                for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
                    if _attribute(link, "Id") == key:
                        target = _attribute(link, "Target").lstrip("/")
                        return archive.read(target if target.startswith("xl/") else f"xl/{target}").decode(
                            "utf-8", "replace"
                        )
    except (KeyError, OSError, ValueError, zipfile.BadZipFile):
        pass
    return ""


def _attribute(entry: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', entry)
    return found[1] if found else ""
