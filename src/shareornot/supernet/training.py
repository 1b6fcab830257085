"""The training loop: epochs, mini-batches, learning rate, stop. It depends neither on the space nor on the method.

All randomness of a step follows from the seed, the epoch and the position in it. So a checkpoint needs no state of a
random generator, and a training that is stopped after any step and resumed gives bit-identical results.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

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
    """Position of a training: everything that a step may depend on besides weights and images."""

    seed: int
    epoch: int
    """Epochs done before this one."""
    position: int
    """Steps of this epoch done before this one."""
    num_epochs: int
    steps_per_epoch: int
    learning_rate: float
    """Learning rate of the shared weights."""
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
    """Report of a step."""

    loss: Float[Tensor, ""]
    """Mean cross-entropy of the paths on the mini-batch, on the device."""


@runtime_checkable
class Learner(Protocol):
    """The protocol of learners, which the loop trains: methods and fine-tuning."""

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Do one step: choose architectures, run them forward and backward, move the weights.

        Args:
            at: position of the training.
            train: the mini-batch of this step.
            validation: draws a random mini-batch of validation images, another one at every call.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """All state besides the network's, by name, for a checkpoint."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint; names and shapes have been checked."""


class EpochReport(NamedTuple):
    """Report of an epoch."""

    epoch: int
    """Epochs done."""
    loss: float
    """Mean cross-entropy over the steps of the epoch that this call did; not finite once training has diverged."""
    num_steps: int
    warning: str | None = None
    """A sentence in the epoch that shows that the training has learnt nothing so far, see `LearningCheck`."""


@runtime_checkable
class BatchSource(Protocol):
    """Where the mini-batches of a training come from. Each follows from the seed, the epoch and the position."""

    num_classes: int
    """Number of classes of the labels."""
    steps_per_epoch: int
    """Mini-batches in an epoch; the last may be smaller."""
    device: torch.device

    def training_batch(self, epoch: int, position: int) -> Batch:
        """The mini-batch of a step; steps come in their order, from any first one."""

    def validation_batch(self, epoch: int, position: int, number: int) -> Batch:
        """A random mini-batch of validation images; another one for each `number`, which counts from 1 in a step."""

    def epoch_rng(self, epoch: int) -> np.random.Generator:
        """A generator that follows from the seed and the epoch."""

    def description(self) -> Mapping[str, Any]:
        """What a checkpoint holds of it, in JSON, so that no training resumes with other mini-batches."""


class _Epoch(NamedTuple):
    """The randomness of one epoch."""

    number: int
    images: Draws
    rng: np.random.Generator
    """After the images have been drawn."""


class ImageBatches:
    """Mini-batches of an image set that lives on the device.

    Args:
        images: image set on the device of the network.
        settings: batch size and seed.
        dtype: type of the images that come out.

    Raises:
        SettingsError: fewer training images than a mini-batch.
    """

    def __init__(self, images: ImageSet, settings: TrainingSettings, dtype: torch.dtype) -> None:
        if settings.batch_size > len(images.train_images):
            raise SettingsError(
                f"batch_size: expected at most the {len(images.train_images)} training images, "
                f"got {settings.batch_size}"
            )
        self.images, self.seed, self.batch_size, self.dtype = images, settings.seed, settings.batch_size, dtype
        self.num_classes, self.device = images.num_classes, images.device
        self.steps_per_epoch = math.ceil(len(images.train_images) / settings.batch_size)
        self._epoch: _Epoch | None = None

    def training_batch(self, epoch: int, position: int) -> Batch:
        """Augmented training images, in a random order that differs from epoch to epoch."""
        start = position * self.batch_size
        images, labels = self.images.training_batch(self._drawn(epoch).images, start, start + self.batch_size)
        return Batch(images.to(self.dtype), labels)

    def validation_batch(self, epoch: int, position: int, number: int) -> Batch:
        """Validation images, without replacement within a batch and without augmentation."""
        rng = np.random.default_rng([self.seed, epoch, 1 + position, number])
        num_images = len(self.images.validation_images)
        chosen = rng.choice(num_images, min(self.batch_size, num_images), replace=False)
        which = torch.from_numpy(chosen).to(self.device)
        images = self.images.normalize(self.images.validation_images[which])
        return Batch(images.to(self.dtype), self.images.validation_labels[which])

    def epoch_rng(self, epoch: int) -> np.random.Generator:
        """The generator of the epoch after its images have been drawn."""
        return self._drawn(epoch).rng

    def description(self) -> Mapping[str, Any]:
        """Nothing: the settings of a training name its images."""
        return {}

    def _drawn(self, epoch: int) -> _Epoch:
        if self._epoch is None or self._epoch.number != epoch:
            rng = np.random.default_rng([self.seed, epoch])
            self._epoch = _Epoch(epoch, draw_epoch(self.images, rng), rng)
        return self._epoch


class Trainer:
    """A network in training, and how many steps are done.

    Args:
        network: changed in place.
        method: what a step does.
        images: image set on the device of the network, or another source of mini-batches.
        settings: epochs, batch size, learning rate and seed.

    Raises:
        SettingsError: fewer training images than a mini-batch.
    """

    def __init__(
        self, network: SuperNet, method: Learner, images: ImageSet | BatchSource, settings: TrainingSettings
    ) -> None:
        self.network, self.method, self.images, self.settings = network, method, images, settings
        dtype = next(parameter.dtype for _, parameter in network.named_parameters())
        self.batches: BatchSource = ImageBatches(images, settings, dtype) if isinstance(images, ImageSet) else images
        self.steps_done = 0

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch; the last may be smaller."""
        return self.batches.steps_per_epoch

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
        epoch, position = divmod(self.steps_done, self.steps_per_epoch)
        train = self.batches.training_batch(epoch, position)
        at = Step(
            seed=self.settings.seed,
            epoch=epoch,
            position=position,
            num_epochs=self.settings.epochs,
            steps_per_epoch=self.steps_per_epoch,
            learning_rate=self.learning_rate(self.steps_done),
            _epoch_rng=self.batches.epoch_rng(epoch),
        )
        numbers = itertools.count(1)
        with computing_in(self.settings.precision, self.batches.device):
            report = self.method.step(at, train, lambda: self.batches.validation_batch(epoch, position, next(numbers)))
        self.steps_done += 1
        return report.loss

    def run(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[EpochReport]:
        """Train to the end, reporting after each epoch.

        Args:
            should_stop: called before every step; where it returns true, training ends there, ready to be saved.
        """
        self.network.train()
        losses: list[Tensor] = []
        check = LearningCheck(self.batches.num_classes, self.num_steps, self.steps_done)
        while self.steps_done < self.num_steps and not should_stop():
            losses.append(self.step())
            if self.steps_done % self.steps_per_epoch == 0:
                of_epoch = torch.stack(losses)
                warning = check.add(of_epoch.tolist())
                yield EpochReport(self.steps_done // self.steps_per_epoch, of_epoch.mean().item(), len(losses), warning)
                losses = []
