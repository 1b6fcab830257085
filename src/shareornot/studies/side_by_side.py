"""Several super-nets trained side by side in one process, each in a folder of its own, as if it were alone.

The same super-nets together lead to the same bits, whenever they are stopped; others together to the same numbers up to
rounding.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from shareornot.errors import Interrupted
from shareornot.images import ImageSet
from shareornot.progress import Progress
from shareornot.studies.settings import RunSettings
from shareornot.studies.supernet_run import CHECKPOINT, SAVE_INTERVAL_S, claim, train_supernet
from shareornot.studies.training_log import TrainingLog
from shareornot.supernet import SuperNet
from shareornot.supernet.checkpoint import checkpoint_engine, load_checkpoint, save_checkpoint
from shareornot.supernet.engines import make_trainer
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide

Indices = Int32[np.ndarray, " cells"]


def train_side_by_side(
    folders: Sequence[Path],
    settings: Sequence[RunSettings],
    images: ImageSet,
    space: Indices,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train super-nets that differ in their seed at the same time, or go on with those that were stopped.

    Those that stand after equally many steps train side by side on the masked engine; where `auto` finds another engine
    to be faster, and for those that another engine has begun, one trains after the other.

    Args:
        folders: where each is kept; one that holds other settings is refused.
        settings: of each.
        images: on the device to train on.
        space: unique indices of all cells of the space.
        progress: advances by the steps of all.
        should_stop: asked before every step.

    Raises:
        SettingsError: a folder holds a super-net of other settings.
        DataError: a checkpoint is damaged.
        Interrupted: `should_stop` said so; all are saved.
    """
    together: dict[int, list[tuple[Path, MaskedTrainer]]] = defaultdict(list)
    others: list[tuple[Path, RunSettings]] = []
    for folder, one in zip(folders, settings, strict=True):
        claim(folder, one)
        checkpoint = folder / CHECKPOINT
        if checkpoint.exists() and checkpoint_engine(checkpoint) != "masked":
            others.append((folder, one))
            continue
        network = SuperNet(one.network, one.training.seed).to(images.device)
        trainer = make_trainer(network, images, space, one.training, "masked" if checkpoint.exists() else one.engine)
        if not isinstance(trainer, MaskedTrainer):
            others.append((folder, one))
            continue
        if checkpoint.exists():
            load_checkpoint(checkpoint, trainer)
            progress.advance(trainer.steps_done)
        together[trainer.steps_done].append((folder, trainer))
    for steps_done, group in sorted(together.items(), reverse=True):
        if steps_done < group[0][1].num_steps:
            _train_group(group, progress, should_stop)
    for folder, one in others:
        train_supernet(folder, one, images, space, progress, should_stop)


def _train_group(
    group: Sequence[tuple[Path, MaskedTrainer]], progress: Progress, should_stop: Callable[[], bool]
) -> None:
    """Train those that have done equally many steps to the end."""
    trainers = [trainer for _, trainer in group]
    logs = [TrainingLog(folder) for folder, _ in group]
    first = trainers[0]

    def save() -> None:
        for folder, trainer in group:
            save_checkpoint(folder / CHECKPOINT, trainer)

    side_by_side = SideBySide(trainers)
    saved = started = time.monotonic()
    for reports in side_by_side.run(should_stop):
        now = time.monotonic()
        num_steps = reports[0].num_steps
        num_images = min(num_steps * first.config.batch_size, len(first.images.train_images))
        images_per_s = round(num_images / max(now - started, 1e-9), 1)
        for trainer, log, report in zip(trainers, logs, reports, strict=True):
            log.write(trainer.network, report, images_per_s)
        loss = sum(report.loss for report in reports) / len(reports)
        progress.advance(num_steps * len(trainers), f"loss {loss:.3f}")
        started = now
        if now - saved > SAVE_INTERVAL_S:
            save()
            saved = started = time.monotonic()
    save()
    if first.steps_done < first.num_steps:
        raise Interrupted(
            f"{', '.join(str(folder) for folder, _ in group)}: stopped after {first.steps_done} of {first.num_steps} "
            "steps; they are saved"
        )
