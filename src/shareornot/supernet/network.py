"""The super-net: one network whose sub-graphs are all cells of a space.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
Images are in channels-last layout throughout.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.spaces.nasbench101 import CONV1X1, CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import CellPlan, fitting_plan
from shareornot.supernet.settings import NetworkSettings

Images = Float[Tensor, "B C H W"]
Output = Float[Tensor, "B D H W"]
Region = tuple[slice, ...]
"""The part of a parameter that a step uses."""


@dataclass(frozen=True, slots=True)
class BatchNormMode:
    """Which statistics batch norm uses, and whether it learns them.

    `running` statistics belong to the super-net and are learnt over all its cells; `adapted` ones belong to the cell
    that was passed last, see `adapt_batch_norm`.
    """

    statistics: Literal["running", "adapted"]
    momentum: float | None
    """None uses the statistics; a number normalizes by the batch and mixes it in with this weight."""


RUNNING = BatchNormMode("running", None)
ADAPTED = BatchNormMode("adapted", None)


class ConvBatchNorm(nn.Module):
    """Convolution, batch norm, ReLU, of which a cell may use the first channels only.

    Args:
        in_channels, out_channels: the most that a cell can ask for.
        kernel_size: 1 or 3.
        config: for the constants of batch norm.
        generator: source of the initial weights, which are those of PyTorch's convolution.
    """

    running_mean: Tensor
    running_var: Tensor
    adapted_mean: Tensor
    adapted_var: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size)
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
        self.weight = nn.Parameter(weight)
        self.gamma = nn.Parameter(torch.ones(out_channels))
        self.beta = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("running_mean", torch.zeros(out_channels))
        self.register_buffer("running_var", torch.ones(out_channels))
        self.register_buffer("adapted_mean", torch.zeros(out_channels), persistent=False)
        self.register_buffer("adapted_var", torch.ones(out_channels), persistent=False)
        self.epsilon = config.bn_epsilon

    def forward(self, x_BCHW: Images, num_channels: int, kernel_size: int, mode: BatchNormMode) -> Output:
        """Output with `num_channels` channels; a smaller kernel is the centre of the one that is there."""
        weight_region, channel_region = self.regions(x_BCHW.shape[1], num_channels, kernel_size)
        adapted = mode.statistics == "adapted"
        mean, var = (self.adapted_mean, self.adapted_var) if adapted else (self.running_mean, self.running_var)
        weight: Tensor = self.weight
        gamma: Tensor = self.gamma
        beta: Tensor = self.beta
        if (num_channels, x_BCHW.shape[1], kernel_size) != weight.shape[:3]:
            weight = weight[weight_region]
        if num_channels < len(gamma):
            mean, var, gamma, beta = (tensor[channel_region] for tensor in (mean, var, gamma, beta))
        padding = kernel_size // 2
        if mode.momentum is None:
            # With fixed statistics, batch norm is a scale and a shift: one pass over the data less.
            scale = gamma * torch.rsqrt(var + self.epsilon)
            x_BCHW = F.conv2d(x_BCHW, weight * scale.view(-1, 1, 1, 1), beta - mean * scale, padding=padding)
        else:
            x_BCHW = F.conv2d(x_BCHW, weight, padding=padding)
            x_BCHW = F.batch_norm(x_BCHW, mean, var, gamma, beta, True, mode.momentum, self.epsilon)
        return F.relu_(x_BCHW)

    def regions(self, in_channels: int, num_channels: int, kernel_size: int) -> tuple[Region, Region]:
        """Which part of the weight, and which of the vectors, so many channels and such a kernel use."""
        border = (self.weight.shape[2] - kernel_size) // 2
        kernel = slice(border, border + kernel_size)
        return (slice(num_channels), slice(in_channels), kernel, kernel), (slice(num_channels),)


def max_pool_3x3(x_BCHW: Images) -> Images:
    """Maximum over 3 x 3 neighbourhoods, stride 1.

    Without gradients, rows and columns are taken one after the other: the same numbers, several times faster on a CPU.
    """
    if torch.is_grad_enabled() or x_BCHW.is_cuda:
        return F.max_pool2d(x_BCHW, 3, stride=1, padding=1)
    for dim in (2, 3):
        length = x_BCHW.shape[dim]
        if length < 2:
            continue
        # Of each two neighbours the larger, and of each two of those again: three neighbours, two at the border.
        pairs = torch.maximum(x_BCHW.narrow(dim, 0, length - 1), x_BCHW.narrow(dim, 1, length - 1))
        pooled = torch.empty_like(x_BCHW)
        torch.maximum(
            pairs.narrow(dim, 0, length - 2), pairs.narrow(dim, 1, length - 2), out=pooled.narrow(dim, 1, length - 2)
        )
        pooled.select(dim, 0).copy_(pairs.select(dim, 0))
        pooled.select(dim, length - 1).copy_(pairs.select(dim, length - 2))
        x_BCHW = pooled
    return x_BCHW


class SuperCell(nn.Module):
    """All cells of the space at one place of the network.

    Every vertex holds its operations, and a projection of the cell's input to it, each with weights of its own.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stack: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.stack = stack
        self.out_channels = out_channels
        self.single_kernel = config.single_kernel
        widest = math.ceil(out_channels / config.min_output_edges)
        interior = range(config.max_vertices - 2)

        def unit(in_channels: int, out_channels: int, kernel_size: int) -> ConvBatchNorm:
            return ConvBatchNorm(in_channels, out_channels, kernel_size, config, generator)

        self.projections = nn.ModuleList(unit(in_channels, widest, 1) for _ in interior)
        self.output_projection = unit(in_channels, out_channels, 1)
        self.conv3x3 = nn.ModuleList(unit(widest, widest, 3) for _ in interior)
        self.conv1x1 = nn.ModuleList(unit(widest, widest, 1) for _ in interior if not config.single_kernel)

    def operation(self, vertex: int, operation: int) -> ConvBatchNorm:
        """The unit behind a convolution at an interior vertex, the first of which is 1."""
        units = self.conv3x3 if operation == CONV3X3 or self.single_kernel else self.conv1x1
        unit = units[vertex - 1]
        assert isinstance(unit, ConvBatchNorm)
        return unit

    def projection(self, vertex: int) -> ConvBatchNorm:
        """The unit that projects the input to an interior vertex."""
        unit = self.projections[vertex - 1]
        assert isinstance(unit, ConvBatchNorm)
        return unit

    def forward(self, x_BCHW: Images, plan: CellPlan, mode: BatchNormMode) -> Output:
        """Run one cell."""
        states: list[Images] = [x_BCHW]
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = plan.channels[self.stack][vertex - 1]
            incoming = [
                states[source][:, :num_channels] if source else self.projection(vertex)(x_BCHW, num_channels, 1, mode)
                for source in sources
            ]
            total = sum(incoming[1:], start=incoming[0])
            if operation == MAXPOOL3X3:
                states.append(max_pool_3x3(total))
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                states.append(self.operation(vertex, operation)(total, num_channels, kernel_size, mode))
        branches = [states[vertex] for vertex in plan.feeding]
        output = torch.cat(branches, dim=1) if len(branches) > 1 else branches[0] if branches else None
        if plan.residual:
            projected: Images = self.output_projection(x_BCHW, self.out_channels, 1, mode)
            output = projected if output is None else output + projected
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
                unit = self.projection(vertex)
                used.append((unit, unit.regions(in_channels, num_channels, 1)))
            if operation in (CONV3X3, CONV1X1):
                unit = self.operation(vertex, operation)
                used.append((unit, unit.regions(num_channels, num_channels, 3 if operation == CONV3X3 else 1)))
        if plan.residual:
            used.append((self.output_projection, self.output_projection.regions(in_channels, self.out_channels, 1)))
        return used


