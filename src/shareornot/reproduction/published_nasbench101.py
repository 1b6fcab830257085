"""The 210 super-nets of the paper as its authors published them: evaluations, and the cells' standalone trainings.

The repository holds `results_paper/VARIANT/SPACE/SEED/eval_results.pkl`, a pickled list with one dictionary for each
evaluation. Pickles are read by `shareornot.tables.safe_pickle`, which builds plain data alone and runs nothing. Each
evaluation quotes what NASBench-101 holds of its cell, so that the same files give a table of these cells.

References: Pourchot, Ducarouge and Sigaud 2020, https://github.com/apourchot/to_share_or_not_to_share.
"""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.errors import CellError, DataError, UnitError
from shareornot.progress import Progress, Silent
from shareornot.reproduction.published_files import published_files
from shareornot.spaces.nasbench101 import Cell
from shareornot.storage import atomic_write
from shareornot.tables.safe_pickle import Array, load_plain
from shareornot.tables.table_file import VALUE_COLUMNS

COMMIT = "a7237c31f07e47217b75194d996306c1be541245"
"""State of the authors' repository that holds the results of the paper."""
RESULTS = re.compile(r"(?:^|/)([\w+.\-]+)/([\w]+)/(\d{1,3})/eval_results\.pkl$")
CONTENT_SHA256 = "85f1ae0a4d6e693784b5ea87d5e18eedf71d434fdd2b49cc804deba40e4901bd"
"""SHA-256 of all 210,000 evaluations as `content_sha256` writes them; archives of one commit may differ in their
bytes."""
EPOCHS = 108
FACTS = ("module_hash", "module_adjacency", "module_operations", "trainable_parameters")
NUM_FILES = 210


@dataclass(frozen=True, kw_only=True, eq=False)
class PublishedSupernets:
    """What the repository's files hold."""

    evaluations: pa.Table
    """Columns `variant`, `space`, `seed`, `position`, `module_hash` and `proxy_validation_accuracy`."""
    cells: pa.Table
    """A row for each distinct cell, with the columns that `shareornot.tables.nasbench101.import_parquet` takes."""

    @property
    def is_published(self) -> bool:
        """Whether the evaluations are, to the digit, the 210,000 of the paper."""
        return content_sha256(self.evaluations) == CONTENT_SHA256


def read_published_supernets(source: Path, progress: Progress | None = None) -> PublishedSupernets:
    """Read the authors' repository.

    Args:
        source: its folder, or a .zip or .tar.gz archive of it.
        progress: advances by one for each super-net.

    Raises:
        MissingDataError: nothing is there.
        DataError: no evaluations, a damaged file, or a pickle that refers to anything but plain data.
        UnitError: a score outside [0, 1].
    """
    progress = progress or Silent()
    gathered = _Gathered()
    for match, content in published_files(source, RESULTS):
        name = "/".join(match.groups())
        try:
            gathered.add(match[1], match[2], int(match[3]), load_plain(io.BytesIO(content)))
        except (DataError, UnitError) as error:
            raise type(error)(f"{source}: {name}/eval_results.pkl: {error}") from error
        progress.advance(1, name)
    if not gathered.positions:
        raise DataError(
            f"{source}: expected files VARIANT/SPACE/SEED/eval_results.pkl, got none; name the authors' repository or "
            "its folder results_paper"
        )
    try:
        return gathered.tables()
    except DataError as error:
        raise DataError(f"{source}: {error}") from error


def write_parquet(table: pa.Table, target: Path) -> None:
    """Write a table, whole or not at all."""
    with atomic_write(target) as file:
        pq.write_table(table, file, compression="zstd")


