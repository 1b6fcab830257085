"""From the publisher's address, or a file, to the table in the data folder."""

import contextlib
import hashlib

import pytest

from shareornot.download import RemoteFile
from shareornot.errors import DataError, MissingDataError
from shareornot.progress import Silent
from shareornot.tables import fetch
from shareornot.tables.fetch import fetch_nasbench101
from shareornot.tables.nasbench101 import OFFICIAL_FILES
from shareornot.tables.table import BenchmarkTable


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_local_file(data_folder, tfrecord):
    path = fetch_nasbench101(source=tfrecord)
    assert path == data_folder / "nasbench101.arrow"
    info = BenchmarkTable.open(path).info
    assert info.source == tfrecord.name
    assert info.provenance["official"] is False
    assert tfrecord.exists()
    assert list(data_folder.iterdir()) == [path]


def test_the_published_files():
    assert {remote.url: remote.sha256 for remote in fetch.REMOTE_FILES.values()} == {
        f"https://storage.googleapis.com/nasbench/{name}": sha256 for sha256, name in OFFICIAL_FILES.items()
    }
    assert fetch.REMOTE_FILES[True].name == "nasbench_full.tfrecord"


def test_a_download(data_folder, tfrecord, monkeypatch):
    shown = []

    @contextlib.contextmanager
    def bars(description, total):
        shown.append((description, total))
        yield Silent()

    def download(remote, folder, bars):
        with bars(f"Downloading {remote.name}", remote.num_bytes):
            folder.mkdir()
            return tfrecord.rename(folder / remote.name)

    size = tfrecord.stat().st_size
    sha256 = hashlib.sha256(tfrecord.read_bytes()).hexdigest()
    remote = RemoteFile(url="https://nowhere.invalid/made-up.tfrecord", sha256=sha256, num_bytes=size)
    monkeypatch.setattr(fetch, "REMOTE_FILES", {True: remote})
    monkeypatch.setattr(fetch, "download", download)
    path = fetch_nasbench101(full=True, bars=bars)
    assert path == data_folder / "nasbench101-full.arrow"
    assert list(data_folder.iterdir()) == [path], "the download is removed"
    assert shown == [("Downloading made-up.tfrecord", size), ("Importing made-up.tfrecord", size)]
    monkeypatch.setattr(fetch, "download", None)
    assert fetch_nasbench101(full=True) == path, "nothing is downloaded again"


def test_a_bad_file_leaves_the_old_table(data_folder, tfrecord, tmp_path):
    path = fetch_nasbench101(source=tfrecord)
    before = path.read_bytes()
    damaged = tmp_path / "damaged.tfrecord"
    damaged.write_bytes(tfrecord.read_bytes()[:-1])
    with pytest.raises(DataError, match="truncated"):
        fetch_nasbench101(source=damaged)
    assert path.read_bytes() == before
    assert list(data_folder.iterdir()) == [path]


def test_no_such_file(tmp_path):
    with pytest.raises(MissingDataError, match="check the name"):
        fetch_nasbench101(source=tmp_path / "nowhere.tfrecord")


def test_a_parquet_file(tmp_path, make_trainings, as_parquet):
    table = BenchmarkTable.open(fetch_nasbench101(source=as_parquet(make_trainings([4, 90]), tmp_path / "a.parquet")))
    assert table.cells.tolist() == [4, 90]
