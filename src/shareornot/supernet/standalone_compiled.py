"""Cells trained alone on the compiled engine: a super-net that has room for one cell and no more.

The runs of a cell differ in numbers only: they share one program, one place for maps and one for gradients, and each
has arrays of its own for weights, statistics and velocities. They train one after the other, an epoch each, so that
what is in use stays in the cache of a core.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Int64, UInt8
from torch import Tensor, nn

from shareornot.images import Draws, ImageSet
from shareornot.supernet import compiled_step_kernel as step_kernel
from shareornot.supernet.cell_plan import plan_cell
from shareornot.supernet.compiled import BATCH, FIXED, Flat, Machine, batch_last
from shareornot.supernet.config import StandaloneTrainingConfig
from shareornot.supernet.network import ConvBatchNorm, SuperCell, SuperNet
from shareornot.supernet.standalone import StandaloneCell, StandaloneNetwork, StandaloneTrainer


@dataclass(frozen=True, slots=True)
class Run:
    """The numbers of one run, each kind in one array, see `compiled.Weights`."""

    parameters: Flat
    statistics: Flat
    velocity: Flat


class CompiledStandaloneTrainer(StandaloneTrainer):
    """The runs of a cell on the compiled engine.

    Args:
        network: gives the initial weights; `copy_back` brings the trained ones.
        images: on the processor.
        config: how to train.

    Raises:
        SettingsError: the network is too narrow for the cell.
    """

    engine = "compiled"

    def __init__(self, network: StandaloneNetwork, images: ImageSet, config: StandaloneTrainingConfig) -> None:
        super().__init__(network, images, config)
        plan = plan_cell(network.index, network.config.num_filters, network.config.num_stacks)
        snug = replace(
            network.config,
            max_vertices=len(plan.operations) + 2,
            min_output_edges=max(1, len(plan.feeding)),
            single_kernel=False,
        )
        supernet = SuperNet(snug, seed=0).to(self.dtype)
        self.plan = supernet.plan(network.index)
        self.machine = Machine(supernet, images, shared=False)
        weights = self.machine.weights
        self.runs = [
            Run(weights.parameters.copy(), weights.running.copy(), np.zeros_like(weights.parameters))
            for _ in range(network.num_runs)
        ]
        with torch.no_grad():
            for own, view in self._pairs():
                view.copy_(own)
        self._compile()

    def epoch(self, draws: Sequence[Draws], learning_rate: float) -> None:
        """One pass over the training images."""
        for run, draw in zip(self.runs, draws, strict=True):
            for start in self.starts:
                batch, labels = self.images.training_batch(draw, start, start + self.config.batch_size)
                self._step(run, batch_last(batch.to(self.dtype)), labels.numpy(), learning_rate)

    def accuracies(self, images: UInt8[Tensor, "N C H W"], labels: Int64[Tensor, " N"]) -> list[float]:
        """Share of images that each run gets right, with the running statistics."""
        parts = [batch_last(part) for part in torch.split(self.images.normalize(images).to(self.dtype), BATCH)]
        right = []
        for run in self.runs:
            self.machine.weights.parameters = run.parameters
            logits = [self.machine.forward(self.plan, part, run.statistics, FIXED) for part in parts]
            predictions = np.concatenate([part.argmax(axis=0) for part in logits])
            right.append(float(np.mean(predictions == labels.numpy())))
        return right

    @torch.no_grad()
    def copy_back(self) -> None:
        """Give the network the weights and statistics of the runs."""
        for own, view in self._pairs():
            own.copy_(view)

    def _step(self, run: Run, batch: np.ndarray, labels: np.ndarray, learning_rate: float) -> None:
        """One step of one run."""
        machine, config = self.machine, self.config
        machine.weights.parameters = run.parameters
        machine.forward(self.plan, batch, run.statistics, self.network.config.bn_momentum)
        machine.backward(self.plan, labels, 1.0)
        machine.mark_used(self.plan, whole=False)
        touched = (run.parameters, machine.slopes, machine.used, run.velocity)
        step_kernel.move_sgd(*touched, learning_rate, config.momentum, config.weight_decay)

    def _compile(self) -> None:
        """Have all code of a step at hand, for no clock to count it: take one step of a run that nobody needs."""
        parameters, statistics, velocity = self.runs[0].parameters, self.runs[0].statistics, self.runs[0].velocity
        unneeded = Run(parameters.copy(), statistics.copy(), velocity.copy())
        batch = np.zeros(
            (self.network.config.image_channels, *self.images.train_images.shape[2:], 2), self.machine.kind
        )
        self._step(unneeded, batch, np.zeros(2, np.int64), 0.0)

    def _pairs(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Each tensor of each run in the network, and the part of the run's arrays that stands for it."""
        weights, classifier = self.machine.weights, self.machine.weights.network.classifier
        for number, run in enumerate(self.runs):
            views: dict[Tensor, Tensor] = dict(zip(weights.places, weights.views(run.parameters), strict=True))
            for unit, convolution, norm in self._units():
                own = convolution.weight.chunk(len(self.runs))[number]
                num_out, num_in = own.shape[:2]
                yield own, views[unit.weight][:num_out, :num_in]
                place, length = weights.unit_places[unit], len(unit.gamma)
                mean, variance = torch.from_numpy(run.statistics[place : place + 2 * length].reshape(2, length))
                assert norm.running_mean is not None
                assert norm.running_var is not None
                for tensor, view in (
                    (norm.weight, views[unit.gamma]),
                    (norm.bias, views[unit.beta]),
                    (norm.running_mean, mean),
                    (norm.running_var, variance),
                ):
                    yield tensor.chunk(len(self.runs))[number], view[:num_out]
            yield self.network.classifier_weight[number], views[classifier.weight]
            yield self.network.classifier_bias[number], views[classifier.bias]

    def _units(self) -> Iterator[tuple[ConvBatchNorm, nn.Conv2d, nn.BatchNorm2d]]:
        """Each unit of the super-net that the cell uses, with what stands for it in the network."""
        supernet = self.machine.weights.network
        pairs: list[tuple[ConvBatchNorm, nn.Module]] = [(supernet.stem, self.network.stem)]
        for shared, own in zip(supernet.cells, self.network.cells, strict=True):
            assert isinstance(shared, SuperCell)
            assert isinstance(own, StandaloneCell)
            for vertex, module in own.projections.items():
                pairs.append(
                    (shared.output_projection if vertex == "output" else shared.projection(int(vertex)), module)
                )
            for vertex, module in own.operations.items():
                if isinstance(module, nn.Sequential):
                    pairs.append((shared.operation(int(vertex), self.plan.operations[int(vertex) - 1]), module))
        for unit, module in pairs:
            convolution, norm, _ = module.children()
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            yield unit, convolution, norm
