"""A table of results, and its forms: text for people, CSV and LaTeX for papers, JSON for programs and for the page.

A table is a list of columns over rows. Rows keep numbers in full and in the units of the project, where accuracies,
regrets and shares are fractions; a column defines how they are shown. CSV and LaTeX use the units of the page: a column
in percent or in points has that unit in its name.
"""

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Literal

import numpy as np

from shareornot.appraisal.rows import Value
from shareornot.text import DASH, MINUS, ascii_text

Unit = Literal["", "percent", "points"]
Tone = Literal["", "much-less", "less", "more", "much-more", "over", "under"]
"""The meaning of a colour: regret far below, below, above, far above that of random search; a rating of the audit."""

LEAST_P = 0.001
"""Smaller p-values are shown as `< 0.001`."""


@dataclass(frozen=True, slots=True)
class Format:
    """Format of the numbers of a column."""

    digits: int = 2
    """Decimals of real numbers."""
    unit: Unit = ""
    """A fraction is shown in percent, or a difference of fractions in points: both are 100 times the fraction."""
    signed: bool = False
    """Whether positive numbers have a plus sign."""
    is_p: bool = False
    """Whether the numbers are p-values."""
    no: str = ""
    """Text of a value that is false."""

    @property
    def scale(self) -> float:
        """Factor from the unit of the rows to that of the column."""
        return 100.0 if self.unit else 1.0

    def text(self, value: Value) -> str:
        """A value as people read it, in ASCII; empty for None."""
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else self.no
            case int():
                return f"{value:,}"
            case float() if self.is_p:
                return p_text(value, self.digits)
            case float():
                text = f"{value * self.scale:{'+' if self.signed else ''},.{self.digits}f}"
                return text[1:] if text.startswith("-") and not text.strip("-0.") else text  # no -0.00
            case _:
                return value


