"""Estimated cost of a study on this machine: time, memory and disk, measured on the first steps of its super-nets.

Each distinct super-net takes real steps and scores real cells for a moment, all of them in one fresh process, which
loads what they need once. Times are means over the cells that happened to be drawn, so few steps of a large network
make them uncertain; other programs on the machine count in.
"""

import contextlib
import json
import math
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from shareornot.errors import SettingsError
from shareornot.images import image_source
from shareornot.progress import Progress, ProgressBars, Silent, no_bars
from shareornot.spaces import open_space, space_members
from shareornot.storage import atomic_write
from shareornot.studies.execution import Event, LocalProcesses, Resources, ShouldStop, Task, num_usable_cores
from shareornot.studies.job import Job, ScoreSpec, TrainSpec, scoring_identity
from shareornot.studies.naming import Kind, content_hash
from shareornot.studies.settings import SupernetSettings, WatchingSettings, identity_of
from shareornot.supernet.settings import EvaluationSettings
from shareornot.tables import open_table

MEASURING_S = 0.3
"""How long steps are taken, and cells scored in each way, after the first one, where their times differ little."""
MOST_MEASURING_S = 2.0
"""The same where they differ much."""
WANTED_ERROR = 0.05
"""Standard error of a mean time, relative to it, from which on it is known well enough."""
RESET_PEAK, MEMORY = Path("/proc/self/clear_refs"), Path("/proc/self/status")
"""Files in which Linux resets and reports the peak of a process's memory, see proc(5)."""
APPRAISAL_S = 5.0
"""Assumed for an appraisal with 500 runs of each search; it is not measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Measured cost of one super-net on this machine."""

    step_s: float
    """A step of training."""
    score_s: dict[str, float]
    """Scoring a cell, by `_scoring_key`."""
    watch_s: float
    """Scoring a cell while the super-net trains."""
    memory_bytes: int
    """Peak of the main memory, or of the accelerator's."""
    checkpoint_bytes: int
    device: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCost:
    """Estimated cost of a job."""

    name: str
    kind: Kind
    label: str
    finished: bool
    time_s: float | None
    """None if nothing was measured."""
    memory_bytes: int | None
    disk_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyCost:
    """Unfinished jobs of a study and their estimated cost."""

    jobs: tuple[JobCost, ...]
    device: str | None
    """None if nothing was measured."""
    hours: dict[int, float]
    """Hours left by number of processes; empty if nothing was measured."""

    def total(self, what: str, kind: Kind | None = None) -> float | None:
        """Sum of `time_s` or `disk_bytes` over what is left; None if nothing was measured."""
        values = [getattr(one, what) for one in self.jobs if not one.finished and kind in (None, one.kind)]
        return None if None in values else float(sum(values))

    def most_memory(self) -> int | None:
        """Largest memory of an unfinished job; None if nothing was measured."""
        return max((one.memory_bytes for one in self.jobs if not one.finished and one.memory_bytes), default=None)

    def as_dict(self) -> dict[str, Any]:
        """The cost as values that JSON can hold."""
        return {
            "device": self.device,
            "hours_by_processes": {str(number): hours for number, hours in self.hours.items()},
            "jobs": [asdict(one) for one in self.jobs],
        }


def study_cost(
    jobs: Sequence[Job],
    finished: set[str],
    *,
    device: str = "auto",
    measure: bool = True,
    num_processes: Sequence[int] = (1, 2, 4, 8, 16),
    bars: ProgressBars = no_bars,
) -> StudyCost:
    """Estimate the cost of the unfinished jobs of a study.

    Args:
        jobs: jobs of the study.
        finished: names of those that are done.
        device: device to measure on.
        measure: whether to; without it, jobs are only counted.
        num_processes: numbers of processes for which to state the time, each as fast as one alone.
        bars: shows the measuring.

    Returns:
        Numbers of jobs by kind and, where measured, seconds and bytes.

    Raises:
        MissingExtraError: PyTorch is not installed.
        SettingsError: a measurement failed.
    """
    measured: dict[str, Measured] = {}
    if measure:
        left = [one for one in jobs if one.name not in finished]
        ways: dict[str, tuple[SupernetSettings, dict[str, EvaluationSettings]]] = {}
        for one in left:
            if isinstance(one.spec, TrainSpec | ScoreSpec):
                _, own = ways.setdefault(_key(one), (one.spec.supernet, {}))
                if isinstance(one.spec, ScoreSpec):
                    own[_scoring_key(one.spec.evaluation)] = one.spec.evaluation
        watching = next((one.spec.watching for one in jobs if isinstance(one.spec, TrainSpec)), WatchingSettings())
        with bars(f"Measuring {len(ways)} super-nets", len(ways)) as progress:
            measured = measure_supernets(ways, watching, device, progress)
    costs = tuple(_cost(one, one.name in finished, measured) for one in jobs)
    hours = {}
    if measure:
        left_s = {one.name: one.time_s or 0.0 for one in costs if not one.finished}
        longest_s = _longest_chain(jobs, left_s)
        hours = {number: max(sum(left_s.values()) / number, longest_s) / 3600 for number in num_processes}
    devices = sorted({one.device for one in measured.values()})
    return StudyCost(jobs=costs, device=", ".join(devices) or None, hours=hours)


