import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError
from shareornot.spaces.nasbench101 import NUM_CELLS, OPERATIONS, Cell, decode, find_index

CONV3X3, CONV1X1, MAXPOOL3X3 = OPERATIONS
CHAIN = [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
NAMES = ["input", CONV3X3, "output"]

raw_codes = st.integers(0, (243 << 21) - 1).filter(lambda code: find_index(np.array([code], np.uint32))[1][0])


def vertices_on_paths(adjacency: np.ndarray) -> list[int]:
    """Walk every path from the first to the last vertex and collect what it visits."""
    last = len(adjacency) - 1
    visited, paths = set(), [[0]]
    while paths:
        path = paths.pop()
        if path[-1] == last:
            visited.update(path)
        paths += [[*path, target] for target in np.flatnonzero(adjacency[path[-1]]).tolist()]
    return sorted(visited)


def test_holds_its_specification():
    cell = Cell(np.array(CHAIN, bool), tuple(NAMES))
    assert cell.adjacency.tolist() == CHAIN
    assert cell.adjacency.dtype == np.int8
    assert cell.operations == ("input", CONV3X3, "output")
    assert cell.num_vertices == 3


def test_equals_by_adjacency_and_operations():
    cell = Cell(CHAIN, NAMES)
    assert cell == Cell(np.array(CHAIN, float), list(np.array(NAMES)))  # NumPy's numbers and texts are welcome
    assert hash(cell) == hash(Cell(CHAIN, NAMES))
    assert cell != Cell(CHAIN, ["input", CONV1X1, "output"])
    assert cell != Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], NAMES)
    assert cell != str(cell)


def test_cannot_be_changed():
    source = np.array(CHAIN, np.int8)
    cell = Cell(source, NAMES)
    source[0, 2] = 1
    assert cell.adjacency.tolist() == CHAIN
    with pytest.raises(ValueError, match="read-only"):
        cell.adjacency[0, 2] = 1
    with pytest.raises(AttributeError):
        cell.operations = ("input", "output")


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda cell: pickle.loads(pickle.dumps(cell))])
def test_copies_are_equal_and_cannot_be_changed_either(duplicate):
    cell = Cell(CHAIN, NAMES)
    twin = duplicate(cell)
    assert twin == cell
    assert not twin.adjacency.flags.writeable


@given(code=raw_codes)
def test_text_round_trip(code):
    cell = Cell(*decode(code))
    assert Cell.parse(str(cell)) == cell
    assert eval(repr(cell), {"Cell": Cell}) == cell


def test_parse_allows_spaces():
    assert Cell.parse(f" 010001000; input, {CONV3X3}, output\n") == Cell(CHAIN, NAMES)


@given(code=raw_codes)
def test_prune_keeps_the_vertices_on_paths(code):
    cell = Cell(*decode(code))
    keep = vertices_on_paths(cell.adjacency)
    pruned = cell.prune()
    assert pruned.adjacency.tolist() == cell.adjacency[np.ix_(keep, keep)].tolist()
    assert pruned.operations == tuple(cell.operations[vertex] for vertex in keep)


@given(code=raw_codes)
def test_prune_is_idempotent_and_keeps_the_identity(code):
    cell = Cell(*decode(code))
    pruned = cell.prune()
    assert pruned.prune() is pruned
    assert pruned.index == cell.index
    assert pruned.official_hash() == cell.official_hash()


def test_prune_worked_by_hand():
    # Vertex 1 leads nowhere, vertex 3 comes from nowhere; what stays is input -> 2 -> output.
    adjacency = np.zeros((5, 5), int)
    adjacency[[0, 0, 2, 3], [1, 2, 4, 4]] = 1
    cell = Cell(adjacency, ["input", MAXPOOL3X3, CONV3X3, CONV1X1, "output"])
    assert cell.prune() == Cell(CHAIN, NAMES)


def test_edges_are_counted_after_pruning():
    # 9 edges on paths and 2 into vertex 5, which leads nowhere.
    adjacency = np.zeros((7, 7), int)
    adjacency[[0, 0, 0, 1, 1, 2, 2, 3, 4, 0, 1], [1, 2, 3, 3, 4, 4, 6, 6, 6, 5, 5]] = 1
    cell = Cell(adjacency, ["input", *[CONV3X3] * 5, "output"])
    assert cell.prune().adjacency.sum() == 9