def p_text(value: float, digits: int = 3) -> str:
    """A p-value; those smaller than 0.001 are not distinguished."""
    return f"< {LEAST_P:g}" if value < LEAST_P else f"{value:.{digits}f}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: which field of the rows it shows, under which title, in which format."""

    name: str
    """Name of the field, and of the column in CSV."""
    title: str
    """Title for readers; empty for a column that only CSV has."""
    format: Format = Format()
    get: Callable[[Any], Value] | None = None
    """Takes the value from a row; by default the field with the column's name."""

    @property
    def csv_name(self) -> str:
        """The name with the unit."""
        unit = self.format.unit
        return f"{self.name}_{unit}" if unit and not self.name.endswith(unit) else self.name

    def value(self, row: Any) -> Value:
        """The value of a row, a dataclass or a mapping, as JSON can hold it: None if it is not finite."""
        if self.get is not None:
            return _plain(self.get(row))
        return _plain(row[self.name] if isinstance(row, Mapping) else getattr(row, self.name))


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of results with their columns, title and notes."""

    name: str
    """Name in file names, in lower case with hyphens."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Any, ...]
    """Dataclasses or mappings."""
    notes: tuple[str, ...] = ()

    def shown_columns(self) -> list[Column]:
        """Those with a title and a text in at least one row."""
        return [
            column
            for column in self.columns
            if column.title and (not self.rows or any(column.format.text(column.value(row)) for row in self.rows))
        ]

    def shown_notes(self) -> list[str]:
        """The notes, except those that explain a column that is not shown: they begin with its title and a colon."""
        shown = {column.title.partition(",")[0].lower() for column in self.shown_columns()}
        hidden = {column.title.partition(",")[0].lower() for column in self.columns if column.title} - shown
        return [note for note in self.notes if note.partition(":")[0].lower() not in hidden]

    def is_numeric(self, column: Column) -> bool:
        """Whether a column holds numbers."""
        return any(isinstance(column.value(row), int | float) for row in self.rows)

    def texts(self) -> list[list[str]]:
        """The shown columns of all rows as people read them."""
        columns = self.shown_columns()
        return [[column.format.text(column.value(row)) for column in columns] for row in self.rows]

    def to_csv(self) -> str:
        """All columns of all rows in full, in the unit that the header names."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.csv_name for column in self.columns])
        writer.writerows([_scaled(column, row) for column in self.columns] for row in self.rows)
        return text.getvalue()

    def to_latex(self) -> str:
        """A `tabular` that needs no package, in ASCII, with title and notes as comments."""
        columns = self.shown_columns()
        head = " & ".join(latex(_with_unit(column)) for column in columns)
        body = [" & ".join(latex(text) for text in row) + r" \\" for row in self.texts()]
        comments = [" ".join(ascii_text(line).split()) for line in (self.title, *self.shown_notes())]
        return "\n".join(
            [
                *(f"% {line}" for line in comments),
                rf"\begin{{tabular}}{{{''.join('r' if self.is_numeric(column) else 'l' for column in columns)}}}",
                r"\hline",
                head + r" \\",
                r"\hline",
                *body,
                r"\hline",
                r"\end{tabular}",
                "",
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """All fields of all rows in full and in the units of the project."""
        return {
            "name": self.name,
            "title": self.title,
            "notes": list(self.notes),
            "rows": [{name: _plain(value) for name, value in _fields(row).items()} for row in self.rows],
        }

    def to_page(
        self,
        *,
        tones: Callable[[Any, str], Tone] = lambda _, __: "",
        chosen: Callable[[Any], bool] = lambda _: False,
    ) -> dict[str, Any] | None:
        """The table as the page shows it; None without a row.

        Args:
            tones: the tone of a value, by row and name of the column.
            chosen: whether a row stands out.
        """
        if not self.rows:
            return None
        columns = self.shown_columns()
        return {
            "title": self.title,
            "columns": [{"title": column.title, "numeric": self.is_numeric(column)} for column in columns],
            "rows": [[_page_text(column, row) for column in columns] for row in self.rows],
            "keys": [[_sort_key(column, row) for column in columns] for row in self.rows],
            "tones": [[tones(row, column.name) for column in columns] for row in self.rows],
            "chosen": [chosen(row) for row in self.rows],
            "notes": self.shown_notes(),
        }


def _scaled(column: Column, row: Any) -> Value:
    value = column.value(row)
    if not column.format.unit or isinstance(value, bool | str | None):
        return value
    return value * column.format.scale


def _with_unit(column: Column) -> str:
    sign = {"": "", "percent": "%", "points": "points"}[column.format.unit]
    return column.title if not sign or sign in column.title else f"{column.title} ({sign})"


def _page_text(column: Column, row: Any) -> str:
    value = column.value(row)
    if value is None:
        return DASH
    text = column.format.text(value)
    return text.replace("-", MINUS, 1) if isinstance(value, int | float) and text.startswith("-") else text


def _sort_key(column: Column, row: Any) -> float | int | str | None:
    """Sort key of a cell: a number for numbers, a text for texts, None for cells that come last."""
    value = column.value(row)
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _fields(row: Any) -> Mapping[str, Any]:
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    fields: Mapping[str, Any] = row
    return fields


def _plain(value: Any) -> Value:
    """A value that JSON can hold; numbers that are not finite become words."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a field of a result: expected text or a number, got {type(value).__name__}")


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"\textbar{}",
    "[": "{[}",  # at the beginning of a row, it would be an argument of the end of the row above
    "*": "{*}",
    '"': "''",
    "\u00b1": r"$\pm$",
    MINUS: "$-$",
    DASH: "--",
    "\u00d7": r"$\times$",
    "\u2265": r"$\ge$",
    "\u2264": r"$\le$",
}


def latex(text: str) -> str:
    r"""Text for plain pdflatex, without packages: ASCII alone, and nothing that LaTeX takes for a command.

    A number with a minus sign gets a true one. A character that has no ASCII form becomes a question mark.
    """
    if text[:1] == "-" and text[1:2].isdigit():
        text = MINUS + text[1:]
    return "".join(_LATEX.get(one) or ascii_text(one) for one in " ".join(text.split()))
