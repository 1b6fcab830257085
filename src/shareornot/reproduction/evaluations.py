"""Evaluations of super-nets on NASBench-101, as published or as users make them, read and checked.

A file has one row per evaluation and is read as every file of scores is, see docs/own-scores.md. The columns are

| column | |
|---|---|
| `variant` | how the super-net was trained and its cells scored, any name; `own` where the column is missing |
| `space` | a named space, or conditions such as `depth>=3`; the published evaluations' names too; default A_FULL |
| `supernet` or `seed` | distinguishes the super-nets of a variant and space |
| `position` | order of evaluation, optional: by default that of the rows |
| `cell`, `module_hash` or `architecture` | unique index, official hash, or a cell as `str(cell)` writes it |
| `proxy` or `proxy_validation_accuracy` | a fraction in [0, 1]; not finite where the super-net diverged |
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32, Int64

from shareornot.appraisal.user_scores.options import ReadingOptions
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.score_table import ALL, ScoreTable, score_table
from shareornot.appraisal.user_scores.understood_texts import hash_rows
from shareornot.errors import DataError, SettingsError, UnitError, UnknownCellError
from shareornot.reproduction.published_tables import PAPER_SPACES, PAPER_VARIANTS, SPACE_NAMES, VARIANT_NAMES
from shareornot.spaces import open_family, open_space, space_members
from shareornot.tables import BenchmarkTable

OWN = "own"
"""Name of the variant where none is given."""
WHOLE = "A_FULL"
"""Space where none is given."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EvaluatedSupernet:
    """Scores of the cells of one super-net's pool, in their order of evaluation."""

    variant: str
    space: str
    """Name that `open_space` understands."""
    seed: int
    cells: Int32[np.ndarray, " evaluations"]
    """Unique indices; a pool drawn with replacement holds some twice."""
    proxies: Float64[np.ndarray, " evaluations"]
    """Proxy accuracies, fractions; not finite where the super-net diverged."""

    @property
    def name(self) -> str:
        """Variant, space and seed in words."""
        return f"{self.variant} {self.space} seed {self.seed}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluations:
    """All super-nets of a file, by variant and space in the paper's order, then by seed."""

    supernets: tuple[EvaluatedSupernet, ...]

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants, in order."""
        return tuple(dict.fromkeys(supernet.variant for supernet in self.supernets))

    @cached_property
    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces, in the paper's order."""
        return tuple(sorted({supernet.space for supernet in self.supernets}, key=_place(PAPER_SPACES)))

    def of(self, variant: str, space: str) -> tuple[EvaluatedSupernet, ...]:
        """The super-nets of one variant and space, perhaps none."""
        return tuple(one for one in self.supernets if (one.variant, one.space) == (variant, space))

    def cells_of(self, space: str) -> Int32[np.ndarray, " cells"]:
        """The distinct cells that any super-net of a space scored, ascending.

        Pools are drawn uniformly from their space, so this is a uniform sample of it, which the known cells of a
        partial table need not be.
        """
        return np.unique(np.concatenate([one.cells for one in self.supernets if one.space == space]))


def read_evaluations(path: Path, table: BenchmarkTable) -> Evaluations:
    """Read a file of evaluations.

    Args:
        path: path of any kind of file that scores are read from.
        table: holds every evaluated cell.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, a column that is missing or of another type, a cell outside the space that its row names.
        UnitError: a proxy outside [0, 1].
        SettingsError: unknown space.
        CellError: an index, a hash or a text that is no cell.
        UnknownCellError: the table does not hold a cell.
    """
    return evaluations_of_table(score_table(read_columns(path), ReadingOptions()), table)


def evaluations_of_table(scores: ScoreTable, table: BenchmarkTable) -> Evaluations:
    """The evaluations in scores that were read; arguments and errors as `read_evaluations`."""
    source = scores.source
    cells = _cells(scores, table)[scores.architecture[scores.score_row]]
    _refuse_unknown_cells(scores, cells, table)
    inside = (scores.proxy >= 0) & (scores.proxy <= 1) | ~np.isfinite(scores.proxy)
    if not inside.all():
        place = int(np.argmin(inside))
        raise UnitError(
            f"{source}: {scores.columns.row(int(scores.score_row[place]))}: column {scores.chosen.proxies[0]!r}: "
            f"expected fractions in [0, 1], got {scores.proxy[place]:.6g}; divide percentages by 100"
        )
    space, variant = scores.space[scores.score_row], scores.variant[scores.score_row]
    triples, group = np.unique(np.stack([variant, space, scores.score_supernet]), axis=1, return_inverse=True)
    group = group.reshape(-1)
    variants = [_renamed(OWN if name is None else name, VARIANT_NAMES) for name in scores.variants]
    spaces = [open_space(_renamed(WHOLE if name == ALL else name, SPACE_NAMES)).name for name in scores.spaces]
    seeds = _seeds(triples, scores.supernets)
    order = _order_of_evaluation(scores, group)
    starts = np.searchsorted(group[order], np.arange(triples.shape[1] + 1))
    supernets = []
    for number, (variant_code, space_code, _) in enumerate(triples.T.tolist()):
        own = order[starts[number] : starts[number + 1]]
        supernets.append(
            EvaluatedSupernet(
                variant=variants[variant_code],
                space=spaces[space_code],
                seed=seeds[number],
                cells=cells[own],
                proxies=scores.proxy[own],
            )
        )
    _check_supernets(supernets, table, source)
    variant_place, space_place = _place(PAPER_VARIANTS), _place(PAPER_SPACES)
    return Evaluations(
        supernets=tuple(
            sorted(supernets, key=lambda one: (variant_place(one.variant), space_place(one.space), one.seed))
        )
    )