@given(index=st.integers(0, NUM_CELLS - 1))
def test_index_round_trip(index):
    cell = Cell.from_index(np.int32(index))
    assert cell.index == index
    assert cell.prune() is cell


def test_first_cells_by_hand():
    # By number of vertices, then adjacency, then operations: first the bare edge, then three operations without and
    # with a residual edge.
    assert str(Cell.from_index(0)) == "0100;input,output"
    for position, name in enumerate(OPERATIONS):
        assert Cell(CHAIN, ["input", name, "output"]).index == 1 + position
        assert Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", name, "output"]).index == 4 + position


@pytest.mark.parametrize("index", [-1, NUM_CELLS])
def test_refuses_indices_of_no_cell(index):
    with pytest.raises(CellError, match=rf"index: expected 0 to 423,623, got {index:,}; leave out"):
        Cell.from_index(index)


@pytest.mark.parametrize(
    ("adjacency", "operations", "message"),
    [
        ([[0, 1], [0]], NAMES, r"square matrix, got rows of different lengths; give one row and one column per vertex"),
        ([0, 1], NAMES, r"square matrix, got shape \(2,\); give one row"),
        ([[0, 1, 1], [0, 0, 1]], NAMES, r"square matrix, got shape \(2, 3\); give one row"),
        ([[0]], ["input"], r"expected 2 to 7 vertices, input and output included, got 1; "),
        (np.triu(np.ones((8, 8), int), 1), NAMES, r"expected 2 to 7 vertices, .* got 8; remove vertices"),
        ([[0, 2], [0, 0]], ["input", "output"], r"expected 0 or 1, got 2 at \(0, 1\); write 1 where"),
        ([[0, 0.5], [0, 0]], ["input", "output"], r"expected 0 or 1, got 0.5 at \(0, 1\); write 1 where"),
        ([[0, 1], [1, 0]], ["input", "output"], r"upper-triangular .* from vertex 1 to vertex 0; number the vertices"),
        ([[1, 1], [0, 0]], ["input", "output"], r"upper-triangular .* from vertex 0 to vertex 0; number the vertices"),
        (CHAIN, ["input", "output"], r"expected 3 names, one for each vertex, got 2; list 'input'"),
        (CHAIN, "output", r"expected 3 names, one for each vertex, got 'output'; list 'input'"),
        (CHAIN, [CONV3X3, CONV3X3, "output"], r"'input' first and 'output' last, got 'conv3x3-bn-relu' and 'output'; "),
        (CHAIN, ["input", CONV3X3, CONV3X3], r"'input' first and 'output' last, .* name all vertices"),
        (CHAIN, ["input", "conv5x5", "output"], r"at vertex 1, got 'conv5x5'; use one of conv3x3-bn-relu, conv1x1"),
        ([[0, 1, 0], [0, 0, 0], [0, 0, 0]], NAMES, r"expected a path from the input .* got none; add the edges"),
        ([[0, 0, 0], [0, 0, 1], [0, 0, 0]], NAMES, r"expected a path from the input .* got none; add the edges"),
        (
            np.triu(np.ones((5, 5), int), 1),
            ["input", CONV3X3, CONV3X3, CONV3X3, "output"],
            r"expected at most 9 edges on paths from input to output, got 10; remove edges",
        ),
    ],
)
def test_refuses_what_is_no_cell(adjacency, operations, message):
    with pytest.raises(CellError, match=message):
        Cell(adjacency, operations)


@pytest.mark.parametrize("text", ["", "0100", "010;input,output", "0200;input,output", "0 100;input,output"])
def test_refuses_text_of_another_form(text):
    with pytest.raises(
        CellError, match=r"expected text like '011001000;input,.*', got .*; write the adjacency row by row"
    ):
        Cell.parse(text)


def test_parse_checks_the_cell():
    with pytest.raises(CellError, match="got 'conv5x5'"):
        Cell.parse("010001000;input,conv5x5,output")
