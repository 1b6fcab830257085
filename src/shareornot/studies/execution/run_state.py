"""The state of a run, from events and the last lines of logs, as plain data."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from shareornot.studies.execution.contract import Event
from shareornot.studies.execution.log import LogLine, last_line


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningJob:
    """A job that runs."""

    label: str
    running_s: float
    line: LogLine | None
    """The last of its log, which may be from before it was interrupted; None if there is none yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSnapshot:
    """A run at one moment."""

    num_jobs: int
    num_finished: int
    """Finished jobs, with those that were finished before."""
    num_failed: int
    num_blocked: int
    running: tuple[RunningJob, ...]
    """Running jobs in the order in which they started."""
    elapsed_s: float
    left_s: float | None
    """Estimated from what the run has done so far; None before it has done anything."""


class RunState:
    """Follows a run.

    Args:
        log_of: the log of a job, by its name.
        clock: seconds, from whenever.
    """

    def __init__(self, log_of: Callable[[str], Path], clock: Callable[[], float] = time.monotonic) -> None:
        self._log_of, self._clock = log_of, clock
        self._start_s = clock()
        self._labels: dict[str, str] = {}
        self._weights: dict[str, float] = {}
        self._before: set[str] = set()
        self._finished: set[str] = set()
        self._failed: set[str] = set()
        self._blocked: set[str] = set()
        self._running: dict[str, float] = {}
        """When each started."""
        self._fractions: dict[str, float] = {}
        """How far each was when it started: a job that was interrupted resumes there."""

    def expect(
        self, labels: Mapping[str, str], finished: Collection[str] = (), weights: Mapping[str, float] | None = None
    ) -> None:
        """Set the jobs to do; the clock starts.

        Args:
            labels: labels of all jobs by name, for people.
            finished: names of those that are finished already.
            weights: what each job costs, in any unit; by default all cost the same.
        """
        self._labels = dict(labels)
        self._weights = dict(weights or {})
        self._before = set(finished)
        self._start_s = self._clock()

    @property
    def running(self) -> tuple[str, ...]:
        """Names of the jobs that run."""
        return tuple(self._running)

    @property
    def num_jobs(self) -> int:
        """Number of all jobs, with those that were finished before."""
        return len(self._labels) or sum(
            map(len, (self._before, self._finished, self._failed, self._blocked, self._running))
        )

    @property
    def num_finished(self) -> int:
        """Number of finished jobs, with those that were finished before."""
        return len(self._before) + len(self._finished)

    def label(self, name: str) -> str:
        """Name of a job for people."""
        return self._labels.get(name, name)

    def note(self, event: Event) -> None:
        """Something happened."""
        name = event.name
        for jobs in (self._before, self._finished, self._failed, self._blocked):
            jobs.discard(name)  # a job may be tried again
        self._running.pop(name, None)
        if event.what == "started":
            self._running[name] = self._clock()
            line = last_line(self._log_of(name))
            self._fractions[name] = line.fraction if line else 0.0
        elif event.what == "finished":
            self._finished.add(name)
        elif event.what == "failed":
            self._failed.add(name)
        elif event.what == "blocked":
            self._blocked.add(name)

    def snapshot(self) -> RunSnapshot:
        """Current state of the run; reads the ends of the logs of running jobs."""
        now_s = self._clock()
        running = dict(self._running)
        lines = {name: last_line(self._log_of(name)) for name in running}
        elapsed_s = now_s - self._start_s
        return RunSnapshot(
            num_jobs=self.num_jobs,
            num_finished=self.num_finished,
            num_failed=len(self._failed),
            num_blocked=len(self._blocked),
            running=tuple(
                RunningJob(label=self.label(name), running_s=now_s - start_s, line=lines[name])
                for name, start_s in running.items()
            ),
            elapsed_s=elapsed_s,
            left_s=self._left_s(elapsed_s, lines),
        )

    def _left_s(self, elapsed_s: float, lines: Mapping[str, LogLine | None]) -> float | None:
        """Time left, if the rest is as fast as the jobs of this run so far."""
        done = sum(self._weight(name) * (1 - self._fractions.get(name, 0.0)) for name in self._finished)
        settled = self._before | self._finished | self._failed | self._blocked
        left = sum(self._weight(name) for name in self._labels if name not in settled and name not in lines)
        for name, line in lines.items():
            fraction = line.fraction if line else 0.0
            done += self._weight(name) * max(fraction - self._fractions.get(name, 0.0), 0.0)
            left += self._weight(name) * (1 - fraction)
        return elapsed_s * left / done if done > 0 else None

    def _weight(self, name: str) -> float:
        return self._weights.get(name, 1.0)
