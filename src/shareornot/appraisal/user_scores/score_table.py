"""The rows of a user's scores, checked: which architecture, super-net and score, and what each gave alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.chosen_columns import ArchitectureKind, ChosenColumns, choose_columns
from shareornot.appraisal.user_scores.column_names import is_known_name
from shareornot.appraisal.user_scores.column_values import Words, numbers_of, words_of
from shareornot.appraisal.user_scores.columns import Columns, is_text
from shareornot.appraisal.user_scores.number_text import parse_numbers
from shareornot.appraisal.user_scores.options import ReadingOptions
from shareornot.appraisal.user_scores.summary_rows import without_summaries
from shareornot.appraisal.user_scores.supernet_columns import refuse_row_numbers, supernet_column
from shareornot.appraisal.user_scores.units import as_fractions
from shareornot.appraisal.user_scores.wording import count, listed, printable, shown
from shareornot.errors import DataError, ShareOrNotError

ALL = "all"
"""Name of the space where none is given."""
_MOST_HEADERS = 3
"""Rows of names at most."""
MOST_PAIRS = 500
"""Most pairs of space and variant."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreTable:
    """The content of a file, as numbers: facts about rows, and scores, of which wide files have several in a row."""

    columns: Columns
    chosen: ChosenColumns
    architecture: Int64[np.ndarray, " rows"]
    texts: list[str]
    """Texts of the different architectures."""
    space: Int64[np.ndarray, " rows"]
    spaces: list[str]
    variant: Int64[np.ndarray, " rows"]
    """-1 where it is not given."""
    variants: list[str | None]
    standalone: Float64[np.ndarray, "rows runs"] | None
    """Fractions, NaN where there is none; None where the file has none at all."""
    test: Float64[np.ndarray, "rows test_runs"] | None
    cost: Float64[np.ndarray, " rows"] | None
    supernet_cost: Float64[np.ndarray, " rows"] | None
    scoring_cost: Float64[np.ndarray, " rows"] | None
    position: Float64[np.ndarray, " rows"] | None
    """Order of evaluation."""
    score_row: Int64[np.ndarray, " scores"]
    """Row of each score."""
    score_supernet: Int64[np.ndarray, " scores"]
    proxy: Float64[np.ndarray, " scores"]
    """NaN where a super-net gave no score for a row that belongs to it."""
    supernets: list[str]
    notes: tuple[str, ...]

    @property
    def source(self) -> str:
        """What messages call the file."""
        return self.columns.source

    @property
    def architecture_kind(self) -> ArchitectureKind:
        """Kind of the texts of architectures."""
        return self.chosen.architecture_kind


def score_table(columns: Columns, options: ReadingOptions) -> ScoreTable:
    """Check columns and turn them into numbers.

    Raises:
        DataError: a column that is missing, a value that cannot be read, or a gap where there must be none.
        UnitError: accuracies in mixed units, or outside of them.
        SettingsError: an option names a column that is not there.
    """
    chosen = choose_columns(columns, options)
    columns, row_notes = _without_blank_rows(columns, chosen)
    columns, summary_notes = without_summaries(columns, chosen)
    if summary_notes:
        chosen = choose_columns(columns, options)  # without words among numbers, a column may be something else
    notes = [*columns.notes, *chosen.notes, *row_notes, *summary_notes]
    architecture = words_of(columns, chosen.architecture)
    _refuse_second_header(columns, chosen, architecture)
    _refuse_gaps(columns, chosen.architecture, architecture.positions)
    proxies, names, proxy_notes = _proxies(columns, chosen, options)
    notes += proxy_notes
    space, spaces = _spaces(columns, chosen)
    scored = ~np.isnan(proxies).all(axis=1)
    variant = _words_where(columns, chosen.singles.get("variant"), scored)
    variants: list[str | None] = [None] if variant is None else [*map(printable, variant.distinct)]
    variant_positions = np.zeros(columns.num_rows, np.int64) if variant is None else variant.positions
    _refuse_many_pairs(columns, space, variant_positions, len(variants))
    groups = space * (len(variants) + 1) + variant_positions
    supernet, taken, supernet_notes = supernet_column(columns, chosen, architecture, groups, proxies)
    notes += supernet_notes
    row, score_supernet, proxy, supernets = _scores(proxies, names, supernet)
    if chosen.supernet is not None and supernet is not None:
        refuse_row_numbers(columns, chosen.supernet, supernet.positions[scored], len(architecture.distinct))
    standalone, standalone_notes = _accuracies(columns, chosen.standalone, options)
    test, test_notes = _accuracies(columns, chosen.test, options)
    cost, cost_notes = _seconds(columns, chosen.singles.get("cost"))
    notes += [*standalone_notes, *test_notes, *cost_notes]
    return ScoreTable(
        columns=columns,
        chosen=replace(
            chosen, supernet=taken, others=(*chosen.others, *(name for name in chosen.runs if name != taken))
        ),
        architecture=architecture.positions,
        texts=architecture.distinct,
        space=space,
        spaces=spaces,
        variant=variant_positions,
        variants=variants,
        standalone=standalone,
        test=test,
        cost=cost,
        supernet_cost=_costs(columns, chosen.singles.get("supernet_cost")),
        scoring_cost=_costs(columns, chosen.singles.get("scoring_cost")),
        position=_positions(columns, chosen.singles.get("position")),
        score_row=row,
        score_supernet=score_supernet,
        proxy=proxy,
        supernets=supernets,
        notes=tuple(notes),
    )


