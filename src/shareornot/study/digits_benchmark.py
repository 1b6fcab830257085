"""How the embedded benchmark is made: every cell with at most 5 vertices, trained alone three times on the digits.

The work is cut into parts of a few cells. Each part becomes a file of its own as soon as it is done, so a build that is
stopped goes on where it was. A training follows from its cell and run alone, whoever does it.
"""

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import astuple, fields
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
from shareornot.supernet.standalone import StandaloneTrainingConfig, TrainingResult

MAX_VERTICES = 5
NUM_RUNS = 3
CELLS_PER_PART = 6
TRAINING = StandaloneTrainingConfig()

METRICS = tuple(f"{when}_{field.name}" for when in ("halfway", "final") for field in fields(TrainingResult))


def train_parts(folder: Path, num_processes: int, progress: Progress) -> None:
    """Do all trainings whose parts are not in the folder yet.

    Args:
        folder: where the parts are kept.
        num_processes: trainings at a time, each on one core.
        progress: advances by the cells done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cells = np.arange(len(unique_codes(MAX_VERTICES)))
    parts = [cells[start : start + CELLS_PER_PART] for start in range(0, len(cells), CELLS_PER_PART)]
    missing = [part for part in parts if not _part_path(folder, part).exists()]
    progress.advance(len(cells) - sum(map(len, missing)))
    if not missing:
        return
    # Fresh processes: a fork of one that has run PyTorch may hang.
    with ProcessPoolExecutor(num_processes, mp_context=get_context("spawn"), initializer=_use_one_core) as pool:
        running = {pool.submit(_train_part, folder, part): part for part in missing}
        try:
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    done.result()
                    progress.advance(len(running.pop(done)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def read_parts(folder: Path) -> dict[str, np.ndarray]:
    """The trainings of a finished build.

    Returns:
        For each of `METRICS`, float64 with shape (cells, runs); cells in index order.

    Raises:
        DataError: a part is missing or damaged.
    """
    tables = list(_read_all(folder))
    table = pa.concat_tables(tables)
    num_cells = len(unique_codes(MAX_VERTICES))
    expected = np.repeat(np.arange(num_cells), NUM_RUNS), np.tile(np.arange(NUM_RUNS), num_cells)
    if not all(
        np.array_equal(table[name].to_numpy(), values) for name, values in zip(("cell", "run"), expected, strict=True)
    ):
        raise DataError(
            f"{folder}: expected {NUM_RUNS} runs of {num_cells} cells, got others; delete the folder and build anew"
        )
    return {name: table[name].to_numpy().reshape(num_cells, NUM_RUNS) for name in METRICS}


def _read_all(folder: Path) -> Iterator[pa.Table]:
    num_cells = len(unique_codes(MAX_VERTICES))
    for start in range(0, num_cells, CELLS_PER_PART):
        path = _part_path(folder, np.arange(start, min(start + CELLS_PER_PART, num_cells)))
        try:
            yield pq.read_table(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(
                f"{path}: expected trainings in Parquet format, got {error}; delete it and build again"
            ) from error


def _part_path(folder: Path, part: np.ndarray) -> Path:
    return folder / f"cells-{part[0]:04d}-{part[-1]:04d}.parquet"


def _use_one_core() -> None:
    """One core a process: these networks are too small to share several."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


def _train_part(folder: Path, part: np.ndarray) -> None:
    """Train some cells alone and write what came out."""
    from shareornot.images import digits
    from shareornot.supernet.standalone import train_standalone

    images, network = digits(), digits_network()
    rows = []
    for cell in part.tolist():
        results = train_standalone(cell, range(NUM_RUNS), images, network, TRAINING)
        rows += [(cell, run, *astuple(half_way), *astuple(final)) for run, (half_way, final) in enumerate(results)]
    columns = dict(zip(("cell", "run", *METRICS), map(list, zip(*rows, strict=True)), strict=True))
    with atomic_write(_part_path(folder, part)) as file:
        pq.write_table(pa.table(columns), file)
