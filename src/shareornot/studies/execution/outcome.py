"""Doing one task, and what came of it, in words that travel anywhere."""

import os
import pickle
import sys
import traceback
from dataclasses import dataclass
from typing import Literal

from shareornot.errors import Interrupted, ShareOrNotError
from shareornot.studies.execution.contract import ShouldStop, Task


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended; text only, for some exceptions cannot be pickled."""

    what: Literal["finished", "failed", "stopped"]
    traceback: str | None = None


def do(task: Task, should_stop: ShouldStop) -> Outcome:
    """Do a task here and now. Only `KeyboardInterrupt` gets out."""
    try:
        task.work(*task.arguments, should_stop)
    except Interrupted:
        return Outcome("stopped")
    except (Exception, SystemExit) as error:
        return Outcome("failed", _text_of(error))
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
    """Give PyTorch so many threads, whether it has been imported yet or not."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(number)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(number)


def _text_of(error: BaseException) -> str:
    """The traceback, even of an error that cannot be shown."""
    try:
        # Without the frame of `do`, which is the same for all.
        frames = error.__traceback__.tb_next if error.__traceback__ else None
        return "".join(traceback.format_exception(type(error), error, frames))
    except Exception:  # its own __str__ raises, for one
        return f"{type(error).__module__}.{type(error).__qualname__}, whose traceback cannot be shown\n"
