"""Channels of each vertex of a cell, and the number of parameters of the network built from it."""

import numpy as np
from jaxtyping import Int64, Integer

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101.codes import unpack
from shareornot.spaces.nasbench101.index import canonical_codes
from shareornot.spaces.nasbench101.vocabulary import CONV1X1, CONV3X3, MAX_INTERIOR, MAX_VERTICES

OUTPUT = MAX_VERTICES - 1


def vertex_channels(
    adjacency: Integer[np.ndarray, "vertices vertices"], input_channels: int, output_channels: int
) -> list[int]:
    """Channels of each vertex of a pruned cell.

    Interior vertices that feed the output share its channels equally, the remainder one each to the first of them;
    every other vertex has the maximum over the vertices that it feeds.

    Args:
        adjacency: pruned, upper-triangular 0/1 matrix.
        input_channels: channels of the cell's input.
        output_channels: channels of the cell's output.

    Returns:
        A number for each vertex, input and output included.

    References: Ying et al. 2019, arXiv:1902.09635, section 2.2.
    """
    last = len(adjacency) - 1
    channels = [input_channels, *[0] * (last - 1), output_channels]
    feeding = [vertex for vertex in range(1, last) if adjacency[vertex, last]]
    for position, vertex in enumerate(feeding):
        channels[vertex] = output_channels // len(feeding) + (position < output_channels % len(feeding))
    for vertex in reversed(range(1, last)):
        if vertex not in feeding:
            channels[vertex] = max(channels[target] for target in range(vertex + 1, last) if adjacency[vertex, target])
    return channels


def parameter_count(
    indices: Integer[np.ndarray, " cells"],
    *,
    num_filters: int = 128,
    num_stacks: int = 3,
    cells_per_stack: int = 3,
    num_classes: int = 10,
    image_channels: int = 3,
) -> Int64[np.ndarray, " cells"]:
    """Trainable parameters of the network that repeats each cell, convolutions, batch norm and dense layer.

    Args:
        indices: unique indices.
        num_filters: output channels of the stem; they double with each stack.
        num_stacks: stacks, with a down-sampling between two.
        cells_per_stack: cells in a row.
        num_classes: outputs of the dense layer.
        image_channels: 1 for grey images, 3 for coloured ones.

    Returns:
        Number of parameters for each cell, in the order of `indices`.

    Raises:
        CellError: an index is none.
        SettingsError: a size below 1.
    """
    check_sizes(
        num_filters=num_filters,
        num_stacks=num_stacks,
        cells_per_stack=cells_per_stack,
        num_classes=num_classes,
        image_channels=image_channels,
    )
    edges, operations = unpack(canonical_codes(indices))
    last_channels = num_filters << (num_stacks - 1)
    total = np.full(
        len(indices), 9 * image_channels * num_filters + 2 * num_filters + (last_channels + 1) * num_classes, np.int64
    )
    input_channels = num_filters
    for stack in range(num_stacks):
        output_channels = num_filters << stack
        channels = all_vertex_channels(edges, output_channels)
        for repeats in (1, cells_per_stack - 1):
            total += repeats * _cell_parameters(edges, operations, channels, input_channels, output_channels)
            input_channels = output_channels
    return total


def check_sizes(**sizes: int) -> None:
    """See that all sizes of a network, given by name, are at least 1.

    Raises:
        SettingsError: one is not.
    """
    for name, size in sizes.items():
        if size < 1:
            raise SettingsError(f"{name}: expected at least 1, got {size}; a network has one of each")


def all_vertex_channels(edges: np.ndarray, output_channels: int) -> Int64[np.ndarray, "cells 5"]:
    """Channels of the interior vertices of many cells; `vertex_channels` is the plain twin."""
    feeds = edges[:, 1:OUTPUT, OUTPUT]
    num_feeding = np.maximum(feeds.sum(axis=1), 1)[:, None]
    position = np.cumsum(feeds, axis=1) - 1
    channels = np.where(feeds, output_channels // num_feeding + (position < output_channels % num_feeding), 0)
    for vertex in reversed(range(MAX_INTERIOR - 1)):
        largest = np.where(edges[:, vertex + 1, 1:OUTPUT], channels, 0).max(axis=1)
        channels[:, vertex] = np.where(feeds[:, vertex], channels[:, vertex], largest)
    return channels


def _cell_parameters(
    edges: np.ndarray, operations: np.ndarray, channels: np.ndarray, input_channels: int, output_channels: int
) -> Int64[np.ndarray, " cells"]:
    """Parameters of one cell of the network, for many cells: projections, then operations, each with batch norm."""
    projections = (edges[:, 0, 1:OUTPUT] * (input_channels + 2) * channels).sum(axis=1)
    projections += edges[:, 0, OUTPUT] * (input_channels + 2) * output_channels
    weights = np.select([operations == CONV3X3, operations == CONV1X1], [9 * channels + 2, channels + 2], 0)
    total: Int64[np.ndarray, " cells"] = projections + (weights * channels).sum(axis=1)
    return total
