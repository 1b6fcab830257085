import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError
from shareornot.spaces.nasbench101 import OPERATIONS, Cell, decode, encode, random_specifications, unique_codes, unpack


def packed(adjacency: np.ndarray, operations: list[int]) -> int:
    """Plain twin of `encode`: add up what each edge and each operation counts."""
    num_vertices = len(adjacency)
    place = [*range(num_vertices - 1), 6]
    code = 0
    for x in range(num_vertices):
        for y in range(x + 1, num_vertices):
            code += int(adjacency[x, y]) * 2 ** (place[x] + place[y] * (place[y] - 1) // 2)
    return code + 2**21 * sum(operation * 3**vertex for vertex, operation in enumerate(operations))


def random_adjacencies(rng: np.random.Generator, num_cells: int, num_vertices: int) -> np.ndarray:
    return np.triu(rng.integers(0, 2, (num_cells, num_vertices, num_vertices), np.int8), 1)


@pytest.mark.parametrize("num_vertices", range(2, 8))
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_encode_equals_plain_twin(num_vertices, dtype):
    rng = np.random.default_rng(num_vertices)
    adjacencies = random_adjacencies(rng, 200, num_vertices).astype(dtype)
    operations = rng.integers(0, 3, (200, num_vertices - 2)).astype(dtype)
    plain = [packed(matrix, row) for matrix, row in zip(adjacencies, operations.tolist(), strict=True)]
    assert encode(adjacencies, operations).tolist() == plain


def test_encode_takes_views_and_nothing():
    adjacencies = random_adjacencies(np.random.default_rng(0), 10, 5)
    operations = np.ones((10, 3), np.int8)
    reversed_codes = encode(adjacencies[::-1], operations[::-1])
    np.testing.assert_array_equal(reversed_codes[::-1], encode(adjacencies, operations))
    assert encode(adjacencies[:0], operations[:0]).shape == (0,)


@given(code=st.integers(0, (243 << 21) - 1))
def test_decode_is_the_inverse_of_encode(code):
    adjacency, names = decode(code)
    interior = np.array([[OPERATIONS.index(name) for name in names[1:-1]]], np.int8).reshape(1, -1)
    # Vertices that are left out have no edges and operation 0, so that the code stays the same.
    assert encode(adjacency[None], interior).tolist() == [code]


def test_decode_worked_by_hand():
    # Edges 0 -> 1 (bit 0) and 1 -> output (bit 1 + 15), operation 2 at vertex 1.
    adjacency, names = decode(1 | 1 << 16 | 2 << 21)
    assert adjacency.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert names == ["input", "maxpool3x3", "output"]


def test_unpack_equals_decode():
    codes = np.concatenate([unique_codes(4), random_specifications(np.random.default_rng(0), 200)])
    edges, operations = unpack(codes)
    for code, matrix, digits in zip(codes.tolist(), edges, operations.tolist(), strict=True):
        adjacency, names = decode(code)
        num_interior = len(names) - 2
        keep = [*range(num_interior + 1), 6]
        assert matrix[np.ix_(keep, keep)].tolist() == (adjacency == 1).tolist()
        assert matrix.sum() == adjacency.sum()
        assert digits == [*map(OPERATIONS.index, names[1:-1]), *[0] * (5 - num_interior)]


def test_code_of_a_cell_is_what_encode_gives():
    cell = Cell([[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]], ["input", *OPERATIONS[1:], "output"])
    assert cell.code == packed(cell.adjacency, [1, 2])


@pytest.mark.parametrize("num_vertices", [1, 8])
def test_refuses_sizes(num_vertices):
    with pytest.raises(CellError, match=rf"adjacencies: expected 2 to 7 vertices, .* got {num_vertices}; remove"):
        encode(np.zeros((1, num_vertices, num_vertices), np.int8), np.zeros((1, max(0, num_vertices - 2)), np.int8))


def test_refuses_operations_of_another_length():
    with pytest.raises(CellError, match=r"operations: expected shape \(3, 2\), .* got \(3, 4\); leave out input"):
        encode(np.zeros((3, 4, 4), np.int8), np.zeros((3, 4), np.int8))


@pytest.mark.parametrize(
    ("place", "value"), [((1, 0), 1), ((1, 1), 1), ((0, 1), 2), ((0, 1), -1), ((0, 1), 2**32), ((2, 0), 2**40)]
)
def test_refuses_invalid_edges(place, value):
    adjacencies = np.tile(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]), (3, 1, 1))
    adjacencies[(1, *place)] = value
    with pytest.raises(CellError, match=r"specification 1: expected an upper-triangular .* got adjacency .*; number"):
        encode(adjacencies, np.zeros((3, 1), np.int8))


@pytest.mark.parametrize("operation", [-1, 3, 2**40])
def test_refuses_invalid_operations(operation):
    operations = np.array([[0], [0], [operation]])
    with pytest.raises(CellError, match=r"specification 2: .* operations 0 to 2, got .* operations \[-?\d+\]; number"):
        encode(np.tile(np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]]), (3, 1, 1)), operations)


@pytest.mark.parametrize("code", [-1, 243 << 21, 1 << 32])
def test_refuses_invalid_codes(code):
    with pytest.raises(CellError, match=rf"code: expected 0 to 0x1e5fffff, got {code:#x}; take codes from encode"):
        decode(code)
