"""Doing one task, and what came of it, in words that travel anywhere."""

import os
import pickle
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from shareornot.errors import Interrupted, ShareOrNotError, operating_system_message
from shareornot.studies.execution.contract import Event, ShouldStop, Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a task, as text because some exceptions cannot be pickled."""

    what: Literal["finished", "failed", "stopped"]
    traceback: str | None = None
    message: str | None = None
    """One sentence about a failure that the user can fix."""

    def event(self, name: str) -> Event:
        """The event of a task that ended so."""
        return Event(name=name, what=self.what, traceback=self.traceback, message=self.message)


def do(task: Task, should_stop: ShouldStop) -> Outcome:
    """Do a task here and now. Only `KeyboardInterrupt` gets out."""
    try:
        task.work(*task.arguments, should_stop)
    except Interrupted:
        return Outcome("stopped")
    except (Exception, SystemExit) as error:
        return Outcome("failed", _text_of(error), _message_of(error))
    return Outcome("finished")


class PackingError(ShareOrNotError, TypeError):
    """A task that cannot travel to another process."""


def pack(task: Task) -> bytes:
    """A task as it travels to another process.

    Raises:
        PackingError: the work is not module-level, or the arguments cannot be pickled.
    """
    try:
        return pickle.dumps(task)
    except Exception as error:  # pickling raises anything
        raise PackingError(
            f"task {task.name}: expected a module-level function and arguments that can be pickled, got "
            f"{type(error).__name__}: {error}"
        ) from error


def do_packed(packed: bytes, num_threads: int, should_stop: ShouldStop) -> Outcome:
    """Do a task that came from the process that runs the study; nothing from outside ever comes this way."""
    use_threads(num_threads)
    try:
        task = pickle.loads(packed)  # noqa: S301 (written by `pack` in the process that started this one)
    except Exception as error:  # what it names cannot be imported here
        return Outcome("failed", _text_of(error))
    return do(task, should_stop)


def use_threads(number: int) -> None:
    """Set the number of threads of PyTorch, whether it has been imported yet or not."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(number)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(number)


@contextmanager
def threads_of(number: int) -> Iterator[None]:
    """Set the number of threads of PyTorch within the block, in a process that continues afterwards."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    torch = sys.modules.get("torch")
    number_before = torch.get_num_threads() if torch else None
    use_threads(number)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if (torch := sys.modules.get("torch")) and number_before is not None:
            torch.set_num_threads(number_before)


def _message_of(error: BaseException) -> str | None:
    """One sentence about an error that the user can fix; None for others, which are bugs."""
    if isinstance(error, ShareOrNotError):
        return str(error)
    if isinstance(error, OSError):
        return operating_system_message(error)
    return None


def _text_of(error: BaseException) -> str:
    """The traceback, even of an error that cannot be shown."""
    try:
        # Without the frame of `do`, which is the same for all.
        frames = error.__traceback__.tb_next if error.__traceback__ else None
        return "".join(traceback.format_exception(type(error), error, frames))
    except Exception:  # its own __str__ raises, for one
        return f"{type(error).__module__}.{type(error).__qualname__}, whose traceback cannot be shown\n"
