"""Which column distinguishes super-nets, and whether it does."""

import numpy as np
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.chosen_columns import ChosenColumns
from shareornot.appraisal.user_scores.column_names import normalized
from shareornot.appraisal.user_scores.column_values import Words, words_of
from shareornot.appraisal.user_scores.columns import Columns
from shareornot.appraisal.user_scores.wording import count, listed, shown
from shareornot.errors import DataError

FEWEST_ROWS = 5
"""Below, a different value in each row is no sign of a row number."""


def supernet_column(
    columns: Columns,
    chosen: ChosenColumns,
    architecture: Words,
    groups: Int64[np.ndarray, " rows"],
    proxies: Float64[np.ndarray, "rows columns"],
) -> tuple[Words | None, str | None, list[str]]:
    """The words of the column that distinguishes super-nets, its name, and notes; None for one super-net.

    Without a column `supernet`, one such as `seed` or `run` is taken where each architecture has one row for each of
    its values, or where the same value always comes with the same score.

    Args:
        columns: columns of the file.
        chosen: which column is what.
        architecture: architecture of each row.
        groups: a number for each pair of space and variant.
        proxies: scores of each row.

    Raises:
        DataError: a gap, or a column such as `seed` that does not distinguish super-nets though rows repeat.
    """
    scored = ~np.isnan(proxies).all(axis=1)
    if chosen.supernet is not None:
        found = words_of(columns, chosen.supernet)
        gaps = scored & (found.positions < 0)
        if gaps.any():
            raise DataError(
                f"{columns.source}: column {shown(chosen.supernet)}: expected a text in every row, got "
                f"{count(int(gaps.sum()), 'gap')}, the first in {columns.row(int(np.argmax(gaps)))}; fill them or drop "
                "the column"
            )
        same = normalized(chosen.supernet) == "supernet"
        return found, chosen.supernet, [] if same else [f"{chosen.supernet} is taken for the super-net."]
    rows = np.flatnonzero(scored)
    problems = []
    for name in chosen.runs:
        words = words_of(columns, name)
        if (words.positions[rows] < 0).any() or len(words.distinct) < 2:
            continue
        if len(words.distinct) >= max(FEWEST_ROWS, len(rows)):
            continue  # a value for each row: a row number
        problem = _clash(words, architecture, groups, proxies, rows)
        if problem is None:
            return words, name, [f"{name} is taken for the super-net: it has {len(words.distinct):,} values."]
        problems.append((name, words, problem))
    if problems and _repeats(architecture, groups, rows):
        name, words, row = problems[0]
        value, text = words.distinct[words.positions[row]], architecture.distinct[architecture.positions[row]]
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected one row for each architecture and "
            f"{name}, got another one of {shown(text)} with {shown(value)}; rename the column of super-nets to "
            f"supernet, or leave this one out: --ignore {name}"
        )
    return None, None, []


def _clash(
    words: Words,
    architecture: Words,
    groups: Int64[np.ndarray, " rows"],
    proxies: Float64[np.ndarray, "rows columns"],
    rows: Int64[np.ndarray, " scored"],
) -> int | None:
    """The first row whose architecture has the same value in an earlier row with another score."""
    keys = np.stack([groups[rows], architecture.positions[rows], words.positions[rows]])
    order = np.lexsort(keys)
    same = (np.diff(keys[:, order], axis=1) == 0).all(axis=0)
    scores = proxies[rows[order], 0]
    differ = same & (scores[1:] != scores[:-1])
    return int(rows[order[1:][differ]].min()) if differ.any() else None


def _repeats(architecture: Words, groups: Int64[np.ndarray, " rows"], rows: Int64[np.ndarray, " scored"]) -> bool:
    pairs = groups[rows] * len(architecture.distinct) + architecture.positions[rows]
    return len(np.unique(pairs)) < len(pairs)


def refuse_row_numbers(
    columns: Columns, name: str, positions: Int64[np.ndarray, " values"], num_architectures: int
) -> None:
    """Raise where a column that groups rows has another value in each row.

    Raises:
        DataError: it does.
    """
    given = positions[positions >= 0]
    distinct = np.unique(given)
    if len(distinct) < max(FEWEST_ROWS, len(given)) or num_architectures < FEWEST_ROWS:
        return
    words = words_of(columns, name).distinct
    raise DataError(
        f"{columns.source}: {columns.row(0)}: column {shown(name)}: expected the same value in many rows, got another "
        f"one in each of {len(given):,} rows, such as {listed(words[:3])}: it looks like a row number; rename the "
        f"column, or leave it out: --ignore {name}"
    )
