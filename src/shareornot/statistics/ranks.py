"""Ranks: what every rank correlation is computed from."""

import numpy as np
from jaxtyping import Float, Float64, Real


def average_ranks(values: Real[np.ndarray, " values"]) -> Float64[np.ndarray, " values"]:
    """Ranks from 1 for the lowest value; equal values share the average of theirs.

    The same numbers as those of `scipy.stats.rankdata`, in a fifth of its time for a million values: equal values share
    a rank, so the sort need not be stable.

    Args:
        values: any unit, none of them NaN.
    """
    return _ranks(values, lowest=False)


def lowest_ranks(values: Real[np.ndarray, " values"]) -> Float64[np.ndarray, " values"]:
    """Ranks from 1 for the lowest value; equal values share the lowest of theirs, as in a race.

    Args:
        values: any unit, none of them NaN.
    """
    return _ranks(values, lowest=True)


def _ranks(values: Real[np.ndarray, " values"], *, lowest: bool) -> Float64[np.ndarray, " values"]:
    order = np.argsort(values)
    ordered = values[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if values.size else np.arange(0)
    ranks = np.empty(values.size)
    if len(begins) == values.size:
        ranks[order] = np.arange(1, values.size + 1)
    else:
        ends = np.append(begins[1:], values.size)
        ranks[order] = np.repeat(begins + 1.0 if lowest else (begins + ends + 1) / 2, ends - begins)
    return ranks


def average_ranks_of_rows(rows: Float[np.ndarray, "rows values"]) -> Float64[np.ndarray, "rows values"]:
    """`average_ranks` of each row."""
    ranks = np.empty(rows.shape)
    for number, row in enumerate(rows):
        ranks[number] = average_ranks(row)
    return ranks
