"""The published cells, as arrays that the tests of all modules compare with."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.spaces.nasbench101 import OPERATIONS


@dataclass(frozen=True, kw_only=True)
class PublishedCells:
    """What NASBench-101 publishes about cells with the same number of vertices, one row each."""

    num_vertices: int
    adjacencies: np.ndarray
    """int8, cells x vertices x vertices."""
    operations: np.ndarray
    """int8, cells x interior vertices: positions in `OPERATIONS`."""
    hashes: list[str]
    parameters: np.ndarray


@pytest.fixture(scope="session")
def published(shared_data: Path) -> list[PublishedCells]:
    """All rows of the sample, by number of vertices."""
    columns = ["module_hash", "module_adjacency", "module_operations", "trainable_parameters"]
    table = pq.read_table(shared_data / "nasbench101-sample.parquet", columns=columns)
    hashes, bits, names = (np.array(table[column].to_pylist()) for column in columns[:3])
    parameters = table["trainable_parameters"].to_numpy()
    groups = []
    for num_vertices in range(2, 8):
        rows = np.flatnonzero(np.char.str_len(bits) == num_vertices**2)
        # Each distinct row of names is translated once; there are at most 243.
        distinct, position = np.unique(names[rows], return_inverse=True)
        codes = [[OPERATIONS.index(name) for name in row.split(",")[1:-1]] for row in distinct.tolist()]
        groups.append(
            PublishedCells(
                num_vertices=num_vertices,
                adjacencies=np.array([list(map(int, row)) for row in bits[rows].tolist()], np.int8).reshape(
                    len(rows), num_vertices, num_vertices
                ),
                operations=np.array(codes, np.int8).reshape(len(distinct), num_vertices - 2)[position],
                hashes=hashes[rows].tolist(),
                parameters=parameters[rows],
            )
        )
    assert sum(len(group.hashes) for group in groups) == 151_644
    return groups
