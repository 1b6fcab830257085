"""Number of operations of the network built from a cell for one image."""

import numpy as np
from jaxtyping import Int8, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101.channels import OUTPUT, all_vertex_channels, check_sizes
from shareornot.spaces.nasbench101.codes import unpack
from shareornot.spaces.nasbench101.index import canonical_codes
from shareornot.spaces.nasbench101.vocabulary import CONV1X1, CONV3X3, NO_OPERATION


def flop_count(
    indices: Integer[np.ndarray, " cells"],
    *,
    num_filters: int = 128,
    image_size: int = 32,
    num_stacks: int = 3,
    cells_per_stack: int = 3,
    num_classes: int = 10,
    image_channels: int = 3,
) -> Int64[np.ndarray, " cells"]:
    """Floating-point operations of one forward pass of one image through the network that repeats each cell.

    Counted are the convolutions, projections included, and the dense layer, a multiplication and an addition as two
    operations. Batch norm, ReLU, pooling and sums of feature maps are left out, as is usual: they move bytes rather
    than compute.

    Args:
        indices: unique indices.
        num_filters: output channels of the stem; they double with each stack.
        image_size: height and width of the image in pixels; halved, rounded down, between two stacks.
        num_stacks: stacks, with a down-sampling between two.
        cells_per_stack: cells in a row.
        num_classes: outputs of the dense layer.
        image_channels: 1 for grey images, 3 for coloured ones.

    Returns:
        Operations for each cell, twice the number of multiply-accumulates.

    Raises:
        CellError: an index is none.
        SettingsError: a size below 1, or an image that the down-samplings shrink to nothing.
    """
    check_sizes(
        num_filters=num_filters,
        num_stacks=num_stacks,
        cells_per_stack=cells_per_stack,
        num_classes=num_classes,
        image_channels=image_channels,
    )
    if image_size >> (num_stacks - 1) < 1:
        raise SettingsError(
            f"image_size: expected at least {1 << (num_stacks - 1)} pixels for {num_stacks} stacks, got {image_size}; "
            "take larger images or fewer stacks"
        )
    edges, operations = unpack(canonical_codes(indices))
    products = np.full(
        len(indices),
        9 * image_channels * num_filters * image_size**2 + (num_filters << (num_stacks - 1)) * num_classes,
        np.int64,
    )
    input_channels = num_filters
    for stack in range(num_stacks):
        num_pixels = (image_size >> stack) ** 2
        output_channels = num_filters << stack
        channels = all_vertex_channels(edges, output_channels)
        kernels = np.select([operations == CONV3X3, operations == CONV1X1], [9, 1], 0)
        inside = (kernels * channels**2).sum(axis=1)
        from_input = (edges[:, 0, 1:OUTPUT] * channels).sum(axis=1) + edges[:, 0, OUTPUT] * output_channels
        for repeats in (1, cells_per_stack - 1):
            products += repeats * num_pixels * (inside + input_channels * from_input)
            input_channels = output_channels
    return 2 * products


def interior_widths(
    indices: Integer[np.ndarray, " cells"], *, num_filters: int = 128
) -> tuple[Int8[np.ndarray, "cells 5"], Int64[np.ndarray, "cells 5"]]:
    """Operation and channels of each interior vertex of the published specifications, in the first stack.

    Args:
        indices: unique indices.
        num_filters: channels of the output of a cell in the first stack.

    Returns:
        Position in `OPERATIONS`, 3 where a cell has no such vertex; and channels, 0 there.

    Raises:
        CellError: an index is none.
    """
    edges, operations = unpack(canonical_codes(indices))
    exists = edges[:, 1:OUTPUT].any(axis=2)
    return np.where(exists, operations, NO_OPERATION).astype(np.int8), all_vertex_channels(edges, num_filters)
