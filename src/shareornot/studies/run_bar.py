"""One progress bar for all jobs of a run, from the ends of their logs."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from shareornot.images import image_source
from shareornot.progress import Progress, ProgressBars
from shareornot.studies.execution import LOG_NAME, Event, JobWarnings, last_line
from shareornot.studies.job import Job, ScoreSpec, TrainSpec
from shareornot.studies.store import Store

INTERVAL_S = 0.5


class RunBar:
    """A bar that advances by the steps of trainings and the scored cells, wherever the jobs run.

    Args:
        bars: opens the bar.
        what: is being done, in a few words.
        store: store of the jobs.
        warn: gets a sentence as soon as a training turns out to learn nothing.
    """

    def __init__(
        self, bars: ProgressBars, what: str, store: Store, warn: Callable[[str], None] = lambda _sentence: None
    ) -> None:
        self._bars, self._what, self._store, self._warn = bars, what, store, warn
        self._labels: dict[str, str] = {}
        self._warnings = JobWarnings(self._log_of)
        self._progress: Progress | None = None
        self._units: dict[str, int] = {}
        self._done: dict[str, float] = {}
        self._running: set[str] = set()
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._stack = ExitStack()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "RunBar":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._stack.close()

    def expect(self, jobs: Sequence[Job], finished: set[str]) -> None:
        """Open the bar for some jobs, of which some are finished."""
        with self._lock:
            self._units = {one.name: _units(one) for one in jobs}
            self._labels = {one.name: one.label for one in jobs}
            self._warnings = JobWarnings(self._log_of, finished)
            self._progress = self._stack.enter_context(self._bars(self._what, sum(self._units.values())))
            for name in finished & self._units.keys():
                self._advance(name, 1.0)

    def watch(self, event: Event) -> None:
        """Take note of an event."""
        with self._lock:
            self._running.discard(event.name)
            if event.what == "started":
                self._running.add(event.name)
            elif event.what == "finished":
                self._advance(event.name, 1.0)
                self._pass_warning_on(event.name)

    def _follow(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            with self._lock:
                for name in self._running:
                    self._pass_warning_on(name)
                    line = last_line(self._log_of(name))
                    if line is not None:
                        loss = line.measures.get("loss")
                        self._advance(name, line.fraction, "" if loss is None else f"loss {loss:.3f}")

    def _pass_warning_on(self, name: str) -> None:
        """Report the warning of a job, once."""
        if (sentence := self._warnings.new(name)) is not None:
            self._warn(f"{self._labels.get(name, name)}: {sentence}")

    def _log_of(self, name: str) -> Path:
        return self._store.path(name) / LOG_NAME

    def _advance(self, name: str, fraction: float, note: str = "") -> None:
        done = self._units[name] * fraction
        new = done - self._done.get(name, 0)
        if self._progress is not None and new > 0:
            self._progress.advance(round(new) if new == round(new) else new, note)
            self._done[name] = done


def _units(job: Job) -> int:
    """Steps of a training, or cells to score."""
    if isinstance(job.spec, TrainSpec):
        training = job.spec.supernet.training
        return training.epochs * -(-image_source(job.spec.supernet.images).num_train // training.batch_size)
    return job.spec.stop - job.spec.start if isinstance(job.spec, ScoreSpec) else 1
