"""One super-net in a folder of its own: trained, scored, and kept so that nothing finished is ever lost.

settings.json             what was asked for, every default spelled out
checkpoint.safetensors    the training as it stands
training.jsonl            a line an epoch: loss, images a second
proxies.parquet           the scored cells; while scoring, those done so far are in proxies.partial.parquet
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64, Int32

from shareornot.appraisal.scores_file import ScoredCells, read_scores, write_scores
from shareornot.errors import Interrupted, MissingDataError, SettingsError
from shareornot.images import ImageSet
from shareornot.methods import make_trainer
from shareornot.progress import Progress
from shareornot.spaces import open_space
from shareornot.studies.settings import RunSettings, read_settings, write_settings
from shareornot.studies.training_log import TrainingLog
from shareornot.supernet import EpochReport, EvaluationSettings, Evaluator, SuperNet, build_supernet
from shareornot.supernet.checkpoint import load_checkpoint, load_supernet, save_checkpoint

Indices = Int32[np.ndarray, " cells"]
OnEpoch = Callable[[SuperNet, EpochReport, float], None]
SAVE_INTERVAL_S = 30.0

SETTINGS, CHECKPOINT, PROXIES = "settings.json", "checkpoint.safetensors", "proxies.parquet"


def train_supernet(
    folder: Path,
    settings: RunSettings,
    images: ImageSet,
    space: Indices,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> SuperNet:
    """Train a super-net, or go on with one that was stopped, or return one that is done.

    Args:
        folder: where it is kept; one that holds other settings is refused.
        settings: what to train.
        images: on the device to train on.
        space: unique indices of all cells of the space.
        progress: advances by steps.
        should_stop: asked before every step.

    Raises:
        SettingsError: the folder holds a super-net of other settings.
        DataError: its checkpoint is damaged.
        Interrupted: `should_stop` said so; a checkpoint of that very step was written.
    """
    claim(folder, settings)
    log = TrainingLog(folder)
    return continue_training(folder, settings, images, space, progress, should_stop, on_epoch=log.write)


def continue_training(
    folder: Path,
    settings: RunSettings,
    images: ImageSet,
    space: Indices,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
    *,
    on_epoch: OnEpoch,
) -> SuperNet:
    """Train in a folder that is known to belong to these settings, from wherever its checkpoint stands.

    Args:
        folder: where the super-net is kept.
        settings: what to train.
        images: on the device to train on.
        space: unique indices of all cells of the space.
        progress: advances by steps.
        should_stop: asked before every step.
        on_epoch: called after each epoch with the super-net, what the epoch did, and its images a second. It may score
            cells, and must change neither parameters nor running statistics.

    Raises:
        DataError: the checkpoint is damaged, or of other settings.
        Interrupted: `should_stop` said so; a checkpoint of that very step was written.
    """
    network = build_supernet(open_space(settings.space).family, settings.network, settings.training.seed)
    network.to(images.device)
    checkpoint = folder / CHECKPOINT
    trainer = make_trainer(network, open_space(settings.space), space, images, settings.training)
    if checkpoint.exists():
        load_checkpoint(checkpoint, trainer)
        progress.advance(trainer.steps_done)
        if trainer.steps_done == trainer.num_steps:
            return network
    saved = started = time.monotonic()
    for report in trainer.run(should_stop):
        now = time.monotonic()
        num_images = min(report.num_steps * settings.training.batch_size, len(images.train_images))
        images_per_s = round(num_images / max(now - started, 1e-9), 1)
        on_epoch(network, report, images_per_s)
        network.train()
        progress.advance(report.num_steps, f"loss {report.loss:.3f}")
        started = time.monotonic()
        if now - saved > SAVE_INTERVAL_S:
            save_checkpoint(checkpoint, trainer)
            saved = started = time.monotonic()
    save_checkpoint(checkpoint, trainer)
    if trainer.steps_done < trainer.num_steps:
        raise Interrupted(f"{folder}: stopped after {trainer.steps_done} of {trainer.num_steps} steps; they are saved")
    return network


def evaluate_supernet(
    folder: Path,
    evaluation: EvaluationSettings,
    images: ImageSet,
    cells: Indices,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> Float64[np.ndarray, " cells"]:
    """Score cells with the super-net of a folder, going on where an earlier call stopped.

    Args:
        folder: of a super-net whose training is done.
        evaluation: how to score.
        images: on the device to score on.
        cells: unique indices, in the order in which they are scored.
        progress: advances by cells.
        should_stop: asked after every cell.

    Returns:
        Proxy accuracies, fractions.

    Raises:
        MissingDataError: the folder holds no trained super-net.
        Interrupted: `should_stop` said so; the scores so far are saved.
    """
    checkpoint = folder / CHECKPOINT
    if not checkpoint.exists():
        raise MissingDataError(f"{folder}: expected a trained super-net, got no {CHECKPOINT}; train it first")
    settings = read_settings(folder / SETTINGS)
    network, num_steps = load_supernet(checkpoint)
    expected = settings.training.epochs * -(-len(images.train_images) // settings.training.batch_size)
    if num_steps < expected:
        raise SettingsError(
            f"{folder}: expected a super-net trained to the end, got one after {num_steps} of {expected} steps; "
            "go on with its training first"
        )
    return score_cells(folder, network, num_steps, evaluation, images, cells, progress, should_stop)


def score_cells(
    folder: Path,
    network: SuperNet,
    num_steps: int,
    evaluation: EvaluationSettings,
    images: ImageSet,
    cells: Indices,
    progress: Progress,
    should_stop: Callable[[], bool] = lambda: False,
) -> Float64[np.ndarray, " cells"]:
    """Score cells with a trained super-net, going on where an earlier call stopped.

    Args:
        folder: gets the scores.
        network: trained.
        num_steps: how long, a part of what the scores depend on.
        evaluation: how to score.
        images: on the device to score on.
        cells: unique indices, in the order in which they are scored.
        progress: advances by cells.
        should_stop: asked after every cell.

    Returns:
        Proxy accuracies, fractions.

    Raises:
        DataError: the folder holds damaged scores.
        Interrupted: `should_stop` said so; the scores so far are saved.
    """
    whole, partial = folder / PROXIES, folder / "proxies.partial.parquet"
    identity: dict[str, object] = {"evaluation": _ordered(evaluation), "checkpoint_steps": num_steps}
    proxies = _scores_so_far(whole, identity, cells)
    if len(proxies) == len(cells):
        progress.advance(len(cells))
        return np.array(proxies)
    proxies = _scores_so_far(partial, identity, cells)
    progress.advance(len(proxies))
    evaluator = Evaluator(network.to(images.device), images, evaluation)
    origin = identity | {
        "num_train_images": len(images.train_images),
        "num_validation_images": len(images.validation_images),
        "torch": torch.__version__,
    }

    def save(path: Path) -> None:
        write_scores(path, ScoredCells(cells=cells[: len(proxies)], proxies=np.array(proxies), origin=origin))

    saved = time.monotonic()
    for score in evaluator.scores(cells[len(proxies) :]):
        proxies.append(score)
        progress.advance(1, f"proxy {score:.3f}")
        if should_stop() and len(proxies) < len(cells):
            save(partial)
            raise Interrupted(f"{folder}: stopped after {len(proxies)} of {len(cells)} cells; they are saved")
        if time.monotonic() - saved > SAVE_INTERVAL_S:
            save(partial)
            saved = time.monotonic()
    save(whole)
    partial.unlink(missing_ok=True)
    return np.array(proxies)


def claim(folder: Path, settings: RunSettings) -> None:
    """Make the folder this super-net's, or see that it is."""
    path = folder / SETTINGS
    if not path.exists():
        write_settings(path, settings)
    elif read_settings(path) != settings:
        raise SettingsError(f"{folder}: holds a super-net of other settings, see {path.name}; name another folder")


def _ordered(config: EvaluationSettings) -> dict[str, object]:
    """The settings that the scores depend on."""
    return {name: getattr(config, name) for name in sorted(config.__slots__) if name != "forward_size"}


def _scores_so_far(path: Path, identity: dict[str, object], cells: Indices) -> list[float]:
    """Scores of the first of these cells, where the file has them for the same super-net and evaluation."""
    if path.exists():
        scores = read_scores(path)
        same = all(scores.origin.get(name) == value for name, value in identity.items())
        if same and len(scores.cells) <= len(cells) and np.array_equal(scores.cells, cells[: len(scores.cells)]):
            return list(scores.proxies.tolist())
    return []
