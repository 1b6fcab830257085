"""Large files from their publishers: resumed where they broke off, and kept only if they are what was published."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shareornot.errors import DataError, MissingDataError
from shareornot.progress import Progress, ProgressBars, no_bars
from shareornot.storage import sha256_of

BLOCK_SIZE = 1 << 16
"""Bytes that are lost at most where a connection breaks."""
TIMEOUT_S = (10.0, 60.0)
"""Until a connection stands, and between two bytes."""
NUM_ATTEMPTS = 5
TEMPORARY_STATUS = frozenset({408, 429, 500, 502, 503, 504})
"""Answers of a server that may be another in a moment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteFile:
    """A file that a publisher offers."""

    url: str
    sha256: str | None
    """None where it is not known: then whoever reads the file checks what is in it."""
    num_bytes: int
    """Its size, for the progress bar; about right is enough."""

    @property
    def name(self) -> str:
        """The last part of the address."""
        return urlsplit(self.url).path.rpartition("/")[2]


class _TryAgainError(Exception):
    """The connection broke, or the server requests a retry later."""


def download(
    remote: RemoteFile,
    folder: Path,
    bars: ProgressBars = no_bars,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch a file, or resume where an earlier attempt broke off.

    What has arrived stays in `folder` under the file's name with `.part`, until all of it has the published SHA-256, as
    far as that is known.

    Args:
        remote: what to fetch.
        folder: where to; created if need be.
        bars: shows the bytes.
        sleep: waits between two attempts, for a number of seconds.

    Returns:
        Path of the whole, checked file.

    Raises:
        MissingDataError: the server does not have it or cannot be reached.
        DataError: what it has is not what was published.
    """
    target = folder / remote.name
    if target.is_file() and remote.sha256 in (None, sha256_of(target)):
        return target
    part = folder / f"{remote.name}.part"
    folder.mkdir(parents=True, exist_ok=True)
    with bars(f"Downloading {remote.name}", remote.num_bytes) as progress:
        is_resumed = part.exists()
        _fetch_persistently(remote, part, progress, sleep)
        if is_resumed and remote.sha256 not in (None, sha256_of(part)):
            # The beginning may be of another file: once more, from the start.
            progress.advance(-part.stat().st_size)
            part.unlink()
            _fetch_persistently(remote, part, progress, sleep)
    if remote.sha256 is not None and (got := sha256_of(part)) != remote.sha256:
        part.unlink()
        raise DataError(
            f"{remote.url}: expected a file with SHA-256 {remote.sha256}, got one with {got}; "
            "try again later, or use a local copy with --from"
        )
    return part.replace(target)


def _fetch_persistently(remote: RemoteFile, part: Path, progress: Progress, sleep: Callable[[float], None]) -> None:
    """Fetch the missing end of `part`, in several attempts if necessary."""
    progress.advance(part.stat().st_size if part.exists() else 0)
    for attempt in range(NUM_ATTEMPTS):
        if attempt:
            sleep(2.0**attempt)
        try:
            _fetch(remote, part, progress)
        except _TryAgainError as error:
            reason = error
        else:
            return
    num_bytes = part.stat().st_size if part.exists() else 0
    raise MissingDataError(
        f"{remote.url}: expected to download it, but {reason}; {num_bytes:,} bytes are kept: "
        "run the command again to resume, or use a local copy with --from"
    )


def _fetch(remote: RemoteFile, part: Path, progress: Progress) -> None:
    """One attempt; raises `_TryAgainError` unless the file is complete."""
    import requests

    num_old = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={num_old}-", "Accept-Encoding": "identity"}
    try:
        with requests.get(remote.url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable and num_old:
                return  # all of it is there; its checksum decides
            if answer.status_code in TEMPORARY_STATUS:
                raise _TryAgainError(f"the server answers {answer.status_code} {answer.reason}")
            if not answer.ok:
                raise MissingDataError(
                    f"{remote.url}: expected a file, the server answers {answer.status_code} {answer.reason}; "
                    "use a local copy with --from"
                )
            goes_on = answer.headers.get("Content-Range", "").startswith(f"bytes {num_old}-")
            if not goes_on:
                progress.advance(-num_old)
            with part.open("ab" if goes_on else "wb") as file:
                for block in answer.iter_content(BLOCK_SIZE):
                    file.write(block)
                    progress.advance(len(block))
    except requests.RequestException as error:
        raise _TryAgainError(f"the connection broke ({type(error).__name__})") from error
