"""The floor of a step against counts by hand."""

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import Cell, flop_count
from shareornot.supernet import NetworkConfig
from shareornot.supernet.floor import Floor, masked_operations, step_floor

CONFIG = NetworkConfig(num_filters=4, num_stacks=1, cells_per_stack=1, num_classes=2)


def floor_of(adjacency, operations, config=CONFIG):
    cell = Cell(np.array(adjacency), ["input", *operations, "output"])
    return step_floor(np.array([cell.index], np.int32), config, batch_size=2, image_size=8)


def test_one_convolution():
    # The stem moves 3 + 3 * 4 numbers a pixel; the projection reads 4, writes 4, reads and writes 4; the vertex too.
    floor = floor_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], ["conv3x3-bn-relu"])
    assert floor.bytes == 3 * 2 * 4 * 64 * ((3 + 12) + (4 + 12) + (4 + 12))
    products = 64 * (9 * 3 * 4 + 4 * 4 + 9 * 4 * 4) + 4 * 2
    assert floor.operations == 2 * products * 3 * 2


def test_a_sum_a_pooling_and_a_residual():
    # Two vertices with all 4 channels, the second a pooling of the first and the projected input; and the residual.
    adjacency = [[0, 1, 1, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    floor = floor_of(adjacency, ["conv1x1-bn-relu", "maxpool3x3"])
    first, second, residual = 12 + 16, 12 + 12 + 8, 12 + 8
    assert floor.bytes == 3 * 2 * 4 * 64 * (15 + 4 + first + second + residual)


def test_larger_networks_and_their_mean(some_cells):
    cells, config = some_cells("A_FULL", 20), NetworkConfig()
    floors = [step_floor(cells[n : n + 1], config, batch_size=256, image_size=32) for n in range(20)]
    mean = step_floor(cells, config, batch_size=256, image_size=32)
    assert mean.bytes == pytest.approx(np.mean([one.bytes for one in floors]))
    assert mean.operations == pytest.approx(3 * 256 * flop_count(cells, num_filters=16).mean())
    assert masked_operations(config, batch_size=256, image_size=32) > max(one.operations for one in floors)
    with pytest.raises(SettingsError, match="at least one"):
        step_floor(cells[:0], config, batch_size=1, image_size=8)


def test_masked_operations():
    config = NetworkConfig(num_filters=4, num_stacks=1, cells_per_stack=1, num_classes=2, max_vertices=3)
    products = 64 * (9 * 3 * 4 + 4 * (4 + 4) + 9 * 4 * 4) + 4 * 2
    assert masked_operations(config, batch_size=2, image_size=8) == 2 * 3 * 2 * products


def test_seconds_are_those_of_the_longer():
    assert Floor(10.0, 4.0).seconds(5.0, 1.0) == 4.0
    assert Floor(10.0, 4.0).seconds(1.0, 1.0) == 10.0
