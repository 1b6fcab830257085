"""The super-net over NAS-Bench-201: every edge of every cell holds the five operations, each with its own weights.

`activate` chooses one operation for each edge, `mix` weighs them; an operation is computed where its weight is not 0
and its result reaches the output of the cell.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench201 import EDGES, FAMILY, OPERATIONS
from shareornot.supernet.average_pooling import average_pool_2x2, average_pool_3x3, patches_of_stride_2
from shareornot.supernet.contract import Region, Regions
from shareornot.supernet.mixing import Options, weighted_options
from shareornot.supernet.operations import BatchNorm, conv_batch_norm, has_kernels
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.usual_weights import draw_usual_weights

Images = Float[Tensor, "B C H W"]
Output = Float[Tensor, "B D H_out W_out"]

NONE, SKIP, CONV1X1, CONV3X3, POOL = range(len(OPERATIONS))
NUM_NODES = 4
NUM_STAGES = 3


class ReLUConvBatchNorm(nn.Module):
    """ReLU, convolution, batch norm.

    Args:
        in_channels: number of channels of the input.
        out_channels: number of channels of the output.
        kernel_size: 1 or 3.
        settings: constants of batch norm.
        stride: stride of the convolution.
        affine: whether batch norm scales and shifts.
        running_statistics: whether batch norm keeps running statistics; else it uses those of the batch in evaluation
            mode too.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        settings: NetworkSettings,
        *,
        stride: int = 1,
        affine: bool = True,
        running_statistics: bool = True,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel_size, kernel_size))
        self.norm = nn.BatchNorm2d(
            out_channels, settings.bn_epsilon, settings.bn_momentum, affine, track_running_stats=running_statistics
        )

    def forward(self, x_BCHW: Images, kernel_size: int) -> Output:
        """Output of the operation; a smaller kernel is the centre of the one that is there."""
        return conv_norm(F.relu(x_BCHW), self.weight, self.norm, kernel_size, stride=self.stride)

    def add_regions(self, regions: Regions, kernel_size: int) -> None:
        """Add the parts that a kernel of this size uses: a part of the weight, and batch norm."""
        weight = self.weight
        regions.setdefault(weight, []).append(_centre(weight.shape, kernel_size))
        if self.norm.affine:
            regions[self.norm.weight], regions[self.norm.bias] = [], []


@cache
def _centre(shape: tuple[int, ...], kernel_size: int) -> Region:
    """The part of a weight of this shape that a kernel of this size uses."""
    border = (shape[2] - kernel_size) // 2
    kernel = slice(border or None, border + kernel_size)
    return (slice(shape[0]), slice(shape[1]), kernel, kernel)