def _cells(scores: ScoreTable, table: BenchmarkTable) -> Int32[np.ndarray, " texts"]:
    """Unique indices of the cells that texts stand for.

    Raises:
        CellError: a text describes no cell.
        UnknownCellError: a hash that the table does not hold.
    """
    texts = scores.texts
    if scores.architecture_kind == "index":
        return np.array([int(text) if re.fullmatch(r"\d{1,9}", text) else -1 for text in texts], np.int32)
    if scores.architecture_kind == "hash" or all(re.fullmatch("[0-9a-fA-F]{32}", text) for text in texts):
        known = hash_rows(table)
        unknown = [text for text in texts if text.lower() not in known]
        if unknown:
            raise UnknownCellError(
                f"{scores.source}: expected official hashes of cells that the table {table.info.name} holds, got "
                f"{len(unknown):,} others, such as {unknown[0][:40]!r}; take the benchmark that they were drawn from, "
                "or leave them out"
            )
        return np.array([known[text.lower()] for text in texts], np.int32)
    return np.asarray(open_family("nasbench101").parse(texts), np.int32)


def _refuse_unknown_cells(scores: ScoreTable, cells: Int32[np.ndarray, " scores"], table: BenchmarkTable) -> None:
    outside = (cells < 0) | (cells >= open_family("nasbench101").universes[-1])
    known = table.rows_of(np.where(outside, 0, cells))[1] & ~outside
    if not known.all():
        place = int(np.argmin(known))
        unknown = np.unique(cells[~known])
        what = scores.texts[scores.architecture[scores.score_row[place]]]
        raise UnknownCellError(
            f"{scores.source}: {scores.columns.row(int(scores.score_row[place]))}: expected cells that the table "
            f"{table.info.name} holds, got {len(unknown):,} others, such as cell {what[:60]}; take the benchmark that "
            "they were drawn from, or leave them out"
        )


def _seeds(triples: Int64[np.ndarray, "3 supernets"], names: Sequence[str]) -> list[int]:
    """The number in the name of each super-net; where two of one variant and space agree, their places in the file."""
    numbers = [re.fullmatch(r"\D*(\d{1,18})", name) for name in names]
    found = [int(match[1]) if match else -1 for match in numbers]
    seeds = [found[supernet] for supernet in triples[2].tolist()]
    keys = list(zip(triples[0].tolist(), triples[1].tolist(), seeds, strict=True))
    if -1 in seeds or len(set(keys)) < len(keys):
        return [int(supernet) for supernet in triples[2]]
    return seeds


def _order_of_evaluation(scores: ScoreTable, group: Int64[np.ndarray, " scores"]) -> Int64[np.ndarray, " scores"]:
    """Scores sorted by super-net, then by position."""
    if scores.position is None:
        return np.argsort(group, kind="stable")
    position = scores.position[scores.score_row]
    order = np.lexsort((position, group))
    again = (np.diff(group[order]) == 0) & (np.diff(position[order]) == 0)
    if again.any():
        place = order[1:][again][0]
        raise DataError(
            f"{scores.source}: {scores.columns.row(int(scores.score_row[place]))}: column 'position': expected each "
            f"once for a super-net, got {position[place]:g} twice ({np.count_nonzero(again):,} such rows); number "
            "evaluations, or give super-nets different seeds"
        )
    return order


def _check_supernets(supernets: Sequence[EvaluatedSupernet], table: BenchmarkTable, source: str) -> None:
    """Refuse super-nets that are named twice, scored too little, or scored cells outside their space."""
    names = [one.name for one in supernets]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{source}: expected one name for a super-net, got two for {twice}; rename a variant or space")
    members = {}
    for one in supernets:
        if len(one.cells) < 2:
            raise DataError(f"{source}: {one.name}: expected at least 2 evaluations, got 1; score more cells")
        if one.space not in members:
            members[one.space] = np.zeros(table.info.num_cells, bool)
            members[one.space][space_members(open_space(one.space), table.info.num_cells)] = True
        outside = one.cells[~members[one.space][one.cells]]
        if len(outside):
            raise DataError(
                f"{source}: {one.name}: expected cells of {one.space}, got {len(outside):,} others, such as cell "
                f"{outside[0]}; name the space that the pool was drawn from"
            )


def _renamed(name: str, names: dict[str, str]) -> str:
    """The paper's name for one of the published evaluations, any other name as it is."""
    text = name.strip()
    if not text or not text.isprintable():
        raise SettingsError(f"name of a variant or space: expected printable text, got {name[:40]!r}; rename it")
    return names.get(text.lower(), text)


def _place(names: Sequence[str]) -> Callable[[str], tuple[int, str]]:
    """Key that sorts names as listed, and those that are not after them."""
    places = {name: place for place, name in enumerate(names)}
    return lambda name: (places.get(name, len(places)), name)
