"""Files of a published repository, in a folder or in an archive as code hosts offer it; nothing is unpacked to disk."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from shareornot.errors import DataError, MissingDataError, message_of

MOST_BYTES = 1 << 27
"""Most bytes of one file; the published ones have a few megabytes."""


def published_files(source: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    """Contents of the files whose paths match a pattern, in the order in which they are stored.

    Args:
        source: a folder, or a .zip or .tar.gz archive of it.
        pattern: pattern of the end of a path with forward slashes.

    Yields:
        What matched in the path, and the contents.

    Raises:
        MissingDataError: no such file or folder.
        DataError: neither a folder nor an archive, a damaged archive, or a file that is far larger than expected.
    """
    if not source.exists():
        raise MissingDataError(
            f"{source}: expected a folder or an archive of the repository, found none; check the name"
        )
    reader = _of_folder if source.is_dir() else _of_zip if zipfile.is_zipfile(source) else _of_tar
    try:
        yield from reader(source, pattern)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise DataError(
            f"{source}: expected a folder, or a whole .zip or .tar.gz archive, of the repository: "
            f"{message_of(error)}; download it again"
        ) from error


def _of_folder(source: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    for path in sorted(source.rglob("*")):
        match = pattern.search(path.relative_to(source).as_posix())
        if match and path.is_file():
            _check_size(path.name, path.stat().st_size)
            yield match, path.read_bytes()


def _of_zip(source: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    with zipfile.ZipFile(source) as archive:
        for one in archive.infolist():
            if (match := pattern.search(one.filename)) and not one.is_dir():
                _check_size(one.filename, one.file_size)
                yield match, archive.read(one)


def _of_tar(source: Path, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], bytes]]:
    with tarfile.open(source, "r:*") as archive:
        for one in archive:
            if (match := pattern.search(one.name)) and one.isfile():
                _check_size(one.name, one.size)
                file = archive.extractfile(one)
                assert file is not None  # it is a regular file
                yield match, file.read()


def _check_size(name: str, num_bytes: int) -> None:
    if num_bytes > MOST_BYTES:
        raise DataError(f"{name}: expected at most {MOST_BYTES:,} bytes, got {num_bytes:,}; get it from its publisher")
