"""Training a super-net: for every mini-batch, sample cells, run them on it, average their gradients, step.

All randomness of an epoch follows from the seed and the number of the epoch. So a checkpoint needs no state of a random
generator, only the number of steps done, and a training that stops after any step goes on as if it never had.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import Draws, ImageSet, draw_epoch
from shareornot.supernet.batch_norm import Images
from shareornot.supernet.contract import Regions, SuperNet, merge_regions, used_regions
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.sampling import Indices, sampling_strategy
from shareornot.supernet.settings import TrainingSettings


class EpochReport(NamedTuple):
    """What an epoch did."""

    epoch: int
    """Epochs done."""
    loss: float
    """Mean cross-entropy over the steps of the epoch that this call did; not finite once training has diverged."""
    num_steps: int


@dataclass(frozen=True, slots=True)
class _Epoch:
    """The randomness of one epoch."""

    number: int
    images: Draws
    cells: Indices


class Trainer:
    """A super-net in training: the network, its optimizer, and how many steps are done.

    Args:
        network: changed in place.
        images: on the device of the network.
        space: unique indices of the cells to sample from.
        config: how to train.
    """

    def __init__(self, network: SuperNet, images: ImageSet, space: Indices, config: TrainingSettings) -> None:
        if len(space) == 0:
            raise SettingsError("space: expected at least one cell to train on, got none")
        if config.batch_size > len(images.train_images):
            raise SettingsError(
                f"batch_size: expected at most the {len(images.train_images)} training images, got {config.batch_size}"
            )
        self.network, self.images, self.config = network, images, config
        self.sample = sampling_strategy(config.sampling)(space)
        self.optimizer = PartialOptimizer(dict(network.named_parameters()), config.optimizer)
        self.dtype = next(parameter.dtype for _, parameter in network.named_parameters())
        self.steps_done = 0
        self._epoch: _Epoch | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch; the last may be smaller."""
        return math.ceil(len(self.images.train_images) / self.config.batch_size)

    @property
    def num_steps(self) -> int:
        """Steps of the whole training."""
        return self.config.epochs * self.steps_per_epoch

    def learning_rate(self, step: int) -> float:
        """Cosine from the initial learning rate to 0, along epochs or along steps; steps count from 0."""
        done, total = step, self.num_steps
        if self.config.schedule == "by-epoch":
            done, total = step // self.steps_per_epoch, self.config.epochs
        return self.config.optimizer.learning_rate * (1 + math.cos(math.pi * done / total)) / 2

    def step(self) -> Tensor:
        """One step; returns its mean loss, on the device."""
        epoch = self._current_epoch()
        position = self.steps_done % self.steps_per_epoch
        start = position * self.config.batch_size
        images, labels = self.images.training_batch(epoch.images, start, start + self.config.batch_size)
        k = self.config.cells_per_step
        cells = epoch.cells[position * k : (position + 1) * k].tolist()
        images = images.to(self.dtype)
        loss = self.learn(images, labels, cells, self.learning_rate(self.steps_done))
        self.steps_done += 1
        return loss

    def learn(self, images: Images, labels: Tensor, cells: list[int], learning_rate: float) -> Tensor:
        """Move the weights by the mean gradient of some cells on one mini-batch; returns the mean loss."""
        losses: list[Tensor] = []
        regions: Regions = {}
        for cell in cells:
            self.network.activate(cell)
            loss = F.cross_entropy(self.network(images), labels) / len(cells)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            merge_regions(regions, used_regions(self.network))
        self.optimizer.step(regions, learning_rate)
        return torch.stack(losses).sum()

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochReport]:
        """Train to the end, reporting after each epoch.

        Args:
            should_stop: asked before every step; where it says yes, training ends there, ready to be saved.
        """
        self.network.train()
        losses: list[Tensor] = []
        while self.steps_done < self.num_steps and not should_stop():
            losses.append(self.step())
            if self.steps_done % self.steps_per_epoch == 0:
                yield EpochReport(
                    self.steps_done // self.steps_per_epoch, torch.stack(losses).mean().item(), len(losses)
                )
                losses = []

    def _current_epoch(self) -> _Epoch:
        """The randomness of the epoch that the next step belongs to."""
        number = self.steps_done // self.steps_per_epoch
        if self._epoch is None or self._epoch.number != number:
            rng = np.random.default_rng([self.config.seed, number])
            draws = draw_epoch(self.images, rng)
            cells = self.sample(rng, self.steps_per_epoch * self.config.cells_per_step)
            self._epoch = _Epoch(number, draws, cells)
        return self._epoch
