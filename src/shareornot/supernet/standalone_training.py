"""Training one architecture alone, in several runs together."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

from shareornot.errors import SettingsError
from shareornot.images import ImageSet, draw_epoch
from shareornot.supernet.families import build_standalone
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings, TrainingResult
from shareornot.supernet.standalone import StandaloneTrainer


def train_standalone(
    index: int,
    runs: Sequence[int],
    images: ImageSet,
    network_config: NetworkSettings,
    config: StandaloneTrainingSettings,
    clock: Callable[[], float] = time.process_time,
    *,
    family: str = "nasbench101",
    half_way: bool = True,
) -> list[tuple[TrainingResult, ...]]:
    """Train one architecture alone, some runs of it.

    The initial weights and the order of the images of each run follow from architecture and run, and the runs do not
    touch each other, so that it makes no difference which of them train together.

    Args:
        index: number of the architecture in its family, such as the unique index of a cell.
        runs: numbers of the repeats.
        images: image set on the device to train on.
        network_config: size of the network.
        config: how to train.
        clock: seconds; the default counts processor time, which other programs disturb less than the wall clock.
        family: family of the architecture.
        half_way: whether to score half-way too.

    Returns:
        For each run, the results half-way and at the end. The time is shared equally among the runs.

    Raises:
        SettingsError: fewer training images than a batch, or a family whose architectures cannot be trained alone.
    """
    num_images = len(images.train_images)
    if config.batch_size > num_images:
        raise SettingsError(f"batch_size: expected at most the {num_images} training images, got {config.batch_size}")
    rngs = [np.random.default_rng([index, run]) for run in runs]
    trainers = []
    for rng in rngs:
        network = build_standalone(family, index, network_config, int(rng.integers(1 << 63))).to(images.device)
        trainers.append(StandaloneTrainer(network, images, config))
    reports, elapsed_s = [], 0.0
    report_at = (config.epochs // 2, config.epochs) if half_way else (config.epochs,)
    for epoch in range(config.epochs):
        started = clock()
        learning_rate = config.learning_rate * (1 + math.cos(math.pi * epoch / config.epochs)) / 2
        for trainer, rng in zip(trainers, rngs, strict=True):
            trainer.epoch(draw_epoch(images, rng), learning_rate)
        elapsed_s += clock() - started
        if epoch + 1 in report_at:
            reports.append([_score(trainer, images, elapsed_s / len(runs)) for trainer in trainers])
    return list(zip(*reports, strict=True))


def _score(trainer: StandaloneTrainer, images: ImageSet, elapsed_s: float) -> TrainingResult:
    """Accuracies of a run on all three parts of the images."""
    return TrainingResult(
        train_accuracy=trainer.accuracy(images.train_images, images.train_labels),
        validation_accuracy=trainer.accuracy(images.validation_images, images.validation_labels),
        test_accuracy=trainer.accuracy(images.test_images, images.test_labels),
        training_time_s=elapsed_s,
    )
