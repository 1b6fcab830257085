import numpy as np
import pytest

from shareornot.errors import CellError, SettingsError
from shareornot.spaces.nasbench101 import Cell, cell_features, flop_count, interior_widths, vertex_channels

SIZES = {
    "num_filters": 6,
    "image_size": 13,
    "num_stacks": 3,
    "cells_per_stack": 2,
    "num_classes": 7,
    "image_channels": 1,
}


def flops_layer_by_layer(index, *, num_filters, image_size, num_stacks, cells_per_stack, num_classes, image_channels):
    cell = Cell.from_index(index)
    last = cell.num_vertices - 1
    kernel = {"conv3x3-bn-relu": 9, "conv1x1-bn-relu": 1, "maxpool3x3": 0}
    total = 2 * 9 * image_channels * num_filters * image_size**2
    channels_in, size = num_filters, image_size
    for stack in range(num_stacks):
        channels_out = num_filters * 2**stack
        for _ in range(cells_per_stack):
            channels = vertex_channels(cell.adjacency, channels_in, channels_out)
            for vertex in range(1, last + 1):
                if cell.adjacency[0, vertex]:
                    total += 2 * channels_in * channels[vertex] * size**2
                if vertex < last:
                    total += 2 * kernel[cell.operations[vertex]] * channels[vertex] ** 2 * size**2
            channels_in = channels_out
        size //= 2
    return total + 2 * channels_in * num_classes


def test_flops_equal_a_count_layer_by_layer():
    indices = np.random.default_rng(0).choice(423_624, 60, replace=False)
    expected = [flops_layer_by_layer(index, **SIZES) for index in indices]
    np.testing.assert_array_equal(flop_count(indices, **SIZES), expected)


def test_flops_of_a_convolution_alone_by_hand():
    only_conv1x1 = Cell([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["input", "conv1x1-bn-relu", "output"]).index
    stem, projection, operation, dense = 9 * 3 * 2 * 16, 2 * 2 * 16, 2 * 2 * 16, 2 * 10
    flops = flop_count(np.array([only_conv1x1]), num_filters=2, image_size=4, num_stacks=1, cells_per_stack=1)
    assert flops == 2 * (stem + projection + operation + dense)


@pytest.mark.parametrize("setting", [{"num_filters": 0}, {"cells_per_stack": 0}, {"image_size": 3}])
def test_impossible_networks_are_refused(setting):
    with pytest.raises(SettingsError, match=next(iter(setting))):
        flop_count(np.arange(3), **setting)


def test_no_cell_is_refused():
    with pytest.raises(CellError):
        flop_count(np.array([423_624]))


def test_interior_widths_equal_the_channel_rule():
    indices = np.random.default_rng(1).choice(423_624, 50, replace=False)
    operations, channels = interior_widths(indices, num_filters=31)
    features = cell_features(indices)
    for row, index in enumerate(indices):
        cell = Cell.from_index(index)
        assert channels[row, : cell.num_vertices - 2].tolist() == vertex_channels(cell.adjacency, 31, 31)[1:-1]
        assert not channels[row, cell.num_vertices - 2 :].any()
        assert operations[row].tolist() == [features.as_dict()[f"operation_{v}"][row] for v in range(1, 6)]
