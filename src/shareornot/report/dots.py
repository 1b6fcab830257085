"""Which scores a figure draws: beyond some number they hide one another, and each of the formats draws them again."""

import numpy as np
from jaxtyping import Int

MOST_DOTS = 100_000
"""Scores in one cloud."""


def drawn_rows(number: int, total: int | None = None) -> Int[np.ndarray, " drawn"]:
    """Rows that are drawn, ascending: all, or a fixed random part.

    Args:
        number: number of rows.
        total: total of rows in the whole cloud, where these are a part of it; the part gets its share.
    """
    most = round(MOST_DOTS * number / max(total or number, MOST_DOTS))
    if number <= most:
        return np.arange(number)
    return np.sort(np.random.default_rng(0).choice(number, max(most, 1), replace=False))


def drawn_words(total: int) -> str:
    """What a title adds where not all are drawn."""
    return f", about {MOST_DOTS:,} drawn" if total > MOST_DOTS else ""
