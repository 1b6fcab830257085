"""How messages and notes show names, values and numbers of things that come from a user's file."""

from collections.abc import Sequence

MOST_SHOWN = 80
"""Characters of a name in a title or a table."""
MOST_LISTED = 10


def count(number: int, thing: str) -> str:
    """A number of things, such as `1 row` and `2,000 rows`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"


def printable(text: str) -> str:
    """The text without control characters, cut to one line of a table."""
    kept = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: MOST_SHOWN + 1])
    return kept if len(kept) <= MOST_SHOWN else f"{kept[: MOST_SHOWN - 3]}..."


def shown(text: str) -> str:
    """The text in quotes, cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:60]}...")


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """The first names with commas between them, and how many more there are."""
    plain = ", ".join(name if name and name.isprintable() and len(name) <= 40 else shown(name) for name in names[:most])
    return plain + (f" and {len(names) - most:,} more" if len(names) > most else "")
