"""The same work for several arguments, some at a time over local processes, with one progress bar for all.

A thin layer over `LocalProcesses` for work that belongs to one command: the first piece that fails stops the others,
and its error is raised here as it was.
"""

import pickle
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from shareornot.errors import Interrupted, SettingsError
from shareornot.progress import Progress
from shareornot.studies.execution import Event, LocalProcesses, Resources, Task, num_usable_cores
from shareornot.studies.execution.worker_process import tell
from shareornot.studies.interruption import polite_interruption

__all__ = ["num_usable_cores", "run_in_processes"]

Work = Callable[..., None]
"""A module-level function that takes its arguments, a `Progress`, and a function that tells whether to stop."""

INTERVAL_S = 0.1
"""How often a worker tells what it has done."""
PATIENCE_S = 120.0
"""How long a piece may take to save and stop; a second Ctrl-C is quicker."""


def run_in_processes(
    work: Work,
    arguments: Sequence[tuple[Any, ...]],
    progress: Progress,
    *,
    num_processes: int,
    num_threads: int | None = None,
) -> None:
    """Do the same work for several arguments, some at a time; results go into files.

    The first Ctrl-C or SIGTERM asks the pieces to stop; a second one ends them at once. A piece whose process is killed
    is tried once more.

    Args:
        work: called with each tuple of arguments, a progress, and a function that tells whether to stop.
        arguments: one tuple for each piece of work.
        progress: advances as the pieces say.
        num_processes: pieces at a time; with 1, all is done in this process.
        num_threads: threads that each process gives to PyTorch. By default those that PyTorch has with one process,
            and a share of the cores with several.

    Raises:
        Exception: whatever a piece raises; pieces that have not begun are dropped, running ones are asked to stop.
        SettingsError: a process was killed, most likely because the memory does not suffice for so many.
        Interrupted: someone asked to stop.
    """
    with polite_interruption() as should_stop:
        if min(num_processes, len(arguments)) <= 1:
            with _torch_threads(num_threads):
                for some in arguments:
                    work(*some, progress, should_stop)
            return
        _Pieces(progress).run(work, arguments, min(num_processes, len(arguments)), num_threads, should_stop)


class _Pieces:
    """What is heard of pieces that are done elsewhere."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.num_finished = 0
        self.errors: list[Exception] = []

    def run(
        self,
        work: Work,
        arguments: Sequence[tuple[Any, ...]],
        num_processes: int,
        num_threads: int | None,
        should_stop: Callable[[], bool],
    ) -> None:
        resources = Resources(num_cores=num_threads or num_usable_cores())
        tasks = [
            Task(name=f"{number + 1} of {len(arguments)}", work=_report, arguments=(work, some), resources=resources)
            for number, some in enumerate(arguments)
        ]
        LocalProcesses(num_processes=num_processes, patience_s=PATIENCE_S).run(
            tasks, self.watch, lambda: bool(self.errors) or should_stop(), self.hear
        )
        # A piece that failed stops the others, whose interruption is then not worth telling.
        for error in sorted(self.errors, key=lambda error: isinstance(error, Interrupted)):
            raise error
        if self.num_finished < len(arguments):
            raise Interrupted(f"stopped after {self.num_finished} of {len(arguments)}; they are saved")

    def hear(self, _name: str, told: tuple[float | int, str] | Exception) -> None:
        if isinstance(told, Exception):
            self.errors.append(told)
        else:
            self.progress.advance(*told)

    def watch(self, event: Event) -> None:
        self.num_finished += event.what == "finished"
        if event.what == "failed" and not self.errors:  # it could not say so itself
            self.errors.append(SettingsError((event.traceback or event.name).strip()))


def _report(work: Work, arguments: tuple[Any, ...], should_stop: Callable[[], bool]) -> None:
    """Do one piece in a worker, and tell of its progress, and of its error as it is."""
    reports = _Reports()
    try:
        work(*arguments, reports, should_stop)
    except Exception as error:
        text = traceback.format_exc()
        error.add_note(f"In a worker process:\n{text}")
        reports.tell()
        tell(error if _travels(error) else RuntimeError(text.strip()))
        raise
    reports.tell()


def _travels(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own, a moment ago)
    except Exception:
        return False
    return True


class _Reports:
    """A `Progress` that tells the main process, a few times a second and not at every step."""

    def __init__(self) -> None:
        self.num_done: float = 0
        self.note = ""
        self.told_s = time.monotonic()

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        self.num_done += num_done
        self.note = note or self.note
        if time.monotonic() - self.told_s >= INTERVAL_S:
            self.tell()

    def tell(self) -> None:
        if self.num_done:
            tell((self.num_done, self.note))
        self.num_done, self.told_s = 0, time.monotonic()


@contextmanager
def _torch_threads(number: int | None) -> Iterator[None]:
    """Give PyTorch so many threads within the block."""
    if number is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
