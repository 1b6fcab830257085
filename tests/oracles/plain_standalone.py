"""The network of one cell in PyTorch's own modules: it shares no code with super-nets, which are tested against it.

Several runs of a cell are groups of the same convolutions: channel r * C + c is channel c of run r.

Shape suffixes: B batch, R runs, C channels, D channels that come out, H height, W width, K classes.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.spaces.nasbench101 import CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import CellPlan, plan_cell
from shareornot.supernet.settings import NetworkSettings

Images = Float[Tensor, "B RC H W"]
Output = Float[Tensor, "B RD H W"]


def conv_bn_relu(
    in_channels: int, out_channels: int, kernel_size: int, num_runs: int, config: NetworkSettings
) -> nn.Module:
    """Convolution, batch norm, ReLU, for each run alone."""
    return nn.Sequential(
        nn.Conv2d(
            in_channels * num_runs,
            out_channels * num_runs,
            kernel_size,
            padding=kernel_size // 2,
            groups=num_runs,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels * num_runs, eps=config.bn_epsilon, momentum=config.bn_momentum),
        nn.ReLU(inplace=True),
    )


class PlainCell(nn.Module):
    """One cell at one place of the network."""

    def __init__(self, plan: CellPlan, stack: int, in_channels: int, num_runs: int, config: NetworkSettings) -> None:
        super().__init__()
        self.plan = plan
        self.num_runs = num_runs
        self.channels = plan.channels[stack]
        self.projections = nn.ModuleDict()
        self.operations = nn.ModuleDict()
        for vertex, num_channels in enumerate(self.channels, start=1):
            if 0 in plan.sources[vertex - 1]:
                self.projections[str(vertex)] = conv_bn_relu(in_channels, num_channels, 1, num_runs, config)
            operation = plan.operations[vertex - 1]
            if operation == MAXPOOL3X3:
                self.operations[str(vertex)] = nn.MaxPool2d(3, stride=1, padding=1)
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                self.operations[str(vertex)] = conv_bn_relu(num_channels, num_channels, kernel_size, num_runs, config)
        if plan.residual:
            self.projections["output"] = conv_bn_relu(in_channels, config.num_filters << stack, 1, num_runs, config)

    def forward(self, x: Images) -> Output:
        """Run the cell."""
        states = [x]
        for vertex, num_channels in enumerate(self.channels, start=1):
            total: Tensor | None = None
            for source in self.plan.sources[vertex - 1]:
                if source:
                    incoming = self._first_channels(states[source], num_channels)
                else:
                    incoming = self.projections[str(vertex)](x)
                total = incoming if total is None else total + incoming
            states.append(self.operations[str(vertex)](total))
        output = self._concatenated([states[vertex] for vertex in self.plan.feeding])
        if self.plan.residual:
            projected: Tensor = self.projections["output"](x)
            output = projected if output is None else output + projected
        assert output is not None, "a pruned cell feeds its output"
        return output

    def _by_run(self, x: Images) -> Float[Tensor, "B R C H W"]:
        """The channels of each run by themselves."""
        return x.view(x.shape[0], self.num_runs, -1, *x.shape[2:])

    def _first_channels(self, x: Images, num_channels: int) -> Output:
        """The first channels of each run."""
        if x.shape[1] == num_channels * self.num_runs:
            return x
        return _channels_last(self._by_run(x)[:, :, :num_channels].flatten(1, 2))

    def _concatenated(self, branches: list[Float[Tensor, "B _ H W"]]) -> Output | None:
        """The channels of all branches, one run after the other."""
        if len(branches) < 2:
            return branches[0] if branches else None
        return _channels_last(torch.cat([self._by_run(x) for x in branches], dim=2).flatten(1, 2))


class PlainNetwork(nn.Module):
    """The network that repeats one cell, in as many copies as there are runs.

    Args:
        index: unique index of the cell.
        config: size; its settings of spaces do not matter here.
        seeds: of the initial weights, one for each run.

    References: Ying et al. 2019, arXiv:1902.09635, section 2.2.
    """

    def __init__(self, index: int, config: NetworkSettings, seeds: Sequence[int]) -> None:
        super().__init__()
        self.index, self.config = index, config
        self.num_runs = len(seeds)
        plan = plan_cell(index, config.num_filters, config.num_stacks)
        self.stem = conv_bn_relu(config.image_channels, config.num_filters, 3, self.num_runs, config)
        cells, in_channels = [], config.num_filters
        for stack in range(config.num_stacks):
            for _ in range(config.cells_per_stack):
                cells.append(PlainCell(plan, stack, in_channels, self.num_runs, config))
                in_channels = config.num_filters << stack
        self.cells = nn.ModuleList(cells)
        self.classifier_weight = nn.Parameter(torch.empty(self.num_runs, config.num_classes, in_channels))
        self.classifier_bias = nn.Parameter(torch.empty(self.num_runs, config.num_classes))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for run, seed in enumerate(seeds):
            self._initialize(run, torch.Generator().manual_seed(seed))

    @torch.no_grad()
    def _initialize(self, run: int, generator: torch.Generator) -> None:
        """PyTorch's own initial weights of convolutions and dense layers, for one run."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                weight = torch.empty_like(
                    module.weight.chunk(self.num_runs)[run], memory_format=torch.contiguous_format
                )
                nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
                module.weight.chunk(self.num_runs)[run].copy_(weight)
        bound = 1 / math.sqrt(self.classifier_weight.shape[2])
        nn.init.uniform_(self.classifier_weight[run], -bound, bound, generator=generator)
        nn.init.uniform_(self.classifier_bias[run], -bound, bound, generator=generator)

    def forward(self, images: Images) -> Float[Tensor, "B R K"]:
        """Logits of each run on its own images, whose channels follow each other."""
        x = self.stem(images)
        for position, cell in enumerate(self.cells):
            if position and position % self.config.cells_per_stack == 0:
                x = F.max_pool2d(x, 2)
            x = cell(x)
        pooled = x.mean(dim=(2, 3)).view(len(x), self.num_runs, -1)
        return torch.einsum("brc,rkc->brk", pooled, self.classifier_weight) + self.classifier_bias


def _channels_last(x: Images) -> Images:
    return x.contiguous(memory_format=torch.channels_last)
