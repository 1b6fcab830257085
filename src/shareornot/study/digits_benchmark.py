"""How the embedded benchmark is made: every cell with at most 5 vertices, trained alone three times on the digits.

The work is cut into parts of a few cells. Each part becomes a file of its own as soon as it is done, so a build that is
stopped goes on where it was. A training follows from its cell and run alone, whoever does it.
"""

import os
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import astuple, dataclass, field, fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.cells import unique_codes
from shareornot.errors import DataError
from shareornot.progress import Progress
from shareornot.storage import atomic_write
from shareornot.study.settings import digits_network
from shareornot.supernet.config import StandaloneTrainingConfig, TrainingResult

METRICS = tuple(f"{when}_{metric.name}" for when in ("halfway", "final") for metric in fields(TrainingResult))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildConfig:
    """What a build trains. The defaults are those of the embedded benchmark."""

    max_vertices: int = 5
    """All cells with at most so many vertices."""
    num_runs: int = 3
    cells_per_part: int = 6
    training: StandaloneTrainingConfig = field(default_factory=StandaloneTrainingConfig)

    @property
    def num_cells(self) -> int:
        """Cells to train."""
        return len(unique_codes(self.max_vertices))

    @property
    def parts(self) -> list[range]:
        """The cells of each part."""
        starts = range(0, self.num_cells, self.cells_per_part)
        return [range(start, min(start + self.cells_per_part, self.num_cells)) for start in starts]


EMBEDDED = BuildConfig()


def train_parts(folder: Path, num_processes: int, progress: Progress, config: BuildConfig = EMBEDDED) -> None:
    """Do all trainings whose parts are not in the folder yet.

    Args:
        folder: where the parts are kept.
        num_processes: trainings at a time, each on one core.
        progress: advances by the cells done.
        config: what to train.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [part for part in config.parts if not _part_path(folder, part).exists()]
    progress.advance(config.num_cells - sum(map(len, missing)))
    if not missing:
        return
    # Fresh processes: a fork of one that has run PyTorch may hang.
    with ProcessPoolExecutor(num_processes, mp_context=get_context("spawn"), initializer=_use_one_core) as pool:
        running = {pool.submit(_train_part, folder, part, config): part for part in missing}
        try:
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    done.result()
                    progress.advance(len(running.pop(done)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read_parts(folder: Path, config: BuildConfig = EMBEDDED) -> dict[str, np.ndarray]:
    """The trainings of a finished build.

    Args:
        folder: where the parts are kept.
        config: what was trained.

    Returns:
        For each of `METRICS`, float64 with shape (cells, runs); cells in index order.

    Raises:
        DataError: a part is missing or damaged.
    """
    table = pa.concat_tables([_read_part(_part_path(folder, part), part, config.num_runs) for part in config.parts])
    return {name: table[name].to_numpy().reshape(config.num_cells, config.num_runs) for name in METRICS}


def _read_part(path: Path, part: range, num_runs: int) -> pa.Table:
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected trainings in Parquet format, got {error}; delete it and build again"
        ) from error
    expected = {"cell": np.repeat(part, num_runs), "run": np.tile(np.arange(num_runs), len(part))}
    if table.column_names != ["cell", "run", *METRICS] or not all(
        np.array_equal(table[name].to_numpy(), numbers) for name, numbers in expected.items()
    ):
        raise DataError(f"{path}: expected {num_runs} runs of cells {part[0]} to {part[-1]}, got others; delete it")
    return table


def _part_path(folder: Path, part: range) -> Path:
    return folder / f"cells-{part[0]:04d}-{part[-1]:04d}.parquet"


def _use_one_core() -> None:
    """One core a process: these networks are too small to share several."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


def _train_part(folder: Path, part: range, config: BuildConfig) -> None:
    """Train some cells alone and write what came out."""
    from shareornot.images import digits_images
    from shareornot.supernet.standalone import train_standalone

    images, network = digits_images(), digits_network()
    rows = []
    for cell in part:
        results = train_standalone(cell, range(config.num_runs), images, network, config.training)
        rows += [(cell, run, *astuple(half_way), *astuple(final)) for run, (half_way, final) in enumerate(results)]
    columns = dict(zip(("cell", "run", *METRICS), map(list, zip(*rows, strict=True)), strict=True))
    with atomic_write(_part_path(folder, part)) as file:
        pq.write_table(pa.table(columns), file, write_page_checksum=True)
