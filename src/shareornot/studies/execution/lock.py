"""At most one runner works in a folder.

The lock is `filelock`'s, on a file in the folder; the operating system frees it when its holder ends in whatever way,
so there are no stale locks. Beside it, `runner.json` states who holds it, for people.
"""

import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from shareornot.errors import SettingsError, message_of
from shareornot.storage import atomic_write

LOCK_NAME, RUNNER_NAME = "runner.lock", "runner.json"
TIMEOUT_S = 0.5
"""`current_runner` holds the lock for a moment, so a refusal needs a second look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """The process that works in a folder."""

    process: int
    host: str
    since: float
    """Start in seconds since 1970."""
    command: str

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return f"process {self.process} on {self.host} since {since}: {self.command}"


UNKNOWN = Runner(process=0, host="an unknown host", since=0.0, command="unknown")


@contextmanager
def only_runner(folder: Path, *, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Be the only runner of a folder for the duration of the block.

    Args:
        folder: created if it does not exist.
        clock: seconds since 1970.

    Raises:
        SettingsError: another process runs the folder, which the message names; or the file system has no locks.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    try:
        lock.acquire(timeout=TIMEOUT_S)
    except Timeout as error:
        raise SettingsError(
            f"{folder}: expected no other process in this folder, got {_read(folder) or 'another process'}; "
            f"wait until it ends, or watch it with: shareornot study status {shlex.quote(str(folder))}"
        ) from error
    except (NotImplementedError, OSError) as error:
        raise _without_locks(folder, error) from error
    try:
        runner = Runner(process=os.getpid(), host=socket.gethostname(), since=clock(), command=_command())
        with atomic_write(folder / RUNNER_NAME) as file:
            file.write(json.dumps(asdict(runner)).encode() + b"\n")
        try:
            yield
        finally:
            (folder / RUNNER_NAME).unlink(missing_ok=True)
    finally:
        lock.release()


def current_runner(folder: Path) -> Runner | None:
    """The process that runs a folder at the moment, or None; what a dead runner left behind is ignored.

    In a folder that cannot be written, the lock cannot be tried, and a recorded runner is taken for a live one.

    Raises:
        SettingsError: the file system has no locks.
    """
    if not (folder / LOCK_NAME).is_file():
        return None
    lock = _lock(folder)
    try:
        lock.acquire(blocking=False)
    except (Timeout, PermissionError):
        return _read(folder) or (UNKNOWN if os.access(folder, os.W_OK) else None)
    except (NotImplementedError, OSError) as error:
        if not os.access(folder, os.W_OK):
            return _read(folder)
        raise _without_locks(folder, error) from error
    lock.release()
    return None


def _lock(folder: Path) -> FileLock:
    return FileLock(folder / LOCK_NAME, thread_local=False, fallback_to_soft=False)


def _without_locks(folder: Path, error: Exception) -> Exception:
    """What to raise where the lock itself fails: that a folder cannot be written needs no explanation."""
    if isinstance(error, PermissionError) or not os.access(folder, os.W_OK):
        return error
    return SettingsError(
        f"{folder}: expected a file system with locks, got {message_of(error)}; use a folder on another one"
    )


def _read(folder: Path) -> Runner | None:
    """The recorded runner; None if nothing valid is recorded."""
    try:
        read = json.loads((folder / RUNNER_NAME).read_bytes())
        types = {"process": int, "host": str, "since": float, "command": str}
        if not isinstance(read, dict) or any(not isinstance(read.get(name), kind) for name, kind in types.items()):
            return None
        return Runner(**{name: read[name] for name in types})
    except (OSError, ValueError, RecursionError):
        return None


def _command() -> str:
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
