"""Score the architectures of a user's super-net."""

import hashlib
import warnings
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.own_supernet.activation import Activate
from shareornot.own_supernet.architectures import own_architectures
from shareornot.own_supernet.findings import SupernetWarning, raise_errors
from shareornot.own_supernet.late_bar import late_bar
from shareornot.own_supernet.loaders import Loader, Reading, check_loader, first_batch
from shareornot.own_supernet.network import OwnSuperNet
from shareornot.own_supernet.scores import SupernetScores, read_scores, write_scores
from shareornot.own_supernet.self_check import NUM_CHECKED, device_of, examine, num_outputs
from shareornot.spaces import Space
from shareornot.statistics.split_half import QUESTIONABLE
from shareornot.supernet.batch_norm import adapted_batch_norm, evaluation_mode

Adaptation = Literal["average", "last-batch", "none"]
SAVE_EVERY = 50
"""Scores between two writings of the file."""


def score_supernet(
    module: nn.Module,
    architectures: Space | Iterable[Any],
    train_loader: Loader,
    validation_loader: Loader,
    *,
    adaptation: Adaptation = "average",
    num_batches: int = 4,
    num_images: int | None = None,
    activate: Activate | None = None,
    out: str | Path | None = None,
    check: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> SupernetScores:
    """Rate architectures by their accuracy on validation images, under the weights that they share.

    Before each architecture is scored, batch norm gets the statistics of that architecture: the average over a few
    training batches, the same for all architectures, as `torch.optim.swa_utils.update_bn` computes it, while every
    other module is in evaluation mode. Afterwards weights, statistics and modes are what they were.

    Args:
        module: a trained super-net on its device, with `activate(architecture)` or another method of
            `shareornot.own_supernet.METHODS`.
        architectures: everything that `activate` takes, or a `Space`, whose architectures are whole numbers.
        train_loader: batches of images and labels, of which the first `num_batches` adapt batch norm.
        validation_loader: batches of images and labels that the architectures are scored on.
        adaptation: `average` over the batches (BNS-FT), the statistics of the `last-batch`, or `none`, which takes the
            running statistics as they are (NO-FT).
        num_batches: training batches for the adaptation.
        num_images: score on as many of the first validation images; all if None.
        activate: activates an architecture, in place of a method of the module.
        out: JSON file that keeps finished scores; the same call resumes there. Ctrl-C loses none of them.
        check: run `check_supernet` first. What is wrong is an error, what looks wrong a warning.
        seed: seed of the order and the augmentation of the loaders.
        progress: show a bar if scoring takes more than two seconds.

    Returns:
        One score per architecture, a fraction in [0, 1], in the order of `architectures`, with how they were made.

    Raises:
        SettingsError: the self-check finds an error, or a setting is out of range.
        ArchitectureError: the module cannot activate an architecture.
        DataError: a loader yields something else than images and labels, or `out` holds scores of another super-net.

    References: Pourchot et al. 2020, arXiv:2002.04289, section 4.1.
    """
    if adaptation not in get_args(Adaptation):
        raise SettingsError(f"adaptation: expected {', '.join(get_args(Adaptation))}, got {adaptation!r}")
    if num_batches < 1 or (num_images is not None and num_images < 2):
        raise SettingsError(
            f"expected num_batches of at least 1 and num_images of at least 2, got {num_batches} and {num_images}"
        )
    own = own_architectures(architectures)
    network = OwnSuperNet(module, own, activate)
    check_loader(validation_loader, "validation_loader")
    batch = first_batch(train_loader, "train_loader", seed)
    if check:
        raise_errors(examine(network, batch, NUM_CHECKED, adaptation=adaptation, trains=False))
    num_classes = num_outputs(network, batch)
    device = device_of(module)
    adapting: list[Tensor] = []
    if adaptation != "none":
        adapting = _first_images(
            Reading(train_loader, "train_loader", device, seed=seed, num_classes=num_classes), num_batches
        )
    validation = Reading(
        validation_loader, "validation_loader", device, seed=seed, num_classes=num_classes, num_images=num_images
    )
    total = sum(len(one.labels) for one in validation)
    origin = {
        "weights": _digest(module.state_dict().values()),
        "adaptation": adaptation,
        "batches": _digest(adapting),
        "validation": _digest(one.labels for one in validation),
        "num_images": total,
    }
    path = None if out is None else Path(out)
    done = {} if path is None else read_scores(path, origin)
    left = [number for number, text in zip(own.numbers.tolist(), own.texts, strict=True) if text not in done]
    try:
        with late_bar("Scoring architectures", len(left), shown=progress) as bar:
            for count, number in enumerate(left, start=1):
                network.activate(number)
                with torch.no_grad(), _evaluation(network, adapting, average=adaptation == "average"):
                    done[own.text(number)] = _correct_in_halves(network, validation)
                bar.advance()
                if path is not None and count % SAVE_EVERY == 0:
                    write_scores(path, origin, done)
    finally:
        if path is not None and left:
            write_scores(path, origin, done)
    scores = SupernetScores(
        architectures=own,
        correct=np.array([done[text] for text in own.texts], np.int64),
        num_images=total,
        evaluation="NO-FT" if adaptation == "none" else "BNS-FT",
    )
    for sentence in _warnings(scores):
        warnings.warn(sentence, SupernetWarning, stacklevel=2)
    return scores


def _first_images(reading: Reading, number: int) -> list[Tensor]:
    """The images of the first batches; fewer where the loader has fewer."""
    images = []
    for batch in reading:
        images.append(batch.images)
        if len(images) == number:
            break
    return images


def _evaluation(network: OwnSuperNet, images: list[Tensor], *, average: bool) -> AbstractContextManager[None]:
    return adapted_batch_norm(network, images, average=average) if images else evaluation_mode(network)


def _correct_in_halves(network: OwnSuperNet, validation: Iterable[tuple[Tensor, Tensor]]) -> tuple[int, int]:
    """Correctly classified images at even and at odd positions; -1 where an output is not finite."""
    correct, finite = [], []
    for images, labels in validation:
        logits = network(images)
        finite.append(torch.isfinite(logits).all())
        correct.append(logits.argmax(dim=1) == labels)
    if not bool(torch.stack(finite).all()):
        return -1, -1
    together = torch.cat(correct)
    return int(together[::2].sum()), int(together[1::2].sum())


def _warnings(scores: SupernetScores) -> Iterator[str]:
    """Reasons for caution about the scores."""
    if missing := int((scores.correct[:, 0] < 0).sum()):
        yield (
            f"{missing:,} of {len(scores):,} architectures gave outputs that are not finite, and have no score: the "
            "super-net has diverged; train it with a lower learning rate"
        )
    reliability = scores.reliability
    if reliability is not None and reliability < QUESTIONABLE:
        yield (
            f"the scores have a reliability of {reliability:.2f} on {scores.num_images:,} validation images, below "
            f"{QUESTIONABLE}, so noise hides a part of any correlation; score on more images if there are more"
        )


def _digest(tensors: Iterable[Any]) -> str:
    """A short hash of the contents of tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        if isinstance(tensor, Tensor):
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
