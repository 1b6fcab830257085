"""Tables as the page shows them: texts, with tones for what the paper colours."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from shareornot.reproduction.result_table import Column, ResultTable, Value

Tone = Literal["", "much-less", "less", "more", "much-more", "over", "under"]
"""What a colour says: regret far below, below, above, far above that of random search; a rating of the audit."""

MINUS, DASH = "\u2212", "\u2013"
SIGNIFICANT = 0.05
SMALL, LARGE = 0.2, 0.5
"""Cohen's d from which the paper colours lightly, and fully."""


def page_table(
    table: ResultTable,
    *,
    keep: Callable[[Mapping[str, Value]], bool] = lambda _: True,
    without: Sequence[str] = (),
    tones: Callable[[Mapping[str, Value], str], Tone] = lambda _, __: "",
    chosen: Callable[[Mapping[str, Value]], bool] = lambda _: False,
    title: str | None = None,
) -> dict[str, Any] | None:
    """Some rows and columns of a table as texts; None where no row is left.

    Args:
        table: with all rows and columns.
        keep: which rows.
        without: keys of columns that are left out; columns that are empty in all rows are left out too.
        tones: what a colour says, by row and key of the column.
        chosen: rows that stand out.
        title: in place of the table's.
    """
    rows = [row for row in table.rows if keep(row)]
    if not rows:
        return None
    columns = [
        column
        for column in table.columns
        if column.key not in without and any(row[column.key] not in (None, "") for row in rows)
    ]
    return {
        "title": title or table.title,
        "columns": [{"heading": one.heading, "numeric": _is_numeric(one, rows)} for one in columns],
        "rows": [[_text(one, row[one.key]) for one in columns] for row in rows],
        "tones": [[tones(row, one.key) for one in columns] for row in rows],
        "chosen": [chosen(row) for row in rows],
        "notes": list(table.notes),
    }


def tone_of_difference(row: Mapping[str, Value], key: str) -> Tone:
    """As the paper colours its Tables 2 and 3: by Cohen's d, nothing where it is small or not significant.

    References: Pourchot et al. 2020, arXiv:2002.04289, caption of Table 2.
    """
    method, _, what = key.partition("_")
    if what not in ("difference", "half_width", "p_value", "d") or method not in ("guided", "evolution"):
        return ""
    p_value, d = row[f"{method}_p_value"], row[f"{method}_d"]
    if not isinstance(p_value, float) or d is None or p_value >= SIGNIFICANT:
        return ""
    d = float(d)
    if abs(d) < SMALL:
        return ""
    if abs(d) < LARGE:
        return "less" if d < 0 else "more"
    return "much-less" if d < 0 else "much-more"


def tone_of_rating(row: Mapping[str, Value], key: str) -> Tone:
    """Over- and under-rated structures."""
    if key not in ("d", "rating"):
        return ""
    ratings: dict[Value, Tone] = {"over-rated": "over", "under-rated": "under"}
    return ratings.get(row["rating"], "")


def _is_numeric(column: Column, rows: Sequence[Mapping[str, Value]]) -> bool:
    return any(isinstance(row[column.key], (int, float)) for row in rows)


def _text(column: Column, value: Value) -> str:
    """As `Column.text`, with a true minus sign, a dash for nothing, and no p-value of 0."""
    if value is None:
        return DASH
    if isinstance(value, float) and "p" in column.key.split("_") and value < 10**-column.digits:
        return f"< {10**-column.digits:g}"
    text = column.text(value)
    return text.replace("-", MINUS, 1) if isinstance(value, (int, float)) and text.startswith("-") else text
