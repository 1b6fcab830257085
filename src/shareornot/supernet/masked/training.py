"""Training with a static graph: one super-net, or several side by side that differ in their seed.

A step reads everything that differs from one to the next from tensors that stay where they are: the position in the
epoch, the rows of the cells, the order and augmentation of the images, the learning rate. So the same graph does all
steps. The last mini-batch of an epoch may be smaller; it has a second graph, of its own size.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import Draws, ImageSet
from shareornot.supernet.config import TrainingConfig
from shareornot.supernet.masked.batches import Batches, LaneDraws, stack_draws
from shareornot.supernet.masked.choice import Slots, describe_cells, expand
from shareornot.supernet.masked.layout import Storage
from shareornot.supernet.masked.network import BatchStatistics, forward
from shareornot.supernet.masked.optimizer import move
from shareornot.supernet.masked.replay import Replay
from shareornot.supernet.network import SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import EpochReport, Trainer

Forward = Callable[[Tensor, Tensor, Tensor, dict[str, Tensor]], tuple[Tensor, Tensor, Tensor, Tensor]]
"""From images, labels, rows of cells and leaves to losses, slots, means and variances."""


class SideBySide:
    """Super-nets that train side by side, each as it would alone.

    Args:
        trainers: of super-nets of the same settings, which differ in their seeds; all on the same images. From then on
            their networks and optimizers hold views of the flat vectors that are trained, so saving and loading them,
            and setting their `steps_done`, is all that a checkpoint needs.
        compiler: makes a function faster, as `torch.compile` does; it gets the forward pass. It takes a minute or two,
            which only long trainings earn back.

    Raises:
        SettingsError: settings that do not go together.
    """

    def __init__(
        self, trainers: Sequence["MaskedTrainer"], compiler: Callable[[Forward], Forward] = lambda work: work
    ) -> None:
        first = trainers[0]
        if any(
            replace(one.config, seed=first.config.seed) != first.config or one.network.config != first.network.config
            for one in trainers
        ):
            raise SettingsError("side by side: expected super-nets that differ in their seed only; train others apart")
        self.trainers, self.config, self.images = list(trainers), first.config, first.images
        self.storage = Storage([one.network for one in trainers], first.optimizer.rule.num_states)
        for number, one in enumerate(trainers):
            one.optimizer.states = self.storage.states_of(number, one.optimizer.states)
            one.group = self
        self.sizes = self.storage.layout.sizes
        self.momentum = first.network.config.bn_momentum
        self.batches = Batches(self.images, self.storage.parameters.dtype)
        slots = Slots(self.sizes)
        pairs, one_each = self.storage.layout.used_by(slots, whole=self.config.optimizer.move_whole_tensors)
        device, num_images = self.images.device, len(self.images.train_images)
        self.slots_of_parameters = torch.from_numpy(pairs).to(device)
        self.slots_of_statistics = torch.from_numpy(one_each).to(device)
        num_lanes, k = len(trainers), self.config.cells_per_step
        # What a step reads; it is filled before, so that a graph that was captured reads on from the same place.
        self.draws = LaneDraws(
            torch.zeros((num_lanes, num_images), dtype=torch.int64, device=device),
            torch.zeros((num_lanes, num_images, 2), dtype=torch.int64, device=device),
            torch.zeros((num_lanes, num_images), dtype=torch.bool, device=device),
        )
        shape = (first.steps_per_epoch, k, num_lanes, self.sizes.num_columns)
        self.rows = torch.zeros(shape, dtype=torch.int32, device=device)
        self.position = torch.zeros(1, dtype=torch.int64, device=device)
        self.learning_rate = self.storage.parameters.new_zeros(())
        self.losses = self.storage.parameters.new_zeros(num_lanes)
        self._forward = compiler(self.losses_of)
        self._epoch: int | None = None
        self._works: dict[int, Replay] = {}

    @property
    def steps_done(self) -> int:
        """Steps that every super-net has done."""
        return self.trainers[0].steps_done

    @property
    def notes(self) -> list[str]:
        """What did not go as it should have and only costs time."""
        return [work.note for work in self._works.values() if work.note is not None]

    def step(self) -> Float[Tensor, " L"]:
        """One step of every lane; returns the mean loss of each, on the device."""
        self._prepare()
        position = self.steps_done % self.trainers[0].steps_per_epoch
        self.position.fill_(position)
        batch_size = self.config.batch_size
        size = min(batch_size, len(self.images.train_images) - position * batch_size)
        if size not in self._works:
            others = [work.graph.pool() for work in self._works.values() if work.graph is not None]
            self._works[size] = Replay(lambda: self.work(size), self.images.device, others[0] if others else None)
        self._works[size]()
        for one in self.trainers:
            one.steps_done += 1
        return self.losses.clone()

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[list[EpochReport]]:
        """Train to the end, reporting after each epoch, for each lane.

        Args:
            should_stop: asked before every step; where it says yes, training ends there, ready to be saved.
        """
        first, losses = self.trainers[0], list[Tensor]()
        while self.steps_done < first.num_steps and not should_stop():
            losses.append(self.step())
            if self.steps_done % first.steps_per_epoch == 0:
                epoch, means = self.steps_done // first.steps_per_epoch, torch.stack(losses).mean(dim=0).tolist()
                yield [EpochReport(epoch, mean, len(losses)) for mean in means]
                losses = []

    def work(self, size: int) -> None:
        """What a step does on the device, for a mini-batch of so many images: the same for all cells.

        It asks the device nothing, copies nothing from the host, and depends on no number of a tensor but by masks and
        indices. So it can be traced, compiled, or captured once.
        """
        storage, k = self.storage, self.config.cells_per_step
        first = self.position * self.config.batch_size
        images, labels = self.batches.training(self.draws, first + torch.arange(size, device=first.device))
        rows = self.rows.index_select(0, self.position)[0]
        leaves = storage.leaves()
        gradient, moves, losses = None, None, []
        for number in range(k):
            with torch.enable_grad():
                mean_losses, slots, *statistics = self._forward(images, labels, rows[number], leaves)
                loss = mean_losses / k
                parts = torch.autograd.grad(loss.sum(), list(leaves.values()), materialize_grads=True)
            losses.append(loss.detach())
            with torch.no_grad():
                flat = torch.cat([part.flatten() for part in parts])
                gradient = flat if gradient is None else gradient + flat
                in_use = slots.flatten()
                used = in_use[self.slots_of_parameters].all(dim=0)
                moves = used if moves is None else moves | used
                learns = in_use[self.slots_of_statistics]
                for kept, new in zip((storage.means, storage.variances), statistics, strict=True):
                    mixed = (1 - self.momentum) * kept + self.momentum * new
                    kept.copy_(torch.where(learns, mixed, kept))
        assert gradient is not None
        assert moves is not None
        with torch.no_grad():
            move(storage.parameters, gradient, storage.states, moves, self.learning_rate, self.config.optimizer)
            self.losses.copy_(torch.stack(losses).sum(dim=0))

    def losses_of(
        self, images: Tensor, labels: Tensor, rows: Tensor, leaves: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Forward pass of one cell a lane: losses, slots in use, and the statistics of the batch."""
        choice = expand(rows, self.sizes, self.storage.parameters.dtype)
        unit = BatchStatistics(self.sizes.config.bn_epsilon)
        logits = forward(images, leaves, choice, unit, self.sizes)
        return _mean_losses(logits, labels), choice.slots, *unit.flat(self.storage.layout.statistics, self.sizes)

    def _prepare(self) -> None:
        """Fill what the steps of an epoch read, where the next step is in another epoch than the last was."""
        first = self.trainers[0]
        number = self.steps_done // first.steps_per_epoch
        if any(one.steps_done != self.steps_done for one in self.trainers):
            raise SettingsError(
                f"side by side: expected super-nets of as many steps, got {[one.steps_done for one in self.trainers]}; "
                "train those that lag behind first"
            )
        if self._epoch == number:
            return
        draws, cells = zip(*(one.draw() for one in self.trainers), strict=True)
        stacked = stack_draws(draws)
        for name in ("order", "offsets", "flips"):
            getattr(self.draws, name).copy_(getattr(stacked, name))
        rows = describe_cells(np.stack(cells, axis=1).ravel(), self.sizes.config)
        self.rows.copy_(torch.from_numpy(rows).view(self.rows.shape))
        self.learning_rate.fill_(first.learning_rate(number))
        self._epoch = number


