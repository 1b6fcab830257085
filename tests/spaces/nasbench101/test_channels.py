import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError, SettingsError
from shareornot.spaces.nasbench101 import (
    NUM_CELLS,
    OPERATIONS,
    Cell,
    encode,
    parameter_count,
    unique_index,
    vertex_channels,
)


def adjacency_with(num_vertices: int, *edges: tuple[int, int]) -> np.ndarray:
    adjacency = np.zeros((num_vertices, num_vertices), np.int8)
    for source, target in edges:
        adjacency[source, target] = 1
    return adjacency


def plain_parameter_count(
    cell: Cell, num_filters: int, num_stacks: int, cells_per_stack: int, num_classes: int, image_channels: int
) -> int:
    """Build the network layer by layer and add up: kernel weights, batch norm's scale and shift, the dense layer."""

    def convolution(kernel: int, before: int, after: int) -> int:
        return kernel * kernel * before * after + 2 * after

    last = cell.num_vertices - 1
    total = convolution(3, image_channels, num_filters)
    before = num_filters
    for stack in range(num_stacks):
        after = num_filters * 2**stack
        for _ in range(cells_per_stack):
            channels = vertex_channels(cell.adjacency, before, after)
            for target in range(1, last + 1):
                if cell.adjacency[0, target]:
                    total += convolution(1, before, channels[target])
            for vertex in range(1, last):
                kernel = {"conv3x3-bn-relu": 3, "conv1x1-bn-relu": 1, "maxpool3x3": 0}[cell.operations[vertex]]
                if kernel:
                    total += convolution(kernel, channels[vertex], channels[vertex])
            before = after
    return total + before * num_classes + num_classes


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        # A chain keeps all channels.
        ([(0, 1), (1, 2), (2, 3)], [64, 128, 128, 128]),
        # Two vertices feed the output and share its channels.
        ([(0, 1), (0, 2), (1, 3), (2, 3)], [64, 64, 64, 128]),
        # Three do: 128 = 43 + 43 + 42.
        ([(0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)], [64, 43, 43, 42, 128]),
        # Vertices 2 and 3 feed the output; vertex 1 feeds both, and the larger counts.
        ([(0, 1), (1, 2), (1, 3), (2, 4), (3, 4)], [64, 64, 64, 64, 128]),
        # Vertices 2, 3 and 4 do: vertex 1 feeds only the last, which has one channel less.
        ([(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 5), (4, 5)], [64, 42, 43, 43, 42, 128]),
        # A vertex that feeds the output and another one has its share, not the other's channels.
        ([(0, 1), (1, 2), (1, 3), (2, 3)], [64, 64, 64, 128]),
        # The edge from input to output takes no channels away.
        ([(0, 1), (1, 2), (0, 2)], [64, 128, 128]),
        ([(0, 1)], [64, 128]),
    ],
)
def test_channels_worked_by_hand(edges, expected):
    num_vertices = 1 + max(target for _, target in edges)
    assert vertex_channels(adjacency_with(num_vertices, *edges), 64, 128) == expected


@given(index=st.integers(0, NUM_CELLS - 1), output_channels=st.integers(4, 512))
def test_channels_follow_the_rule(index, output_channels):
    adjacency = Cell.from_index(index).adjacency
    last = len(adjacency) - 1
    channels = vertex_channels(adjacency, 16, output_channels)
    feeding = [channels[vertex] for vertex in range(1, last) if adjacency[vertex, last]]
    if feeding:
        assert sum(feeding) == output_channels
        assert max(feeding) - min(feeding) <= 1
        assert feeding == sorted(feeding, reverse=True)
    for vertex in range(1, last):
        fed = [channels[target] for target in range(vertex + 1, last) if adjacency[vertex, target]]
        assert adjacency[vertex, last] or channels[vertex] == max(fed)
    assert channels[0] == 16
    assert channels[last] == output_channels


def test_parameters_equal_all_published_ones(published):
    for group in published:
        indices = unique_index(encode(group.adjacencies, group.operations))
        np.testing.assert_array_equal(parameter_count(indices), group.parameters)


@given(
    index=st.integers(0, NUM_CELLS - 1),
    # 5 filters do not divide evenly, so that remainders count.
    sizes=st.tuples(*(st.integers(lowest, 6) for lowest in (4, 1, 1, 1, 1))),
)
def test_parameters_equal_plain_twin(index, sizes):
    names = ("num_filters", "num_stacks", "cells_per_stack", "num_classes", "image_channels")
    settings = dict(zip(names, sizes, strict=True))
    counted = parameter_count(np.array([index]), **settings)
    assert counted.tolist() == [plain_parameter_count(Cell.from_index(index), **settings)]


def test_parameters_of_the_smallest_network_by_hand():
    bare_edge = Cell(adjacency_with(2, (0, 1)), ["input", "output"])
    # Stem 9 x 1 x 4 + 8, one projection 4 x 4 + 8, dense layer 4 x 10 + 10.
    count = parameter_count(
        np.array([bare_edge.index]), num_filters=4, num_stacks=1, cells_per_stack=1, image_channels=1
    )
    assert count.tolist() == [44 + 24 + 50]


def test_pooling_has_no_parameters():
    counts = [
        parameter_count(
            np.array([Cell(adjacency_with(3, (0, 1), (1, 2)), ["input", name, "output"]).index]),
            num_filters=4,
            num_stacks=1,
            cells_per_stack=1,
        )[0]
        for name in OPERATIONS
    ]
    pooling = counts[2]
    assert [count - pooling for count in counts] == [9 * 16 + 8, 16 + 8, 0]


def test_parameters_of_no_cells():
    assert parameter_count(np.array([], np.int32)).shape == (0,)


def test_parameters_refuse_an_index_of_no_cell():
    with pytest.raises(CellError, match="index: expected 0 to 423,623, got -1; leave out"):
        parameter_count(np.array([0, -1]))


@pytest.mark.parametrize("name", ["num_filters", "num_stacks", "cells_per_stack", "num_classes", "image_channels"])
def test_parameters_refuse_sizes_below_one(name):
    with pytest.raises(SettingsError, match=f"{name}: expected at least 1, got 0"):
        parameter_count(np.array([0]), **{name: 0})
