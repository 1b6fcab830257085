"""The job that trains a super-net.

checkpoint.safetensors    the training as it stands, written about every half minute
after-9.safetensors       the same after an epoch among the last, where `training.keep_checkpoints` requires it
warning.txt               a sentence, if the training turned out early to learn nothing
log.jsonl                 a line per epoch: loss, images per second, now and then the correlation with the benchmark
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int32

from shareornot.errors import DataError, Interrupted
from shareornot.spaces import open_space, space_members
from shareornot.storage import atomic_write
from shareornot.studies.execution import LOG_NAME, WARNING_NAME, open_log, read_log
from shareornot.studies.job import Job, TrainSpec
from shareornot.studies.planning import draw_pool, hash_of_cells
from shareornot.studies.settings import PoolSettings, SupernetSettings
from shareornot.studies.store import Store
from shareornot.supernet.settings import TrainingSettings
from shareornot.tables import open_table
from shareornot.tables.contract import TEST, VALIDATION

if TYPE_CHECKING:
    from shareornot.images import ImageSet
    from shareornot.supernet import EpochReport, SuperNet

Cells = Int32[np.ndarray, " cells"]
ShouldStop = Callable[[], bool]
OnEpoch = Callable[["SuperNet", "EpochReport", float], None]

CHECKPOINT = "checkpoint.safetensors"
LEARNT = 0.99
"""A loss above this part of that of guessing is no better than guessing."""
SAVE_INTERVAL_S = 30.0


def train_job(store: Store, job: Job, spec: TrainSpec, images: "ImageSet", should_stop: ShouldStop) -> list[str]:
    """Train a super-net, from its checkpoint if there is one.

    A damaged checkpoint is set aside, and the training begins again.

    Args:
        store: store of the study.
        job: the training.
        spec: what the job trains.
        images: image set on the device to train on.
        should_stop: called before every step.

    Returns:
        The names of the result files.

    Raises:
        Interrupted: `should_stop` turned true; a checkpoint of that very step was written.
        DataError: the benchmark is not the one that the study was planned with.
    """
    folder = store.path(job.name)
    table = open_table(spec.supernet.benchmark)
    cells = space_members(open_space(spec.supernet.space), table.num_architectures)
    if hash_of_cells(cells) != spec.space_sha256:
        raise DataError(f"space {spec.supernet.space}: expected the cells that the study was planned with, got others")
    try:
        _train(folder, spec, images, cells, should_stop)
    except DataError as error:
        if not (folder / CHECKPOINT).exists():
            raise
        store.set_aside(job.name, str(error))
        _train(folder, spec, images, cells, should_stop)
    return [CHECKPOINT, *kept_checkpoints(spec.supernet.training)]


def kept_checkpoints(training: TrainingSettings) -> list[str]:
    """The names of the checkpoints that are kept besides the last one, the latest first."""
    first = max(1, training.epochs - training.keep_checkpoints + 1)
    return [f"after-{epoch}.safetensors" for epoch in range(training.epochs - 1, first - 1, -1)]


def continue_training(
    folder: Path,
    supernet: SupernetSettings,
    images: "ImageSet",
    space: Cells,
    should_stop: ShouldStop = lambda: False,
    *,
    on_epoch: OnEpoch = lambda _network, _report, _images_per_s: None,
) -> "SuperNet":
    """Train a super-net in a folder, from wherever its checkpoint stands.

    Args:
        folder: folder of the super-net.
        supernet: what to train.
        images: image set on the device to train on.
        space: unique indices of all cells of the space.
        should_stop: called before every step.
        on_epoch: called after each epoch with the super-net, the report of the epoch, and the images per second. It may
            score cells, and must change neither parameters nor running statistics.

    Returns:
        The trained super-net, on the device of the images.

    Raises:
        DataError: the checkpoint is damaged, or of other settings.
        Interrupted: `should_stop` turned true; a checkpoint of that very step was written.
    """
    from shareornot.methods import make_trainer
    from shareornot.supernet import build_supernet
    from shareornot.supernet.checkpoint import load_checkpoint, save_checkpoint

    whole = open_space(supernet.space)
    network = build_supernet(whole.family, supernet.network, supernet.training.seed)
    network.to(images.device)
    trainer = make_trainer(network, whole, space, images, supernet.training)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        load_checkpoint(checkpoint, trainer)
        if trainer.steps_done == trainer.num_steps:
            return network
    kept = kept_checkpoints(supernet.training)
    saved = started = time.monotonic()
    for report in trainer.run(should_stop):
        now = time.monotonic()
        num_images = min(report.num_steps * supernet.training.batch_size, len(images.train_images))
        on_epoch(network, report, round(num_images / max(now - started, 1e-9), 1))
        network.train()
        if (name := f"after-{report.epoch}.safetensors") in kept:
            save_checkpoint(folder / name, trainer)
        started = time.monotonic()
        if now - saved > SAVE_INTERVAL_S:
            save_checkpoint(checkpoint, trainer)
            saved = started = time.monotonic()
    save_checkpoint(checkpoint, trainer)
    if trainer.steps_done < trainer.num_steps:
        raise Interrupted(f"{folder}: stopped after {trainer.steps_done} of {trainer.num_steps} steps; they are saved")
    return network


def _train(folder: Path, spec: TrainSpec, images: "ImageSet", cells: Cells, should_stop: ShouldStop) -> None:
    """Train, and log every epoch."""
    folder.mkdir(parents=True, exist_ok=True)
    epochs = spec.supernet.training.epochs
    correlation = _Correlation(spec, images, should_stop)
    with open_log(folder / LOG_NAME) as log:

        def write(network: "SuperNet", report: "EpochReport", images_per_s: float) -> None:
            measures = {"loss": report.loss, "images_per_s": images_per_s, **correlation.measure(network, report.epoch)}
            log.write(report.epoch, epochs, "epochs", **measures)
            if report.warning is not None:
                with atomic_write(folder / WARNING_NAME) as file:
                    file.write(f"{report.warning}\n".encode())

        continue_training(folder, spec.supernet, images, cells, should_stop, on_epoch=write)


def has_learnt(store: Store, name: str, num_classes: int) -> bool:
    """Whether the loss of a training ended below that of guessing; true where no log exists.

    Args:
        store: holds the log.
        name: name of the job that trained.
        num_classes: number of classes of the images.
    """
    lines = read_log(store.path(name) / LOG_NAME).lines
    # A loss that is no number is left out of the log.
    return not lines or lines[-1].measures.get("loss", math.inf) <= LEARNT * math.log(num_classes)


class _Correlation:
    """Spearman's correlation of a few proxies with standalone accuracies, every few epochs."""

    def __init__(self, spec: TrainSpec, images: "ImageSet", should_stop: ShouldStop) -> None:
        self.spec, self.images, self.should_stop = spec, images, should_stop
        num_times = spec.watching.num_times
        self.interval = max(1, spec.supernet.training.epochs // num_times) if num_times else 0

    def measure(self, network: "SuperNet", epoch: int) -> dict[str, float]:
        """The correlation after some epochs; nothing after the others, or where it is undefined."""
        if not self.interval or epoch % self.interval:
            return {}
        from shareornot.statistics import spearman
        from shareornot.supernet import EvaluationSettings, Evaluator

        watching, supernet = self.spec.watching, self.spec.supernet
        fewer = replace(
            self.images,
            validation_images=self.images.validation_images[: watching.num_images],
            validation_labels=self.images.validation_labels[: watching.num_images],
        )
        table, seed = open_table(supernet.benchmark), supernet.training.seed
        cells = draw_pool(table, supernet.space, PoolSettings(num_cells=watching.num_cells), seed)
        accuracies = table.mean(VALIDATION if VALIDATION in table.metrics else TEST)[table.rows_of(cells)[0]]
        scoring = EvaluationSettings(batch_size=supernet.training.batch_size, seed=seed)
        proxies = []
        for proxy in Evaluator(network, fewer, scoring).scores(cells):
            if self.should_stop():
                return {}
            proxies.append(proxy)
        value = spearman(np.array(proxies), accuracies).value if len(proxies) > 2 else None
        return {} if value is None else {"proxy_correlation": round(value, 4)}
