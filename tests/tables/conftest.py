"""Made-up trainings, written as NASBench-101 writes its own."""

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shareornot.spaces.nasbench101 import Cell, parameter_count
from shareornot.tables.nasbench101 import import_parquet
from shareornot.tables.table_file import VALUE_COLUMNS, TableColumns, TableInfo

Training = dict


def masked_crc(content: bytes) -> bytes:
    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def frame(payload: bytes) -> bytes:
    length = struct.pack("<Q", len(payload))
    return length + masked_crc(length) + payload + masked_crc(payload)


def varint(number: int) -> bytes:
    groups = [number >> shift & 127 for shift in range(0, 35, 7) if shift == 0 or number >> shift]
    return bytes([group | 128 for group in groups[:-1]] + groups[-1:])


def message(training: Training) -> bytes:
    parts = []
    for values in (training["before"], training["halfway"], training["final"]):
        body = b"".join(struct.pack("<Bd", (i + 1) << 3 | 1, value) for i, value in enumerate(values))
        parts.append(b"\x0a" + varint(len(body)) + body)
    total_time = struct.pack("<Bd", 3 << 3 | 1, 1234.5)
    return b"".join(parts) + b"\x10" + varint(training["parameters"]) + total_time


def payload(training: Training, line_breaks: bool = True) -> bytes:
    encode = base64.encodebytes if line_breaks else base64.b64encode
    adjacency, operations = str(training["cell"]).split(";")
    metrics = encode(message(training)).decode()
    return json.dumps([training["hash"], training["epochs"], adjacency, operations, metrics]).encode()


@pytest.fixture(scope="session")
def make_trainings() -> Callable[..., list[Training]]:
    """Trainings of cells with made-up values that float32 holds exactly."""

    def make(indices, budgets=(108,), num_runs=3, seed=0) -> list[Training]:
        rng = np.random.default_rng(seed)
        parameters = parameter_count(np.asarray(indices))
        trainings = []
        for index, num_parameters in zip(indices, parameters.tolist(), strict=True):
            cell = Cell.from_index(int(index))
            for epochs in budgets:
                for _ in range(num_runs):
                    values = np.float32(rng.random((3, 5)) * [1, 1000, 1, 1, 1]).astype(float)
                    trainings.append(
                        {
                            "cell": cell,
                            "hash": cell.official_hash(),
                            "epochs": epochs,
                            "parameters": num_parameters,
                            "before": values[0].tolist(),
                            "halfway": values[1].tolist(),
                            "final": values[2].tolist(),
                        }
                    )
        return trainings

    return make


@pytest.fixture(scope="session")
def as_tfrecord() -> Callable[..., bytes]:
    """The bytes of an official file with these trainings."""

    def write(trainings: list[Training], line_breaks: bool = True) -> bytes:
        return b"".join(frame(payload(training, line_breaks)) for training in trainings)

    return write


@pytest.fixture(scope="session")
def as_frame() -> Callable[[bytes], bytes]:
    """A frame around any payload, with right checksums."""
    return frame


@pytest.fixture(scope="session")
def as_payload() -> Callable[..., bytes]:
    """The payload of one training."""
    return payload


@pytest.fixture(scope="session")
def metrics_of() -> Callable[[Training, bytes], str]:
    """The base64 text of a training's protobuf message, with more bytes at its end."""
    return lambda training, extra: base64.b64encode(message(training) + extra).decode()


@pytest.fixture
def tfrecord(tmp_path: Path, make_trainings, as_tfrecord) -> Path:
    """An official file of 20 made-up trainings: 5 cells, 2 budgets, 2 runs."""
    path = tmp_path / "made-up.tfrecord"
    path.write_bytes(as_tfrecord(make_trainings([0, 4, 90, 2531, 423_623], budgets=(4, 108), num_runs=2)))
    return path


@pytest.fixture(scope="session")
def info() -> TableInfo:
    """A made-up benchmark on the cells with at most 5 vertices: 2 budgets, 3 runs."""
    return TableInfo(
        name="made-up",
        budgets=(4, 108),
        num_runs=3,
        max_vertices=5,
        data_set="none",
        network={"num_filters": 8},
        source="made-up.tfrecord",
        provenance={"values": "random"},
    )


@pytest.fixture(scope="session")
def make_columns() -> Callable[..., TableColumns]:
    """Rows of the made-up benchmark, the same at each call; hashes are the official ones where there are few."""

    def make(num_cells: int = 6) -> TableColumns:
        rng = np.random.default_rng(7)
        cells = np.sort(rng.choice(2532, num_cells, replace=False)).astype(np.int32)
        if num_cells <= 10:
            hashes = [Cell.from_index(index).official_hash() for index in cells.tolist()]
        else:
            hashes = [rng.bytes(16).hex() for _ in cells]
        return TableColumns(
            cells=cells,
            module_hashes=np.frombuffer(bytes.fromhex("".join(hashes)), np.uint8).reshape(-1, 16),
            trainable_parameters=parameter_count(cells, num_filters=8),
            values={name: rng.random((num_cells, 2, 3)).astype(np.float32) for name in VALUE_COLUMNS},
        )

    return make


@pytest.fixture(scope="session")
def sample_table(shared_data: Path, tmp_path_factory) -> Path:
    """The real sample of NASBench-101 as a table."""
    path = tmp_path_factory.mktemp("sample") / "sample.arrow"
    import_parquet(shared_data / "nasbench101-sample.parquet", path)
    return path


@pytest.fixture(scope="session")
def as_parquet() -> Callable[..., Path]:
    """The Parquet twin of trainings of 108 epochs, with some columns changed."""

    def write(trainings: list[Training], path: Path, **changes: object) -> Path:
        rows: dict[str, dict] = {}
        for training in trainings:
            adjacency, operations = str(training["cell"]).split(";")
            row = rows.setdefault(
                training["hash"],
                {
                    "module_hash": training["hash"],
                    "module_adjacency": adjacency,
                    "module_operations": operations,
                    "trainable_parameters": training["parameters"],
                },
            )
            run = sum(name.startswith("final_test_accuracy") for name in row)
            for moment in ("halfway", "final"):
                names = ("training_time", "train_accuracy", "validation_accuracy", "test_accuracy")
                row |= {f"{moment}_{name}_{run}": training[moment][i] for i, name in enumerate(names, start=1)}
            rows[training["hash"]] = row
        pq.write_table(pa.Table.from_pylist([row | changes for row in rows.values()]), path)
        return path

    return write
