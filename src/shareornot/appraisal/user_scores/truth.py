"""What a user's scores are judged on: the architectures of one space, and what is known of them."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float64, Int64

from shareornot.appraisal.truth import Truth
from shareornot.appraisal.user_scores.accuracies import accuracies_of_space, repeats_for_ceiling
from shareornot.appraisal.user_scores.options import ReadingOptions
from shareornot.appraisal.user_scores.score_table import ALL, ScoreTable
from shareornot.appraisal.user_scores.structure import Structure, features_of_space
from shareornot.appraisal.user_scores.understood_texts import UnderstoodSpace, understand
from shareornot.appraisal.user_scores.wording import count
from shareornot.errors import DataError, ShareOrNotError
from shareornot.search import SearchTable
from shareornot.spaces import open_space
from shareornot.statistics.pools import distinct_cells, first_of_each, places_among

LEAST_SHARE_FOR_EVOLUTION = 0.2
"""Smallest share of the cells of its space that evolution must find in the file, to have neighbours to move to."""

MOST_GAPS = 0.2
"""Share of the architectures of which a baseline need not be known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TruthOfSpace:
    """What is known of a space, and which of its architectures each of its rows is about."""

    truth: Truth
    rows: Int64[np.ndarray, " own_rows"]
    """Rows of the file, ascending."""
    local: Int64[np.ndarray, " own_rows"]


def label(source: str, space: str, variant: str | None) -> str:
    """Which scores, in a message."""
    return ", ".join([source, *([] if space == ALL else [space]), *([variant] if variant else [])])


def truth_of_space(
    table: ScoreTable,
    structure: Structure,
    options: ReadingOptions,
    rows: Int64[np.ndarray, " own_rows"],
    space: str,
) -> TruthOfSpace:
    """What is known of the architectures of a space.

    Args:
        table: table of scores.
        structure: features of all rows.
        options: chosen by the user.
        rows: those of this space, ascending.
        space: its name.

    Raises:
        DataError: fewer than two architectures of different standalone accuracy, or no accuracies at all.
    """
    listed, first, local, text_notes = _architectures(table, options, rows)
    features, feature_notes = features_of_space(structure.features, rows, local, first)
    baselines, _ = features_of_space(structure.baselines, rows, local, first)
    listed = replace(listed, columns=features)
    thing = "architecture"
    found = accuracies_of_space(table, listed, rows, local, thing, options.benchmark)
    known, searchable = found.known, found.searchable
    name = label(table.source, space, None)
    if int(known.sum()) < 2 or np.ptp(found.validation[known]) == 0:
        raise DataError(
            f"{name}: expected at least 2 {thing}s of different standalone accuracy, got {int(known.sum())}"
            f"{' of equal ones' if known.sum() > 1 else ''}; add rows"
        )
    searches = SearchTable(
        validation=found.validation,
        test=found.test,
        time_s=np.ones(len(listed)) if found.time_s is None else found.time_s,
        known=searchable,
        member=np.ones(len(listed), bool),
    )
    repeats, repeat_notes = repeats_for_ceiling(found.runs[known], thing)
    evolution_table, evolution_notes = _evolution_table(searches, listed, space)
    free, free_notes = _baselines(listed, baselines, found.time_s, known)
    return TruthOfSpace(
        truth=Truth(
            benchmark=Path(table.source).stem,
            space=space,
            table=searches,
            compared=None if searchable.sum() == known.sum() else known,
            runs=repeats,
            architectures=listed,
            baselines=free,
            evolution_table=evolution_table,
            time_unit="trainings" if found.time_s is None else "seconds",
            thing=thing,
            notes=(*text_notes, *feature_notes, *free_notes, *found.notes, *repeat_notes, *evolution_notes),
        ),
        rows=rows,
        local=local,
    )


