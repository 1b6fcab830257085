"""Read and check a user's scores: for each space and variant, the truth and the scores of each super-net."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Int64

from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.truth import Truth
from shareornot.appraisal.user_scores.memory import release_memory
from shareornot.appraisal.user_scores.options import LowerIsBetter, ReadingOptions, reading_options
from shareornot.appraisal.user_scores.pools import SpaceScores, pools_of_variant
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.score_table import ScoreTable, score_table
from shareornot.appraisal.user_scores.structure import structure_of
from shareornot.appraisal.user_scores.truth import TruthOfSpace, label, truth_of_space
from shareornot.appraisal.user_scores.units import AccuracyUnit
from shareornot.appraisal.user_scores.wording import count
from shareornot.errors import DataError, ShareOrNotError
from shareornot.statistics import diverged
from shareornot.statistics.pools import distinct_cells

MOST_LEFT_OUT = 5
"""Spaces left out that notes name one by one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredVariant:
    """The super-nets of one space and variant, and the accuracies that judge them."""

    truth: Truth
    pools: tuple[ScoredPool, ...]
    proxy_unit: Literal["fraction", "any"]
    supernet_cost: float | None
    """Cost in average trainings, if the file contains it."""
    scoring_cost: float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class UserScores:
    """Scores that were read and checked."""

    source: str
    """What to call them."""
    variants: tuple[ScoredVariant, ...]
    """Scores of each space and variant, in the order of their first rows; at least one."""
    notes: tuple[str, ...]
    """What was assumed about all of them, and what was left out."""


def read_user_scores(
    source: Any,
    *,
    unit: AccuracyUnit = "auto",
    lower_is_better: LowerIsBetter | None = None,
    proxy: Sequence[str] = (),
    standalone: Sequence[str] = (),
    feature: Sequence[str] = (),
    ignore: Sequence[str] = (),
    baseline: Sequence[str] = (),
    benchmark: str | None = None,
) -> UserScores:
    """Read and check scores.

    Args:
        source: path of a file, `-` for standard input, a data frame of pandas or polars, a table or record batch of
            pyarrow, a structured array, a mapping of names to values, or a list of records; see docs/own-scores.md.
        unit: unit of standalone and test accuracies; `auto` decides for each column by its values, and a note reports
            how.
        lower_is_better: whether proxies, standalone values or both are errors or losses.
        proxy: columns of proxies, one for each super-net where there are several; patterns such as `net_*` are allowed.
        standalone: columns of standalone accuracies, one for each training where there are several.
        feature: columns that are structural features, whatever their names.
        ignore: columns to leave out.
        baseline: columns that are baselines which cost nothing.
        benchmark: table, by name or path, in which standalone accuracies are looked up where the file has none.

    Returns:
        The checked scores, with standalone accuracies as fractions, by space and variant, and the notes on how columns
        were read.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, a column that is missing, a value that cannot be read, too little to appraise.
        UnitError: accuracies in mixed units, or outside [0, 1] and [0, 100].
        SettingsError: an option names a column that is not there.

    Example:
        >>> few = {"architecture": ["a", "b", "c"], "proxy": [0.2, 0.5, 0.4], "standalone": [91.0, 94.2, 93.9]}
        >>> read_user_scores(few).notes
        ('standalone: taken for percentages, since the highest is 94.2, and divided by 100.',)
    """
    options = reading_options(
        unit=unit,
        lower_is_better=lower_is_better,
        proxy=proxy,
        standalone=standalone,
        feature=feature,
        ignore=ignore,
        baseline=baseline,
        benchmark=benchmark,
    )
    scores = scores_of_table(score_table(read_columns(source), options), options)
    release_memory(sum(len(pool.cells) for one in scores.variants for pool in one.pools))
    return scores


def scores_of_table(table: ScoreTable, options: ReadingOptions) -> UserScores:
    """Divide the rows of a file into spaces and variants.

    Raises:
        DataError: too little to appraise in any of them.
    """
    structure = structure_of(table, options)
    table = replace(table, columns=replace(table.columns, named={}))  # text that takes much memory, and has been read
    release_memory(len(table.space))
    variants: list[ScoredVariant] = []
    refused: list[ShareOrNotError] = []
    scores = _scores_by_space(table)
    for space, (rows, own) in scores.items():
        try:
            known = truth_of_space(table, structure, options, rows, table.spaces[space])
            variants += _variants_of(table, known, own, space)
        except ShareOrNotError as error:
            refused.append(error)
    if not variants:
        raise refused[0]
    notes = [*table.notes, *structure.notes, *(f"Left out: {error}." for error in refused[:MOST_LEFT_OUT])]
    if len(refused) > MOST_LEFT_OUT:
        notes.append(f"Left out: {len(refused) - MOST_LEFT_OUT:,} more spaces for such reasons.")
    return UserScores(source=table.source, variants=tuple(variants), notes=tuple(notes))