def measure_supernets(
    supernets: Mapping[str, tuple[SupernetSettings, Mapping[str, EvaluationSettings]]],
    watching: WatchingSettings,
    device: str = "auto",
    progress: Progress | None = None,
) -> dict[str, Measured]:
    """Measure super-nets one after another in a fresh process.

    Args:
        supernets: for any key, the settings of a super-net, and the ways in which its cells are scored, by any key.
        watching: how they are watched while they train.
        device: device to measure on.
        progress: advances by 1 for each super-net.

    Returns:
        What was measured, by the same keys.

    Raises:
        SettingsError: a measurement failed; the message states how.
    """
    progress = progress or Silent()
    with tempfile.TemporaryDirectory() as folder:
        paths = {key: Path(folder) / f"{number}.json" for number, key in enumerate(supernets)}
        failures: list[str] = []

        def watch(event: Event) -> None:
            if event.what == "failed":
                failures.append(event.message or (event.traceback or "").strip().splitlines()[-1])
            elif event.what == "finished":
                progress.advance()

        tasks = []
        for key, (supernet, ways) in supernets.items():
            cores = 1 if image_source(supernet.images).is_small else num_usable_cores()
            arguments = (supernet, dict(ways), watching, device, paths[key])
            tasks.append(Task(name=key, work=_measure, arguments=arguments, resources=Resources(num_cores=cores)))
        LocalProcesses(num_processes=1).run(tasks, watch, lambda: bool(failures))
        if failures or not all(path.is_file() for path in paths.values()):
            reason = failures[0] if failures else "it was stopped"
            raise SettingsError(f"measurement on {device}: expected it to finish, got: {reason}; try --no-measure")
        return {key: Measured(**json.loads(path.read_bytes())) for key, path in paths.items()}


def count_kinds(jobs: Sequence[JobCost], *, finished: bool) -> Counter[Kind]:
    """Numbers of finished and unfinished jobs by kind.

    Args:
        jobs: jobs of a study.
        finished: which of them to count.

    Returns:
        Number of jobs by kind.
    """
    return Counter(one.kind for one in jobs if one.finished == finished)


def _measure(
    supernet: SupernetSettings,
    ways: dict[str, EvaluationSettings],
    watching: WatchingSettings,
    device: str,
    path: Path,
    should_stop: ShouldStop,
) -> None:
    """Take steps, score cells, and write how long they took; runs in the fresh process."""
    import torch

    from shareornot.methods import make_trainer
    from shareornot.studies.devices import choose_device
    from shareornot.supernet import Evaluator, build_supernet
    from shareornot.supernet.checkpoint import save_checkpoint

    device = choose_device(device)
    _forget_peak_memory(device)
    images = image_source(supernet.images).load().to(device)
    space = open_space(supernet.space)
    cells = space_members(space, open_table(supernet.benchmark).num_architectures)
    network = build_supernet(space.family, supernet.network, 0)
    network.to(torch.device(device))
    trainer = make_trainer(network, space, cells, images, supernet.training)
    trainer.network.train()
    step_s = _seconds_each(lambda: trainer.step().item(), should_stop, most=trainer.num_steps)
    save_checkpoint(path.with_suffix(".checkpoint"), trainer)
    pool = np.random.default_rng(0).choice(cells, 1000).astype(np.int32)
    fewer = replace(
        images,
        validation_images=images.validation_images[: watching.num_images],
        validation_labels=images.validation_labels[: watching.num_images],
    )

    def seconds_a_cell(evaluation: EvaluationSettings, some: Any) -> float:
        scores = Evaluator(trainer.network, some, evaluation).scores(pool)
        return _seconds_each(lambda: next(scores), should_stop, most=len(pool))

    watch = EvaluationSettings(batch_size=supernet.training.batch_size)
    measured = Measured(
        step_s=step_s,
        score_s={key: seconds_a_cell(evaluation, images) for key, evaluation in ways.items()},
        watch_s=seconds_a_cell(watch, fewer) if watching.num_times else 0.0,
        memory_bytes=_peak_memory(device),
        checkpoint_bytes=path.with_suffix(".checkpoint").stat().st_size,
        device=device,
    )
    with atomic_write(path) as file:
        file.write(json.dumps(asdict(measured)).encode())


