"""Train a user's super-net with the loop, the optimizers and the methods of this package."""

import hashlib
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.errors import DataError, Interrupted, SettingsError
from shareornot.methods.contract import Setup
from shareornot.methods.registry import GROUPED, METHODS, MIXING, build_method
from shareornot.own_supernet.activation import Activate
from shareornot.own_supernet.architectures import OwnArchitectures, own_architectures
from shareornot.own_supernet.findings import SupernetWarning, raise_errors
from shareornot.own_supernet.late_bar import late_bar
from shareornot.own_supernet.loaders import (
    MOST_KEPT_BYTES,
    Loader,
    check_labels,
    check_loader,
    first_batch,
    raw_batches,
)
from shareornot.own_supernet.network import OwnSuperNet
from shareornot.own_supernet.randomness import RandomStream
from shareornot.own_supernet.self_check import NUM_CHECKED, device_of, examine, num_outputs
from shareornot.spaces import Space
from shareornot.studies.interruption import polite_interruption
from shareornot.studies.recipes import RECIPES
from shareornot.supernet.checkpoint import load_checkpoint, save_checkpoint
from shareornot.supernet.settings import OptimizerSettings, Precision, Schedule, TrainingSettings
from shareornot.supernet.training import Batch, EpochReport, Trainer

SAVE_INTERVAL_S = 30.0
TUNED = OptimizerSettings(**RECIPES["tuned"]["training"]["optimizer"])
"""AdamW as the recipe `tuned` has it, see `docs/recipe.md`."""
OF_LOADER, OF_STEP = 0, 1
"""What the random streams of a training are for."""


