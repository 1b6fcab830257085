"""`shareornot data fetch nasbench101`: from the publisher's file to a table in the data folder."""

from pathlib import Path

from shareornot.download import RemoteFile, download
from shareornot.errors import MissingDataError
from shareornot.progress import ProgressBars, no_bars
from shareornot.storage import data_folder
from shareornot.tables.catalogue import NASBENCH101_FILE, NASBENCH101_FULL_FILE
from shareornot.tables.nasbench101 import OFFICIAL_FILES, import_parquet, import_tfrecord
from shareornot.tables.table import BenchmarkTable

PARQUET_MAGIC = b"PAR1"
ADDRESS = "https://storage.googleapis.com/nasbench/"
SIZES = {"nasbench_only108.tfrecord": 522_767_376, "nasbench_full.tfrecord": 2_090_000_000}
"""Bytes; the second is about right."""
REMOTE_FILES = {
    name == "nasbench_full.tfrecord": RemoteFile(url=ADDRESS + name, sha256=sha256, num_bytes=SIZES[name])
    for sha256, name in OFFICIAL_FILES.items()
}
"""By whether it is the full file."""


def fetch_nasbench101(*, full: bool = False, source: Path | None = None, bars: ProgressBars = no_bars) -> Path:
    """Put the table of NASBench-101 into the data folder.

    Without `source` the publisher's file is downloaded, imported and removed; nothing is done where the table is
    there already. With `source` the table is made anew of that file.

    Args:
        full: the file with 4, 12, 36 and 108 epochs, instead of that with 108 only.
        source: an official TFRecord file, or a Parquet file as `import_parquet` takes it; any part of the cells.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the table. Its `info.provenance["official"]` says whether the source is what was published.

    Raises:
        MissingDataError: `source` is not there, or the publisher cannot be reached.
        DataError: the file is damaged or something else; the data folder is then as it was.
    """
    folder = data_folder()
    target = folder / (NASBENCH101_FULL_FILE if full else NASBENCH101_FILE)
    if source is None and target.is_file():
        BenchmarkTable.open(target).verify()
        return target
    if source is not None and not source.is_file():
        raise MissingDataError(f"{source}: expected a file, found none; check the name")
    path = source or download(REMOTE_FILES[full], folder, bars)
    with path.open("rb") as file:
        importer = import_parquet if file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC else import_tfrecord
    with bars(f"Importing {path.name}", path.stat().st_size) as progress:
        importer(path, target, progress)
    BenchmarkTable.open(target).verify()
    if source is None:
        path.unlink()
    return target
