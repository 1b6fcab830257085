"""A table of results, and its forms: text for people, CSV, LaTeX and JSON for programs.

Values are kept in full and in the units of the project; only text and LaTeX round them.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = str | int | float | bool | None

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
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: which field of the rows, under which heading, how it is rounded for people."""

    key: str
    heading: str
    digits: int = 2
    """Decimals of floating-point numbers."""
    scale: float = 1.0
    """100 shows fractions as points or percent, as the heading says."""

    def text(self, value: Value) -> str:
        """A value as people read it; nothing for None."""
        match value:
            case None:
                return ""
            case bool():
                return "yes" if value else ""
            case int():
                return f"{value:,}"
            case float():
                text = f"{value * self.scale:.{self.digits}f}"
                return text[1:] if text.startswith("-") and not text.strip("-0.") else text  # no -0.00
            case _:
                return value


@dataclass(frozen=True, kw_only=True, slots=True)
class ResultTable:
    """Rows of results with what is needed to show them."""

    name: str
    """For files: lower case and hyphens."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, Value], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, name: str, title: str, columns: Sequence[Column], rows: Sequence[Any], notes: Sequence[str] = ()
    ) -> "ResultTable":
        """A table of dataclasses, one a row."""
        plain = tuple({key: _plain(value) for key, value in asdict(row).items()} for row in rows)
        return cls(name=name, title=title, columns=tuple(columns), rows=plain, notes=tuple(notes))

    def texts(self) -> list[list[str]]:
        """The rows as people read them."""
        return [[column.text(row[column.key]) for column in self.columns] for row in self.rows]

    def to_csv(self) -> str:
        """All fields of all rows in full, with a header."""
        text = io.StringIO()
        keys = list(self.rows[0]) if self.rows else [column.key for column in self.columns]
        writer = csv.DictWriter(text, keys, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def to_latex(self) -> str:
        """A `tabular` for the package booktabs, with the title as a comment."""
        numeric = [any(isinstance(row[column.key], (int, float)) for row in self.rows) for column in self.columns]
        head = " & ".join(_latex(column.heading) for column in self.columns)
        body = [" & ".join(_latex(text) for text in row) + r" \\" for row in self.texts()]
        return "\n".join(
            [
                f"% {self.title}",
                *(f"% {note}" for note in self.notes),
                rf"\begin{{tabular}}{{{''.join('r' if number else 'l' for number in numeric)}}}",
                r"\toprule",
                head + r" \\",
                r"\midrule",
                *body,
                r"\bottomrule",
                r"\end{tabular}",
                "",
            ]
        )

    def to_json(self) -> dict[str, Any]:
        """What JSON can hold: rows in full."""
        return {"name": self.name, "title": self.title, "notes": list(self.notes), "rows": [dict(r) for r in self.rows]}


def _plain(value: Any) -> Value:
    """A value that JSON can hold; numbers that are not finite become words."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise TypeError(f"a field of a result: expected text or a number, got {type(value).__name__}")


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
