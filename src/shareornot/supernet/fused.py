"""The fused engine: the same super-net on a processor, with fewer passes over memory.

Convolutions are PyTorch's. Around them, batch norm, ReLU, sums and max pooling go through compiled passes that read
each image as few times as they can, and the way back is written out by hand: what it does not need is not kept, slices
and concatenations are not copied. The numbers are those of the plain engine up to rounding.

Shape suffixes: B batch, C channels, H height, W width.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from shareornot.cells import CONV3X3, MAXPOOL3X3
from shareornot.images import ImageSet
from shareornot.supernet import fused_kernels as kernels
from shareornot.supernet.cell_plan import CellPlan
from shareornot.supernet.config import TrainingConfig
from shareornot.supernet.network import ConvBatchNorm, Images, Region, SuperCell, SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer

Flat = np.ndarray
"""One-dimensional."""
NUM_BLOCKS = 64
"""Into which a pass is cut. A constant, so that sums do not depend on the number of threads."""
Gradients = list[tuple[nn.Parameter, Region | None, Tensor]]
"""Parameters, the part that has a gradient (None: all), and the gradient of that part."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Some channels of images in channels-last layout."""

    flat: Flat
    """The values of all channels."""
    stride: int
    """Channels of the whole."""
    first: int
    num_channels: int
    tensor: Images
    """The whole."""

    def images(self) -> Images:
        """The images, which must be the whole."""
        assert self.stride == self.num_channels, "a slice where the whole is needed"
        return self.tensor


def whole(tensor: Images) -> Slice:
    """All channels of images, which are copied if they are in another layout."""
    tensor = tensor.contiguous(memory_format=torch.channels_last)
    num_channels = tensor.shape[1]
    return Slice(tensor.permute(0, 2, 3, 1).view(-1).numpy(), num_channels, 0, num_channels, tensor)


def empty(like: Images, num_channels: int) -> Slice:
    """Room for images of the same size with so many channels."""
    batch, _, height, width = like.shape
    return whole(like.new_empty((batch, height, width, num_channels)).permute(0, 3, 1, 2))


@dataclass(frozen=True, slots=True)
class Unit:
    """What the way back needs of a convolution with batch norm and ReLU."""

    unit: ConvBatchNorm
    x: Images
    u: Slice
    """Output of the convolution, before batch norm."""
    weight: Tensor
    regions: tuple[Region, Region]
    mean: np.ndarray
    inverse_std: np.ndarray
    scale: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True, slots=True)
class Vertex:
    """What the way back needs of an interior vertex."""

    num_channels: int
    projection: Unit | None
    operation: Unit | None
    """None for max pooling."""
    winners: Flat | None


