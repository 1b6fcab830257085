"""Pickles in the layout of the authors' repository, made up; and what is refused."""

import io
import pickle
import tarfile
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.download import RemoteFile
from shareornot.errors import DataError, MissingDataError, UnitError
from shareornot.reproduction import fetch, published_nasbench101
from shareornot.reproduction.evaluations import read_evaluations
from shareornot.reproduction.fetch import fetch_published_supernets
from shareornot.reproduction.published_nasbench101 import CONTENT_SHA256, content_sha256, read_published_supernets
from shareornot.spaces.nasbench101 import Cell, parameter_count
from shareornot.tables import open_benchmark
from shareornot.tables.table_file import VALUE_COLUMNS

CELLS = (3, 7, 20, 7)


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def evaluation(index, proxy, rng):
    """One evaluation, with the objects of NumPy that the authors' code leaves in it."""
    cell = Cell.from_index(index)
    adjacency, operations = str(cell).split(";")
    matrix = np.array(list(adjacency), np.int8).reshape(cell.num_vertices, -1)
    parameters = int(parameter_count(np.array([index]))[0])
    fixed = {
        "module_adjacency": matrix,
        "module_operations": operations.split(","),
        "trainable_parameters": parameters,
    }
    trained = [dict.fromkeys(VALUE_COLUMNS, float(rng.random())) for _ in range(3)]
    return {
        "architecture": (matrix, np.zeros(cell.num_vertices - 2)),
        "full_metrics": (fixed, {108: trained}),
        "bench_metrics": trained,
        "proxy_metrics": {"final_validation_accuracy": np.float64(proxy)},
    }


@pytest.fixture
def repository(tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "to_share-1" / "results_paper"
    known = {index: evaluation(index, 0.0, rng) for index in CELLS}
    for seed in range(2):
        place = folder / "baseline_ft_bn" / "full" / str(seed)
        place.mkdir(parents=True)
        scores = {"proxy_metrics": {"final_validation_accuracy": np.float64(0.1 * (seed + 1))}}
        (place / "eval_results.pkl").write_bytes(pickle.dumps([known[index] | scores for index in CELLS], protocol=3))
        (place / "params_dict_eval.pkl").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    return folder.parent


def test_a_folder_becomes_evaluations_and_a_table(repository, data_folder):
    evaluations, cells, is_published = fetch_published_supernets(repository)
    assert (evaluations, cells) == (
        data_folder / "published-supernets.parquet",
        data_folder / "nasbench101-sample.arrow",
    )
    assert is_published is False
    table = open_benchmark(cells)
    assert table.cells.tolist() == sorted(set(CELLS))
    read = read_evaluations(evaluations, table)
    assert [(one.variant, one.space, one.seed) for one in read.supernets] == [
        ("BNS-FT", "A_FULL", 0),
        ("BNS-FT", "A_FULL", 1),
    ]
    assert read.supernets[1].cells.tolist() == list(CELLS)
    np.testing.assert_allclose(read.supernets[1].proxies, 0.2)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_archives_hold_the_same(repository, tmp_path, kind):
    path = tmp_path / f"copy.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(repository.rglob("*.pkl")):
                archive.write(file, file.relative_to(repository.parent))
    else:
        with tarfile.open(path, "w:gz") as archive:
            archive.add(repository, repository.name)
    found, expected = read_published_supernets(path), read_published_supernets(repository)
    assert content_sha256(found.evaluations) == content_sha256(expected.evaluations)
    assert found.cells == expected.cells


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cos\nsystem\n(S'false'\ntR.", "refers to os.system"),
        (pickle.dumps({"no": "list"}), "expected a list of evaluations"),
        (pickle.dumps([{"full_metrics": ({}, {})}]), "evaluation 0: expected a cell"),
        (b"garbage", "damaged"),
    ],
)
def test_what_is_refused(repository, content, message):
    (repository / "results_paper" / "baseline_ft_bn" / "full" / "1" / "eval_results.pkl").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_published_supernets(repository)


def test_scores_in_percent_are_refused(repository):
    path = repository / "results_paper" / "baseline_ft_bn" / "full" / "1" / "eval_results.pkl"
    path.write_bytes(pickle.dumps([evaluation(3, 47.5, np.random.default_rng(0))]))
    with pytest.raises(UnitError, match=r"from 0 to 1, got 47\.5"):
        read_published_supernets(repository)


def test_cells_with_different_numbers_of_trainings_are_refused(repository):
    path = repository / "results_paper" / "baseline_ft_bn" / "full" / "1" / "eval_results.pkl"
    short = evaluation(5, 0.5, np.random.default_rng(0))
    short["full_metrics"][1][108].pop()
    path.write_bytes(pickle.dumps([short]))
    with pytest.raises(DataError, match="equally many trainings"):
        read_published_supernets(repository)


def test_sources_without_evaluations(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="got none; name the authors' repository"):
        read_published_supernets(tmp_path / "empty")
    with pytest.raises(MissingDataError, match="found none"):
        read_published_supernets(tmp_path / "nowhere")
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(DataError, match="download it again"):
        read_published_supernets(tmp_path / "text")


@pytest.fixture
def server(tmp_path):
    """Serves `authors.tar.gz` of a folder on this machine."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            del arguments

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{running.server_port}/authors.tar.gz"
        running.shutdown()
        thread.join()


def test_a_download_is_checked_by_its_evaluations(repository, data_folder, server, monkeypatch):
    folder, url = server
    with tarfile.open(folder / "authors.tar.gz", "w:gz") as archive:
        archive.add(repository, repository.name)
    monkeypatch.setattr(fetch, "ARCHIVE", RemoteFile(url=url, sha256=None, num_bytes=1_000))
    with pytest.raises(DataError, match="210,000 evaluations of the paper, got 8 others"):
        fetch_published_supernets()
    assert list(data_folder.iterdir()) == [], "neither the archive nor a table is kept"
    expected = content_sha256(read_published_supernets(repository).evaluations)
    monkeypatch.setattr(published_nasbench101, "CONTENT_SHA256", expected)
    evaluations, _, is_published = fetch_published_supernets()
    assert is_published
    assert len(pq.read_table(evaluations)) == 8
    assert not list(data_folder.glob("*.tar.gz*"))


def test_a_damaged_download_is_not_kept(data_folder, server, monkeypatch):
    folder, url = server
    (folder / "authors.tar.gz").write_bytes(io.BytesIO(b"not an archive").getvalue())
    monkeypatch.setattr(fetch, "ARCHIVE", RemoteFile(url=url, sha256=None, num_bytes=1_000))
    with pytest.raises(DataError, match="download it again"):
        fetch_published_supernets()
    assert list(data_folder.iterdir()) == []


def test_the_known_checksum_is_that_of_the_published_evaluations(shared_data):
    assert content_sha256(pq.read_table(shared_data / "published-supernets.parquet")) == CONTENT_SHA256


def test_the_address_names_a_commit():
    assert fetch.ARCHIVE.url.startswith("https://github.com/apourchot/to_share_or_not_to_share/archive/a7237c3")