def content_sha256(evaluations: pa.Table) -> str:
    """SHA-256 of evaluations, sorted by super-net and position, as lines of text; independent of any file format."""
    rows = zip(*(evaluations[name].to_pylist() for name in evaluations.column_names), strict=True)
    lines = sorted(
        f"{variant} {space} {seed} {place:06d} {cell} {proxy!r}" for variant, space, seed, place, cell, proxy in rows
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass
class _Gathered:
    """Evaluations one after the other, and each cell once."""

    variants: list[str] = field(default_factory=list)
    spaces: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    proxies: list[float] = field(default_factory=list)
    rows: dict[tuple[str, str], tuple[Any, ...]] = field(default_factory=dict)
    """Hash, adjacency, operations, parameters, and the values of each training, by structure."""

    def add(self, variant: str, space: str, seed: int, evaluations: Any) -> None:
        """Take the evaluations of one super-net."""
        if not isinstance(evaluations, list) or not evaluations:
            raise DataError(f"expected a list of evaluations, got {type(evaluations).__name__}")
        for position, one in enumerate(evaluations):
            try:
                fixed, trained = one["full_metrics"]
                key = _structure(fixed)
                if key not in self.rows:
                    self.rows[key] = _row(key, fixed, trained[EPOCHS])
                proxy = float(one["proxy_metrics"]["final_validation_accuracy"])
            except (TypeError, ValueError, KeyError, IndexError, AttributeError, CellError) as error:
                raise DataError(
                    f"evaluation {position}: expected a cell with its trainings and its score: {error}"
                ) from error
            if not 0 <= proxy <= 1:
                raise UnitError(f"evaluation {position}: expected a score from 0 to 1, got {proxy:g}")
            self.variants.append(variant)
            self.spaces.append(space)
            self.seeds.append(seed)
            self.positions.append(position)
            self.cells.append(self.rows[key][0])
            self.proxies.append(proxy)

    def tables(self) -> PublishedSupernets:
        """What was gathered, as tables."""
        evaluations = {
            "variant": pa.array(self.variants),
            "space": pa.array(self.spaces),
            "seed": pa.array(self.seeds, pa.int32()),
            "position": pa.array(self.positions, pa.int32()),
            "module_hash": pa.array(self.cells),
            "proxy_validation_accuracy": pa.array(self.proxies),
        }
        rows = [row for _, row in sorted({row[0]: row for row in self.rows.values()}.items())]
        num_runs, left = divmod(len(rows[0]) - len(FACTS), len(VALUE_COLUMNS))
        if left or {len(row) for row in rows} != {len(rows[0])}:
            raise DataError("expected equally many trainings of each cell, got different numbers")
        names = [*FACTS, *(f"{name}_{run}" for run in range(num_runs) for name in VALUE_COLUMNS)]
        columns = dict(zip(names, map(pa.array, zip(*rows, strict=True)), strict=True))
        return PublishedSupernets(evaluations=pa.table(evaluations), cells=pa.table(columns))


def _structure(fixed: Mapping[str, Any]) -> tuple[str, str]:
    """A cell as text: its adjacency row by row, and its operations."""
    adjacency = fixed["module_adjacency"]
    if not isinstance(adjacency, Array) or adjacency.values.ndim != 2 or max(adjacency.values.shape) > 7:
        raise DataError("module_adjacency: expected a square matrix of at most 7 vertices")
    operations = fixed["module_operations"]
    if not isinstance(operations, list) or not all(isinstance(word, str) for word in operations):
        raise DataError("module_operations: expected a list of words")
    return "".join(str(int(value)) for value in adjacency.values.reshape(-1)), ",".join(operations)


def _row(key: tuple[str, str], fixed: Mapping[str, Any], trainings: Any) -> tuple[Any, ...]:
    """A cell, and the results of each of its trainings."""
    operations = key[1].split(",")
    size = len(operations)
    matrix = np.array(list(key[0]), np.int8).reshape(size, size)
    if not isinstance(trainings, list) or not trainings:
        raise DataError("full_metrics: expected a list of trainings")
    facts = (Cell(matrix, operations).official_hash(), *key, int(fixed["trainable_parameters"]))
    return (*facts, *(float(training[name]) for training in trainings for name in VALUE_COLUMNS))
