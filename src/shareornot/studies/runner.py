"""Running the jobs of a study in its folder: what is finished is kept, what is damaged or missing is computed."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shareornot.errors import DataError, SettingsError
from shareornot.images import image_source
from shareornot.progress import ProgressBars, no_bars
from shareornot.studies.data_hashes import CACHE_FILE, DataHashes
from shareornot.studies.execution import (
    Event,
    Executor,
    Resources,
    ShouldStop,
    Task,
    Watch,
    num_usable_cores,
    only_runner,
)
from shareornot.studies.job import Job
from shareornot.studies.job_execution import do_job
from shareornot.studies.planning import plan_jobs
from shareornot.studies.store import EVENTS, SetAside, Store
from shareornot.studies.study_file import STUDY_FILE, study_text, write_study
from shareornot.studies.study_settings import StudySettings

MAX_ROUNDS = 3
"""How often jobs that were found damaged while others read them are recomputed in one run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """Result of a run of a study."""

    num_jobs: int
    num_found: int
    """Finished before the run."""
    num_done: int
    """Finished by it."""
    failed: dict[str, str]
    """Tracebacks by the names of jobs."""
    messages: tuple[str, ...]
    """One sentence for each failure that the user can fix."""
    num_blocked: int
    stopped: bool
    """Whether it was stopped before all was done."""
    set_aside: tuple[SetAside, ...]
    duration_s: float

    @property
    def complete(self) -> bool:
        """Whether every job of the run is finished."""
        return self.num_found + self.num_done >= self.num_jobs


@dataclass(kw_only=True, slots=True)
class _Tally:
    """What happened so far."""

    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)


def run_study(
    folder: Path,
    study: StudySettings,
    executor: Executor,
    *,
    wanted: Callable[[Job], bool] = lambda _job: True,
    device: str = "auto",
    watch: Watch = lambda _event: None,
    should_stop: ShouldStop = lambda: False,
    on_plan: Callable[[Sequence[Job], set[str]], None] = lambda _jobs, _finished: None,
    on_set_aside: Callable[[SetAside], None] = lambda _aside: None,
    resources: Resources | None = None,
    bars: ProgressBars = no_bars,
) -> RunReport:
    """Run the unfinished jobs of a study.

    Everything is checked before the folder is created or changed.

    Args:
        folder: folder of the study; one that holds another study keeps what they share, and takes the new settings.
        study: what to compute.
        executor: executor that does the jobs.
        wanted: which jobs this run does; the jobs that they need must be finished or among them.
        device: device that the jobs use there.
        watch: called with every event.
        should_stop: called several times per second.
        on_plan: called once with the jobs of this run, and the names of those that are finished.
        on_set_aside: called for every job that is found damaged.
        resources: what a job that trains or scores takes; by default one core for small networks and all of them for
            others, and one accelerator where the device is one.
        bars: shows the check of what is finished.

    Returns:
        How it ended; jobs that failed do not raise.

    Raises:
        MissingDataError: benchmark or images are not there.
        SettingsError: another process runs this folder, the settings do not fit, or a job that is needed is neither
            finished nor `wanted`.
        DataError: an older version wrote the folder.
        OSError: the folder cannot be written.
    """
    started = time.monotonic()
    store = Store(folder)
    store.check_format()
    before_lock = _study_bytes(folder)
    planned = plan_jobs(study, DataHashes(folder / CACHE_FILE))
    jobs = [one for one in planned if wanted(one)]
    with only_runner(folder):
        if _study_bytes(folder) != before_lock:
            raise SettingsError(f"{folder}: another process changed the settings at the same time; try again")
        before = store.damage_so_far()
        reported = set(before)
        found = check_finished(store, [one.name for one in planned], bars)
        _check_needs(jobs, found, folder)
        _write_if_new(folder / STUDY_FILE, study)
        store.write_plan(planned)
        store.remove_leftovers([one.name for one in planned if one.name not in found])
        found &= {one.name for one in jobs}

        def report_damage() -> None:
            for place, aside in store.damage_so_far().items():
                if place not in reported:
                    reported.add(place)
                    on_set_aside(aside)

        report_damage()
        on_plan(jobs, found)
        tally = _Tally()
        with _Journal(folder / EVENTS) as journal:

            def note(event: Event) -> None:
                journal.write(event)
                if event.what == "finished":
                    tally.done.add(event.name)
                    store.forget_failure(event.name)
                elif event.what == "failed":
                    tally.failed[event.name] = event.traceback or "no traceback"
                    if event.message is not None:
                        tally.messages[event.name] = event.message
                    _keep_failure(store, event)
                elif event.what == "blocked":
                    tally.blocked.add(event.name)
                report_damage()
                watch(event)

            for _ in range(MAX_ROUNDS):
                present = store.finished(one.name for one in jobs)
                missing = [one for one in jobs if one.name not in present]
                if not missing or should_stop():
                    break
                tally.failed.clear()
                tally.messages.clear()
                tally.blocked.clear()
                for one in missing:
                    store.forget_failure(one.name)
                executor.run(_tasks(folder, missing, device, resources), note, should_stop)
                # Jobs that were set aside while others read them are missing again, and worth another round.
                if not (present | tally.done) - store.finished(one.name for one in jobs):
                    break
        present = store.finished(one.name for one in jobs)
        kept = len(found & present)
        failed = {name: text for name, text in tally.failed.items() if name not in present}
        return RunReport(
            num_jobs=len(jobs),
            num_found=kept,
            num_done=len(present) - kept,
            failed=failed,
            messages=tuple(dict.fromkeys(tally.messages[name] for name in failed if name in tally.messages)),
            num_blocked=len(tally.blocked - present),
            stopped=should_stop() and len(present) < len(jobs),
            set_aside=tuple(aside for place, aside in store.damage_so_far().items() if place not in before),
            duration_s=time.monotonic() - started,
        )