def _architectures(
    table: ScoreTable, options: ReadingOptions, rows: Int64[np.ndarray, " own_rows"]
) -> tuple[UnderstoodSpace, Int64[np.ndarray, " architectures"], Int64[np.ndarray, " own_rows"], list[str]]:
    """The architectures of a space, the first row and the rows of each, and notes."""
    own = table.architecture[rows]
    distinct = distinct_cells(own)
    local = places_among(distinct, own)
    first = first_of_each(local, len(distinct))
    texts = [table.texts[code] for code in distinct.tolist()]

    def row_of(place: int) -> str:
        return table.columns.row(int(rows[first[place]]))

    space, notes = understand(texts, table.architecture_kind, options.benchmark, row_of)
    if space.numbers is None:
        return space, first, local, notes
    numbers = np.asarray(space.numbers, np.int64)
    if space.understood is not None:  # each text that is not understood is an architecture of its own
        numbers = np.where(space.understood, numbers, -1 - np.arange(len(numbers)))
    _, where, merged = np.unique(numbers, return_index=True, return_inverse=True)
    if len(where) == len(numbers):
        return space, first, local, notes
    local = merged[local]
    kept = replace(
        space,
        entries=[space.entries[place] for place in where.tolist()],
        numbers=np.asarray(space.numbers)[where],
        understood=None if space.understood is None else space.understood[where],
    )
    note = f"{count(len(numbers) - len(where), 'text')} of an architecture that another text describes: taken together."
    return kept, first_of_each(local, len(where)), local, [*notes, note]


def _baselines(
    listed: UnderstoodSpace,
    columns: dict[str, np.ndarray],
    time_s: Float64[np.ndarray, " architectures"] | None,
    known: Bool[np.ndarray, " architectures"],
) -> tuple[dict[str, Float64[np.ndarray, " architectures"]], list[str]]:
    """What costs nothing and may rank architectures, and notes on those that are not known of all."""
    given = dict(listed.sizes(np.arange(len(listed))))
    given |= {name: np.asarray(values, np.float64) for name, values in columns.items()}
    if time_s is not None:
        given["training time"] = time_s
    found, notes = {}, []
    for name, values in given.items():
        gaps = np.isnan(values)
        num_gaps = int((gaps & known).sum())
        if num_gaps > MOST_GAPS * known.sum():
            notes.append(f"{name}: no baseline, since {count(num_gaps, 'architecture')} have none.")
            continue
        if num_gaps:
            notes.append(f"{name}: {count(num_gaps, 'architecture')} without one rank last by this baseline.")
        found[name] = np.where(gaps, values[~gaps].min() - 1, values)
    return found, notes


def _evolution_table(table: SearchTable, listed: UnderstoodSpace, space: str) -> tuple[SearchTable | None, list[str]]:
    """The same values over all cells up to some number of vertices, where the file holds enough of them."""
    if listed.kind is None or listed.numbers is None or listed.understood is not None:
        return None, []
    num_cells = next(size for size in listed.kind.universes if size > listed.numbers.max())
    member = np.zeros(num_cells, bool)
    try:
        known_space = open_space(space)
        if known_space.family == listed.kind.family:
            member[known_space.members_below(num_cells)] = True
    except ShareOrNotError:  # a name of the user's own
        pass
    if not member[listed.numbers].all():
        member[:] = True
    known = np.zeros(num_cells, bool)
    known[listed.numbers[table.cells]] = True
    share = known.sum() / member.sum()
    if share < LEAST_SHARE_FOR_EVOLUTION:
        note = (
            f"Evolution is left out: the file holds {share * 100:.1f} % of the cells of its space, and evolution needs "
            f"{LEAST_SHARE_FOR_EVOLUTION * 100:.0f} % to move from cell to cell."
        )
        return None, [note]

    def scattered(values: Float64[np.ndarray, " rows"]) -> Float64[np.ndarray, " universe"]:
        column = np.zeros(num_cells)
        column[listed.numbers] = np.where(np.isfinite(values), values, 0)
        return column

    return SearchTable(
        validation=scattered(table.validation),
        test=scattered(table.test),
        time_s=scattered(table.time_s),
        known=known,
        member=member,
        space=listed.kind,
    ), []
