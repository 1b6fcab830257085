import base64
import json
import struct

import google_crc32c
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.spaces.nasbench101 import Cell, parameter_count

CELL = Cell.from_index(4)


def framed(payload):
    def checksum(content):
        crc = google_crc32c.value(content)
        return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(payload))
    return length + checksum(length) + payload + checksum(payload)


def training(cell, accuracy):
    """A record of the publisher's format: three evaluations, the number of parameters, a time."""
    message = b""
    for time_s, value in ((0.0, 0.1), (500.0, accuracy / 2), (1000.0, accuracy)):
        numbers = (108.0, time_s, value, value, value)
        body = b"".join(struct.pack("<Bd", (i + 1) << 3 | 1, number) for i, number in enumerate(numbers))
        message += b"\x0a" + bytes([len(body)]) + body
    parameters = int(parameter_count(np.array([cell.index]))[0])
    groups = [parameters >> shift & 127 for shift in range(0, 28, 7)]
    message += b"\x10" + bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
    message += struct.pack("<Bd", 3 << 3 | 1, 1000.0)
    adjacency, operations = str(cell).split(";")
    return json.dumps([cell.official_hash(), 108, adjacency, operations, base64.encodebytes(message).decode()]).encode()


@pytest.fixture
def tfrecord(tmp_path):
    cells = [Cell.from_index(index) for index in (0, 5, 423_623)]
    records = [training(cell, 0.9 + run / 100) for cell in cells for run in range(3)]
    path = tmp_path / "some.tfrecord"
    path.write_bytes(b"".join(map(framed, records)))
    return path


def test_the_publishers_file_that_is_there(shareornot, tfrecord, tmp_path):
    shown = shareornot("data", "fetch", "nasbench101", "--from", tfrecord)
    assert shown.code == 0
    path = tmp_path / "data" / "nasbench101.arrow"
    assert shown.out == f"{path}: 3 of 423,624 cells, from a file that is not the published one\n"
    assert shown.err == f"Importing {tfrecord.name} ...\n"
    assert tfrecord.exists()
    found = json.loads(shareornot("query", "423623", "--json").out)
    assert found["validation_accuracy"] == pytest.approx(0.91)


def test_a_parquet_file_that_is_there(shareornot, tmp_path):
    adjacency, operations = str(CELL).split(";")
    row = {
        "module_hash": CELL.official_hash(),
        "module_adjacency": adjacency,
        "module_operations": operations,
        "trainable_parameters": int(parameter_count(np.array([4]))[0]),
    }
    for run in range(3):
        for moment in ("halfway", "final"):
            row |= {f"{moment}_{kind}_accuracy_{run}": 0.5 for kind in ("train", "validation", "test")}
            row[f"{moment}_training_time_{run}"] = 100.0
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "some.parquet")
    assert shareornot("data", "fetch", "nasbench101", "--from", tmp_path / "some.parquet").code == 0
    assert json.loads(shareornot("query", CELL.official_hash(), "--json").out)["test_accuracy"] == 0.5


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-7],
        lambda content: content[:300] + bytes([content[300] ^ 1]) + content[301:],
        lambda _: b"<!DOCTYPE html><html>Not found</html>",
    ],
    ids=["truncated", "flipped", "page"],
)
def test_a_damaged_file_leaves_nothing_behind(refused, tfrecord, tmp_path, damage):
    tfrecord.write_bytes(damage(tfrecord.read_bytes()))
    assert tfrecord.name in refused("data", "fetch", "nasbench101", "--from", tfrecord)
    data = tmp_path / "data"
    assert not data.exists() or not list(data.iterdir())


def test_data_that_cannot_be_fetched(refused, tmp_path):
    told = refused("data", "fetch", "imagenet")
    assert "data set: expected one of nasbench101, nasbench201, macro, cifar10, published-supernets, " in told
    assert "nasbench201-supernets, got 'imagenet'" in told
    assert "https://github.com/aoiang/few-shot-NAS" in refused("data", "fetch", "nasbench201-supernets")
    assert "found none" in refused("data", "fetch", "published-supernets", "--from", tmp_path / "nowhere")
    assert "found none" in refused("data", "fetch", "nasbench101", "--from", tmp_path / "missing")


def test_a_data_folder_that_is_a_file(refused, tfrecord, tmp_path):
    (tmp_path / "data").touch()
    assert "finished results are kept" in refused("data", "fetch", "nasbench101", "--from", tfrecord)


def test_a_table_of_ones_own(shareornot, refused, tmp_path):
    from shareornot.tables import open_table

    source = tmp_path / "mine.csv"
    source.write_text("architecture,accuracy,test_0,test_1\n00000000,50,51,\n00000001,60,61,62\n")
    assert "state that they are percentages" in refused("data", "add", "mine", source)
    done = shareornot("data", "add", "mine", source, "--percent", "--data-set", "cifar10", "--epochs", "3")
    assert done.code == 0
    assert "2 of 6,561 architectures of macro" in done.out
    assert "test_accuracy: 2 runs, 1 values missing" in done.out
    table = open_table("mine")
    assert table.mean("test_accuracy").tolist() == pytest.approx([0.51, 0.615])
    assert open_table("mine:cifar10:3").info == table.info
    assert "other than digits" in refused("data", "add", "digits", source, "--percent")
    assert "try 'mine'" in refused("spaces", "--benchmark", "mien")


def test_files_that_have_no_download(shareornot, refused, tmp_path):
    assert "expected a file after --from; get nas-bench-macro_cifar10.json" in refused("data", "fetch", "macro")
    assert "expected a file or folder, found none" in refused(
        "data", "fetch", "nasbench201", "--from", tmp_path / "none.pth"
    )
    source = tmp_path / "macro.csv"
    source.write_text("architecture,test_accuracy_0\n00000000,50\n22222222,95\n")
    done = shareornot("data", "fetch", "macro", "--from", source)
    assert "2 of 6,561 architectures with test_accuracy for cifar10" in done.out