def train_supernet(
    module: nn.Module,
    space: Space | Iterable[Any],
    train_loader: Loader,
    validation_loader: Loader | None = None,
    *,
    method: str = "uniform",
    options: Mapping[str, float | int | str | bool] | None = None,
    epochs: int = 16,
    optimizer: OptimizerSettings = TUNED,
    learning_rate: float | None = None,
    schedule: Schedule = "by-step",
    paths_per_step: int = 1,
    precision: Precision = "float32",
    activate: Activate | None = None,
    checkpoint: str | Path | None = None,
    check: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> list[EpochReport]:
    """Train the weights that architectures share.

    A step draws architectures by the method, runs them on one batch of the loader, and moves the parameters that they
    use; what a step does not use stays as it is. All randomness follows from the seed and the position: with a
    checkpoint, a training that is stopped and called again ends with the same weights, bit by bit.

    Args:
        module: a super-net on its device, with `activate(architecture)` or another method of
            `shareornot.own_supernet.METHODS`; changed in place, and in training mode afterwards.
        space: everything that `activate` takes, or a `Space`, whose architectures are whole numbers.
        train_loader: batches of images and labels; it must have a length.
        validation_loader: batches for methods that learn something on validation images, such as `enas`.
        method: name of a method, see `shareornot methods`. Methods that mix options need `module.mix(weights)`.
        options: options of the method.
        epochs: passes over the training loader.
        optimizer: rule and constants; by default the AdamW of the recipe `tuned`.
        learning_rate: rate in place of that of the optimizer; it falls along a cosine.
        schedule: whether the cosine is followed `by-step`, `by-epoch`, or by the sizes of architectures (`by-size`).
        paths_per_step: architectures whose gradients on one batch are averaged.
        precision: `float32`, or `bfloat16` for convolutions and matrix products.
        activate: activates an architecture, in place of a method of the module.
        checkpoint: file that keeps the training about every half minute, on Ctrl-C and at the end; the same call goes
            on from there.
        check: run `check_supernet` first. What is wrong is an error, what looks wrong a warning.
        seed: seed of the order, the augmentation and the architectures.
        progress: show a bar if training takes more than two seconds.

    Returns:
        A report for each epoch that this call has finished.

    Raises:
        SettingsError: the self-check finds an error, a setting is out of range, or the method does not fit.
        DataError: a loader yields something else than images and labels, or the checkpoint is of another training.
        Interrupted: Ctrl-C, with a checkpoint; the training is saved.
    """
    own = own_architectures(space)
    network = OwnSuperNet(module, own, activate)
    _check_method(method, network)
    batch = first_batch(train_loader, "train_loader", seed)
    if validation_loader is not None:
        check_loader(validation_loader, "validation_loader")
    module.zero_grad(set_to_none=True)
    if check:
        raise_errors(examine(network, batch, NUM_CHECKED))
    settings = TrainingSettings(
        epochs=epochs,
        batch_size=len(batch.labels),
        method=method,
        options=dict(options or {}),
        paths_per_step=paths_per_step,
        optimizer=optimizer if learning_rate is None else replace(optimizer, learning_rate=learning_rate),
        schedule=schedule,
        precision=precision,
        seed=seed,
    )
    batches = LoaderBatches(
        train_loader,
        validation_loader,
        own,
        method=method,
        num_classes=num_outputs(network, batch),
        device=device_of(module),
        seed=seed,
    )
    trainer = SeededTrainer(network, build_method(Setup(network, own.space, own.numbers, settings)), batches, settings)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and path.exists():
        load_checkpoint(path, trainer)
    return _run(trainer, path, progress=progress)


class LoaderBatches:
    """The mini-batches of ordinary loaders, as a `shareornot.supernet.training.BatchSource`.

    The order and the augmentation of an epoch follow from the seed and the number of the epoch.
    """

    def __init__(
        self,
        train_loader: Loader,
        validation_loader: Loader | None,
        architectures: OwnArchitectures,
        *,
        method: str,
        num_classes: int,
        device: torch.device,
        seed: int,
    ) -> None:
        try:
            self.steps_per_epoch = len(train_loader)  # type: ignore[arg-type]
        except TypeError:
            raise SettingsError(
                "train_loader: expected a loader with a length, got one without; give its data set __len__, or "
                "a list of batches"
            ) from None
        self.num_classes, self.device, self.seed = num_classes, device, seed
        self._train, self._validation, self._method = train_loader, validation_loader, method
        self._texts = architectures.texts
        self._pass: Iterable[Batch] = ()
        self._next = (-1, 0)
        self._kept: list[Batch] = []

    def training_batch(self, epoch: int, position: int) -> Batch:
        """The batch at a position of an epoch; those before it are passed over where they have not been read.

        Raises:
            DataError: the loader ends early, or gives something else than images and labels.
        """
        if self._next[0] != epoch or self._next[1] > position:
            self._pass = raw_batches(self._train, "train_loader", self.seed, OF_LOADER, epoch, epoch=epoch)
            self._next = (epoch, 0)
        for batch in self._pass:
            found = self._next[1]
            self._next = (epoch, found + 1)
            if found == position:
                return self._checked(batch, "train_loader")
        raise DataError(
            f"train_loader: expected {self.steps_per_epoch} batches, which is its length, got {self._next[1]}; fix "
            "__len__ of its data set"
        )

    def validation_batch(self, epoch: int, position: int, number: int) -> Batch:
        """A batch of the validation loader, drawn at random.

        Raises:
            SettingsError: there is no validation loader.
        """
        if self._validation is None:
            raise SettingsError(
                f"method {self._method}: expected validation_loader, since the method learns from validation images, "
                "got none; give one, or take a method such as uniform"
            )
        if not self._kept:
            num_bytes = 0
            for batch in raw_batches(self._validation, "validation_loader", self.seed, OF_LOADER):
                self._kept.append(self._checked(batch, "validation_loader"))
                num_bytes += batch.images.nbytes
                if num_bytes > MOST_KEPT_BYTES:
                    break
        rng = np.random.default_rng([self.seed, epoch, 1 + position, number])
        return self._kept[int(rng.integers(len(self._kept)))]

    def epoch_rng(self, epoch: int) -> np.random.Generator:
        """A generator that follows from the seed and the epoch."""
        return np.random.default_rng([self.seed, epoch])

    def description(self) -> Mapping[str, Any]:
        """The length of an epoch, and the architectures."""
        digest = hashlib.sha256("\n".join(self._texts).encode()).hexdigest()[:16]
        return {"steps_per_epoch": self.steps_per_epoch, "architectures": len(self._texts), "sha256": digest}

    def _checked(self, batch: Batch, name: str) -> Batch:
        check_labels(batch.labels, self.num_classes, name)
        return Batch(batch.images.to(self.device), batch.labels.to(self.device))


class SeededTrainer(Trainer):
    """A trainer of networks that draw random numbers, as dropout does: each step has a random state of its own."""

    def step(self) -> Float[Tensor, ""]:
        """One step; returns its mean loss."""
        with RandomStream(self.settings.seed, OF_STEP, self.steps_done).active():
            return super().step()


def _run(trainer: SeededTrainer, path: Path | None, *, progress: bool) -> list[EpochReport]:
    """Train to the end, with a bar, and with checkpoints if there is a path."""
    reports = []
    interruption: AbstractContextManager[Callable[[], bool]] = nullcontext(lambda: False)
    if path is not None:
        interruption = polite_interruption()
    left = trainer.num_steps - trainer.steps_done
    with interruption as stop_requested, late_bar("Training steps", left, shown=progress) as bar:
        saved, counted = time.monotonic(), trainer.steps_done

        def should_stop() -> bool:
            nonlocal saved, counted
            bar.advance(trainer.steps_done - counted)
            counted = trainer.steps_done
            if path is not None and time.monotonic() - saved > SAVE_INTERVAL_S:
                save_checkpoint(path, trainer)
                saved = time.monotonic()
            return stop_requested()

        for report in trainer.run(should_stop):
            reports.append(report)
            if report.warning is not None:
                warnings.warn(report.warning, SupernetWarning, stacklevel=3)
        if path is not None and left:
            save_checkpoint(path, trainer)
    if trainer.steps_done < trainer.num_steps:
        raise Interrupted(
            f"{path}: stopped after {trainer.steps_done:,} of {trainer.num_steps:,} steps, which are saved; the same "
            "call resumes there"
        )
    return reports


def _check_method(method: str, network: OwnSuperNet) -> None:
    """Refuse methods that need more of a super-net than the module has.

    Raises:
        SettingsError: with the reason.
    """
    kind = METHODS[method].spaces if method in METHODS else ""
    name = type(network.module).__name__
    if kind == MIXING and not hasattr(network, "mix"):
        raise SettingsError(
            f"method {method}: expected the method mix(weights) of {name}, since it trains sums of all options, got "
            "none; add it, or take a method that trains single architectures, such as uniform"
        )
    if kind == GROUPED:
        raise SettingsError(
            f"method {method}: expected a super-net of this package, of which it makes copies, got {name}; train a "
            "module for each group of architectures with uniform"
        )
