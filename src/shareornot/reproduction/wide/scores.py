"""Scores of many super-nets for one space: a row for each architecture, a column for each super-net."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int32

from shareornot.appraisal.user_scores.chosen_columns import choose_columns
from shareornot.appraisal.user_scores.column_names import PROXY_NAMES, is_index_name, is_known_name, normalized
from shareornot.appraisal.user_scores.column_values import numbers_of, words_of
from shareornot.appraisal.user_scores.columns import Columns, is_text
from shareornot.appraisal.user_scores.number_text import parse_numbers
from shareornot.appraisal.user_scores.options import ReadingOptions, matching
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError
from shareornot.statistics import diverged
from shareornot.tables import Table

LEAST_ARCHITECTURES = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class WideScores:
    """Scores of the same architectures by several super-nets."""

    source: str
    """What messages call the file."""
    architectures: Int32[np.ndarray, " architectures"]
    """Numbers in the table's family, each once; the table holds all of them."""
    names: tuple[str, ...]
    """Names of the super-nets, as their columns are called."""
    scores: Float64[np.ndarray, "supernets architectures"]
    """Scores in any unit, the higher the better; finite, and not constant."""
    left_out: tuple[str, ...]
    """Super-nets that rank nothing: a score is missing or not finite, or all are equal."""
    notes: tuple[str, ...]


def is_wide(columns: Columns) -> bool:
    """Whether a file has a column for each super-net; a long table has a column of proxies."""
    names = {normalized(name) for name in columns.named}
    return not names & set(PROXY_NAMES) and "architecture" in names


def wide_scores(columns: Columns, table: Table, *, supernets: Sequence[str] = ()) -> WideScores:
    """Check the columns of a wide table and turn them into numbers.

    Args:
        columns: columns of the file.
        table: what training each architecture alone gave; defines the space.
        supernets: columns with scores, `*` and `?` stand for any letters; by default all columns of numbers without
            another meaning.

    Raises:
        DataError: a column that is missing, an architecture that is there twice, or fewer than 20 that the table holds.
        ArchitectureError: a text that describes no architecture.
        SettingsError: a super-net that is no column.
    """
    names = matching("super-net", supernets, list(columns.named)) if supernets else _columns_of_scores(columns)
    if not names:
        raise DataError(
            f"{columns.source}: expected a column of scores for each super-net, got {listed(list(columns.named))}; "
            "name them: --supernet COLUMN"
        )
    chosen = choose_columns(columns, ReadingOptions(proxy=tuple(names)))
    if chosen.architecture_kind != "text":
        raise DataError(
            f"{columns.source}: expected the column architecture with texts, got {shown(chosen.architecture)}; write "
            "the text of each architecture"
        )
    numbers = _numbers_of_architectures(columns, chosen.architecture, table)
    notes = []
    held = table.rows_of(numbers)[1]
    if not held.all():
        notes.append(f"{int((~held).sum()):,} architectures that the table {table.name} does not hold are left out.")
    if held.sum() < LEAST_ARCHITECTURES:
        raise DataError(
            f"{columns.source}: expected at least {LEAST_ARCHITECTURES} architectures that the table {table.name} "
            f"holds, got {int(held.sum())}; name the table of their space: --benchmark NAME"
        )
    scores = np.empty((len(names), int(held.sum())))
    for place, name in enumerate(names):
        values = numbers_of(columns, name)[0]
        if values.shape[1] != 1:
            raise DataError(f"{columns.source}: column {shown(name)}: expected a number in each row, got lists")
        scores[place] = values[held, 0]
    ranks = np.array([not diverged(row) for row in scores])
    if not ranks.any():
        raise DataError(f"{columns.source}: expected a super-net that ranks architectures, got none; see its columns")
    left_out = [name for name, one in zip(names, ranks, strict=True) if not one]
    if left_out:
        notes.append(f"Left out, as scores are missing, not finite or all equal: {listed(left_out)}.")
    return WideScores(
        source=columns.source,
        architectures=numbers[held].astype(np.int32),
        names=tuple(name for name, one in zip(names, ranks, strict=True) if one),
        scores=scores[ranks],
        left_out=tuple(left_out),
        notes=tuple(notes),
    )


def baseline_columns(
    path: Path, names: Sequence[str], table: Table, architectures: Int32[np.ndarray, " architectures"]
) -> dict[str, Float64[np.ndarray, " architectures"]]:
    """Columns of a file as baselines that cost nothing, in the order of some architectures.

    Args:
        path: a file with the column `architecture`.
        names: names of the columns; `*` and `?` stand for any letters.
        table: defines the space.
        architectures: numbers in the table's family.

    Raises:
        MissingDataError: no such file.
        DataError: a column that is missing, or an architecture without a value.
        SettingsError: a name that is no column.
    """
    columns = read_columns(path)
    kept = matching("--baseline", names, list(columns.named))
    chosen = choose_columns(columns, ReadingOptions(proxy=tuple(kept)))
    numbers = _numbers_of_architectures(columns, chosen.architecture, table)
    order = np.argsort(numbers)
    place = np.minimum(np.searchsorted(numbers[order], architectures), len(order) - 1)
    rows = order[place]
    if (numbers[rows] != architectures).any():
        missing = int((numbers[rows] != architectures).sum())
        raise DataError(f"{columns.source}: expected all scored architectures, got {missing:,} less; add their rows")
    found = {}
    for name in kept:
        values = numbers_of(columns, name)[0][rows, 0]
        finite = np.isfinite(values)
        if np.isnan(values).any() or not finite.any():
            raise DataError(
                f"{columns.source}: column {shown(name)}: expected a number for each architecture, got "
                f"{int(np.isnan(values).sum()):,} without; leave the baseline out"
            )
        low, high = values[finite].min(), values[finite].max()
        # a zero-cost score may be the logarithm of 0: such an architecture comes last
        found[name] = np.clip(values, np.nextafter(low, -np.inf), np.nextafter(high, np.inf))
    return found


def _columns_of_scores(columns: Columns) -> list[str]:
    """Columns of numbers that have no other meaning by their names."""
    return [
        name
        for name, array in columns.named.items()
        if not is_known_name(name) and not is_index_name(name) and name != columns.index and _holds_numbers(array)
    ]


def _holds_numbers(array: pa.Array) -> bool:
    if is_text(array):
        return parse_numbers(array).odd_row is None
    kind = array.type
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _numbers_of_architectures(columns: Columns, name: str, table: Table) -> Int32[np.ndarray, " rows"]:
    """Numbers of the architectures of all rows, each once.

    Raises:
        DataError: a gap, or an architecture that is there twice.
        ArchitectureError: a text that describes no architecture.
    """
    words = words_of(columns, name)
    if (words.positions < 0).any():
        row = columns.row(int(np.argmin(words.positions)))
        raise DataError(f"{columns.source}: {row}: expected the text of an architecture, got none; fill the gap")
    numbers: Int32[np.ndarray, " rows"] = np.asarray(table.space.parse(words.distinct), np.int32)[words.positions]
    distinct, first = np.unique(numbers, return_index=True)
    if len(distinct) < len(numbers):
        again = int(np.setdiff1d(np.arange(len(numbers)), first)[0])
        raise DataError(
            f"{columns.source}: {columns.row(again)}: expected each architecture once, got "
            f"{shown(words.distinct[words.positions[again]])} again; keep one row"
        )
    return numbers
