"""Measure the super-net over NAS-Bench-201 against a plain PyTorch network of the same architecture, in turns.

    python benchmarks/nasbench201.py --threads 2

The plain network is written without the operations of this package: maps as PyTorch has them by default, `nn.Conv2d`,
`nn.BatchNorm2d`, one architecture after the other. Both do a step of gradient descent on the same mini-batch, and
score by batch norm adapted on some mini-batches. The ratios of the two times are quartiles over architectures.

References: Dong and Yang 2020, arXiv:2001.00326, section 2.1.
"""

import argparse
import os
import platform

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from supernet import spread
from torch import Tensor, nn
from worker import CLOCKS

from shareornot.spaces.nasbench201 import EDGES, FAMILY
from shareornot.supernet import NetworkSettings, OptimizerSettings, PartialOptimizer
from shareornot.supernet.batch_norm import adapted_batch_norm
from shareornot.supernet.contract import used_regions
from shareornot.supernet.nasbench201 import NASBench201SuperNet, operations_of

NONE, SKIP, CONV1X1, CONV3X3, POOL = range(5)


def unit(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1) -> nn.Module:
    """ReLU, convolution, batch norm."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, kernel_size // 2, bias=False)
    return nn.Sequential(nn.ReLU(), convolution, nn.BatchNorm2d(out_channels))


class PlainCell(nn.Module):
    """Every operation on every edge; `forward` runs those that are chosen."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleDict(
            {
                f"{operation} on edge {edge}": unit(channels, channels, size)
                for edge in range(len(EDGES))
                for operation, size in ((CONV1X1, 1), (CONV3X3, 3))
            }
        )
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)

    def forward(self, x: Tensor, chosen: tuple[int, ...]) -> Tensor:
        """Run the cell."""
        nodes = [x, *(torch.zeros_like(x) for _ in range(3))]
        for edge, (source, target) in enumerate(EDGES):
            if chosen[edge] == SKIP:
                nodes[target] = nodes[target] + nodes[source]
            elif chosen[edge] == POOL:
                nodes[target] = nodes[target] + self.pool(nodes[source])
            elif chosen[edge] != NONE:
                nodes[target] = nodes[target] + self.convolutions[f"{chosen[edge]} on edge {edge}"](nodes[source])
        return nodes[-1]


class PlainReduction(nn.Module):
    """Half the height and width, twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(unit(channels, 2 * channels, 3, 2), unit(2 * channels, 2 * channels, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, 2 * channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        output: Tensor = self.body(x) + self.shortcut(x)
        return output


class PlainNetwork(nn.Module):
    """The network of the benchmark with all operations."""

    def __init__(self, channels: int, cells: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        blocks: list[nn.Module] = []
        for stage in range(3):
            if stage:
                blocks.append(PlainReduction(channels << stage - 1))
            blocks += [PlainCell(channels << stage) for _ in range(cells)]
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Sequential(nn.BatchNorm2d(channels << 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(channels << 2, 10)
        self.chosen: tuple[int, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the chosen architecture."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, self.chosen) if isinstance(block, PlainCell) else block(x)
        logits: Tensor = self.classifier(self.last(x))
        return logits


def plain_score(network: PlainNetwork, batches: list[Tensor], images: list[Tensor]) -> None:
    """Adapt batch norm on some mini-batches and classify."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.inference_mode():
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a cumulative average
        for batch in batches:
            network(batch)
        network.eval()
        for part in images:
            network(part)
        network.train()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--filters", type=int, default=16, help="C, channels of the first stage.")
    parser.add_argument("--cells", type=int, default=5, help="N, cells of a stage.")
    parser.add_argument("--batch", type=int, default=64, help="Images of a mini-batch.")
    parser.add_argument("--threads", type=int, default=2, help="Threads of PyTorch.")
    parser.add_argument("--repeats", type=int, default=12, help="Architectures that are trained.")
    parser.add_argument("--scorings", type=int, default=6, help="Architectures that are scored.")
    parser.add_argument(
        "--clock", choices=tuple(CLOCKS), default="wall", help="processor: of the process; with one thread only."
    )
    options = parser.parse_args()
    clock = CLOCKS[options.clock]
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    network = NASBench201SuperNet(NetworkSettings(num_filters=options.filters, cells_per_stack=options.cells), 0)
    optimizer = PartialOptimizer(dict(network.named_parameters()), OptimizerSettings(name="sgd", learning_rate=0.01))
    plain = PlainNetwork(options.filters, options.cells)
    descent = torch.optim.SGD(plain.parameters(), lr=0.01, momentum=0.9)
    network.train()
    images, labels = torch.randn(options.batch, 3, 32, 32), torch.arange(options.batch) % 10
    batches = [torch.randn(options.batch, 3, 32, 32) for _ in range(4)]
    shown = [torch.randn(64, 3, 32, 32) for _ in range(4)]

    def train() -> None:
        torch.autograd.backward(F.cross_entropy(network(images), labels))
        optimizer.step(used_regions(network), 0.01)

    def train_plain() -> None:
        descent.zero_grad(set_to_none=True)
        torch.autograd.backward(F.cross_entropy(plain(images), labels))
        descent.step()

    def score() -> None:
        with torch.inference_mode(), adapted_batch_norm(network, batches):
            for part in shown:
                network(part)

    print(
        f"C = {options.filters}, N = {options.cells}, batch {options.batch}, {options.threads} threads, 32 x 32 pixels"
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, PyTorch {torch.__version__}, {options.clock} clock")
    architectures = np.random.default_rng(0).choice(len(FAMILY), 2 + options.repeats, replace=False).tolist()
    for word, ours, theirs, number in (
        ("step", train, train_plain, options.repeats),
        ("scoring", score, lambda: plain_score(plain, batches, shown), options.scorings),
    ):
        seconds = np.empty((number + 2, 2))
        for repeat in range(number + 2):
            architecture = architectures[repeat]
            network.activate(architecture)
            plain.chosen = operations_of(architecture)
            both = [(0, ours), (1, theirs)]
            for place, work in both if repeat % 2 else reversed(both):
                start = clock()
                work()
                seconds[repeat, place] = clock() - start
        seconds = seconds[2:]  # the first two compile and warm up
        print(f"{word}: {spread(1e3 * seconds[:, 0], '.0f')} ms, plain {spread(1e3 * seconds[:, 1], '.0f')} ms")
        print(f"{word}, times as fast as plain: {spread(seconds[:, 1] / seconds[:, 0], '.2f')}")
        print(f"{word}, over all together: {seconds[:, 1].sum() / seconds[:, 0].sum():.2f}")


if __name__ == "__main__":
    main()
