"""Builds the embedded benchmark: every cell with at most 5 vertices, trained alone three times on the digits.

The work is cut into parts of a few cells. Each part becomes a file of its own as soon as it is done, so a build that is
stopped goes on where it was. A training follows from its cell and run alone, whoever does it.
"""

import json
import platform
from dataclasses import asdict, astuple, dataclass, field, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.errors import DataError, Interrupted, SettingsError
from shareornot.progress import Progress, ProgressBars, no_bars
from shareornot.spaces.nasbench101 import Cell, parameter_count, unique_codes
from shareornot.storage import atomic_write, remove_part_files
from shareornot.studies.devices import choose_device
from shareornot.studies.execution import (
    ShouldStop,
    Task,
    num_usable_cores,
    only_runner,
)
from shareornot.studies.recipes import digits_network
from shareornot.studies.settings import identity_of
from shareornot.studies.standalone_parts import run_parts
from shareornot.supernet.settings import StandaloneTrainingSettings, TrainingResult
from shareornot.tables import BenchmarkTable, TableColumns, TableInfo, write_table

METRICS = tuple(f"{when}_{metric.name}" for when in ("halfway", "final") for metric in fields(TrainingResult))


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """Settings of a build. The defaults are those of the embedded benchmark."""

    max_vertices: int = 5
    """Largest number of vertices; all cells up to it are trained."""
    num_runs: int = 3
    cells_per_part: int = 6
    training: StandaloneTrainingSettings = field(default_factory=lambda: StandaloneTrainingSettings(epochs=12))

    @property
    def num_cells(self) -> int:
        """Cells to train."""
        return len(unique_codes(self.max_vertices))

    @property
    def parts(self) -> list[range]:
        """The cells of each part."""
        starts = range(0, self.num_cells, self.cells_per_part)
        return [range(start, min(start + self.cells_per_part, self.num_cells)) for start in starts]


EMBEDDED = BuildSettings()


def build_digits(
    out: Path,
    parts: Path,
    *,
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
    config: BuildSettings = EMBEDDED,
) -> BenchmarkTable:
    """Train what is not trained yet, and write the benchmark table.

    Args:
        out: the table.
        parts: folder of finished trainings; those of other settings are refused.
        num_processes: trainings at a time, by default one a core.
        bars: shows the progress in cells.
        config: what to train.

    Raises:
        SettingsError: the folder holds trainings of other settings.
        Interrupted: Ctrl-C; finished parts are saved, and the same call resumes.
        DataError: a finished part is damaged.
    """
    if num_processes is not None and num_processes < 1:
        raise SettingsError(f"processes: expected at least 1, got {num_processes}")
    choose_device("cpu")  # which fails here where PyTorch is missing
    with only_runner(parts):
        _claim(parts, config)
        remove_part_files(parts)
        with bars(f"Training {config.num_cells:,} cells {config.num_runs} times", config.num_cells) as progress:
            train_parts(parts, num_usable_cores() if num_processes is None else num_processes, progress, config)
    write_table(out, _columns(read_parts(parts, config), config), _info(config))
    table = BenchmarkTable.open(out)
    table.verify()
    return table


def train_parts(
    folder: Path,
    num_processes: int,
    progress: Progress,
    config: BuildSettings = EMBEDDED,
) -> None:
    """Do all trainings whose parts are not in the folder yet.

    Args:
        folder: where the parts are kept.
        num_processes: trainings at a time, each on one core.
        progress: advances by the cells done.
        config: what to train.

    Raises:
        Interrupted: Ctrl-C; finished parts are saved.
    """
    missing = [part for part in config.parts if not _part_path(folder, part).exists()]
    progress.advance(config.num_cells - sum(map(len, missing)))
    # One core each: these networks are too small to share several.
    tasks = [
        Task(name=_part_path(folder, part).stem, work=_train_part, arguments=(folder, part, config)) for part in missing
    ]
    sizes = {task.name: len(part) for task, part in zip(tasks, missing, strict=True)}
    run_parts(tasks, sizes, num_processes, progress, "cells")


def read_parts(folder: Path, config: BuildSettings = EMBEDDED) -> dict[str, np.ndarray]:
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


def _claim(folder: Path, config: BuildSettings) -> None:
    """Write the settings of a build into its folder, or check that the folder holds the same settings."""
    path = folder / "settings.json"
    settings = json.dumps({"network": identity_of(digits_network()), **identity_of(config)}, indent=2) + "\n"
    if not path.exists():
        with atomic_write(path) as file:
            file.write(settings.encode())
    elif path.read_text() != settings:
        raise SettingsError(f"{folder}: holds trainings of other settings, see {path.name}; choose another folder")


def _columns(results: dict[str, np.ndarray], config: BuildSettings) -> TableColumns:
    """The rows of the table."""
    cells = np.arange(config.num_cells, dtype=np.int32)
    hashes = b"".join(bytes.fromhex(Cell.from_index(int(index)).official_hash()) for index in cells)
    return TableColumns(
        cells=cells,
        module_hashes=np.frombuffer(hashes, np.uint8).reshape(-1, 16),
        trainable_parameters=parameter_count(cells, **_network_size()),
        values={name.removesuffix("_s"): results[name][:, None, :].astype(np.float32) for name in METRICS},
    )


def _info(config: BuildSettings) -> TableInfo:
    import sklearn
    import torch

    return TableInfo(
        name="digits",
        budgets=(config.training.epochs,),
        num_runs=config.num_runs,
        max_vertices=config.max_vertices,
        data_set="scikit-learn digits: 200 training, 797 validation, 800 test images of 8 x 8 pixels",
        network=_network_size(),
        provenance={
            "training": asdict(config.training),
            "time": "processor time of the training steps of all runs of a cell, shared equally among them",
            "processor": platform.processor() or platform.machine(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
        },
    )


def _network_size() -> dict[str, int]:
    """Size of the network, as `parameter_count` takes it."""
    names = ("num_filters", "num_stacks", "cells_per_stack", "num_classes", "image_channels")
    network = digits_network()
    return {name: getattr(network, name) for name in names}


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


def _train_part(folder: Path, part: range, config: BuildSettings, should_stop: ShouldStop) -> None:
    """Train some cells alone and write the results."""
    from shareornot.images import digits_images
    from shareornot.supernet.standalone_training import train_standalone

    images, network = digits_images(), digits_network()
    rows = []
    for cell in part:
        if should_stop():
            raise Interrupted("finished parts are saved; the same call trains the others")
        results = train_standalone(cell, range(config.num_runs), images, network, config.training)
        rows += [(cell, run, *astuple(half_way), *astuple(final)) for run, (half_way, final) in enumerate(results)]
    columns = dict(zip(("cell", "run", *METRICS), map(list, zip(*rows, strict=True)), strict=True))
    with atomic_write(_part_path(folder, part)) as file:
        pq.write_table(pa.table(columns), file, write_page_checksum=True)