def _without_blank_rows(columns: Columns, chosen: ChosenColumns) -> tuple[Columns, list[str]]:
    """The rows that hold anything at all, such as not those below a sheet's last."""
    array = columns.named[chosen.architecture]
    empty = _blank(array)
    if not pc.any(empty).as_py():
        return columns, []
    for other in columns.named.values():
        empty = pc.and_(empty, _blank(other))
    num_empty = pc.sum(empty).as_py() or 0
    if not num_empty or num_empty == columns.num_rows:
        return columns, []
    kept = np.flatnonzero(~np.asarray(empty.to_numpy(zero_copy_only=False), bool))
    return columns.take(kept), [f"{count(num_empty, 'blank row')} left out."]


def _blank(array: pa.Array) -> pa.Array:
    """Which rows hold nothing but white space."""
    if is_text(array):
        return pc.fill_null(pc.match_substring_regex(array, r"^[\s\p{Z}]*$"), True)
    return pc.is_null(array, nan_is_null=pa.types.is_floating(array.type))


def _refuse_gaps(columns: Columns, name: str, positions: Int64[np.ndarray, " rows"]) -> None:
    num_gaps = int(np.count_nonzero(positions < 0))
    if num_gaps:
        first = columns.row(int(np.argmax(positions < 0)))
        raise DataError(
            f"{columns.source}: column {shown(name)}: expected a text in every row, got {count(num_gaps, 'gap')}, the "
            f"first in {first}; fill them, also below merged cells, or drop the column"
        )


def _refuse_second_header(columns: Columns, chosen: ChosenColumns, architecture: Words) -> None:
    """Raise where one of the first rows holds names: pandas writes one for each level of its columns and its index."""
    for row, place in enumerate(architecture.positions[:_MOST_HEADERS].tolist()):
        proxies = [columns.named[name].slice(row, 1) for name in chosen.proxies]
        has_score = not all(is_text(one) and np.isnan(parse_numbers(one).values).all() for one in proxies)
        if place < 0 and row == 0 and not has_score:
            got = "a gap and no score"
        elif place >= 0 and is_known_name(architecture.distinct[place]) and (row > 0 or has_score):
            got = shown(architecture.distinct[place])
        else:
            continue
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(chosen.architecture)}: expected an architecture, got "
            f"{got}: this looks like a second row of names; write one, in pandas: frame.columns = ['_'.join(map(str, "
            "name)) for name in frame.columns]"
        )


def _proxies(
    columns: Columns, chosen: ChosenColumns, options: ReadingOptions
) -> tuple[Float64[np.ndarray, "rows columns"], list[str], list[str]]:
    """Scores, a column for each column or element of a list; their names; and notes."""
    tables, names, notes = [], [], []
    for name in chosen.proxies:
        values, note = numbers_of(columns, name)
        tables.append(values)
        names += [name] if values.shape[1] == 1 else [f"{name}_{place}" for place in range(values.shape[1])]
        notes += [note] if note else []
    table = tables[0] if len(tables) == 1 else np.concatenate(tables, axis=1)
    if options.lower_is_better in ("proxy", "both"):
        table = -table
        notes.append("Lower proxies are better: their signs are changed.")
    return table, names, notes


def _spaces(columns: Columns, chosen: ChosenColumns) -> tuple[Int64[np.ndarray, " rows"], list[str]]:
    name = chosen.singles.get("space")
    if name is None:
        return np.zeros(columns.num_rows, np.int64), [ALL]
    found = words_of(columns, name)
    _refuse_gaps(columns, name, found.positions)
    refuse_row_numbers(columns, name, found.positions, columns.num_rows)
    return found.positions, [printable(word) for word in found.distinct]


def _words_where(columns: Columns, name: str | None, scored: np.ndarray) -> Words | None:
    """Words of a column, which every row with a score must have."""
    if name is None:
        return None
    found = words_of(columns, name)
    _refuse_gaps(columns, name, np.where(scored, found.positions, 0))
    return found


def _refuse_many_pairs(
    columns: Columns, space: Int64[np.ndarray, " rows"], variant: Int64[np.ndarray, " rows"], num_variants: int
) -> None:
    num_pairs = len(np.unique(space * (num_variants + 1) + variant))
    if num_pairs > MOST_PAIRS:
        raise DataError(
            f"{columns.source}: expected at most {MOST_PAIRS} pairs of space and variant, got {num_pairs:,}; "
            "a space holds many architectures: drop or rename the column"
        )


