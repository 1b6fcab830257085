"""The compiled engine: whole steps on small images as one call of compiled code, on the calling thread.

A cell becomes a program, see `compiled_kernel`, once. All weights lie in one array, and so do their gradients, their
running statistics and each state of the optimizer; the tensors of the network are views of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.images import ImageSet
from shareornot.spaces.nasbench101 import CONV3X3, MAXPOOL3X3
from shareornot.supernet import compiled_kernel as kernel
from shareornot.supernet import compiled_step_kernel as step_kernel
from shareornot.supernet.cell_plan import CellPlan
from shareornot.supernet.config import EvaluationConfig, TrainingConfig
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.network import ConvBatchNorm, Images, SuperCell, SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer

Flat = np.ndarray
"""One-dimensional."""
FIXED = -1.0
"""In place of a momentum: statistics are used, not learnt."""
BATCH = 64
"""Validation images passed at a time, whose maps stay in the cache of a core."""


@dataclass(frozen=True, slots=True)
class Program:
    """A cell as `compiled_kernel` runs it."""

    operations: np.ndarray
    """A row an operation."""
    num_maps: int
    """Numbers an image in all maps."""
    num_winners: int
    """The same for the winners of poolings."""
    num_kept: int
    """Constants of batch norms."""
    room: int
    """Numbers an image in the largest map with a border."""
    output: int
    """Place of the last map."""
    area: int
    """Pixels of the last map."""


class Weights:
    """The weights and statistics of a super-net, each in one array.

    Args:
        network: its values are copied.
        shared: whether the tensors of the network become views of the arrays.
    """

    def __init__(self, network: SuperNet, *, shared: bool) -> None:
        self.network = network
        kind = network.classifier.weight.detach().numpy().dtype
        self.places: dict[nn.Parameter, int] = {}
        length = 0
        for parameter in network.parameters():
            self.places[parameter] = length
            length += parameter.numel()
        self.parameters = np.empty(length, kind)
        for parameter, view in zip(self.places, self.views(self.parameters), strict=True):
            view.copy_(parameter.detach())
            if shared:
                parameter.data = view
        self.unit_places: dict[ConvBatchNorm, int] = {}
        length = 0
        for unit in network.modules():
            if isinstance(unit, ConvBatchNorm):
                self.unit_places[unit] = length
                length += 2 * len(unit.gamma)
        self.running = np.empty(length, kind)
        for unit, place in self.unit_places.items():
            for number, name in enumerate(("running_mean", "running_var")):
                begin = place + number * len(unit.gamma)
                view = torch.from_numpy(self.running[begin : begin + len(unit.gamma)])
                view.copy_(getattr(unit, name))
                if shared:
                    setattr(unit, name, view)

    def views(self, flat: Flat) -> list[Tensor]:
        """A flat array as tensors with the shapes of the parameters."""
        tensor = torch.from_numpy(flat)
        return [tensor[begin : begin + p.numel()].view(p.shape) for p, begin in self.places.items()]

    def place(self, parameter: Tensor) -> slice:
        """Where a parameter is."""
        assert isinstance(parameter, nn.Parameter)
        begin = self.places[parameter]
        return slice(begin, begin + parameter.numel())


class ProgramBuilder:
    """Writes the program of a cell.

    Args:
        weights: where parameters and statistics are.
        height, width: of the images.
    """

    def __init__(self, weights: Weights, height: int, width: int) -> None:
        self.weights = weights
        self.height, self.width = height, width
        self.operations: list[np.ndarray] = []
        self.num_maps = self.num_winners = self.num_kept = self.room = 0

    def build(self, plan: CellPlan) -> Program:
        """The program of a cell."""
        network, config = self.weights.network, self.weights.network.config
        image = self._maps(config.image_channels)
        x = self._maps(config.num_filters)
        self._unit(network.stem, image, config.image_channels, x, config.num_filters, 3, needs_input=False)
        in_channels = config.num_filters
        for position, cell in enumerate(network.cells):
            assert isinstance(cell, SuperCell)
            if position and position % config.cells_per_stack == 0:
                x = self._halve(x, in_channels)
            x = self._cell(cell, plan, x, in_channels)
            in_channels = cell.out_channels
        area = self.height * self.width
        operations = np.stack(self.operations)
        return Program(operations, self.num_maps, self.num_winners, self.num_kept, self.room, x, area)

    def _cell(self, cell: SuperCell, plan: CellPlan, x: int, in_channels: int) -> int:
        """Place of the output of a cell."""
        out = self._maps(cell.out_channels) if plan.feeding else None
        states = [x]
        filled = 0
        for vertex, (operation, sources) in enumerate(zip(plan.operations, plan.sources, strict=True), start=1):
            num_channels = plan.channels[cell.stack][vertex - 1]
            interior = [states[source] for source in sources if source]
            if len(sources) == 1 and interior:
                total = interior[0]  # whose first channels are its beginning
            else:
                total = self._maps(num_channels)
                if 0 in sources:
                    self._unit(cell.projection(vertex), x, in_channels, total, num_channels, 1)
                for number, state in enumerate(interior):
                    self._add(state, total, num_channels, add=number > 0 or 0 in sources)
            if vertex in plan.feeding:
                assert out is not None
                state = out + filled * self.height * self.width
                filled += num_channels
            else:
                state = self._maps(num_channels)
            if operation == MAXPOOL3X3:
                self._pool(total, state, num_channels)
            else:
                kernel_size = 3 if operation == CONV3X3 else 1
                unit = cell.operation(vertex, operation)
                self._unit(unit, total, num_channels, state, num_channels, kernel_size)
            states.append(state)
        if plan.residual:
            both = self._maps(cell.out_channels)
            self._unit(cell.output_projection, x, in_channels, both, cell.out_channels, 1, base=out)
            return both
        assert out is not None, "a pruned cell feeds its output"
        return out

    def _maps(self, num_channels: int) -> int:
        """Place for maps of so many channels."""
        place = self.num_maps
        self.num_maps += num_channels * self.height * self.width
        return place

    def _operation(self, operation: int, source: int, target: int, num_channels: int) -> np.ndarray:
        row = np.zeros(kernel.COLUMNS, np.int64)
        row[[kernel.OPERATION, kernel.SOURCE, kernel.TARGET, kernel.CHANNELS]] = operation, source, target, num_channels
        row[[kernel.HEIGHT, kernel.WIDTH, kernel.BASE]] = self.height, self.width, -1
        self.operations.append(row)
        self._need_room(num_channels)
        return row

    def _need_room(self, num_channels: int) -> None:
        self.room = max(self.room, num_channels * (self.height + 2) * (self.width + 2) + 2)

    def _unit(
        self,
        unit: ConvBatchNorm,
        source: int,
        in_channels: int,
        target: int,
        num_channels: int,
        kernel_size: int,
        *,
        base: int | None = None,
        needs_input: bool = True,
    ) -> None:
        row = self._operation(kernel.UNIT, source, target, num_channels)
        self._need_room(in_channels)
        places, (weight_out, weight_in, weight_kernel, _) = self.weights.places, unit.weight.shape
        mean = self.weights.unit_places[unit]
        values = {
            kernel.IN_CHANNELS: in_channels,
            kernel.KERNEL: kernel_size,
            kernel.WEIGHT: places[unit.weight],
            kernel.WEIGHT_IN: weight_in,
            kernel.WEIGHT_KERNEL: weight_kernel,
            kernel.WEIGHT_OUT: weight_out,
            kernel.GAMMA: places[unit.gamma],
            kernel.BETA: places[unit.beta],
            kernel.MEAN: mean,
            kernel.VARIANCE: mean + weight_out,
            kernel.BEFORE: self._maps(num_channels),
            kernel.BASE: -1 if base is None else base,
            kernel.KEPT: self.num_kept,
            kernel.NEEDS_INPUT: needs_input,
        }
        row[list(values)] = list(values.values())
        self.num_kept += num_channels

    def _add(self, source: int, target: int, num_channels: int, *, add: bool) -> None:
        row = self._operation(kernel.ADD, source, target, num_channels)
        row[kernel.BASE] = target if add else -1

    def _pool(self, source: int, target: int, num_channels: int) -> None:
        row = self._operation(kernel.POOL, source, target, num_channels)
        row[kernel.KEPT] = self.num_winners
        self.num_winners += num_channels * self.height * self.width

    def _halve(self, source: int, num_channels: int) -> int:
        row = self._operation(kernel.HALVE, source, 0, num_channels)
        self.height, self.width = self.height // 2, self.width // 2
        row[kernel.TARGET] = target = self._maps(num_channels)
        row[kernel.KEPT] = self.num_winners
        self.num_winners += num_channels * self.height * self.width
        return target


class Machine:
    """Runs the programs of the cells of a super-net.

    Args:
        network: whose weights are used.
        images: for their size.
        shared: whether the network takes part in what changes; see `Weights`.
    """

    def __init__(self, network: SuperNet, images: ImageSet, *, shared: bool) -> None:
        self.weights = Weights(network, shared=shared)
        self.height, self.width = images.train_images.shape[2:]
        self.kind = self.weights.parameters.dtype
        self.epsilon = network.config.bn_epsilon
        self.num_classes = network.config.num_classes
        self.slopes = np.zeros_like(self.weights.parameters)
        self.used = np.zeros(len(self.slopes), np.bool_)
        self.dense = self.weights.place(network.classifier.weight)
        self.bias = self.weights.place(network.classifier.bias)
        self.features, self.logits = np.empty((0, 0), self.kind), np.empty((0, 0), self.kind)
        self._programs: dict[int, Program] = {}
        self._maps = self._gradients = np.empty(0, self.kind)
        self._winners, self._kept = np.empty(0, np.uint8), np.empty((0, 4))
        self._room = np.empty((3, 0), self.kind)

    def program(self, plan: CellPlan) -> Program:
        """The program of a cell."""
        program = self._programs.get(plan.index)
        if program is None:
            program = ProgramBuilder(self.weights, self.height, self.width).build(plan)
            self._programs[plan.index] = program
        return program

    def forward(self, plan: CellPlan, batch: np.ndarray, statistics: Flat, momentum: float) -> np.ndarray:
        """Logits, (classes, batch), of a batch of shape (channels, height, width, batch)."""
        program, size = self.program(plan), batch.shape[-1]
        self._make_room(program, size)
        self._maps[: batch.size] = batch.ravel()
        room = (self._maps, self._winners, self._kept, self._room)
        weights = self.weights.parameters
        kernel.run_forward(program.operations, size, weights, statistics, momentum, self.epsilon, *room)
        num_channels = self.weights.network.classifier.in_features
        self.features = np.empty((num_channels, size), self.kind)
        self.logits = np.empty((self.num_classes, size), self.kind)
        last = self._maps[program.output * size :]
        dense, bias = weights[self.dense], weights[self.bias]
        step_kernel.head(last, num_channels, program.area, size, dense, bias, self.features, self.logits)
        return self.logits

    def backward(self, plan: CellPlan, labels: np.ndarray, share: float) -> float:
        """Mean cross-entropy of the batch that went forward last, times a share; adds its gradients to `slopes`."""
        program, size = self.program(plan), len(labels)
        d_logits = np.empty_like(self.logits)
        loss: float = step_kernel.loss_and_slopes(self.logits, labels, share, d_logits)
        gradients = self._gradients[: program.num_maps * size]
        gradients[:] = 0
        weights = self.weights.parameters
        slopes = self.slopes[self.dense], self.slopes[self.bias], gradients[program.output * size :]
        step_kernel.head_backward(d_logits, self.features, program.area, weights[self.dense], *slopes)
        room = (self._winners, self._kept, self._room)
        kernel.run_backward(program.operations, size, weights, self.slopes, self._maps, gradients, *room)
        return loss

    def mark_used(self, plan: CellPlan, *, whole: bool) -> None:
        """Note which parameters the next step moves."""
        kernel.mark_used(self.program(plan).operations, whole, self.used)
        self.used[self.dense] = self.used[self.bias] = True

    def _make_room(self, program: Program, size: int) -> None:
        if program.num_maps * size > len(self._maps):
            self._maps = np.empty(program.num_maps * size, self.kind)
            self._gradients = np.empty(program.num_maps * size, self.kind)
        if program.num_winners * size > len(self._winners):
            self._winners = np.empty(program.num_winners * size, np.uint8)
        if program.num_kept > len(self._kept):
            self._kept = np.empty((program.num_kept, 4))
        if program.room * size > self._room.shape[1]:
            self._room = np.empty((3, program.room * size), self.kind)


def batch_last(images_BCHW: Images) -> np.ndarray:
    """Images with the batch as their last dimension."""
    batch: np.ndarray = images_BCHW.permute(1, 2, 3, 0).contiguous().numpy()
    return batch


class CompiledTrainer(Trainer):
    """The trainer of the compiled engine."""

    engine = "compiled"

    def __init__(self, network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig) -> None:
        super().__init__(network, images, space, config)
        self.machine = Machine(network, images, shared=True)
        weights = self.machine.weights
        self.states = [np.zeros_like(weights.parameters) for _ in range(self.optimizer.rule.num_states)]
        views = zip(*(weights.views(state) for state in self.states), strict=True)
        for parameter, states in zip(weights.places, views, strict=True):
            self.optimizer.states[self.optimizer.names[parameter]] = list(states)

    def learn(self, images: Images, labels: Tensor, plans: list[CellPlan], learning_rate: float) -> Tensor:
        """Move the weights by the mean gradient of some cells on one mini-batch; returns the mean loss."""
        machine, config = self.machine, self.config.optimizer
        batch, classes = batch_last(images), labels.numpy()
        loss = 0.0
        for plan in plans:
            machine.forward(plan, batch, machine.weights.running, self.network.config.bn_momentum)
            loss += machine.backward(plan, classes, 1 / len(plans))
            machine.mark_used(plan, whole=config.move_whole_tensors)
        touched = (machine.weights.parameters, machine.slopes, machine.used, *self.states)
        numbers = (learning_rate, config.momentum, config.weight_decay)
        if config.name == "sgd":
            step_kernel.move_sgd(*touched, *numbers)
        else:
            step_kernel.move_rmsprop(*touched, *numbers, config.smoothing, config.epsilon, config.accumulate_epsilon)
        return torch.tensor(loss)


class CompiledEvaluator(Evaluator):
    """The evaluator of the compiled engine."""

    engine = "compiled"
    trainer = CompiledTrainer

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationConfig) -> None:
        super().__init__(network, images, config)
        self.machine = Machine(network, images, shared=False)
        chosen: Iterable[Images] = self.batches if config.adaptation == "average" else self.batches[-1:]
        self.adapting = [batch_last(batch) for batch in chosen]
        size = config.forward_size or BATCH
        self.validating = [batch_last(part) for part in torch.split(self.validation, size)]

    def logits(self, network: SuperNet, plan: CellPlan) -> Float[Tensor, "validation K"]:
        """Of a cell, for each validation image."""
        machine = self.machine if network is self.network else Machine(network, self.images, shared=False)
        statistics = machine.weights.running
        if self.config.adaptation != "none":
            statistics = np.zeros_like(statistics)
            for number, batch in enumerate(self.adapting, start=1):
                machine.forward(plan, batch, statistics, 1 / number)
        parts = [machine.forward(plan, batch, statistics, FIXED) for batch in self.validating]
        return torch.from_numpy(np.concatenate(parts, axis=1)).T