def _scores_by_space(
    table: ScoreTable,
) -> dict[int, tuple[Int64[np.ndarray, " rows"], Int64[np.ndarray, " scores"]]]:
    """The rows and the scores of each space, in the order of their first rows."""
    if len(table.spaces) == 1:
        return {0: (np.arange(len(table.space)), np.arange(len(table.proxy)))}
    rows, scores = _grouped(table.space), _grouped(table.space[table.score_row])
    return {space: (own, scores.get(space, np.zeros(0, np.int64))) for space, own in rows.items()}


def _grouped(values: Int64[np.ndarray, " values"]) -> dict[int, Int64[np.ndarray, " group"]]:
    """Positions of each value, ascending, the values in the order of their first."""
    order = np.argsort(values, kind="stable")
    distinct, starts = np.unique(values[order], return_index=True)
    groups = dict(zip(distinct.tolist(), np.split(order, starts[1:]), strict=True))
    return dict(sorted(groups.items(), key=lambda group: int(group[1][0])))


def _variants_of(
    table: ScoreTable, known: TruthOfSpace, own: Int64[np.ndarray, " scores"], space: int
) -> list[ScoredVariant]:
    """The variants of one space, on the same truth.

    Raises:
        DataError: too little to appraise.
    """
    truth = known.truth
    place = np.searchsorted(known.rows, table.score_row[own])
    all_scores = SpaceScores(
        row=table.score_row[own],
        architecture=known.local[place],
        variant=table.variant[table.score_row[own]],
        supernet=table.score_supernet[own],
        proxy=table.proxy[own],
    )
    truth = _with_unscored(truth, all_scores, len(known.rows))
    problems, found = [], []
    name_of_space = table.spaces[space]
    for variant, places in _grouped(all_scores.variant).items():
        scores = _without_missing(_part(all_scores, places))
        if not len(scores.proxy):
            continue
        called = table.variants[variant] if variant >= 0 else None
        pools, notes = pools_of_variant(scores, table, truth.comparable, truth.table.validation, truth.thing)
        good = [pool for pool in pools if not diverged(pool.proxies)]
        if not good:
            problems.append(
                f"{label(table.source, name_of_space, called)}: expected a super-net that ranks at least 2 "
                f"{truth.thing}s with different standalone accuracies, got none: proxies are constant, not finite or "
                "missing"
            )
            continue
        finite = np.concatenate([pool.proxies for pool in good])
        own_truth, test_notes = _searchable(truth, good)
        found.append(
            ScoredVariant(
                truth=replace(own_truth, variant=called, notes=(*truth.notes, *notes, *test_notes)),
                pools=tuple(pools),
                proxy_unit="fraction" if bool(finite.min() >= 0 and finite.max() <= 1) else "any",
                supernet_cost=_mean_of(table.supernet_cost, scores.row),
                scoring_cost=_mean_of(table.scoring_cost, scores.row),
            )
        )
    if not found:
        nothing = f"{label(table.source, name_of_space, None)}: expected proxies, got none; score architectures"
        raise DataError(problems[0] if problems else nothing)
    first = found[0]
    found[0] = replace(first, truth=replace(first.truth, notes=(*first.truth.notes, *problems)))
    return found


def _with_unscored(truth: Truth, scores: SpaceScores, num_rows: int) -> Truth:
    """The truth with a note on the rows without a score."""
    num = num_rows - len(distinct_cells(scores.row[~np.isnan(scores.proxy)]))
    if not num:
        return truth
    note = f"{count(num, 'row')} without a proxy: known to random search alone."
    return replace(truth, notes=(*truth.notes, note))


def _part(scores: SpaceScores, places: Int64[np.ndarray, " kept"]) -> SpaceScores:
    if len(places) == len(scores.row):
        return scores
    return SpaceScores(
        row=scores.row[places],
        architecture=scores.architecture[places],
        variant=scores.variant[places],
        supernet=scores.supernet[places],
        proxy=scores.proxy[places],
    )


def _without_missing(scores: SpaceScores) -> SpaceScores:
    """The scores without missing ones, except those of super-nets that gave none at all: these diverged."""
    given = ~np.isnan(scores.proxy)
    if given.all() or not given.any():
        return scores if given.any() else _part(scores, np.zeros(0, np.int64))
    silent = np.setdiff1d(scores.supernet, scores.supernet[given])
    return _part(scores, np.flatnonzero(given | np.isin(scores.supernet, silent)))


def _searchable(truth: Truth, pools: Sequence[ScoredPool]) -> tuple[Truth, list[str]]:
    """The truth, with regret in standalone accuracy where a super-net scored too few architectures with a test one."""
    if truth.compared is None:
        return truth, []
    tested = truth.table.known
    if all(len(np.unique(pool.cells[tested[pool.cells]])) >= 2 for pool in pools):
        return truth, []
    table = replace(truth.table, test=truth.table.validation, known=truth.compared)
    note = f"Regret is in standalone accuracy: a super-net scored hardly any {truth.thing} with a test accuracy."
    return replace(truth, table=table, compared=None), [note]


def _mean_of(values: np.ndarray | None, rows: Int64[np.ndarray, " scores"]) -> float | None:
    if values is None or np.isnan(values[rows]).all():
        return None
    return float(np.nanmean(values[rows]))
