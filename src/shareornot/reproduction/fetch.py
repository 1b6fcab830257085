"""`shareornot data fetch`: published evaluations of super-nets, from their authors' repositories to tables."""

from pathlib import Path

from shareornot.download import RemoteFile, download
from shareornot.errors import DataError, MissingDataError
from shareornot.progress import ProgressBars, no_bars
from shareornot.reproduction.published_nasbench101 import COMMIT, NUM_FILES, read_published_supernets, write_parquet
from shareornot.reproduction.published_nasbench201 import read_published_scores
from shareornot.storage import data_folder
from shareornot.tables.nasbench101 import import_parquet

AUTHORS = "https://github.com/apourchot/to_share_or_not_to_share"
ARCHIVE = RemoteFile(url=f"{AUTHORS}/archive/{COMMIT}.tar.gz", sha256=None, num_bytes=50_000_000)
"""The size is a guess, for the progress bar. The evaluations in it are checked, not the archive."""
NASBENCH201_REPOSITORIES = "https://github.com/cvlab-yonsei/Few-Shot-NAS or https://github.com/aoiang/few-shot-NAS"
NUM_FILES_201 = 1_000
"""About, for the progress bar."""


def fetch_published_supernets(
    source: Path | None = None, folder: Path | None = None, bars: ProgressBars = no_bars
) -> tuple[Path, Path, bool]:
    """Make tables of the paper's published super-nets.

    Without `source` the authors' repository is downloaded, read and removed again.

    Args:
        source: the repository, as a folder or an archive.
        folder: for the tables; by default the data folder.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the evaluations, path of the table of their cells, and whether the evaluations are those of the paper.

    Raises:
        MissingDataError: nothing is there, or the repository cannot be reached.
        DataError: the files are damaged or something else, or a download is not what was published; the folder is then
            as it was.
    """
    folder = data_folder() if folder is None else folder
    path = source or download(ARCHIVE, data_folder(), bars)
    try:
        with bars("Reading super-nets", NUM_FILES) as progress:
            found = read_published_supernets(path, progress)
        if source is None and not found.is_published:
            raise DataError(
                f"{ARCHIVE.url}: expected the 210,000 evaluations of the paper, got {len(found.evaluations):,} others; "
                "try again later, or read a copy with --from"
            )
    finally:
        if source is None:
            path.unlink(missing_ok=True)
    evaluations, cells = folder / "published-supernets.parquet", folder / "nasbench101-sample.parquet"
    write_parquet(found.cells, cells)
    import_parquet(cells, cells.with_suffix(".arrow"))
    write_parquet(found.evaluations, evaluations)
    return evaluations, cells.with_suffix(".arrow"), found.is_published


def fetch_nasbench201_supernets(
    source: Path | None, folder: Path | None = None, bars: ProgressBars = no_bars
) -> tuple[Path, Path, int]:
    """Make a wide table and its index of published super-nets of NAS-Bench-201.

    Args:
        source: a repository that holds scores, as a folder or an archive.
        folder: for the tables; by default the data folder.
        bars: shows what takes long, for instance `progress_bar`.

    Returns:
        Path of the wide table, path of the index, and the number of super-nets.

    Raises:
        MissingDataError: no source, or it is not there.
        DataError: the files are damaged or something else.
    """
    if source is None:
        raise MissingDataError(
            f"nasbench201-supernets: expected a copy of the repository after --from; get {NASBENCH201_REPOSITORIES}"
        )
    folder = data_folder() if folder is None else folder
    with bars(f"Reading {source.name}", NUM_FILES_201) as progress:
        scores, index = read_published_scores(source, progress)
    wide = folder / "nasbench201-supernets.parquet"
    write_parquet(scores, wide)
    write_parquet(index, wide.with_name("nasbench201-supernets-index.parquet"))
    return wide, wide.with_name("nasbench201-supernets-index.parquet"), len(index)
