"""The fused engine: the same super-net on a processor, with fewer passes over memory.

Convolutions are PyTorch's. Around them, batch norm, ReLU, sums and max pooling go through compiled passes that read
each image as few times as they can, and the way back is written out by hand: what it does not need is not kept, slices
and concatenations are not copied. The numbers are those of the plain engine up to rounding.

Shape suffixes: B batch, C channels, H height, W width.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from shareornot.images import ImageSet
from shareornot.spaces.nasbench101 import CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import CellPlan
from shareornot.supernet.config import TrainingConfig
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.fused_passes import NUM_BLOCKS, Flat, Maps, Passes, empty, maps
from shareornot.supernet.network import (
    RUNNING,
    BatchNormMode,
    ConvBatchNorm,
    Images,
    Region,
    SuperCell,
    SuperNet,
)
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer

IMAGES_AT_A_TIME = 128
"""Images that a thread scores at a time: few enough that they stay in the outer cache. A constant, so that no bit
depends on the number of threads."""
Gradients = list[tuple[nn.Parameter, Region | None, Tensor]]
"""Parameters, the part that has a gradient (None: all), and the gradient of that part."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What the way back needs of a convolution with batch norm and ReLU."""

    unit: ConvBatchNorm
    x: Images
    u: Maps
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

    def forward(self, x: Maps) -> Maps:
        """Run the cell."""
        cell, plan, engine = self.cell, self.plan, self.engine
        states: list[Maps] = [x]
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = plan.channels[cell.stack][vertex - 1]
            projection, total = None, None
            if 0 in sources:
                total, projection = engine.unit(cell.projection(vertex), x, num_channels, 1)
            interior = [states[source] for source in sources if source]
            if total is None and len(interior) == 1 and interior[0].num_channels == num_channels:
                total = interior[0]
            else:
                total = engine.passes.first_channels(interior, num_channels, total)
            if operation == MAXPOOL3X3:
                state, winners = engine.passes.max_pool(total, find_winners=engine.learns)
                self.vertices.append(Vertex(num_channels, projection, None, winners))
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                state, unit = engine.unit(cell.operation(vertex, operation), total, num_channels, kernel_size)
                self.vertices.append(Vertex(num_channels, projection, unit, None))
            states.append(state)
        out = engine.passes.join([states[vertex] for vertex in plan.feeding]) if plan.feeding else None
        if plan.residual:
            # Where a single vertex feeds the output, it feeds nothing else, so that its state may become the output.
            out, self.output_projection = engine.unit(cell.output_projection, x, cell.out_channels, 1, add_to=out)
        assert out is not None, "a pruned cell feeds its output"
        return out

    def backward(self, gradient: Maps, gradients: Gradients) -> Images:
        """Gradient of the cell's input; those of the parameters are appended."""
        plan, engine = self.plan, self.engine
        incoming: list[list[Maps]] = [[] for _ in range(len(self.vertices) + 1)]
        parts = engine.passes.split(gradient, [self.vertices[vertex - 1].num_channels for vertex in plan.feeding])
        for vertex, part in zip(plan.feeding, parts, strict=True):
            incoming[vertex].append(part)
        to_input: list[Images] = []

        def back(unit: Unit, gradient: Maps) -> Images:
            dx = engine.unit_backward(unit, gradient, gradients, needs_input=True)
            assert dx is not None
            return dx

        for number in range(len(self.vertices), 0, -1):
            done = self.vertices[number - 1]
            d_state = engine.passes.sum_of(incoming[number], done.num_channels)
            if done.operation:
                d_total = maps(back(done.operation, d_state))
            else:
                assert done.winners is not None
                d_total = engine.passes.max_pool_backward(d_state, done.winners)
            if done.projection:
                to_input.append(back(done.projection, d_total))
            for source in plan.sources[number - 1]:
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
        network: of which nothing but the statistics of batch norm changes.
        num_threads: for the compiled passes, those of PyTorch.
    """

    def __init__(self, network: SuperNet, num_threads: int) -> None:
        self.network, self.num_threads = network, num_threads
        self.passes = Passes(num_threads)
        self.mode = RUNNING

    @property
    def learns(self) -> bool:
        """Whether there is a way back: only where the super-net's own statistics are learnt."""
        return self.mode.statistics == "running" and self.mode.momentum is not None

    @torch.no_grad()
    def logits(self, images_BCHW: Images, plan: CellPlan, mode: BatchNormMode) -> Tensor:
        """Logits of one cell; no way back from there.

        With fixed statistics no image depends on another, so that each thread takes some of them through the whole
        network: they stay in its cache, and nobody waits for others after every operation.
        """
        self.mode = mode
        if mode.momentum is not None:
            return self._logits(images_BCHW, plan)
        parts = torch.split(images_BCHW, IMAGES_AT_A_TIME)
        if not self.passes.kernels.parallel or len(parts) < 2:
            return torch.cat([self._logits(part, plan) for part in parts])
        alone = FusedForward(self.network, 1)
        alone.mode = mode
        try:
            # PyTorch counts threads for each thread that calls it, and takes the last number for new ones.
            with ThreadPoolExecutor(self.num_threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
                return torch.cat(list(pool.map(alone._logits, parts, [plan] * len(parts))))
        finally:
            torch.set_num_threads(self.num_threads)

    @torch.no_grad()
    def _logits(self, images_BCHW: Images, plan: CellPlan) -> Tensor:
        """Logits of one cell, on the threads that the passes have."""
        x, _, _ = self._features(images_BCHW, plan)
        logits: Tensor = self.network.classifier(x.tensor.mean(dim=(2, 3)))
        return logits

    def loss_and_gradients(
        self, images_BCHW: Images, labels: Tensor, plan: CellPlan, weight: float
    ) -> tuple[Tensor, Gradients]:
        """Mean cross-entropy of one cell times `weight`, and the gradients of that; learns the running statistics."""
        network = self.network
        self.mode = BatchNormMode("running", network.config.bn_momentum)
        gradients: Gradients = []
        with torch.no_grad():
            x, stem, cells = self._features(images_BCHW, plan)
            features = x.tensor.mean(dim=(2, 3))
        features.requires_grad_()
        loss = F.cross_entropy(network.classifier(features), labels) * weight
        parameters: tuple[nn.Parameter, ...] = (network.classifier.weight, network.classifier.bias)  # type: ignore[assignment]
        d_features, *d_classifier = torch.autograd.grad(loss, (features, *parameters))
        for parameter, gradient in zip(parameters, d_classifier, strict=True):
            gradients.append((parameter, None, gradient))
        with torch.no_grad():
            height, width = x.tensor.shape[2:]
            d_images: Images = (d_features / (height * width))[:, :, None, None].expand(-1, -1, height, width)
            for cell, before in reversed(cells):
                d_images = cell.backward(maps(d_images), gradients)
                if before:
                    d_images = torch.ops.aten.max_pool2d_with_indices_backward(
                        d_images, before[0], [2, 2], [], [0, 0], [1, 1], False, before[1]
                    )
            assert stem is not None
            self.unit_backward(stem, maps(d_images), gradients, needs_input=False)
        return loss.detach(), gradients

    def _features(
        self, images_BCHW: Images, plan: CellPlan
    ) -> tuple[Maps, Unit | None, list[tuple[FusedCell, tuple[Tensor, Tensor] | None]]]:
        """Output of the last cell, and what the way back needs of stem, cells and down-sampling before a cell."""
        network, config = self.network, self.network.config
        x, stem = self.unit(network.stem, maps(images_BCHW), config.num_filters, 3)
        done: list[tuple[FusedCell, tuple[Tensor, Tensor] | None]] = []
        for position, cell in enumerate(network.cells):
            assert isinstance(cell, SuperCell)
            before = None
            if position and position % config.cells_per_stack == 0:
                pooled, where = torch.ops.aten.max_pool2d_with_indices(x.tensor, [2, 2])
                before = (x.tensor, where)
                x = maps(pooled)
            fused = FusedCell(cell, plan, self)
            x = fused.forward(x)
            done.append((fused, before))
        return x, stem, done

    def unit(
        self, unit: ConvBatchNorm, x: Maps, num_channels: int, kernel_size: int, *, add_to: Maps | None = None
    ) -> tuple[Maps, Unit | None]:
        """Convolution, batch norm, ReLU; added to maps that are there, if any.

        Returns:
            The output, and what the way back needs; nothing of that where statistics are fixed.
        """
        regions = unit.regions(x.num_channels, num_channels, kernel_size)
        weight = unit.weight[regions[0]]
        adapted = self.mode.statistics == "adapted"
        kept = (unit.adapted_mean, unit.adapted_var) if adapted else (unit.running_mean, unit.running_var)
        if self.mode.momentum is None:
            kept_mean, kept_var = (buffer[:num_channels] for buffer in kept)
            factor = unit.gamma[:num_channels] * torch.rsqrt(kept_var + unit.epsilon)
            bias = unit.beta[:num_channels] - kept_mean * factor
            y = maps(F.relu_(F.conv2d(x.tensor, weight * factor.view(-1, 1, 1, 1), bias, padding=kernel_size // 2)))
            if add_to is None:
                return y, None
            return self.passes.first_channels([y], num_channels, add_to), None
        weight = weight.contiguous(memory_format=torch.channels_last)
        u = maps(F.conv2d(x.tensor, weight, padding=kernel_size // 2))
        centre = u.flat[:num_channels].copy()
        block_sums = np.empty((NUM_BLOCKS, 2, num_channels))
        self.passes.kernels.sums(u.flat, centre, block_sums)
        num_pixels = len(u.flat) // num_channels
        shifted, squares = block_sums.sum(axis=0) / num_pixels
        variance = np.maximum(squares - shifted**2, 0)
        mean = shifted + centre
        inverse_std = 1 / np.sqrt(variance + unit.epsilon)
        gamma, beta = (v[:num_channels].detach().numpy() for v in (unit.gamma, unit.beta))
        scale = gamma * inverse_std
        shift = beta - mean * scale
        unbiased = variance * (num_pixels / max(num_pixels - 1, 1))
        for buffer, new in zip(kept, (mean, unbiased), strict=True):
            part = buffer.numpy()[:num_channels]
            part[:] = (1 - self.mode.momentum) * part + self.mode.momentum * new
        kind = u.flat.dtype
        scale_, shift_ = scale.astype(kind), shift.astype(kind)
        # Statistics that are adapted are never learnt from, so that the output may take the place of the input.
        y = add_to or (u if adapted else empty(u.tensor, num_channels))
        self.passes.kernels.scale_relu(u.flat, scale_, shift_, y.flat, add_to is not None, NUM_BLOCKS)
        return y, None if adapted else Unit(unit, x.tensor, u, weight, regions, mean, inverse_std, scale_, shift_)

    def unit_backward(self, done: Unit, gradient: Maps, gradients: Gradients, *, needs_input: bool) -> Images | None:
        """Gradient of the input of a unit, where it is needed; those of its parameters are appended."""
        num_channels, u = done.u.num_channels, done.u
        kind = u.flat.dtype
        block_sums = np.empty((NUM_BLOCKS, 2, num_channels))
        self.passes.kernels.gradient_sums(
            u.flat, done.scale, done.shift, done.mean.astype(kind), gradient.flat, block_sums
        )
        d_beta, products = block_sums.sum(axis=0)
        d_gamma = products * done.inverse_std
        num_pixels = len(u.flat) // num_channels
        # du = scale * (g - mean(g) - normalized u * mean(g * normalized u)), sorted by powers of u
        slope = -done.scale * done.inverse_std * d_gamma / num_pixels
        offset = -done.scale * d_beta / num_pixels - slope * done.mean
        du = empty(u.tensor, num_channels)
        self.passes.kernels.scale_relu_backward(
            u.flat, done.scale, done.shift, slope.astype(kind), offset.astype(kind), gradient.flat, du.flat, NUM_BLOCKS
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
            if len(plans) == 1 and not self.config.optimizer.move_whole_tensors:
                self.optimizer.step_parts(gradients, learning_rate)
                return loss
            for parameter, region, gradient in gradients:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                parameter.grad[region if region is not None else ...] += gradient
        self.optimizer.step(self.network.used_regions(plans), learning_rate)
        return torch.stack(losses).sum()


class FusedEvaluator(Evaluator):
    """The evaluator of the fused engine."""

    engine = "fused"
    trainer = FusedTrainer

    def forward(self, network: SuperNet) -> Callable[[Images, CellPlan, BatchNormMode], Tensor]:
        """What gives the logits of a cell."""
        return FusedForward(network, torch.get_num_threads()).logits

    @property
    def forward_size(self) -> int:
        """All validation images at once, unless the settings say otherwise: the threads share them out."""
        return self.config.forward_size or max(1, len(self.validation))