class Passes:
    """The compiled passes, on the threads that PyTorch has.

    Args:
        num_threads: numba's own pool is PyTorch's on Linux, where both use the OpenMP that is loaded; elsewhere the two
            would get into each other's way, so that the passes run on the calling thread.
    """

    def __init__(self, num_threads: int) -> None:
        self.parallel = num_threads > 1 and sys.platform == "linux"
        if self.parallel:
            numba.set_num_threads(min(num_threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Callable[..., None]:
        kernel: Callable[..., None] = getattr(kernels, f"{name}_{'parallel' if self.parallel else 'serial'}")
        setattr(self, name, kernel)
        return kernel


class FusedCell:
    """One cell at one place of the network, on one mini-batch: forward, then backward.

    Args:
        cell: whose weights are used.
        plan: the cell that is run.
        engine: runs the units.
    """

    def __init__(self, cell: SuperCell, plan: CellPlan, engine: "FusedForward") -> None:
        self.cell, self.plan, self.engine = cell, plan, engine
        self.vertices: list[Vertex] = []
        self.output_projection: Unit | None = None

    def forward(self, x: Slice) -> Slice:
        """Run the cell."""
        cell, plan, engine = self.cell, self.plan, self.engine
        channels = plan.channels[cell.stack]
        out = empty(x.tensor, cell.out_channels)
        states: list[Slice] = [x]
        filled = 0
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = channels[vertex - 1]
            if vertex in plan.feeding:
                target = Slice(out.flat, out.stride, filled, num_channels, out.tensor)
                filled += num_channels
            else:
                target = empty(x.tensor, num_channels)
            projection = None
            interior = [states[source] for source in sources if source]
            if len(interior) == len(sources) == 1 and interior[0].stride == num_channels:
                total = interior[0]
            else:
                total = empty(x.tensor, num_channels)
                if 0 in sources:
                    projection = engine.unit(cell.projection(vertex), x.images(), num_channels, 1, total, add=False)
                for number, state in enumerate(interior):
                    engine.add(state, num_channels, total, add=number > 0 or projection is not None)
            if operation == MAXPOOL3X3:
                winners = engine.max_pool(total, target)
                self.vertices.append(Vertex(num_channels, projection, None, winners))
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                unit = cell.operation(vertex, operation)
                done = engine.unit(unit, total.images(), num_channels, kernel_size, target, add=False)
                self.vertices.append(Vertex(num_channels, projection, done, None))
            states.append(target)
        if plan.residual:
            unit = cell.output_projection
            self.output_projection = engine.unit(unit, x.images(), cell.out_channels, 1, out, add=bool(plan.feeding))
        return out

    def backward(self, gradient: Slice, gradients: Gradients) -> Images:
        """Gradient of the cell's input; those of the parameters are appended."""
        plan, engine = self.plan, self.engine
        incoming: list[list[Slice]] = [[] for _ in range(len(self.vertices) + 1)]
        filled = 0
        for vertex in plan.feeding:
            num_channels = self.vertices[vertex - 1].num_channels
            incoming[vertex].append(Slice(gradient.flat, gradient.stride, filled, num_channels, gradient.tensor))
            filled += num_channels
        to_input: list[Images] = []

        def back(unit: Unit, gradient: Slice) -> Images:
            dx = engine.unit_backward(unit, gradient, gradients, needs_input=True)
            assert dx is not None
            return dx

        for number in range(len(self.vertices), 0, -1):
            done, sources = self.vertices[number - 1], plan.sources[number - 1]
            d_state = engine.sum_of(incoming[number], done.num_channels)
            if done.operation:
                d_total = whole(back(done.operation, d_state))
            else:
                assert done.winners is not None
                d_total = engine.max_pool_backward(d_state, done.winners)
            if done.projection:
                to_input.append(back(done.projection, d_total))
            for source in sources:
                if source:
                    incoming[source].append(d_total)
        if self.output_projection:
            to_input.append(back(self.output_projection, gradient))
        total = to_input[0]
        for dx in to_input[1:]:
            total.add_(dx)
        return total


class FusedForward:
    """Runs a super-net on a processor, forward and backward.

    Args:
        network: of which nothing but the running statistics changes.
        num_threads: for the compiled passes, those of PyTorch.
    """

    def __init__(self, network: SuperNet, num_threads: int) -> None:
        self.network = network
        self.passes = Passes(num_threads)
        self.statistics: Literal["running", "adapted"] = "running"
        self.momentum = network.config.bn_momentum

    def loss_and_gradients(
        self, images_BCHW: Images, labels: Tensor, plan: CellPlan, weight: float
    ) -> tuple[Tensor, Gradients]:
        """Mean cross-entropy of one cell times `weight`, and the gradients of that."""
        network, config = self.network, self.network.config
        gradients: Gradients = []
        with torch.no_grad():
            x = empty(images_BCHW, config.num_filters)
            images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
            stem = self.unit(network.stem, images_BCHW, config.num_filters, 3, x, add=False)
            done: list[tuple[FusedCell, tuple[Images, Tensor] | None]] = []
            for position, cell in enumerate(network.cells):
                assert isinstance(cell, SuperCell)
                before = None
                if position and position % config.cells_per_stack == 0:
                    pooled, where = torch.ops.aten.max_pool2d_with_indices(x.images(), [2, 2])
                    before = (x.images(), where)
                    x = whole(pooled)
                fused = FusedCell(cell, plan, self)
                done.append((fused, before))
                x = fused.forward(x)
        features = x.images().mean(dim=(2, 3)).requires_grad_()
        loss = F.cross_entropy(network.classifier(features), labels) * weight
        parameters: tuple[nn.Parameter, nn.Parameter] = (network.classifier.weight, network.classifier.bias)  # type: ignore[assignment]
        d_features, *d_classifier = torch.autograd.grad(loss, (features, *parameters))
        for parameter, gradient in zip(parameters, d_classifier, strict=True):
            gradients.append((parameter, None, gradient))
        with torch.no_grad():
            height, width = x.tensor.shape[2:]
            d_pixel = (d_features / (height * width))[:, :, None, None]
            d_images: Images = d_pixel.expand(-1, -1, height, width)
            for fused, before in reversed(done):
                d_images = fused.backward(whole(d_images), gradients)
                if before:
                    d_images = torch.ops.aten.max_pool2d_with_indices_backward(
                        d_images, before[0], [2, 2], [], [0, 0], [1, 1], False, before[1]
                    )
            self.unit_backward(stem, whole(d_images), gradients, needs_input=False)
        return loss.detach(), gradients

    def unit(
        self, unit: ConvBatchNorm, x: Images, num_channels: int, kernel_size: int, target: Slice, *, add: bool
    ) -> Unit:
        """Convolution, batch norm by the statistics of the batch, ReLU, written or added to `target`."""
        regions = unit.regions(x.shape[1], num_channels, kernel_size)
        weight = unit.weight[regions[0]].contiguous(memory_format=torch.channels_last)
        u = whole(F.conv2d(x, weight, padding=kernel_size // 2))
        centre = u.flat[:num_channels]
        block_sums = np.empty((NUM_BLOCKS, 2, num_channels))
        self.passes.sums(u.flat, centre, block_sums)
        num_pixels = len(u.flat) // num_channels
        shifted, squares = block_sums.sum(axis=0) / num_pixels
        variance = np.maximum(squares - shifted**2, 0)
        mean = shifted + centre
        inverse_std = 1 / np.sqrt(variance + unit.epsilon)
        gamma, beta = (v[:num_channels].detach().numpy() for v in (unit.gamma, unit.beta))
        scale = gamma * inverse_std
        shift = beta - mean * scale
        self._learn_statistics(unit, mean, variance * (num_pixels / max(num_pixels - 1, 1)))
        kind = u.flat.dtype
        scale_, shift_ = scale.astype(kind), shift.astype(kind)
        self.passes.scale_relu(u.flat, scale_, shift_, target.flat, target.stride, target.first, add, NUM_BLOCKS)
        return Unit(unit, x, u, weight, regions, mean, inverse_std, scale_, shift_)

    def _learn_statistics(self, unit: ConvBatchNorm, mean: np.ndarray, variance: np.ndarray) -> None:
        """Mix the statistics of a batch into those that are kept."""
        adapted = self.statistics == "adapted"
        kept = (unit.adapted_mean, unit.adapted_var) if adapted else (unit.running_mean, unit.running_var)
        for buffer, new in zip(kept, (mean, variance), strict=True):
            part = buffer.numpy()[: len(new)]
            part[:] = (1 - self.momentum) * part + self.momentum * new

    def unit_backward(self, done: Unit, gradient: Slice, gradients: Gradients, *, needs_input: bool) -> Images | None:
        """Gradient of the input of a unit, where it is needed; those of its parameters are appended."""
        num_channels, u = done.u.num_channels, done.u
        kind = u.flat.dtype
        block_sums = np.empty((NUM_BLOCKS, 2, num_channels))
        where = (gradient.flat, gradient.stride, gradient.first)
        self.passes.gradient_sums(u.flat, done.scale, done.shift, done.mean.astype(kind), *where, block_sums)
        d_beta, products = block_sums.sum(axis=0)
        d_gamma = products * done.inverse_std
        num_pixels = len(u.flat) // num_channels
        # dx = scale * (g - mean(g) - normalized x * mean(g * normalized x)), sorted by powers of x
        slope = -done.scale * done.inverse_std * d_gamma / num_pixels
        offset = -done.scale * d_beta / num_pixels - slope * done.mean
        du = empty(u.tensor, num_channels)
        self.passes.scale_relu_backward(
            u.flat, done.scale, done.shift, slope.astype(kind), offset.astype(kind), *where, du.flat, NUM_BLOCKS
        )
        padding = done.weight.shape[2] // 2
        dx, d_weight, _ = torch.ops.aten.convolution_backward(
            du.tensor,
            done.x,
            done.weight,
            None,
            [1, 1],
            [padding, padding],
            [1, 1],
            False,
            [0, 0],
            1,
            [needs_input, True, False],
        )
        weight_region, channel_region = done.regions
        gradients.append((done.unit.weight, weight_region, d_weight))
        gradients.append((done.unit.gamma, channel_region, torch.from_numpy(d_gamma.astype(kind))))
        gradients.append((done.unit.beta, channel_region, torch.from_numpy(d_beta.astype(kind))))
        return dx if needs_input else None

    def add(self, state: Slice, num_channels: int, total: Slice, *, add: bool) -> None:
        """Write or add the first channels of a state to those of the total."""
        self.passes.add_slice(
            state.flat, state.stride, state.first, num_channels, total.flat, total.num_channels, add, NUM_BLOCKS
        )

    def sum_of(self, gradients: list[Slice], num_channels: int) -> Slice:
        """Sum of gradients, some of which are for the first channels only."""
        if len(gradients) == 1 and gradients[0].num_channels == num_channels:
            return gradients[0]
        total = empty(gradients[0].tensor, num_channels)
        for number, gradient in enumerate(gradients):
            self.add(gradient, gradient.num_channels, total, add=number > 0)
        return total

    def max_pool(self, total: Slice, target: Slice) -> Flat:
        """Maximum over 3 x 3 neighbourhoods; returns where each came from."""
        winners = np.empty(len(total.flat), np.uint8)
        batch, num_channels, height, width = total.tensor.shape
        where = (target.flat, target.stride, target.first)
        self.passes.max_pool(total.flat, batch, height, width, num_channels, *where, winners)
        return winners

    def max_pool_backward(self, gradient: Slice, winners: Flat) -> Slice:
        """Gradient of the input of a max pooling."""
        out = empty(gradient.tensor, gradient.num_channels)
        batch, num_channels, height, width = out.tensor.shape
        where = (gradient.flat, gradient.stride, gradient.first)
        self.passes.max_pool_backward(*where, batch, height, width, num_channels, winners, out.flat)
        return out


class FusedTrainer(Trainer):
    """The trainer of the fused engine."""

    engine = "fused"

    def __init__(self, network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig) -> None:
        super().__init__(network, images, space, config)
        self.forward = FusedForward(network, torch.get_num_threads())

    def learn(self, images: Images, labels: Tensor, plans: list[CellPlan], learning_rate: float) -> Tensor:
        """Move the weights by the mean gradient of some cells on one mini-batch; returns the mean loss."""
        losses = []
        for plan in plans:
            loss, gradients = self.forward.loss_and_gradients(images, labels, plan, 1 / len(plans))
            losses.append(loss)
            for parameter, region, gradient in gradients:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                parameter.grad[region if region is not None else ...] += gradient
        self.optimizer.step(self.network.used_regions(plans), learning_rate)
        return torch.stack(losses).sum()
