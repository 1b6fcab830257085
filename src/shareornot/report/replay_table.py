"""What the tables of a replay have in common: leading columns, one sign convention, and how a table is made."""

from collections.abc import Iterable
from typing import Any

from shareornot.report.table import Column, Format, Table

SIGN = "Differences are method minus random search in test regret, in points (accuracy x 100): negative = better."
FOUR_DIGITS_P = Format(4, is_p=True)
VARIANT, SPACE, TOP = Column("variant", "variant"), Column("space", "space"), Column("num_trained", "TOP")


def table_of(
    name: str, title: str, columns: Iterable[Column], rows: Iterable[Any], notes: Iterable[str | None] = ()
) -> Table:
    """A table whose empty notes are left out."""
    kept = tuple(note for note in notes if note)
    return Table(name=name, title=title, columns=tuple(columns), rows=tuple(rows), notes=kept)
