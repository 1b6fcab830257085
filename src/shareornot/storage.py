"""Where files live, and how they are written: whole or not at all.

A file is written under a temporary name in its own folder, flushed to the disk, and renamed, so that a crash at any
moment leaves either the old file or the new one.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from platformdirs import user_data_path

DATA_VARIABLE = "SHAREORNOT_DATA"
"""Environment variable that names the data folder."""


def data_folder() -> Path:
    """Folder of downloaded and imported data: `SHAREORNOT_DATA`, else the platform's user data folder."""
    return Path(os.environ.get(DATA_VARIABLE) or user_data_path("shareornot", appauthor=False)).expanduser()


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary binary file that takes the name `path` when the block ends, or vanishes when it raises.

    Args:
        path: final name; its folder is created if need be.

    Raises:
        OSError: the folder cannot be written, or the disk is full; `path` is then what it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove_part_files(*folders: Path) -> int:
    """Delete the temporary files of writers that died; to be called while no process writes into these folders.

    Returns:
        How many there were.
    """
    leftovers = [path for folder in folders if folder.is_dir() for path in folder.glob(".*.part")]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
