"""Running a study in its folder: what is finished is kept, what is damaged or missing is computed, whoever computes."""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shareornot.errors import DataError
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
from shareornot.studies.job import Piece
from shareornot.studies.job_execution import do_piece
from shareornot.studies.planning import plan_pieces
from shareornot.studies.store import EVENTS, SetAside, Store
from shareornot.studies.study_file import STUDY_FILE, study_text, write_study
from shareornot.studies.study_settings import StudySettings

MAX_ROUNDS = 3
"""How often pieces that were found damaged while others read them are computed anew in one run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunReport:
    """How a run of a study ended."""

    num_pieces: int
    num_found: int
    """Finished before the run."""
    num_done: int
    """Finished by it."""
    failed: dict[str, str]
    """Tracebacks by the names of pieces."""
    num_blocked: int
    stopped: bool
    """Whether it was asked to stop before all was done."""
    set_aside: tuple[SetAside, ...]
    duration_s: float

    @property
    def complete(self) -> bool:
        """Whether every piece is finished."""
        return self.num_found + self.num_done >= self.num_pieces


@dataclass(kw_only=True, slots=True)
class _Tally:
    """What happened so far."""

    done: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)


def run_study(
    folder: Path,
    study: StudySettings,
    executor: Executor,
    *,
    device: str = "auto",
    watch: Watch = lambda _event: None,
    should_stop: ShouldStop = lambda: False,
    on_plan: Callable[[Sequence[Piece], set[str]], None] = lambda _pieces, _finished: None,
    on_set_aside: Callable[[SetAside], None] = lambda _aside: None,
    resources: Resources | None = None,
    bars: ProgressBars = no_bars,
) -> RunReport:
    """Compute what is missing of a study.

    Args:
        folder: of the study; one that holds another study keeps what they share, and takes the new settings.
        study: what is asked for.
        executor: where pieces are done.
        device: on which they are done there.
        watch: told of every event.
        should_stop: asked several times a second.
        on_plan: told once of all pieces, and of which are finished.
        on_set_aside: told of every piece that is found damaged.
        resources: what a piece that trains or scores takes; by default one core on digits and all of them on others,
            and one accelerator where the device is one.
        bars: shows the check of what is finished.

    Returns:
        How it ended; pieces that failed do not raise.

    Raises:
        MissingDataError: benchmark or images are not there.
        SettingsError: someone else runs this folder, or the settings do not fit.
        OSError: the folder cannot be written.
    """
    started = time.monotonic()
    store = Store(folder)
    with only_runner(folder):
        before = store.damage_so_far()
        told = set(before)
        pieces = plan_pieces(study, DataHashes(folder / CACHE_FILE))
        _write_if_new(folder / STUDY_FILE, study)
        store.write_plan(pieces)
        found = check_finished(store, [one.name for one in pieces], bars)
        store.remove_leftovers([one.name for one in pieces if one.name not in found])

        def tell_damage() -> None:
            for place, aside in store.damage_so_far().items():
                if place not in told:
                    told.add(place)
                    on_set_aside(aside)

        tell_damage()
        on_plan(pieces, found)
        tally = _Tally(done=set())
        with _Journal(folder / EVENTS) as journal:

            def note(event: Event) -> None:
                journal.write(event)
                if event.what == "finished":
                    tally.done.add(event.name)
                    store.forget_failure(event.name)
                elif event.what == "failed":
                    tally.failed[event.name] = event.traceback or "no traceback"
                    _keep_failure(store, event)
                elif event.what == "blocked":
                    tally.blocked.add(event.name)
                tell_damage()
                watch(event)

            for _ in range(MAX_ROUNDS):
                present = store.finished(one.name for one in pieces)
                missing = [one for one in pieces if one.name not in present]
                if not missing or should_stop():
                    break
                tally.failed.clear()
                tally.blocked.clear()
                for one in missing:
                    store.forget_failure(one.name)
                executor.run(_tasks(folder, missing, device, resources), note, should_stop)
                # Pieces that were set aside while others read them are missing again, and worth another round.
                if not (present | tally.done) - store.finished(one.name for one in pieces):
                    break
        present = store.finished(one.name for one in pieces)
        kept = len(found & present)
        return RunReport(
            num_pieces=len(pieces),
            num_found=kept,
            num_done=len(present) - kept,
            failed={name: text for name, text in tally.failed.items() if name not in present},
            num_blocked=len(tally.blocked - present),
            stopped=should_stop() and len(present) < len(pieces),
            set_aside=tuple(aside for place, aside in store.damage_so_far().items() if place not in before),
            duration_s=time.monotonic() - started,
        )


def check_finished(store: Store, names: Sequence[str], bars: ProgressBars = no_bars) -> set[str]:
    """Look at every byte of what is finished; what is damaged is set aside.

    Returns:
        The pieces that are finished and whole.
    """
    finished = store.finished(names)
    with bars(f"Checking {len(finished):,} finished pieces", len(finished)) as progress:
        for name in [one for one in names if one in finished]:
            try:
                store.verify(name)
            except DataError as error:
                store.set_aside(name, str(error))
                finished.discard(name)
            progress.advance()
    return finished


def _tasks(folder: Path, missing: Sequence[Piece], device: str, resources: Resources | None) -> list[Task]:
    """The pieces that are missing, as an executor takes them."""
    names = {one.name for one in missing}
    return [
        Task(
            name=one.name,
            needs=tuple(name for name in one.needs if name in names),
            work=do_piece,
            arguments=(folder, one, device),
            resources=_resources(one, device, resources),
        )
        for one in missing
    ]


def _resources(piece: Piece, device: str, wanted: Resources | None) -> Resources:
    """What a piece takes."""
    if piece.kind in ("appraise", "summarise"):
        return Resources()
    if wanted is not None:
        return wanted
    work: Any = piece.work
    num_cores = 1 if work.settings.images == "digits" or device != "cpu" else num_usable_cores()
    return Resources(num_cores=num_cores, num_gpus=0.0 if device == "cpu" else 1.0)


def _write_if_new(path: Path, study: StudySettings) -> None:
    """Write the resolved settings, unless they stand there."""
    if not path.is_file() or path.read_text("utf-8", errors="replace") != study_text(study):
        write_study(path, study)


def _keep_failure(store: Store, event: Event) -> None:
    """For `status`; on a full disk the terminal is the only one to tell."""
    try:
        store.write_failure(event.name, event.traceback or "no traceback")
    except OSError:
        return


class _Journal:
    """What happens in a run, a line an event, so that `status` can tell what runs."""

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
