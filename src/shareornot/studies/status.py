"""Status of a study, read from its folder, whether or not it is running."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from shareornot.studies.execution import LOG_NAME, LogLine, Runner, current_runner, last_line
from shareornot.studies.naming import Kind
from shareornot.studies.store import EVENTS, PlannedJob, SetAside, Store

State = Literal["finished", "running", "failed", "blocked", "begun", "waiting"]
STATES: tuple[State, ...] = ("finished", "running", "failed", "blocked", "begun", "waiting")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobStatus:
    """A job that is not finished and has a log or a failure."""

    name: str
    label: str
    state: State
    line: LogLine | None
    """The last of its log."""
    traceback: str | None
    """Why it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyStatus:
    """Status of a study."""

    folder: Path
    runner: Runner | None
    """Who runs it at the moment."""
    counts: dict[Kind, dict[State, int]]
    """Jobs of each kind in each state."""
    notable: tuple[JobStatus, ...]
    """Those that run, have begun or have failed."""
    set_aside: tuple[SetAside, ...]

    @property
    def num_jobs(self) -> int:
        """All jobs."""
        return sum(sum(states.values()) for states in self.counts.values())

    def number(self, state: State) -> int:
        """Jobs in a state."""
        return sum(states.get(state, 0) for states in self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        """The status as values that JSON can hold."""
        return {
            "folder": str(self.folder),
            "runner": None if self.runner is None else asdict(self.runner),
            "num_jobs": self.num_jobs,
            **{state: self.number(state) for state in STATES},
            "kinds": self.counts,
            "jobs": [asdict(one) for one in self.notable],
            "set_aside": [{"name": one.name, "place": str(one.place), "why": one.why} for one in self.set_aside],
        }


def study_status(folder: Path) -> StudyStatus:
    """How a study stands.

    Finished jobs are counted without opening a file of theirs, so ten thousand of them take a fraction of a second.

    Raises:
        MissingDataError: no study was run in this folder.
        DataError: its plan is damaged.
    """
    store = Store(folder)
    jobs = store.read_plan()
    finished = store.finished(one.name for one in jobs)
    begun = store.begun()
    runner = current_runner(folder)
    running = _running(folder / EVENTS) if runner is not None else set()
    lost: set[str] = set()
    counts: dict[Kind, Counter[State]] = {}
    notable = []
    for one in jobs:
        state, traceback = _state(store, one, finished, begun, running, lost)
        if state in ("failed", "blocked"):
            lost.add(one.name)
        counts.setdefault(one.kind, Counter())[state] += 1
        if state in ("running", "begun", "failed"):
            line = last_line(store.path(one.name) / LOG_NAME)
            notable.append(JobStatus(name=one.name, label=one.label, state=state, line=line, traceback=traceback))
    return StudyStatus(
        folder=folder,
        runner=runner,
        counts={kind: dict(states) for kind, states in counts.items()},
        notable=tuple(notable),
        set_aside=tuple(store.damage_so_far().values()),
    )


def _state(
    store: Store, job: PlannedJob, finished: set[str], begun: set[str], running: set[str], lost: set[str]
) -> tuple[State, str | None]:
    """State of a job, and why it failed if it did; jobs come after those that they need."""
    if job.name in finished:
        return "finished", None
    if job.name in running:
        return "running", None
    if job.name in begun:
        traceback = store.read_failure(job.name)
        return ("begun", None) if traceback is None else ("failed", traceback)
    return ("blocked", None) if lost.intersection(job.needs) else ("waiting", None)


def _running(path: Path) -> set[str]:
    """Jobs that started and did not end, by the journal."""
    running: set[str] = set()
    try:
        with path.open() as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:  # the end of a line that is being written
                    continue
                (running.add if line["what"] == "started" else running.discard)(line["name"])
    except FileNotFoundError:
        return running
    return running
