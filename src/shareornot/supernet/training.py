"""The training loop: epochs, mini-batches, learning rate, stop. It knows neither the space nor the method.

All randomness of a step follows from the seed, the epoch and the position in it. So a checkpoint needs no state of a
random generator, and a training that is stopped after any step and resumed gives bit-identical results.
"""

import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import Draws, ImageSet, draw_epoch
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.learning_check import LearningCheck
from shareornot.supernet.precision import computing_in
from shareornot.supernet.settings import TrainingSettings


class Batch(NamedTuple):
    """Some images, normalized, and their labels."""

    images: Float[Tensor, "B C H W"]
    labels: Int64[Tensor, " B"]


@dataclass(frozen=True, slots=True)
class Step:
    """Where a training stands: everything that a step may depend on besides weights and images."""

    seed: int
    epoch: int
    """Epochs done before this one."""
    position: int
    """Steps of this epoch done before this one."""
    num_epochs: int
    steps_per_epoch: int
    learning_rate: float
    """Of the shared weights."""
    _epoch_rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0), repr=False)

    @property
    def number(self) -> int:
        """Steps done before this one."""
        return self.epoch * self.steps_per_epoch + self.position

    @property
    def num_steps(self) -> int:
        """Steps of the whole training."""
        return self.num_epochs * self.steps_per_epoch

    def rng(self) -> np.random.Generator:
        """A new generator that follows from the seed, the epoch and the position."""
        return np.random.default_rng([self.seed, self.epoch, 1 + self.position])

    def epoch_rng(self) -> np.random.Generator:
        """A new generator that follows from the seed and the epoch, the same for every step of the epoch."""
        return deepcopy(self._epoch_rng)


class Report(NamedTuple):
    """What a step did."""

    loss: Float[Tensor, ""]
    """Mean cross-entropy of the paths on the mini-batch, on the device."""


@runtime_checkable
class Learner(Protocol):
    """What the loop trains with; methods are learners, and so is fine-tuning."""

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Do one step: choose architectures, run them forward and backward, move the weights.

        Args:
            at: where the training stands.
            train: the mini-batch of this step.
            validation: draws a random mini-batch of validation images, another one at every call.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """All state besides the network's, by name, for a checkpoint."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint; names and shapes have been checked."""


class EpochReport(NamedTuple):
    """What an epoch did."""

    epoch: int
    """Epochs done."""
    loss: float
    """Mean cross-entropy over the steps of the epoch that this call did; not finite once training has diverged."""
    num_steps: int
    warning: str | None = None
    """A sentence in the epoch that shows that the training has learnt nothing so far, see `LearningCheck`."""


class _Epoch(NamedTuple):
    """The randomness of one epoch."""

    number: int
    images: Draws
    rng: np.random.Generator
    """After the images have been drawn."""


class Trainer:
    """A network in training, and how many steps are done.

    Args:
        network: changed in place.
        method: what a step does.
        images: on the device of the network.
        settings: epochs, batch size, learning rate and seed.

    Raises:
        SettingsError: fewer training images than a mini-batch.
    """

    def __init__(self, network: SuperNet, method: Learner, images: ImageSet, settings: TrainingSettings) -> None:
        if settings.batch_size > len(images.train_images):
            raise SettingsError(
                f"batch_size: expected at most the {len(images.train_images)} training images, "
                f"got {settings.batch_size}"
            )
        self.network, self.method, self.images, self.settings = network, method, images, settings
        self.dtype = next(parameter.dtype for _, parameter in network.named_parameters())
        self.steps_done = 0
        self._epoch: _Epoch | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch; the last may be smaller."""
        return math.ceil(len(self.images.train_images) / self.settings.batch_size)

    @property
    def num_steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.epochs * self.steps_per_epoch

    def learning_rate(self, step: int) -> float:
        """Cosine from the initial learning rate to the final one, along epochs or along steps; steps count from 0."""
        done, total = step, self.num_steps
        if self.settings.schedule != "by-step":
            done, total = step // self.steps_per_epoch, self.settings.epochs
        first, last = self.settings.optimizer.learning_rate, self.settings.optimizer.final_learning_rate
        return last + (first - last) * (1 + math.cos(math.pi * done / total)) / 2

    def step(self) -> Float[Tensor, ""]:
        """One step; returns its mean loss, on the device."""
        epoch = self._current_epoch()
        position = self.steps_done % self.steps_per_epoch
        start = position * self.settings.batch_size
        images, labels = self.images.training_batch(epoch.images, start, start + self.settings.batch_size)
        at = Step(
            seed=self.settings.seed,
            epoch=epoch.number,
            position=position,
            num_epochs=self.settings.epochs,
            steps_per_epoch=self.steps_per_epoch,
            learning_rate=self.learning_rate(self.steps_done),
            _epoch_rng=epoch.rng,
        )
        with computing_in(self.settings.precision, self.images.device):
            report = self.method.step(at, Batch(images.to(self.dtype), labels), self._validation_batches(at))
        self.steps_done += 1
        return report.loss

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochReport]:
        """Train to the end, reporting after each epoch.

        Args:
            should_stop: asked before every step; where it returns true, training ends there, ready to be saved.
        """
        self.network.train()
        losses: list[Tensor] = []
        check = LearningCheck(self.images.num_classes, self.num_steps, self.steps_done)
        while self.steps_done < self.num_steps and not should_stop():
            losses.append(self.step())
            if self.steps_done % self.steps_per_epoch == 0:
                of_epoch = torch.stack(losses)
                warning = check.add(of_epoch.tolist())
                yield EpochReport(self.steps_done // self.steps_per_epoch, of_epoch.mean().item(), len(losses), warning)
                losses = []

    def _current_epoch(self) -> _Epoch:
        """The randomness of the epoch that the next step belongs to."""
        number = self.steps_done // self.steps_per_epoch
        if self._epoch is None or self._epoch.number != number:
            rng = np.random.default_rng([self.settings.seed, number])
            self._epoch = _Epoch(number, draw_epoch(self.images, rng), rng)
        return self._epoch

    def _validation_batches(self, at: Step) -> Callable[[], Batch]:
        """What draws validation batches for one step, without replacement within a batch and without augmentation."""
        num_calls = 0

        def draw() -> Batch:
            nonlocal num_calls
            num_calls += 1
            rng = np.random.default_rng([at.seed, at.epoch, 1 + at.position, num_calls])
            num_images = len(self.images.validation_images)
            chosen = rng.choice(num_images, min(self.settings.batch_size, num_images), replace=False)
            which = torch.from_numpy(chosen).to(self.images.device)
            images = self.images.normalize(self.images.validation_images[which])
            return Batch(images.to(self.dtype), self.images.validation_labels[which])

        return draw
