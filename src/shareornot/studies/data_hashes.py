"""SHA-256 of the files that a study reads, remembered as long as size and time of change stay what they were."""

import json
from pathlib import Path

from shareornot.storage import atomic_write, sha256_of

CACHE_FILE = "data-hashes.json"


class DataHashes:
    """Hashes of files.

    Args:
        cache: file to remember them in; without one they are remembered as long as this object lives.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._known: dict[str, list[object]] = {}
        if cache is not None and cache.is_file():
            try:
                read = json.loads(cache.read_bytes())
            except ValueError:  # then they are computed again
                read = {}
            self._known = read if isinstance(read, dict) else {}

    def of(self, path: Path) -> str:
        """SHA-256 of a file.

        Raises:
            OSError: it cannot be read.
        """
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns]
        entry = self._known.get(str(path.resolve()))
        if isinstance(entry, list) and entry[:2] == state and len(entry) == 3 and isinstance(entry[2], str):
            return entry[2]
        digest = sha256_of(path)
        self._known[str(path.resolve())] = [*state, digest]
        if self._cache is not None and self._cache.parent.is_dir():
            with atomic_write(self._cache) as file:
                file.write(json.dumps(self._known, indent=1).encode())
        return digest

    def size_of(self, digest: str) -> int | None:
        """Bytes of a file with this hash, if one was hashed."""
        for entry in self._known.values():
            if isinstance(entry, list) and len(entry) == 3 and entry[2] == digest and isinstance(entry[0], int):
                return entry[0]
        return None
