"""One runner for a folder at a time.

The lock is the kernel's (`flock` on a file in the folder), which frees it when its holder ends in whatever way. So
there are no stale locks: a text that a dead runner left in the file is just that, and the next runner replaces it.
"""

import fcntl
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

from shareornot.errors import SettingsError

LOCK_NAME = "runner.lock"
NUM_TRIES, PAUSE_S = 5, 0.1
"""Someone who only looks who the runner is holds the lock for a moment."""
MAX_BYTES = 65536


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """Who runs what is in a folder."""

    process: int
    host: str
    since: float
    """In seconds since 1970."""
    command: str

    def __str__(self) -> str:
        since = datetime.fromtimestamp(self.since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        return f"process {self.process} on {self.host} since {since}: {self.command}"


@contextmanager
def only_runner(folder: Path, *, clock: Callable[[], float] = time.time) -> Iterator[None]:
    """Be the only one who runs what is in a folder, as long as the block lasts.

    Args:
        folder: is created if need be.
        clock: seconds since 1970.

    Raises:
        SettingsError: someone else is; the message says who, and what to do. Or the file system knows no locks.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _get(descriptor, fcntl.LOCK_EX, path):
            raise SettingsError(
                f"{folder}: expected nobody to run it at the moment, got {_read(descriptor) or 'another process'}; "
                f"wait for it or end it, and watch it with: shareornot study status {shlex.quote(str(folder))}"
            )
        runner = Runner(process=os.getpid(), host=socket.gethostname(), since=clock(), command=_command())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, (json.dumps(asdict(runner)) + "\n").encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)  # and the file stays: whoever has it open would else lock a file without name
    finally:
        os.close(descriptor)


def current_runner(folder: Path) -> Runner | None:
    """Who runs what is in a folder at the moment; None for nobody, whatever a dead runner has left behind.

    Raises:
        SettingsError: the file system knows no locks.
    """
    path = folder / LOCK_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if _get(descriptor, fcntl.LOCK_SH, path, num_tries=1):
            return None
        return _read(descriptor) or Runner(process=0, host="an unknown host", since=0.0, command="unknown")
    finally:
        os.close(descriptor)


def _get(descriptor: int, kind: int, path: Path, num_tries: int = NUM_TRIES) -> bool:
    for number in range(num_tries):
        if number:
            time.sleep(PAUSE_S)
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        except OSError as error:  # some network file systems
            raise SettingsError(
                f"{path}: expected a file system with locks, got {error.strerror}; name a folder on another one"
            ) from error
        return True
    return False


def _read(descriptor: int) -> Runner | None:
    """The text in the file, None where it is none."""
    try:
        read = json.loads(os.pread(descriptor, MAX_BYTES, 0))
        types = {"process": int, "host": str, "since": float, "command": str}
        if not isinstance(read, dict) or any(not isinstance(read.get(name), kind) for name, kind in types.items()):
            return None
        return Runner(**{name: read[name] for name in types})
    except (ValueError, RecursionError):
        return None


def _command() -> str:
    return shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
