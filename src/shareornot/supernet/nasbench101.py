"""The super-net over NASBench-101: one network whose sub-graphs are all cells of a space.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import CONV1X1, CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import CellPlan, fitting_plan
from shareornot.supernet.contract import Region, Regions
from shareornot.supernet.initialization import SHIFT, align_operation, align_projection, aligned_projection
from shareornot.supernet.network import ConvBatchNorm
from shareornot.supernet.operations import (
    Images,
    Output,
    add_maps,
    concatenate,
    first_channels,
    global_average_pool,
    max_pool_2x2,
    max_pool_3x3,
)
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.usual_weights import draw_dense

SMALLEST_CELL = 0
"""Unique index of the cell whose input is its output, which fits every network."""


class SuperCell(nn.Module):
    """All cells of the space at one place of the network.

    Every vertex holds its operations, and a projection of the cell's input to it, each with weights of its own.
    """

    projection: dict[int, ConvBatchNorm]
    """The unit that projects the input to an interior vertex, the first of which is 1."""
    operation: dict[tuple[int, int], ConvBatchNorm]
    """The unit behind a convolution at an interior vertex."""

    def __init__(
        self, in_channels: int, out_channels: int, stack: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.stack = stack
        self.in_channels, self.out_channels = in_channels, out_channels
        self.single_kernel = config.single_kernel
        self.min_output_edges = config.min_output_edges
        widest = math.ceil(out_channels / config.min_output_edges)
        interior = range(1, config.max_vertices - 1)

        def unit(in_channels: int, out_channels: int, kernel_size: int) -> ConvBatchNorm:
            return ConvBatchNorm(in_channels, out_channels, kernel_size, config, generator)

        self.projection = {vertex: unit(in_channels, widest, 1) for vertex in interior}
        self.projections = nn.ModuleList(self.projection.values())
        self.output_projection = unit(in_channels, out_channels, 1)
        of_3x3 = [unit(widest, widest, 3) for _ in interior]
        of_1x1 = of_3x3 if config.single_kernel else [unit(widest, widest, 1) for _ in interior]
        self.conv3x3 = nn.ModuleList(of_3x3)
        self.conv1x1 = nn.ModuleList([] if config.single_kernel else of_1x1)
        self.operation = {
            (vertex, operation): units[vertex - 1]
            for operation, units in ((CONV3X3, of_3x3), (CONV1X1, of_1x1))
            for vertex in interior
        }

    def align(self, generator: torch.Generator) -> None:
        """Replace the initial weights by those of the aligned start, see `initialization`."""
        widest, block_width = (math.ceil(n / self.min_output_edges) for n in (self.out_channels, self.in_channels))
        matrix = aligned_projection(self.in_channels, block_width, widest, generator)
        for vertex, projection in self.projection.items():
            align_projection(projection, matrix)
            for operation in (CONV3X3,) if self.single_kernel else (CONV3X3, CONV1X1):
                align_operation(self.operation[vertex, operation])
        align_projection(self.output_projection, matrix)

    def forward(self, x_BCHW: Images, plan: CellPlan) -> Output:
        """Run one cell."""
        states: list[Images] = [x_BCHW]
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = plan.channels[self.stack][vertex - 1]
            total = add_maps([first_channels(states[source], num_channels) for source in sources if source])
            if 0 in sources:
                total = self.projection[vertex](x_BCHW, num_channels, 1, add_to=total)
            assert total is not None, "a vertex of a pruned cell has sources"
            if operation == MAXPOOL3X3:
                states.append(max_pool_3x3(total))
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                states.append(self.operation[vertex, operation](total, num_channels, kernel_size))
        output = concatenate([states[vertex] for vertex in plan.feeding])
        if plan.residual:
            output = self.output_projection(x_BCHW, self.out_channels, 1, add_to=output)
        assert output is not None, "a pruned cell feeds its output"
        return output

    def used(self, plan: CellPlan) -> list[tuple[ConvBatchNorm, tuple[Region, Region]]]:
        """The units that a cell uses, with the part of their weight and of their vectors."""
        used = []
        channels = plan.channels[self.stack]
        in_channels = self.output_projection.weight.shape[1]
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = channels[vertex - 1]
            if 0 in sources:
                unit = self.projection[vertex]
                used.append((unit, unit.regions(in_channels, num_channels, 1)))
            if operation in (CONV3X3, CONV1X1):
                unit = self.operation[vertex, operation]
                used.append((unit, unit.regions(num_channels, num_channels, 3 if operation == CONV3X3 else 1)))
        if plan.residual:
            used.append((self.output_projection, self.output_projection.regions(in_channels, self.out_channels, 1)))
        return used


class NASBench101SuperNet(nn.Module):
    """A stem, stacks of cells with down-sampling between them, global average pooling and one dense layer.

    Args:
        config: size and kind.
        seed: seed of the initial weights.

    References: Pourchot et al. 2020, arXiv:2002.04289, sections 3 and 4; Ying et al. 2019, arXiv:1902.09635, section 2.
    """

    family = "nasbench101"
    cell_class: type[SuperCell] = SuperCell

    def __init__(self, config: NetworkSettings, seed: int) -> None:
        super().__init__()
        if not (config.bn_affine and config.bn_running_statistics):
            raise SettingsError(
                "bn_affine, bn_running_statistics: expected true on NASBench-101, got false; they are for NAS-Bench-201"
            )
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        self.stem = ConvBatchNorm(config.image_channels, config.num_filters, 3, config, generator)
        cells, in_channels = [], config.num_filters
        for stack in range(config.num_stacks):
            for _ in range(config.cells_per_stack):
                cells.append(self.cell_class(in_channels, config.num_filters << stack, stack, config, generator))
                in_channels = config.num_filters << stack
        self.cells = nn.ModuleList(cells)
        self.classifier = nn.Linear(in_channels, config.num_classes)
        draw_dense(self.classifier, generator)
        if config.initial_weights == "aligned":
            nn.init.constant_(self.stem.beta, SHIFT)
            for cell in cells:
                cell.align(generator)
        self.outside = [*self.stem.parameters(), *self.classifier.parameters()]
        """The parameters that are in no cell."""
        self.activate(self.first_architecture())
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def first_architecture(self) -> int:
        """What is active at first."""
        return SMALLEST_CELL

    def plan(self, index: int) -> CellPlan:
        """The cell with this unique index, as this network runs it.

        Raises:
            SettingsError: the network is too small for it.
        """
        return fitting_plan(index, self.config)

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this cell.

        Args:
            architecture: unique index of the cell.

        Raises:
            SettingsError: the network is too small for it.
        """
        self.active = self.plan(architecture)

    def forward(self, images_BCHW: Images) -> Float[Tensor, "B K"]:
        """Logits of the active cell."""
        config = self.config
        x_BCHW = self.stem(images_BCHW, config.num_filters, 3)
        for position, cell in enumerate(self.cells):
            if position and position % config.cells_per_stack == 0:
                x_BCHW = max_pool_2x2(x_BCHW)
            x_BCHW = cell(x_BCHW, self.active)
        logits: Tensor = self.classifier(global_average_pool(x_BCHW))
        return logits

    def used_regions(self) -> Regions:
        """The parameters that the active cell uses, and which parts of them."""
        regions: Regions = {parameter: [] for parameter in self.outside}
        for cell in self.cells:
            assert isinstance(cell, SuperCell)
            for unit, (weight_region, channel_region) in cell.used(self.active):
                regions.setdefault(unit.weight, []).append(weight_region)
                regions.setdefault(unit.gamma, []).append(channel_region)
                regions.setdefault(unit.beta, []).append(channel_region)
        return regions
