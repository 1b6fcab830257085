"""The choice of a cell as data: a row of whole numbers, and the masks that follow from it on the device.

A network that reads its cell from tensors does the same operations whatever the cell, so its graph is static: it can be
traced, compiled or captured once for all cells.

Shape suffixes: L lanes (super-nets or cells side by side), I interior vertices, W widest vertex of a stack, D channels
that come out of a cell, M channels of all projections of a cell's input.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int32, Int64, Integer
from torch import Tensor

from shareornot.spaces.nasbench101 import (
    CONV1X1,
    CONV3X3,
    MAXPOOL3X3,
    NO_OPERATION,
    canonical_codes,
    interior_widths,
    unpack,
)
from shareornot.supernet.cell_plan import fitting_plan
from shareornot.supernet.config import NetworkConfig

Rows = Int32[np.ndarray, "cells columns"]


@dataclass(frozen=True, slots=True)
class Sizes:
    """What follows from the settings of a network: the sizes of everything, the same for all cells."""

    config: NetworkConfig

    @property
    def interior(self) -> int:
        """Interior vertices of the largest cell."""
        return self.config.max_vertices - 2

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Every edge that can be between interior vertices, numbered from 0."""
        return [(source, target) for target in range(self.interior) for source in range(target)]

    def out_channels(self, stack: int) -> int:
        """Channels that come out of a cell."""
        return self.config.num_filters << stack

    def widest(self, stack: int) -> int:
        """Most channels that a vertex can have."""
        return math.ceil(self.out_channels(stack) / self.config.min_output_edges)

    def projected(self, stack: int) -> int:
        """Channels of all projections of a cell's input: to every interior vertex, then to the output."""
        return self.interior * self.widest(stack) + self.out_channels(stack)

    @property
    def num_columns(self) -> int:
        """Numbers that describe a cell."""
        return 2 * self.interior + 1 + len(self.pairs) + 2 * self.config.num_stacks * self.interior

    @property
    def num_kernels(self) -> int:
        """Convolutions that a vertex chooses from with weights of their own."""
        return 1 if self.config.single_kernel else 2


def describe_cells(cells: Integer[np.ndarray, " cells"], config: NetworkConfig) -> Rows:
    """A row for each cell, of which `expand` makes the masks.

    The columns: the operation of each interior vertex; whether the input feeds it; whether the input feeds the output;
    whether each pair of interior vertices is an edge; for each stack, the channels of each vertex, and the first
    channel of the output that it lands on, -1 where it does not feed the output.

    Args:
        cells: unique indices.
        config: of the network, which may be too small for a cell.

    Raises:
        CellError: an index is none.
        SettingsError: the network is too small for a cell.
    """
    sizes = Sizes(config)
    interior, num_cells = sizes.interior, len(cells)
    edges, _ = unpack(canonical_codes(cells))
    feeds = edges[:, 1:6, 6]
    operations, _ = interior_widths(cells, num_filters=config.num_filters)
    exists = operations != NO_OPERATION
    channels = np.stack(
        [interior_widths(cells, num_filters=sizes.out_channels(s))[1] for s in range(config.num_stacks)], axis=1
    )
    too_small = (
        exists[:, interior:].any(axis=1)
        | (exists.any(axis=1) & (feeds.sum(axis=1) < config.min_output_edges))
        | (exists & (channels[:, 0] == 0)).any(axis=1)
    )
    if too_small.any():
        fitting_plan(int(cells[np.argmax(too_small)]), config)  # which says what does not fit
    landing = np.cumsum(channels * feeds[:, None], axis=2) - channels
    starts = np.where(feeds[:, None], landing, -1)
    inner = [edges[:, source + 1, target + 1] for source, target in sizes.pairs]
    parts = [
        operations[:, :interior],
        edges[:, 0, 1 : interior + 1],
        edges[:, 0, 6:],
        np.stack(inner, axis=1) if inner else np.zeros((num_cells, 0)),
        channels[:, :, :interior].reshape(num_cells, -1),
        starts[:, :, :interior].reshape(num_cells, -1),
    ]
    return np.concatenate(parts, axis=1).astype(np.int32)


class StackChoice(NamedTuple):
    """What the cells of one stack do, for each lane. What feature maps are multiplied by is 0 or 1."""

    is_conv1x1: Bool[Tensor, "I L"]
    kernels: Bool[Tensor, "I L W W"]
    """Pairs of channels that a convolution leads from and to; out first."""
    convolved: Bool[Tensor, "I L W"]
    """Channels that a convolution fills."""
    pooled: Float[Tensor, "I L W"]
    """Channels that max pooling fills."""
    projected: Bool[Tensor, "L M"]
    """Channels that the cell's input is projected to."""
    edges: Float[Tensor, "pairs L W"]
    """Channels that flow from one interior vertex to another."""
    origins: Int64[Tensor, " lanes_and_outputs"]
    """For each lane and output channel, the lane, vertex and channel that lands there, as one number."""
    landings: Int64[Tensor, " lanes_vertices_and_channels"]
    """The inverse: for each lane, vertex and channel, the lane and output channel."""
    lands: Float[Tensor, " lanes_vertices_and_channels"]
    """Whether it lands anywhere."""


