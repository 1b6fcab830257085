"""What a user's scores are judged on: the architectures of one space, and what is known of them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int32, Int64

from shareornot.appraisal.truth import Truth
from shareornot.appraisal.user_scores.columns import OwnColumns, count
from shareornot.appraisal.user_scores.features import own_features, sizes_among
from shareornot.appraisal.user_scores.rows import ALL, OwnRows
from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.search import SearchTable
from shareornot.spaces import ListedSpace, list_architectures, open_space
from shareornot.tables import open_benchmark

LEAST_FOR_CEILING = 10
LEAST_SHARE_FOR_EVOLUTION = 0.2
"""Of the cells of its space that evolution must find in the file, to have neighbours to move to."""


def label(source: str, space: str, variant: str | None) -> str:
    """Which scores, in a message."""
    return ", ".join([source, *([] if space == ALL else [space]), *([variant] if variant else [])])


def own_ground(
    columns: OwnColumns, rows: OwnRows, own: Int64[np.ndarray, " own_rows"], space: str
) -> tuple[Truth, Int64[np.ndarray, " own_rows"]]:
    """What is known of the architectures of a space, and which of them each of its rows is about.

    Args:
        columns: as the user gave them.
        rows: the same as numbers.
        own: positions of the rows of this space.
        space: its name.

    Raises:
        DataError: fewer than two architectures of different standalone accuracy, or no cost in the column.
    """
    notes: list[str] = []
    distinct, first, local = np.unique(rows.architecture[own], return_index=True, return_inverse=True)
    texts = rows.texts.take(pa.array(distinct)).to_pylist()
    listed = list_architectures(texts)
    if listed.kind is None and (hashed := _cells_of_hashes(texts, notes)) is not None:
        listed = replace(listed, kind=open_space("nasbench101"), numbers=hashed)
    if listed.numbers is not None:
        listed, first, local = _merged(listed, first, local, notes)
    features, ignored = own_features(columns, own, local, first)
    notes += ignored
    listed = replace(listed, columns=features, size_columns=tuple(sizes_among(list(features))))
    thing = "cell" if listed.kind is not None and listed.kind.family == "nasbench101" else "architecture"
    num = len(listed)

    def runs_of(accuracies: Float64[np.ndarray, "rows runs"]) -> Float64[np.ndarray, "architectures runs"]:
        means = [_mean(local, column, num, notes, thing, "accuracies") for column in accuracies[own].T]
        return np.stack(means, axis=1)

    runs = runs_of(rows.standalone)
    validation = _mean_of(runs)
    test = validation if rows.test is None else _mean_of(runs_of(rows.test))
    if rows.test is None:
        notes.append("Regret is in standalone accuracy too, since there are no test accuracies.")
    known = np.isfinite(validation) & np.isfinite(test)
    num_unscored = int(np.count_nonzero(np.isnan(rows.proxy[own])))
    if num_unscored:
        notes.append(f"{count(num_unscored, 'row')} without a proxy: known to random search alone.")
    name = label(columns.source, space, None)
    if int(known.sum()) < 2 or np.ptp(validation[known]) == 0:
        raise DataError(
            f"{name}: expected at least 2 {thing}s of different standalone accuracy, got {int(known.sum())}"
            f"{' of equal ones' if known.sum() > 1 else ''}; add rows"
        )
    time_s = np.ones(num)
    if rows.cost is not None:
        time_s = _mean(local, rows.cost[own], num, notes, thing, "costs")
        gaps = np.isnan(time_s)
        if gaps.all():
            raise DataError(f"{name}: cost: expected seconds, got none; drop the column")
        if gaps[known].any():
            notes.append(f"{count(int(gaps[known].sum()), thing)} without a cost: the mean of the others is taken.")
        time_s[gaps] = time_s[~gaps].mean()
    table = SearchTable(
        validation=validation,
        test=test,
        time_s=time_s,
        known=known,
        member=np.ones(num, bool),
    )
    baselines = {**listed.sizes(np.arange(num)), **({} if rows.cost is None else {"training time": time_s})}
    return Truth(
        benchmark=Path(columns.source).stem,
        space=space,
        table=table,
        runs=_repeats(runs[known], thing, notes),
        architectures=listed,
        baselines={name: values for name, values in baselines.items() if np.isfinite(values[known]).all()},
        evolution_table=_evolution_table(table, listed, space, notes),
        time_unit="trainings" if rows.cost is None else "seconds",
        thing=thing,
        notes=tuple(notes),
    ), local


def _merged(
    listed: ListedSpace,
    first: Int64[np.ndarray, " texts"],
    local: Int64[np.ndarray, " own_rows"],
    notes: list[str],
) -> tuple[ListedSpace, Int64[np.ndarray, " cells"], Int64[np.ndarray, " own_rows"]]:
    """Texts of the same cell as one architecture."""
    assert listed.numbers is not None
    numbers, where, merged = np.unique(listed.numbers, return_index=True, return_inverse=True)
    if len(numbers) == len(listed.numbers):
        return listed, first, local
    notes.append(f"{count(len(merged) - len(numbers), 'text')} of a cell that another text describes: taken together.")
    local = merged[local]
    texts = [listed.entries[position] for position in where.tolist()]
    return replace(listed, entries=texts, numbers=numbers), np.unique(local, return_index=True)[1], local


def _cells_of_hashes(texts: Sequence[str], notes: list[str]) -> Int32[np.ndarray, " texts"] | None:
    """Unique indices where every text is an official hash and the table that tells its cell is at hand."""
    if len(texts[0]) != 32 or any(len(text) != 32 or not _is_hexadecimal(text) for text in texts):
        return None
    try:
        table = open_benchmark("nasbench101")
        known = {table.module_hash(row): row for row in range(len(table))}
        return table.cells[[known[text.lower()] for text in texts]]
    except (MissingDataError, DataError):
        remedy = "without NASBench-101 at hand their cells are not known; fetch it: shareornot data fetch nasbench101"
    except KeyError:
        remedy = "not all are of cells that NASBench-101 holds"
    notes.append(f"Architectures look like official hashes, but {remedy}.")
    return None


def _is_hexadecimal(text: str) -> bool:
    return not set(text) - set("0123456789abcdefABCDEF")


def _mean(
    local: Int64[np.ndarray, " own_rows"],
    values: Float64[np.ndarray, " own_rows"],
    num: int,
    notes: list[str],
    thing: str,
    what: str,
) -> Float64[np.ndarray, " architectures"]:
    """Mean of what the rows of each architecture say, NaN where none says anything."""
    there = ~np.isnan(values)
    counts = np.bincount(local[there], minlength=num)
    sums = np.bincount(local[there], weights=values[there], minlength=num)
    means = np.asarray(np.divide(sums, counts, out=np.full(num, np.nan), where=counts > 0))
    apart = np.abs(values[there] - means[local[there]])
    if apart.size and apart.max() > 1e-6:
        different = len(np.unique(local[there][apart > 1e-6]))
        notes.append(
            f"{count(different, thing)} with different {what} in different rows, up to {2 * apart.max():.2g} "
            "apart: the mean is taken."
        )
    return means


def _mean_of(runs: Float64[np.ndarray, "architectures runs"]) -> Float64[np.ndarray, " architectures"]:
    """Mean of the runs that there are, NaN where there are none."""
    there = ~np.isnan(runs)
    counts = there.sum(axis=1)
    sums = np.where(there, runs, 0).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(runs), np.nan), where=counts > 0))


def _repeats(
    runs: Float64[np.ndarray, "known runs"], thing: str, notes: list[str]
) -> Float64[np.ndarray, "complete runs"] | None:
    """Repeated trainings, for the noise ceiling, as far as they are complete."""
    if runs.shape[1] < 2:
        return None
    complete = ~np.isnan(runs).any(axis=1)
    num_complete = int(complete.sum())
    varies = num_complete >= LEAST_FOR_CEILING and np.ptp(runs[complete].mean(axis=1)) > 0
    if not varies or (np.ptp(runs[complete], axis=0) == 0).any():
        notes.append(
            f"No noise ceiling: it needs {LEAST_FOR_CEILING} {thing}s with {runs.shape[1]} repeated trainings that "
            f"differ, and there are {num_complete}."
        )
        return None
    if num_complete < len(runs):
        notes.append(
            f"The noise ceiling is that of the {num_complete:,} {thing}s with all {runs.shape[1]} repeated trainings."
        )
    return np.asarray(runs[complete])


def _evolution_table(table: SearchTable, listed: ListedSpace, space: str, notes: list[str]) -> SearchTable | None:
    """The same values over all cells up to some number of vertices, where the file holds enough of them."""
    if listed.kind is None or listed.numbers is None:
        return None
    num_cells = next(size for size in listed.kind.universes if size > listed.numbers.max())
    member = np.zeros(num_cells, bool)
    try:
        known_space = open_space(space)
        if known_space.family == listed.kind.family:
            member[known_space.members_below(num_cells)] = True
    except SettingsError:  # a name of the user's own
        pass
    if not member[listed.numbers].all():
        member[:] = True
    known = np.zeros(num_cells, bool)
    known[listed.numbers[table.cells]] = True
    share = known.sum() / member.sum()
    if share < LEAST_SHARE_FOR_EVOLUTION:
        notes.append(
            f"Evolution is left out: the file holds {share:.1%} of the cells of its space, and evolution needs "
            f"{LEAST_SHARE_FOR_EVOLUTION:.0%} to move from cell to cell."
        )
        return None

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
    )
