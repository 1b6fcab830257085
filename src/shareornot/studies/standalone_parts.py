"""Training the architectures of a benchmark alone, in parts of a few architectures.

Each part becomes a file of its own as soon as it is done, so a build that is stopped is resumed by the same
command. The result of a training depends on its architecture and run alone, not on the process that computes it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.errors import DataError, Interrupted, JobError, SettingsError, message_of
from shareornot.progress import Progress, ProgressBars, no_bars
from shareornot.storage import atomic_write, remove_part_files
from shareornot.studies.devices import choose_device
from shareornot.studies.execution import (
    Event,
    InProcess,
    LocalProcesses,
    ShouldStop,
    Task,
    num_usable_cores,
    only_runner,
)
from shareornot.studies.interruption import polite_interruption
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings, TrainingResult

PATIENCE_S = 120.0
"""How long a part may take to stop; a second Ctrl-C is quicker."""
METRICS = tuple(one.name for one in fields(TrainingResult))
"""What a training gives."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StandaloneBuild:
    """What a build trains."""

    family: str
    architectures: Sequence[int]
    """Numbers in their family, ascending."""
    network: NetworkSettings
    training: StandaloneTrainingSettings
    num_runs: int = 3
    part_size: int = 20

    @property
    def half_way(self) -> bool:
        """Whether trainings are scored half-way too, as tables of NASBench-101 have it."""
        return self.family == "nasbench101"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the results of a training."""
        return tuple(f"{when}_{one}" for when in ("halfway", "final") for one in METRICS) if self.half_way else METRICS

    @property
    def parts(self) -> list[Sequence[int]]:
        """The architectures of each part."""
        starts = range(0, len(self.architectures), self.part_size)
        return [self.architectures[start : start + self.part_size] for start in starts]


def train_alone(
    folder: Path, build: StandaloneBuild, *, num_processes: int | None = None, bars: ProgressBars = no_bars
) -> dict[str, np.ndarray]:
    """Train the architectures that are not trained yet.

    Args:
        folder: folder of finished trainings; those of other settings are refused.
        build: what to train.
        num_processes: trainings at the same time, by default one per core.
        bars: shows the progress in architectures.

    Returns:
        See `read_parts`.

    Raises:
        SettingsError: the folder holds trainings of other settings, or another process works in it.
        Interrupted: Ctrl-C; finished parts are saved, and the same call resumes.
        DataError: a finished part is damaged.
    """
    if num_processes is not None and num_processes < 1:
        raise SettingsError(f"processes: expected at least 1, got {num_processes}")
    choose_device("cpu")  # which fails here where PyTorch is missing
    number = len(build.architectures)
    with only_runner(folder):
        _claim(folder, build)
        remove_part_files(folder)
        with bars(f"Training {number:,} architectures {build.num_runs} times", number) as progress:
            train_parts(folder, num_usable_cores() if num_processes is None else num_processes, progress, build)
    return read_parts(folder, build)


def _claim(folder: Path, build: StandaloneBuild) -> None:
    """Write the settings of a build into its folder, or check that the folder holds the same settings.

    Raises:
        SettingsError: it holds others.
    """
    path = folder / "settings.json"
    values = {name: value for name, value in asdict(build).items() if name != "architectures"}
    settings = json.dumps(values | {"num_architectures": len(build.architectures)}, indent=2) + "\n"
    if not path.exists():
        with atomic_write(path) as file:
            file.write(settings.encode())
    elif path.read_text() != settings:
        raise SettingsError(f"{folder}: holds trainings of other settings, see {path.name}; choose another folder")


def train_parts(folder: Path, num_processes: int, progress: Progress, build: StandaloneBuild) -> None:
    """Do all trainings whose parts are not in the folder yet.

    Args:
        folder: folder of the parts.
        num_processes: trainings at the same time, each on one core.
        progress: advances by the architectures done.
        build: what to train.

    Raises:
        JobError: a training failed.
        Interrupted: Ctrl-C; finished parts are saved.
    """
    missing = [part for part in build.parts if not part_path(folder, part).exists()]
    progress.advance(len(build.architectures) - sum(map(len, missing)))
    # One core each: these networks are too small to share several.
    tasks = [
        Task(name=part_path(folder, part).stem, work=_train_part, arguments=(folder, part, build)) for part in missing
    ]
    left = {task.name: len(part) for task, part in zip(tasks, missing, strict=True)}
    failures: list[Event] = []

    def watch(event: Event) -> None:
        if event.what == "finished":
            progress.advance(left.pop(event.name))
        elif event.what == "failed":
            failures.append(event)

    executor = InProcess() if num_processes == 1 else LocalProcesses(num_processes=num_processes, patience_s=PATIENCE_S)
    with polite_interruption() as should_stop:
        executor.run(tasks, watch, lambda: bool(failures) or should_stop())
    for event in failures:
        if event.message is None:
            raise RuntimeError(event.traceback)
        raise JobError(event.message)
    if left:
        raise Interrupted(f"stopped with {sum(left.values()):,} architectures to train; finished parts are saved")


def read_parts(folder: Path, build: StandaloneBuild) -> dict[str, np.ndarray]:
    """The trainings of a finished build.

    Args:
        folder: folder of the parts.
        build: what was trained.

    Returns:
        For each of `build.metrics`, float64 with shape (architectures, runs).

    Raises:
        DataError: a part is missing or damaged.
    """
    table = pa.concat_tables([_read_part(part_path(folder, part), part, build) for part in build.parts])
    shape = (len(build.architectures), build.num_runs)
    return {name: table[name].to_numpy().reshape(shape) for name in build.metrics}


def part_path(folder: Path, part: Sequence[int]) -> Path:
    """The file of a part."""
    return folder / f"architectures-{part[0]:06d}-{part[-1]:06d}.parquet"


def _read_part(path: Path, part: Sequence[int], build: StandaloneBuild) -> pa.Table:
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected trainings in Parquet format, got {message_of(error)}; delete it and build again"
        ) from error
    expected = {"architecture": np.repeat(part, build.num_runs), "run": np.tile(np.arange(build.num_runs), len(part))}
    if table.column_names != ["architecture", "run", *build.metrics] or not all(
        np.array_equal(table[name].to_numpy(), numbers) for name, numbers in expected.items()
    ):
        raise DataError(
            f"{path}: expected {build.num_runs} runs of architectures {part[0]} to {part[-1]}, got others; delete it"
        )
    return table


def _train_part(folder: Path, part: Sequence[int], build: StandaloneBuild, should_stop: ShouldStop) -> None:
    """Train some architectures alone and write the results."""
    from shareornot.images import digits_images
    from shareornot.supernet.standalone_training import train_standalone

    images, rows = digits_images(), []
    for architecture in part:
        if should_stop():
            raise Interrupted("finished parts are saved; the same call trains the others")
        results = train_standalone(
            architecture,
            range(build.num_runs),
            images,
            build.network,
            build.training,
            family=build.family,
            half_way=build.half_way,
        )
        rows += [(architecture, run, *chain(*map(astuple, reports))) for run, reports in enumerate(results)]
    columns = dict(zip(("architecture", "run", *build.metrics), map(list, zip(*rows, strict=True)), strict=True))
    with atomic_write(part_path(folder, part)) as file:
        pq.write_table(pa.table(columns), file, write_page_checksum=True)