class Choice(NamedTuple):
    """What a network does with its cells, for each lane."""

    stacks: tuple[StackChoice, ...]
    slots: Bool[Tensor, "L slots"]
    """Which kinds of channels are in use, see `Slots`."""


class Slots:
    """The numbers of the kinds of channels that parameters and statistics belong to, in `Choice.slots`.

    A parameter is in use where the kind of its output channel is, and that of its input channel.
    """

    ALWAYS, RESIDUAL = 0, 1
    VERTEX, CONV3X3, CONV1X1, PROJECTED, CONVOLVED = range(5)
    """Kinds of channels of an interior vertex: it exists; its operation is a 3x3 convolution; a 1x1 convolution; the
    cell's input is projected to it; either convolution."""
    NUM_KINDS = 5

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        counts = [self.NUM_KINDS * sizes.interior * sizes.widest(stack) for stack in range(sizes.config.num_stacks)]
        self.starts = (2 + np.cumsum([0, *counts])).tolist()
        self.num_slots: int = self.starts[-1]

    def of_vertices(self, stack: int, kind: int) -> Int64[np.ndarray, "I W"]:
        """The slots of the channels of all interior vertices."""
        shape = (self.sizes.interior, self.sizes.widest(stack))
        start = self.starts[stack] + kind * shape[0] * shape[1]
        return np.arange(start, start + shape[0] * shape[1], dtype=np.int64).reshape(shape)


def expand(rows: Int32[Tensor, "L columns"], sizes: Sizes, dtype: torch.dtype) -> Choice:
    """The masks of one cell a lane, by operations on the device that are the same for all cells.

    Args:
        rows: of `describe_cells`, one a lane.
        sizes: of the network.
        dtype: of the masks of feature maps.
    """
    interior, num_stacks = sizes.interior, sizes.config.num_stacks
    num_lanes = len(rows)
    widths = [interior, interior, 1, len(sizes.pairs), num_stacks * interior, num_stacks * interior]
    operations, from_input, residual, edges, channels, starts = (part.T for part in torch.split(rows, widths, dim=1))
    channels, starts = (part.reshape(num_stacks, interior, num_lanes, 1) for part in (channels, starts))
    from_input, residual, edges = from_input == 1, residual == 1, edges == 1
    is_conv3x3, is_conv1x1, is_pool = (operations == kind for kind in (CONV3X3, CONV1X1, MAXPOOL3X3))
    stacks = []
    slots = [torch.ones_like(residual.T), residual.T]
    for stack in range(num_stacks):
        widest, out_channels = sizes.widest(stack), sizes.out_channels(stack)
        channel = torch.arange(widest, device=rows.device)
        used = channel < channels[stack]
        kinds = [used & which[:, :, None] for which in (is_conv3x3, is_conv1x1, from_input, is_conv3x3 | is_conv1x1)]
        pooled = used & is_pool[:, :, None]
        to_vertices = kinds[2].transpose(0, 1).reshape(num_lanes, -1)
        projected = torch.cat([to_vertices, residual.T.expand(num_lanes, out_channels)], dim=1)
        targets = [target for _, target in sizes.pairs]
        flows = torch.stack([used[target] for target in targets]) & edges[:, :, None] if targets else used[:0]
        lands = used & (starts[stack] >= 0)
        lane = torch.arange(num_lanes, device=rows.device).view(-1, 1)
        # Channels that land nowhere are sent to one place after all others, which is dropped.
        nowhere = num_lanes * out_channels
        landings = (lane * out_channels + starts[stack] + channel).masked_fill(~lands, nowhere)
        landings = landings.transpose(0, 1).flatten()
        numbers = torch.arange(landings.numel(), device=rows.device)
        # Where nothing lands, in a cell without interior vertices, take a channel of the same lane: all of them are 0.
        default = (lane * (interior * widest)).expand(num_lanes, out_channels).flatten()
        origins = torch.cat([default, default[:1]]).scatter(0, landings, numbers)
        stacks.append(
            StackChoice(
                is_conv1x1=is_conv1x1,
                kernels=kinds[3][..., None] & kinds[3][:, :, None],
                convolved=kinds[3],
                pooled=pooled.to(dtype),
                projected=projected,
                edges=flows.to(dtype),
                origins=origins[:nowhere],
                landings=landings.clamp(max=nowhere - 1),
                lands=lands.transpose(0, 1).flatten().to(dtype),
            )
        )
        slots.append(torch.stack([used, *kinds]).permute(2, 0, 1, 3).reshape(num_lanes, -1))
    return Choice(tuple(stacks), torch.cat(slots, dim=1))
