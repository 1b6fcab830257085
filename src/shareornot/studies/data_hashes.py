"""SHA-256 of the files that a study reads, remembered as long as size and time of change stay what they were."""

import importlib.util
import json
from pathlib import Path

from shareornot.errors import MissingDataError, MissingExtraError
from shareornot.storage import atomic_write, data_folder, sha256_of

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


def images_file(images: str) -> Path:
    """The file that images are read from; found without importing what reads them.

    Raises:
        MissingDataError: CIFAR-10 is not there.
        MissingExtraError: the digits come with scikit-learn, which is not installed.
    """
    if images == "cifar10":
        path = data_folder() / "cifar10.arrow"
        if not path.is_file():
            raise MissingDataError(f"images cifar10: expected {path}, found none; run: shareornot data fetch cifar10")
        return path
    found = importlib.util.find_spec("sklearn")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("the digits come with scikit-learn; install it with: pip install 'shareornot[train]'")
    return Path(found.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
