"""The least that a training step has to do: operations, and bytes between memory and processor."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int32

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import MAXPOOL3X3, flop_count
from shareornot.supernet.cell_plan import CellPlan, fitting_plan
from shareornot.supernet.config import NetworkConfig

BYTES = 4
"""Of a number in single precision."""
PASSES = 3
"""A way back costs about two ways there: a gradient for what came in, and one for the weights."""


class Floor(NamedTuple):
    """What a step over one cell has to do, the mean over cells."""

    operations: float
    """Multiplications and additions of convolutions and the dense layer."""
    bytes: float
    """Moved, if every feature map is written and read as few times as batch norm allows."""

    def seconds(self, operations_per_s: float, bytes_per_s: float) -> float:
        """The shortest time on a device with these ceilings: the longer of computing and moving."""
        return max(self.operations / operations_per_s, self.bytes / bytes_per_s)


def step_floor(cells: Int32[np.ndarray, " cells"], config: NetworkConfig, *, batch_size: int, image_size: int) -> Floor:
    """What a training step has to do at least, on average over some cells.

    A convolution reads its input and writes its output; batch norm has to know the statistics before it can normalize,
    so it reads that output and writes it again, ReLU on the way; all projections of a cell read its input once. A sum
    reads its terms and writes, a pooling reads and writes. The way back is counted as two ways there. What stays in a
    cache between two passes makes the floor lower than this.

    Args:
        cells: unique indices, which fit the network.
        config: of the network.
        batch_size: images in a step.
        image_size: height and width in pixels.

    Raises:
        SettingsError: no cell, or one that does not fit.
    """
    if len(cells) == 0:
        raise SettingsError("cells: expected at least one, got none")
    operations = flop_count(
        cells,
        num_filters=config.num_filters,
        image_size=image_size,
        num_stacks=config.num_stacks,
        cells_per_stack=config.cells_per_stack,
        num_classes=config.num_classes,
        image_channels=config.image_channels,
    )
    values = [_values(fitting_plan(int(index), config), config, image_size) for index in cells]
    per_step = PASSES * batch_size
    return Floor(per_step * float(operations.mean()), per_step * BYTES * float(np.mean(values)))


def masked_operations(config: NetworkConfig, *, batch_size: int, image_size: int) -> float:
    """Operations of a training step of the masked engine, which does all of every vertex whatever the cell."""
    interior, in_channels = config.max_vertices - 2, config.num_filters
    products = 9 * config.image_channels * in_channels * image_size**2
    for stack in range(config.num_stacks):
        pixels, out_channels = (image_size >> stack) ** 2, config.num_filters << stack
        widest = -(-out_channels // config.min_output_edges)
        for _ in range(config.cells_per_stack):
            projections = in_channels * (interior * widest + out_channels)
            products += pixels * (projections + interior * 9 * widest**2)
            in_channels = out_channels
    products += in_channels * config.num_classes
    return 2.0 * PASSES * batch_size * products


def _values(plan: CellPlan, config: NetworkConfig, image_size: int) -> int:
    """Numbers that one image moves on its way through the network."""
    total = image_size**2 * (config.image_channels + 3 * config.num_filters)
    in_channels = config.num_filters
    for stack in range(config.num_stacks):
        pixels, out_channels = (image_size >> stack) ** 2, config.num_filters << stack
        if stack:
            total += 5 * pixels * in_channels  # down-sampling reads four times as many pixels as it writes
        for _ in range(config.cells_per_stack):
            total += pixels * _values_of_cell(plan, plan.channels[stack], in_channels, out_channels)
            in_channels = out_channels
    return total


def _values_of_cell(plan: CellPlan, channels: tuple[int, ...], in_channels: int, out_channels: int) -> int:
    """Numbers that one pixel moves in one cell."""
    from_input = plan.residual or any(0 in sources for sources in plan.sources)
    total = in_channels if from_input else 0
    for width, operation, sources in zip(channels, plan.operations, plan.sources, strict=True):
        if 0 in sources:
            total += 3 * width
        if len(sources) > 1:
            total += (len(sources) + 1) * width
        total += 2 * width if operation == MAXPOOL3X3 else 4 * width
    if plan.residual:
        total += 3 * out_channels + (2 * out_channels if plan.feeding else 0)
    return total