def _scores(
    proxies: Float64[np.ndarray, "rows columns"], names: Sequence[str], supernet: Words | None
) -> tuple[Int64[np.ndarray, " scores"], Int64[np.ndarray, " scores"], Float64[np.ndarray, " scores"], list[str]]:
    """Row, super-net and value of each score, super-net by super-net, and the names of the super-nets."""
    num_rows, num_columns = proxies.shape
    if num_columns == 1:
        if supernet is None:
            return np.arange(num_rows), np.zeros(num_rows, np.int64), proxies[:, 0], ["super-net"]
        rows = np.flatnonzero(supernet.positions >= 0)
        return rows, supernet.positions[rows], proxies[rows, 0], [printable(word) for word in supernet.distinct]
    rows = np.tile(np.arange(num_rows), num_columns)
    which = np.repeat(np.arange(num_columns), num_rows)
    values = proxies.T.reshape(-1)
    if supernet is None:
        return rows, which, values, [printable(name) for name in names]
    kept = np.tile(supernet.positions >= 0, num_columns)
    pairs = which * len(supernet.distinct) + np.tile(supernet.positions, num_columns)
    both = [printable(f"{word} {name}") for name in names for word in supernet.distinct]
    return rows[kept], pairs[kept], values[kept], both


def _accuracies(
    columns: Columns, names: Sequence[str], options: ReadingOptions
) -> tuple[Float64[np.ndarray, "rows runs"] | None, list[str]]:
    """Accuracies as fractions, a column for each training; the unit of each column is decided independently."""
    found: list[np.ndarray] = []
    notes: dict[str, list[str]] = {}
    told: list[str] = []
    for name in names:
        values, note = numbers_of(columns, name, accuracies=True)
        told += [note] if note else []
        for place, column in enumerate(values.T):
            if np.isnan(column).all() and values.shape[1] > 1:
                continue
            try:
                fractions, assumed = as_fractions(
                    name,
                    column,
                    options.unit,
                    row=columns.row,
                    errors=options.lower_is_better in ("standalone", "both"),
                )
            except ShareOrNotError as error:
                raise type(error)(f"{columns.source}: {error}") from None
            found.append(fractions)
            if assumed:
                what, _, rest = assumed.partition(":")
                notes.setdefault(rest, []).append(what if values.shape[1] == 1 else f"{name} {place + 1}")
    told += _grouped(notes)
    if not found:
        return None, told
    table = np.stack(found, axis=1)
    return _without_copies(table, [*names], told)


def _grouped(notes: dict[str, list[str]]) -> list[str]:
    """One note for columns of which the same was assumed; percentages differ in their highest only."""
    percent = [(rest, names) for rest, names in notes.items() if rest.startswith(" taken for percentages")]
    others = [f"{listed(names)}:{rest}" for rest, names in notes.items() if (rest, names) not in percent]
    if len(percent) > 1:
        names = [name for _, own in percent for name in own]
        return [*others, f"{listed(names)}: taken for percentages, since the highest are above 1, and divided by 100."]
    return [*others, *(f"{listed(names)}:{rest}" for rest, names in percent)]


def _without_copies(
    table: Float64[np.ndarray, "rows runs"], names: Sequence[str], notes: list[str]
) -> tuple[Float64[np.ndarray, "rows kept"], list[str]]:
    """The columns without those that repeat an earlier one value by value: a copied run is no second training."""
    seen: dict[bytes, int] = {}
    copies: list[tuple[int, int]] = []
    for place, column in enumerate(table.T):
        if len(np.unique(column[~np.isnan(column)])) < 3:
            continue
        key = np.ascontiguousarray(column).tobytes()
        if key in seen:
            copies.append((place, seen[key]))
        else:
            seen[key] = place
    if not copies:
        return table, notes

    def name_of(place: int) -> str:
        return names[place] if len(names) == table.shape[1] else f"training {place + 1}"

    told = listed([f"{name_of(copy)} of {name_of(first)}" for copy, first in copies], 5)
    kept = np.setdiff1d(np.arange(table.shape[1]), [copy for copy, _ in copies])
    return table[:, kept], [*notes, f"Counted once: {told}, a copy value by value."]


def _seconds(columns: Columns, name: str | None) -> tuple[Float64[np.ndarray, " rows"] | None, list[str]]:
    if name is None:
        return None, []
    table, note = numbers_of(columns, name, units=True)
    cost = table[:, 0]
    bad = ~np.isnan(cost) & ~((cost > 0) & (cost < np.inf))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected seconds above 0, got {cost[row]:g}; "
            "leave the cell empty where it is not known"
        )
    return cost, [note] if note else []


def _costs(columns: Columns, name: str | None) -> Float64[np.ndarray, " rows"] | None:
    """Cost of the super-net or of a score in average trainings."""
    if name is None:
        return None
    cost = numbers_of(columns, name)[0][:, 0]
    bad = ~np.isnan(cost) & ~((cost >= 0) & (cost < np.inf))
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"{columns.source}: {columns.row(row)}: column {shown(name)}: expected average trainings of at least 0, "
            f"got {cost[row]:g}; leave the cell empty where it is not known"
        )
    return cost


def _positions(columns: Columns, name: str | None) -> Float64[np.ndarray, " rows"] | None:
    return None if name is None else numbers_of(columns, name)[0][:, 0]
