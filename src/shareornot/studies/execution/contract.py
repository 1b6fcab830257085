"""The protocol of executors: tasks declare the resources that they need, executors report events.

Results travel through files, never through an executor: a task writes into a folder of its own, and whoever needs it
reads there. So an executor moves only names, small arguments and outcomes, and all executors look alike from outside.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from shareornot.errors import SettingsError

ShouldStop = Callable[[], bool]
"""Returns whether a stop was requested; cheap enough to call at every step."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """Resources that a task occupies while it runs.

    Raises:
        SettingsError: fewer than one core, or less than nothing.
    """

    num_cores: int = 1
    """Cores that it can use. A cluster reserves them all; local processes give it at most their share."""
    num_gpus: float = 0.0
    """Accelerators: 1 for one alone, 0.25 for one that four tasks share."""
    memory_bytes: int = 0
    """Main memory, 0 where it does not matter."""

    def __post_init__(self) -> None:
        if self.num_cores < 1 or self.num_gpus < 0 or self.memory_bytes < 0:
            raise SettingsError(f"resources: expected at least one core and nothing below 0, got {self}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One unit of work."""

    name: str
    """Unique among the tasks of a run."""
    needs: tuple[str, ...] = ()
    """Names of tasks of the same run that must be finished first."""
    work: Callable[..., None]
    """A module-level function, called as `work(*arguments, should_stop)` in whichever process.

    Any exception is a failure of this task alone. `Interrupted` means that it stopped on request, and that
    what it had is saved."""
    arguments: tuple[Any, ...] = ()
    """Small, and picklable."""
    resources: Resources = Resources()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What happened to a task.

    `started` comes first, and once more where a task is tried again because its process died. Then comes one of
    `finished`, `failed` and `stopped`. `blocked` comes alone: a task that it needs has failed or is blocked. A task
    that was not reached before the run was stopped has no event at all.
    """

    name: str
    what: Literal["started", "finished", "failed", "blocked", "stopped"]
    traceback: str | None = None
    """Traceback of `failed`, for a developer."""
    message: str | None = None
    """One sentence about `failed`, where the user can fix the reason."""


Watch = Callable[[Event], None]
"""Receives every event, in the thread that called `run`."""


@runtime_checkable
class Executor(Protocol):
    """Runs tasks."""

    def run(self, tasks: Sequence[Task], watch: Watch, should_stop: ShouldStop) -> None:
        """Run all tasks, each after those that it needs; those that come first in the sequence first.

        A task that fails blocks those that need it, and no others. A task whose process dies is tried again before it
        counts as failed. When `should_stop` turns true, nothing new starts, running work is requested to stop, and the
        call returns within seconds. An exception of `watch`, and `KeyboardInterrupt`, end everything at once.

        Args:
            tasks: in any order.
            watch: receives every event.
            should_stop: called several times per second.

        Raises:
            SettingsError: two tasks of one name, a need that is no task, needs in a circle, or resources that are not
                there.
        """
