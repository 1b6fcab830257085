import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError
from shareornot.spaces.nasbench101 import NO_OPERATION, NUM_CELLS, OPERATIONS, Cell, cell_features, encode, unique_index


def longest_path(cell: Cell, vertex: int) -> int:
    """Edges on the longest path from the input, by trying all."""
    sources = np.flatnonzero(cell.adjacency[:, vertex]).tolist()
    return max((1 + longest_path(cell, source) for source in sources), default=0)


def plain_features(cell: Cell) -> dict[str, int]:
    last = cell.num_vertices - 1
    interior = range(1, last)
    levels = [longest_path(cell, vertex) for vertex in interior]
    names = list(cell.operations[1:-1])
    codes = [OPERATIONS.index(name) for name in names]
    return {
        "residual": bool(cell.adjacency[0, last]),
        "num_vertices": cell.num_vertices,
        "num_edges": sum(map(sum, cell.adjacency.tolist())),
        "depth": longest_path(cell, last),
        "width": max((levels.count(level) for level in levels), default=0),
        "num_output_edges": sum(1 for vertex in interior if cell.adjacency[vertex, last]),
        "num_conv3x3": names.count("conv3x3-bn-relu"),
        "num_conv1x1": names.count("conv1x1-bn-relu"),
        "num_maxpool3x3": names.count("maxpool3x3"),
        **{
            f"output_{name.removesuffix('-bn-relu')}": any(
                cell.adjacency[vertex, last] and names[vertex - 1] == name for vertex in interior
            )
            for name in OPERATIONS
        },
        **{f"operation_{v}": codes[v - 1] if v < last else NO_OPERATION for v in range(1, 6)},
    }


@given(indices=st.lists(st.integers(0, NUM_CELLS - 1), max_size=8))
def test_equal_plain_loop(indices):
    features = cell_features(np.array(indices, np.int32)).as_dict()
    plain = [plain_features(Cell.from_index(index)) for index in indices]
    for name, values in features.items():
        assert values.tolist() == [cell[name] for cell in plain], name


def test_small_cells_equal_plain_loop():
    features = cell_features(np.arange(91)).as_dict()
    plain = [plain_features(Cell.from_index(index)) for index in range(91)]
    assert list(features) == list(plain[0])
    for name, values in features.items():
        assert values.tolist() == [cell[name] for cell in plain], name


def test_worked_by_hand():
    # input -> 1 -> 3 -> output, input -> 2 -> output, and the residual edge: two vertices side by side, three deep.
    adjacency = np.zeros((5, 5), int)
    adjacency[[0, 1, 3, 0, 2, 0], [1, 3, 4, 2, 4, 4]] = 1
    cell = Cell(adjacency, ["input", OPERATIONS[0], OPERATIONS[2], OPERATIONS[0], "output"])
    features = {name: values.item() for name, values in cell_features(np.array([cell.index])).as_dict().items()}
    operations = {name: features.pop(name) for name in [f"operation_{vertex}" for vertex in range(1, 6)]}
    assert features == {
        "residual": True,
        "num_vertices": 5,
        "num_edges": 6,
        "depth": 3,
        "width": 2,
        "num_output_edges": 2,
        "num_conv3x3": 2,
        "num_conv1x1": 0,
        "num_maxpool3x3": 1,
        "output_conv3x3": True,
        "output_conv1x1": False,
        "output_maxpool3x3": True,
    }
    assert sorted(operations.values()) == [0, 0, 2, NO_OPERATION, NO_OPERATION]


def test_operations_are_those_of_the_published_specification(published):
    for group in published:
        features = cell_features(unique_index(encode(group.adjacencies, group.operations)))
        found = np.stack([getattr(features, f"operation_{vertex}") for vertex in range(1, 6)], axis=1)
        num_interior = group.num_vertices - 2
        np.testing.assert_array_equal(found[:, :num_interior], group.operations)
        assert (found[:, num_interior:] == NO_OPERATION).all()


def test_structure_is_that_of_the_published_specification(published):
    for group in published:
        features = cell_features(unique_index(encode(group.adjacencies, group.operations)))
        np.testing.assert_array_equal(features.residual, group.adjacencies[:, 0, -1] == 1)
        np.testing.assert_array_equal(features.num_edges, group.adjacencies.sum(axis=(1, 2)))
        np.testing.assert_array_equal(features.num_output_edges, group.adjacencies[:, 1:-1, -1].sum(axis=1))


def test_refuse_an_index_of_no_cell():
    with pytest.raises(CellError, match="index: expected 0 to 423,623, got -1; leave out"):
        cell_features(np.array([-1]))
