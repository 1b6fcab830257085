"""Evaluations of super-nets in one long table, as published or as users make them, read and checked.

One row an evaluation, in Parquet or CSV:

| column | |
|---|---|
| `variant` | how the super-net was trained and its cells scored, any name |
| `space` | a named space, or conditions such as `depth>=3`; the names of the published evaluations too |
| `seed` | tells the super-nets of a variant and space apart, a whole number |
| `position` | order of evaluation, optional: by default that of the rows |
| `cell`, `module_hash` or `architecture` | unique index, official hash, or a cell as `str(cell)` writes it |
| `proxy_validation_accuracy` | a fraction in [0, 1]; not finite where the super-net diverged |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from jaxtyping import Float64, Int32

from shareornot.errors import DataError, MissingDataError, SettingsError, UnitError, UnknownCellError
from shareornot.reproduction.published_tables import PAPER_SPACES, PAPER_VARIANTS, SPACE_NAMES, VARIANT_NAMES
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, space_cells
from shareornot.tables import BenchmarkTable

CELL_COLUMNS = ("cell", "module_hash", "architecture")
"""Ways to say which cell was evaluated."""
_TYPES = {
    "variant": pa.string(),
    "space": pa.string(),
    "seed": pa.int64(),
    "position": pa.int64(),
    "cell": pa.int64(),
    "module_hash": pa.string(),
    "architecture": pa.string(),
    "proxy_validation_accuracy": pa.float64(),
}
_REQUIRED = ("variant", "space", "seed", "proxy_validation_accuracy")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EvaluatedSupernet:
    """What one super-net says of the cells of its pool, in their order of evaluation."""

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
    """Read a long table of evaluations.

    Args:
        path: Parquet or CSV file, told apart by its first bytes.
        table: holds every evaluated cell.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, a column that is missing or of another type, a cell outside the space that its row names.
        UnitError: a proxy outside [0, 1].
        SettingsError: unknown space.
        CellError: an index, a hash or a text that is no cell.
        UnknownCellError: the table does not hold a cell.
    """
    rows = _read_rows(path)
    cells = _cells(rows, table, path)
    proxies = rows["proxy_validation_accuracy"].to_numpy()
    inside = (proxies >= 0) & (proxies <= 1) | ~np.isfinite(proxies)
    if not inside.all():
        raise UnitError(
            f"{path}: proxy_validation_accuracy: expected fractions in [0, 1], got {proxies[~inside][0]:.6g}; "
            "divide percentages by 100"
        )
    keys, group = _groups(rows)
    variants = [_renamed(variant, VARIANT_NAMES) for variant, _, _ in keys]
    spaces = {space: open_space(_renamed(space, SPACE_NAMES)).name for space in {space for _, space, _ in keys}}
    order = _order_of_evaluation(rows, group, path)
    starts = np.searchsorted(group[order], np.arange(len(keys) + 1))
    supernets = []
    for number, (_, space, seed) in enumerate(keys):
        own = order[starts[number] : starts[number + 1]]
        supernets.append(
            EvaluatedSupernet(
                variant=variants[number], space=spaces[space], seed=seed, cells=cells[own], proxies=proxies[own]
            )
        )
    _check_supernets(supernets, table, path)
    variant_place, space_place = _place(PAPER_VARIANTS), _place(PAPER_SPACES)
    return Evaluations(
        supernets=tuple(
            sorted(supernets, key=lambda one: (variant_place(one.variant), space_place(one.space), one.seed))
        )
    )


def _read_rows(path: Path) -> dict[str, pa.ChunkedArray]:
    """The columns that count, each of its type and without gaps."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
    except FileNotFoundError:
        raise MissingDataError(f"{path}: expected a Parquet or CSV file of evaluations, found none") from None
    except OSError as error:
        raise DataError(f"{path}: expected a Parquet or CSV file, got {error.strerror}; name a file") from error
    try:
        if is_parquet:
            names = pq.read_schema(path).names
            table = pq.read_table(path, columns=[name for name in _TYPES if name in names])
        else:
            convert = pacsv.ConvertOptions(column_types=_TYPES, null_values=[""], strings_can_be_null=True)
            table = pacsv.read_csv(path, convert_options=convert)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0][:200]
        raise DataError(f"{path}: expected a Parquet or CSV file of evaluations, got: {reason}; see docs") from error
    present = table.column_names
    missing = [name for name in _REQUIRED if name not in present]
    named = [name for name in CELL_COLUMNS if name in present]
    if missing or len(named) != 1:
        raise DataError(
            f"{path}: expected the columns {', '.join(_REQUIRED)} and one of {', '.join(CELL_COLUMNS)}, "
            f"got {', '.join(present[:20]) or 'none'}; add, rename or drop columns"
        )
    if table.num_rows == 0 or len(set(present)) < len(present):
        raise DataError(f"{path}: expected evaluations in columns of different names, got {table.num_rows} rows")
    return {name: _column(table[name], name, path) for name in _TYPES if name in present}


