from hashlib import md5

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.spaces.nasbench101 import NUM_CELLS, OPERATIONS, Cell, official_hash


def plain_hash(adjacency: np.ndarray, operations: list[int]) -> str:
    """The definition, word by word."""

    def digest(text: str) -> str:
        return md5(text.encode()).hexdigest()

    labels = [-1, *operations, -2]
    degrees = zip(adjacency.sum(axis=1).tolist(), adjacency.sum(axis=0).tolist(), labels, strict=True)
    digests = [digest(str((out_degree, in_degree, label))) for out_degree, in_degree, label in degrees]
    for _ in range(len(adjacency)):
        digests = [
            digest(
                "".join(sorted(digests[x] for x in np.flatnonzero(adjacency[:, v])))
                + "|"
                + "".join(sorted(digests[y] for y in np.flatnonzero(adjacency[v])))
                + "|"
                + digests[v]
            )
            for v in range(len(adjacency))
        ]
    return digest(str(sorted(digests)))


@given(index=st.integers(0, NUM_CELLS - 1))
def test_equals_plain_twin(index):
    cell = Cell.from_index(index)
    operations = [OPERATIONS.index(name) for name in cell.operations[1:-1]]
    assert official_hash(cell.adjacency, operations) == plain_hash(cell.adjacency, operations)
    assert cell.official_hash() == plain_hash(cell.adjacency, operations)


def test_equals_published_hashes(published):
    for group in published:
        step = max(1, len(group.hashes) // 2_000)  # some thousands take a second, all of them a minute
        hashes = [
            official_hash(adjacency, operations)
            for adjacency, operations in zip(group.adjacencies[::step], group.operations[::step].tolist(), strict=True)
        ]
        assert hashes == group.hashes[::step]


def test_first_cell_in_hash_order():
    adjacency = "0100110001000000010010000010000001000000010000000"
    names = "input,conv3x3-bn-relu,maxpool3x3,conv3x3-bn-relu,conv3x3-bn-relu,conv1x1-bn-relu,output"
    assert Cell.parse(f"{adjacency};{names}").official_hash() == "00005c142e6f48ac74fdcf73e3439874"


def test_small_cells_have_different_hashes():
    assert len({Cell.from_index(index).official_hash() for index in range(2_532)}) == 2_532


@pytest.mark.parametrize("position", [1, 2, 3])
def test_vertices_on_no_path_do_not_count(position):
    chain = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", OPERATIONS[1], "output"])
    adjacency = np.zeros((5, 5), int)
    adjacency[0, position] = adjacency[position, 4] = 1
    names = [OPERATIONS[1] if vertex == position else OPERATIONS[2] for vertex in range(1, 4)]
    assert Cell(adjacency, ["input", *names, "output"]).official_hash() == chain.official_hash()