class MaskedTrainer(Trainer):
    """A super-net in training, with a static graph; does what the plain `Trainer` does.

    Args:
        network: changed in place; its tensors become views of a flat vector.
        images: on the device of the network.
        space: unique indices of the cells to sample from.
        config: how to train.
    """

    engine: ClassVar[str] = "masked"

    def __init__(self, network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig) -> None:
        super().__init__(network, images, space, config)
        self.group: SideBySide | None = None
        """Those that it trains with, itself among them."""

    @property
    def notes(self) -> list[str]:
        """What did not go as it should have and only costs time."""
        return [] if self.group is None else self.group.notes

    def step(self) -> Float[Tensor, ""]:
        """One step; returns its mean loss, on the device."""
        group = SideBySide([self]) if self.group is None else self.group
        assert len(group.trainers) == 1, "a super-net of several side by side does no step alone"
        return group.step()[0]

    def draw(self) -> tuple[Draws, Indices]:
        """The randomness of the epoch that the next step belongs to: images and cells."""
        epoch = self._current_epoch()
        return epoch.images, epoch.cells


def _mean_losses(logits: Float[Tensor, "B L K"], labels: Tensor) -> Float[Tensor, " L"]:
    """Mean cross-entropy of each lane."""
    losses = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return losses.view(labels.shape).mean(dim=0)