def _column(column: pa.ChunkedArray, name: str, path: Path) -> pa.ChunkedArray:
    """A column of its type, without gaps."""
    if column.null_count:
        raise DataError(f"{path}: {name}: expected a value in every row, got {column.null_count:,} gaps; fill them")
    try:
        return pc.cast(column, _TYPES[name])
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{path}: {name}: expected {_TYPES[name]}, got {column.type}; convert the column") from error


def _cells(rows: dict[str, pa.ChunkedArray], table: BenchmarkTable, path: Path) -> Int32[np.ndarray, " rows"]:
    """Unique indices of the evaluated cells, all of which the table holds."""
    if "cell" in rows:
        indices = rows["cell"].to_numpy()
    else:
        name = next(name for name in CELL_COLUMNS if name in rows)
        encoded = pc.dictionary_encode(rows[name].combine_chunks())
        texts = encoded.dictionary.to_pylist()
        found = _by_hash(texts, table, path) if name == "module_hash" else [Cell.parse(text).index for text in texts]
        indices = np.array(found, np.int64)[encoded.indices.to_numpy()]
    _, known = table.rows_of(indices)
    if not known.all():
        unknown = np.unique(indices[~known])
        raise UnknownCellError(
            f"{path}: expected cells that the table {table.info.name} holds, got {len(unknown):,} others, such as "
            f"cell {unknown[0]}; take the benchmark that they were drawn from, or leave them out"
        )
    return np.asarray(indices, np.int32)


def _by_hash(hashes: list[str], table: BenchmarkTable, path: Path) -> list[int]:
    """Unique indices of official hashes."""
    rows = {table.module_hash(row): row for row in range(len(table))}
    unknown = [text for text in hashes if text.lower() not in rows]
    if unknown:
        raise UnknownCellError(
            f"{path}: expected official hashes of cells that the table {table.info.name} holds, got {len(unknown):,} "
            f"others, such as {unknown[0][:40]!r}; take the benchmark that they were drawn from, or leave them out"
        )
    return [int(table.cells[rows[text.lower()]]) for text in hashes]


def _groups(rows: dict[str, pa.ChunkedArray]) -> tuple[list[tuple[str, str, int]], np.ndarray]:
    """The different triples of variant, space and seed, and which of them each row has."""
    codes, names = [], []
    for name in ("variant", "space", "seed"):
        encoded = pc.dictionary_encode(rows[name].combine_chunks())
        codes.append(encoded.indices.to_numpy())
        names.append(encoded.dictionary.to_pylist())
    triples, group = np.unique(np.stack(codes), axis=1, return_inverse=True)
    keys = [(names[0][variant], names[1][space], names[2][seed]) for variant, space, seed in triples.T]
    return keys, group.reshape(-1)


def _order_of_evaluation(rows: dict[str, pa.ChunkedArray], group: np.ndarray, path: Path) -> np.ndarray:
    """Rows sorted by super-net, then by position."""
    if "position" not in rows:
        return np.argsort(group, kind="stable")
    position = rows["position"].to_numpy()
    order = np.lexsort((position, group))
    again = (np.diff(group[order]) == 0) & (np.diff(position[order]) == 0)
    if again.any():
        raise DataError(
            f"{path}: position: expected each once for a super-net, got {position[order][1:][again][0]} twice "
            f"({np.count_nonzero(again):,} such rows); number evaluations, or give super-nets different seeds"
        )
    return order


def _check_supernets(supernets: Sequence[EvaluatedSupernet], table: BenchmarkTable, path: Path) -> None:
    """Refuse super-nets that are named twice, scored too little, or scored cells outside their space."""
    names = [one.name for one in supernets]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path}: expected one name for a super-net, got two for {twice}; rename a variant or space")
    members = {}
    for one in supernets:
        if len(one.cells) < 2:
            raise DataError(f"{path}: {one.name}: expected at least 2 evaluations, got 1; score more cells")
        if one.space not in members:
            members[one.space] = np.zeros(table.info.num_cells, bool)
            members[one.space][space_cells(open_space(one.space), table.info.max_vertices)] = True
        outside = one.cells[~members[one.space][one.cells]]
        if len(outside):
            raise DataError(
                f"{path}: {one.name}: expected cells of {one.space}, got {len(outside):,} others, such as cell "
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
