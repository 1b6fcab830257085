"""`shareornot data fetch`: from the publisher's file to a table in the data folder."""

from pathlib import Path

from shareornot.download import RemoteFile, download
from shareornot.errors import MissingDataError, SettingsError
from shareornot.progress import ProgressBars, no_bars
from shareornot.storage import data_folder
from shareornot.tables.architecture_table import ArchitectureTable
from shareornot.tables.catalogue import MACRO_FILE, NASBENCH101_FILE, NASBENCH101_FULL_FILE, NASBENCH201_FILE
from shareornot.tables.macro import import_macro
from shareornot.tables.nasbench101 import OFFICIAL_FILES, import_parquet, import_tfrecord
from shareornot.tables.nasbench201 import import_official_201
from shareornot.tables.table import BenchmarkTable

PARQUET_MAGIC = b"PAR1"
ADDRESS = "https://storage.googleapis.com/nasbench/"
SIZES = {"nasbench_only108.tfrecord": 522_767_376, "nasbench_full.tfrecord": 2_090_000_000}
"""Bytes; the second is about right."""
REMOTE_FILES = {
    name == "nasbench_full.tfrecord": RemoteFile(url=ADDRESS + name, sha256=sha256, num_bytes=SIZES[name])
    for sha256, name in OFFICIAL_FILES.items()
}
"""Files by whether they are the full ones."""


def fetch_nasbench101(*, full: bool = False, source: Path | None = None, bars: ProgressBars = no_bars) -> Path:
    """Put the table of NASBench-101 into the data folder.

    Without `source` the publisher's file is downloaded, imported and removed; nothing is done where the table is
    there already. With `source` the table is made again from that file.

    Args:
        full: the file with 4, 12, 36 and 108 epochs, instead of that with 108 only.
        source: an official TFRecord file, or a Parquet file as `import_parquet` takes it; any part of the cells.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the table. Its `info.provenance["official"]` is whether the source is the published file.

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


PUBLISHERS = {
    "nasbench201": "get NAS-Bench-201-v1_1-096897.pth from https://github.com/D-X-Y/NAS-Bench-201, or the folder "
    "NATS-tss-v1_0-3ffb9-simple from https://github.com/D-X-Y/NATS-Bench",
    "macro": "get nas-bench-macro_cifar10.json from https://github.com/xiusu/NAS-Bench-Macro",
}
"""Sources of files that cannot be downloaded without a browser."""


def fetch_table(name: str, source: Path | None, bars: ProgressBars = no_bars) -> tuple[Path, ArchitectureTable]:
    """Put a table of NAS-Bench-201 or NAS-Bench-Macro into the data folder.

    Args:
        name: `nasbench201` or `macro`.
        source: the official file or folder.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the table, and the table.

    Raises:
        SettingsError: an unknown name.
        MissingDataError: no source, or it is not there.
        DataError: the file is damaged or something else; the data folder is then as it was.
    """
    if name not in PUBLISHERS:
        raise SettingsError(f"table: expected one of {', '.join(PUBLISHERS)}, got {name!r}")
    if source is None:
        raise MissingDataError(f"{name}: expected a file after --from; {PUBLISHERS[name]}")
    if not source.exists():
        raise MissingDataError(f"{source}: expected a file or folder, found none; {PUBLISHERS[name]}")
    if name == "macro":
        target = data_folder() / MACRO_FILE
        return target, import_macro(source, target)
    target = data_folder() / NASBENCH201_FILE
    paths = source.glob("*.pbz2") if source.is_dir() else [source]
    with bars(f"Importing {source.name}", sum(path.stat().st_size for path in paths)) as progress:
        return target, import_official_201(source, target, progress)