class SuperNet(nn.Module):
    """A stem, stacks of cells with down-sampling between them, global average pooling and one dense layer.

    Args:
        config: size and kind.
        seed: of the initial weights.

    References: Pourchot et al. 2020, arXiv:2002.04289, sections 3 and 4; Ying et al. 2019, arXiv:1902.09635, section 2.
    """

    def __init__(self, config: NetworkSettings, seed: int) -> None:
        super().__init__()
        self.config = config
        generator = torch.Generator().manual_seed(seed)
        self.stem = ConvBatchNorm(config.image_channels, config.num_filters, 3, config, generator)
        cells, in_channels = [], config.num_filters
        for stack in range(config.num_stacks):
            for _ in range(config.cells_per_stack):
                cells.append(SuperCell(in_channels, config.num_filters << stack, stack, config, generator))
                in_channels = config.num_filters << stack
        self.cells = nn.ModuleList(cells)
        self.classifier = nn.Linear(in_channels, config.num_classes)
        bound = 1 / math.sqrt(in_channels)
        nn.init.uniform_(self.classifier.weight, -bound, bound, generator=generator)
        nn.init.uniform_(self.classifier.bias, -bound, bound, generator=generator)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def plan(self, index: int) -> CellPlan:
        """The cell with this unique index, as this network runs it.

        Raises:
            SettingsError: the network is too small for it.
        """
        return fitting_plan(index, self.config)

    def forward(self, images_BCHW: Images, plan: CellPlan, mode: BatchNormMode) -> Float[Tensor, "B K"]:
        """Logits of one cell."""
        config = self.config
        x_BCHW = self.stem(images_BCHW, config.num_filters, 3, mode)
        for position, cell in enumerate(self.cells):
            if position and position % config.cells_per_stack == 0:
                x_BCHW = F.max_pool2d(x_BCHW, 2)
            x_BCHW = cell(x_BCHW, plan, mode)
        logits: Tensor = self.classifier(x_BCHW.mean(dim=(2, 3)))
        return logits

    def used_regions(self, plans: list[CellPlan]) -> dict[nn.Parameter, list[Region]]:
        """The parameters that a step over these cells uses, and which parts of them.

        A parameter that is not in the result is not used at all. An empty list means the whole of it.
        """
        regions: dict[nn.Parameter, list[Region]] = {parameter: [] for parameter in self.stem.parameters()}
        regions.update({parameter: [] for parameter in self.classifier.parameters()})
        for cell in self.cells:
            assert isinstance(cell, SuperCell)
            for plan in plans:
                for unit, (weight_region, channel_region) in cell.used(plan):
                    regions.setdefault(unit.weight, []).append(weight_region)
                    regions.setdefault(unit.gamma, []).append(channel_region)
                    regions.setdefault(unit.beta, []).append(channel_region)
        return regions


@torch.no_grad()
def adapt_batch_norm(
    network: SuperNet,
    plan: CellPlan,
    batches: list[Images],
    *,
    average: bool = True,
) -> None:
    """Set the adapted statistics of batch norm to those of one cell.

    Args:
        network: whose `adapted` statistics change; its parameters and running statistics stay.
        plan: the cell.
        batches: training images; each is normalized by its own statistics on its way.
        average: average the statistics over the batches, as the paper says; else take those of the last batch, as its
            published code does. Variances are the unbiased ones, as PyTorch's running statistics have them.
    """
    # What another cell left there would count 0 times, which is not nothing if that cell diverged.
    torch._foreach_zero_([buffer for name, buffer in network.named_buffers() if ".adapted_" in name])
    for number, batch in enumerate(batches if average else batches[-1:], start=1):
        network(batch, plan, BatchNormMode("adapted", 1 / number))