def _seconds_each(
    do: Callable[[], object], should_stop: ShouldStop, most: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Mean duration of a call after the first, which loads what it needs; where there is one call only, of that.

    Args:
        do: what is measured.
        should_stop: called after each call.
        most: calls that can be made, the first one among them.
        clock: seconds, from any zero.
    """
    ends_s = [clock()]
    while len(ends_s) <= most:
        do()
        ends_s.append(clock())
        spent_s = ends_s[-1] - ends_s[1]
        if len(ends_s) > 2 and (spent_s >= MOST_MEASURING_S or should_stop()):
            break
        if spent_s >= MEASURING_S and _is_known(np.diff(ends_s[1:])):
            break
    durations_s = np.diff(ends_s)
    return float(durations_s[1:].mean() if len(durations_s) > 1 else durations_s[0])


def _is_known(durations_s: Float[np.ndarray, " calls"]) -> bool:
    """Whether the mean of some durations is known well enough."""
    if len(durations_s) < 3:
        return False
    error = durations_s.std(ddof=1) / math.sqrt(len(durations_s))
    return bool(error <= WANTED_ERROR * durations_s.mean())


def _forget_peak_memory(device: str) -> None:
    """Let the peak that `_peak_memory` reports begin again, where the system can do that."""
    if device != "cpu":
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        RESET_PEAK.write_text("5")


def _peak_memory(device: str) -> int:
    import resource
    import sys

    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_reserved(device))
    with contextlib.suppress(OSError):
        for line in MEMORY.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def _cost(job: Job, finished: bool, measured: dict[str, Measured]) -> JobCost:
    """The estimate for a job."""
    spec = job.spec
    time_s: float | None = APPRAISAL_S if measured and job.kind == "appraise" else 0.0 if measured else None
    memory: int | None = None
    disk = 0 if measured else None
    if isinstance(spec, TrainSpec | ScoreSpec):
        known = measured.get(_key(job))
        if known is None:
            time_s = disk = None
        elif isinstance(spec, TrainSpec):
            training = spec.supernet.training
            steps = training.epochs * -(-image_source(spec.supernet.images).num_train // training.batch_size)
            watched = min(spec.watching.num_times, training.epochs) * spec.watching.num_cells
            time_s, disk = steps * known.step_s + watched * known.watch_s, known.checkpoint_bytes
            memory = known.memory_bytes
        else:
            time_s = (spec.stop - spec.start) * known.score_s[_scoring_key(spec.evaluation)]
            memory, disk = known.memory_bytes, 14 * (spec.stop - spec.start)  # 4 + 8 bytes per cell, and Parquet's own
    return JobCost(
        name=job.name,
        kind=job.kind,
        label=job.label,
        finished=finished,
        time_s=time_s,
        memory_bytes=memory,
        disk_bytes=disk,
    )


def _key(job: Job) -> str:
    """What is measured once: super-nets that differ in their seed or their epochs only take the same."""
    assert isinstance(job.spec, TrainSpec | ScoreSpec)
    supernet = job.spec.supernet
    training = {name: value for name, value in identity_of(supernet.training).items() if name not in ("seed", "epochs")}
    return content_hash([supernet.space, supernet.images, identity_of(supernet.network), training])


def _scoring_key(evaluation: EvaluationSettings) -> str:
    return content_hash({name: value for name, value in scoring_identity(evaluation).items() if name != "seed"})


def _longest_chain(jobs: Sequence[Job], times_s: dict[str, float]) -> float:
    """Seconds of the longest chain of jobs that need one another; jobs come after those that they need."""
    ends: dict[str, float] = {}
    for one in jobs:
        ends[one.name] = times_s.get(one.name, 0.0) + max((ends[name] for name in one.needs), default=0.0)
    return max(ends.values(), default=0.0)