def conv_norm(x_BCHW: Images, weight: Tensor, norm: nn.BatchNorm2d, kernel_size: int, *, stride: int = 1) -> Output:
    """Convolution and batch norm; of a weight with a larger kernel the centre counts.

    Where batch norm has affine parameters and running statistics, they are one operation.

    Args:
        x_BCHW: input.
        weight: weight of the convolution.
        norm: its module.
        kernel_size: 1 or 3; 3 with a stride.
        stride: 1 or 2.
    """
    if not (norm.affine and norm.track_running_stats) or (stride == 2 and not has_kernels(x_BCHW)):
        border = (weight.shape[2] - kernel_size) // 2
        centre = weight[:, :, border : border + kernel_size, border : border + kernel_size]
        output: Output = norm(F.conv2d(x_BCHW, centre, stride=stride, padding=kernel_size // 2))
        return output
    if stride == 2:
        x_BCHW, kernel_size = patches_of_stride_2(x_BCHW), 1
        weight = weight.permute(0, 2, 3, 1).flatten(1)[:, :, None, None]
    assert norm.running_mean is not None
    assert norm.running_var is not None
    momentum = norm.momentum if norm.training else None
    vectors = BatchNorm(norm.weight, norm.bias, norm.running_mean, norm.running_var, momentum, norm.eps)
    return conv_batch_norm(x_BCHW, weight, vectors, len(weight), kernel_size, relu=False)


class SuperCell201(nn.Module):
    """All cells at one place of the network."""

    units: dict[int, dict[int, ReLUConvBatchNorm]]
    """Unit behind each convolution, on each edge that has one."""

    def __init__(self, num_channels: int, settings: NetworkSettings) -> None:
        super().__init__()

        def unit(kernel_size: int) -> ReLUConvBatchNorm:
            return ReLUConvBatchNorm(
                num_channels,
                num_channels,
                kernel_size,
                settings,
                affine=settings.bn_affine,
                running_statistics=settings.bn_running_statistics,
            )

        of_3x3 = [unit(3) for _ in EDGES]
        of_1x1 = of_3x3 if settings.single_kernel else [unit(1) for _ in EDGES]
        self.conv3x3 = nn.ModuleList(of_3x3)
        self.conv1x1 = nn.ModuleList([] if settings.single_kernel else of_1x1)
        self.units = {CONV3X3: dict(enumerate(of_3x3)), CONV1X1: dict(enumerate(of_1x1))}

    def forward(self, x_BCHW: Images, edges: Sequence[Options]) -> Images:
        """Run the cell; a node to which nothing leads is 0."""
        nodes: list[Images | None] = [x_BCHW, None, None, None]
        for edge, (source, target) in enumerate(EDGES):
            x = nodes[source]
            if edges[edge] and x is None:
                x = torch.zeros_like(x_BCHW)
            for operation, weight in edges[edge]:
                assert x is not None
                y = self._operation(x, edge, operation)
                if weight is not None:
                    y = y * weight
                known = nodes[target]
                nodes[target] = y if known is None else known + y
        output = nodes[-1]
        return torch.zeros_like(x_BCHW) if output is None else output

    def _operation(self, x_BCHW: Images, edge: int, operation: int) -> Images:
        if operation == SKIP:
            return x_BCHW
        if operation == POOL:
            return average_pool_3x3(x_BCHW)
        output: Images = self.units[operation][edge](x_BCHW, 3 if operation == CONV3X3 else 1)
        return output


class Reduction(nn.Module):
    """The residual block between two stages: half the height and width, twice the channels."""

    def __init__(self, in_channels: int, settings: NetworkSettings) -> None:
        super().__init__()
        self.first = ReLUConvBatchNorm(in_channels, 2 * in_channels, 3, settings, stride=2)
        self.second = ReLUConvBatchNorm(2 * in_channels, 2 * in_channels, 3, settings)
        self.shortcut = nn.Parameter(torch.empty(2 * in_channels, in_channels, 1, 1))

    def forward(self, x_BCHW: Images) -> Output:
        """Run the block."""
        halved_BCHW = average_pool_2x2(x_BCHW)
        if has_kernels(x_BCHW):
            shortcut = (self.shortcut.flatten(1) @ halved_BCHW.permute(2, 3, 1, 0)).permute(3, 2, 0, 1)
        else:
            shortcut = F.conv2d(halved_BCHW, self.shortcut)
        output: Output = shortcut + self.second(self.first(x_BCHW, 3), 3)
        return output


class NASBench201SuperNet(nn.Module):
    """A stem, three stages of cells with a residual block between them, global average pooling and one dense layer.

    Args:
        config: size and kind; `num_filters` is C, `cells_per_stack` is N.
        seed: seed of the initial weights, which are those of PyTorch.

    Raises:
        SettingsError: another number of stages than three.

    References: Dong and Yang 2020, arXiv:2001.00326, section 2.1.
    """

    family = "nasbench201"
    architecture = 0
    """The one that is active first."""

    def __init__(self, config: NetworkSettings, seed: int) -> None:
        super().__init__()
        if config.num_stacks != NUM_STAGES:
            raise SettingsError(f"num_stacks: expected {NUM_STAGES} on NAS-Bench-201, got {config.num_stacks}")
        self.config = config
        self.stem = nn.Conv2d(config.image_channels, config.num_filters, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(config.num_filters, config.bn_epsilon, config.bn_momentum)
        widths = [config.num_filters << stage for stage in range(NUM_STAGES)]
        self.stages = nn.ModuleList(
            nn.ModuleList(self.make_cell(width) for _ in range(config.cells_per_stack)) for width in widths
        )
        self.reductions = nn.ModuleList(Reduction(width, config) for width in widths[:-1])
        self.last_norm = nn.BatchNorm2d(widths[-1], config.bn_epsilon, config.bn_momentum)
        self.classifier = nn.Linear(widths[-1], config.num_classes)
        draw_usual_weights(self, self.classifier, torch.Generator().manual_seed(seed))
        self.outside = [p for name, p in self.named_parameters() if not name.startswith("stages.")]
        """The parameters that are in no cell."""
        self.edges: list[Options] = []
        self.activate(self.architecture)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def make_cell(self, num_channels: int) -> SuperCell201:
        """A cell for one place of the network."""
        return SuperCell201(num_channels, self.config)

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this architecture.

        Args:
            architecture: its number in the benchmark's order.

        Raises:
            ArchitectureError: no such number.
        """
        self.edges = single_path(architecture)

    def mix(self, weights: Sequence[Float[Tensor, " options"]]) -> None:
        """Let `forward` compute, on each edge, the sum of the five operations by these weights.

        Args:
            weights: a vector for each of the six edges, in the order of the decisions of the space. Operations whose
                weight is 0 are not computed.

        Raises:
            SettingsError: another number of vectors, or of operations.
        """
        self.edges = reaching_the_output(weighted_options(weights, [len(OPERATIONS)] * len(EDGES)))

    def forward(self, images_BCHW: Images) -> Float[Tensor, "B K"]:
        """Logits of the active architecture or mixture."""
        x_BCHW: Images = conv_norm(images_BCHW, self.stem.weight, self.stem_norm, 3)
        for number, stage in enumerate(self.stages):
            if number:
                x_BCHW = self.reductions[number - 1](x_BCHW)
            for cell in _cells_of(stage):
                x_BCHW = cell(x_BCHW, self.edges)
        logits: Tensor = self.classifier(F.relu(self.last_norm(x_BCHW)).mean(dim=(2, 3)))
        return logits

    def used_regions(self) -> Regions:
        """The parameters that the active architecture or mixture uses, and which parts of them."""
        cells = [cell for stage in self.stages for cell in _cells_of(stage)]
        if _is_connected(self.edges):
            regions: Regions = {parameter: [] for parameter in self.outside}
        else:  # the output of the last cell is a constant, and nothing before that cell matters
            cells = cells[-1:]
            regions = {p: [] for module in (self.last_norm, self.classifier) for p in module.parameters()}
        for cell in cells:
            for edge, options in enumerate(self.edges):
                for operation, _ in options:
                    if operation in (CONV1X1, CONV3X3):
                        cell.units[operation][edge].add_regions(regions, 3 if operation == CONV3X3 else 1)
        return regions


def _cells_of(stage: nn.Module) -> list[SuperCell201]:
    return [cell for cell in stage.children() if isinstance(cell, SuperCell201)]


def _is_connected(edges: Sequence[Options]) -> bool:
    """Whether the output of a cell depends on its input."""
    depends = [True] + [False] * (NUM_NODES - 1)
    for options, (source, target) in zip(edges, EDGES, strict=True):
        depends[target] |= bool(options) and depends[source]
    return depends[-1]


def operations_of(architecture: int) -> tuple[int, ...]:
    """The operation on each edge, as a position in `OPERATIONS`."""
    return tuple(FAMILY.choices(np.array([architecture]))[0].tolist())


@lru_cache(maxsize=1 << 14)
def single_path(architecture: int) -> list[Options]:
    """What each edge of an architecture computes."""
    return reaching_the_output([[(operation, None)] for operation in operations_of(architecture)])


def reaching_the_output(edges: list[Options]) -> list[Options]:
    """The operations that are not zero and whose result reaches the output of the cell."""
    reaching = [False] * (NUM_NODES - 1) + [True]
    kept: list[Options] = [[] for _ in EDGES]
    for edge in reversed(range(len(EDGES))):
        source, target = EDGES[edge]
        if reaching[target]:
            kept[edge] = [(operation, weight) for operation, weight in edges[edge] if operation != NONE]
            reaching[source] |= bool(kept[edge])
    return kept