def check_finished(store: Store, names: Sequence[str], bars: ProgressBars = no_bars) -> set[str]:
    """Verify every byte of finished jobs, and set damaged ones aside.

    Args:
        store: store of the study.
        names: names of jobs.
        bars: shows the progress in jobs.

    Returns:
        The jobs that are finished and whole.
    """
    finished = store.finished(names)
    with bars(f"Checking {len(finished):,} finished jobs", len(finished)) as progress:
        for name in [one for one in names if one in finished]:
            try:
                store.verify(name)
            except DataError as error:
                store.set_aside(name, str(error))
                finished.discard(name)
            progress.advance()
    return finished


def _check_needs(jobs: Sequence[Job], found: set[str], folder: Path) -> None:
    """Refuse to do jobs without those that they need.

    Raises:
        SettingsError: a need is neither finished nor a job of this run.
    """
    there = found | {one.name for one in jobs}
    unmet = [one for one in jobs if not there.issuperset(one.needs)]
    if unmet:
        what = "trained" if unmet[0].kind == "score" else "scored"
        raise SettingsError(
            f"{folder}: expected super-nets that are {what} to the end, got some that are not; run the shareornot "
            f"{'train' if what == 'trained' else 'evaluate'} command of this folder again, which resumes"
        )


def _tasks(folder: Path, missing: Sequence[Job], device: str, resources: Resources | None) -> list[Task]:
    """The jobs that are missing, as an executor takes them."""
    names = {one.name for one in missing}
    return [
        Task(
            name=one.name,
            needs=tuple(name for name in one.needs if name in names),
            work=do_job,
            arguments=(folder, one, device),
            resources=_resources(one, device, resources),
        )
        for one in missing
    ]


def _resources(job: Job, device: str, wanted: Resources | None) -> Resources:
    """What a job takes."""
    if job.kind in ("appraise", "summarise"):
        return Resources()
    if wanted is not None:
        return wanted
    spec: Any = job.spec
    num_cores = 1 if image_source(spec.supernet.images).is_small or device != "cpu" else num_usable_cores()
    return Resources(num_cores=num_cores, num_gpus=0.0 if device == "cpu" else 1.0)


def _study_bytes(folder: Path) -> bytes | None:
    """The settings that a folder holds."""
    path = folder / STUDY_FILE
    return path.read_bytes() if path.is_file() else None


def _write_if_new(path: Path, study: StudySettings) -> None:
    """Write the resolved settings, unless they are there already."""
    if not path.is_file() or path.read_text("utf-8", errors="replace") != study_text(study):
        write_study(path, study)


def _keep_failure(store: Store, event: Event) -> None:
    """Record a failure for `status`; on a full disk it is only shown."""
    try:
        store.write_failure(event.name, event.traceback or "no traceback")
    except OSError:
        return


class _Journal:
    """The events of a run, one per line, from which `status` sees which jobs run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "_Journal":
        self.file = self.path.open("w", buffering=1)
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, event: Event) -> None:
        """Append one line; a full disk loses the line and nothing else."""
        try:
            self.file.write(json.dumps({"time": time.time(), "name": event.name, "what": event.what}) + os.linesep)
        except OSError:
            return
