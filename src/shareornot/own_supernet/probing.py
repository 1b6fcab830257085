"""Probe a user's super-net before it is trained."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from shareornot.own_supernet.activation import Activate
from shareornot.own_supernet.architectures import own_architectures
from shareornot.own_supernet.loaders import Loader, raw_batches
from shareornot.own_supernet.network import OwnSuperNet
from shareornot.own_supernet.self_check import device_of
from shareornot.spaces import Space
from shareornot.supernet.probe import Probe, probe_supernet


def probe(
    module: nn.Module,
    images: Tensor | Loader,
    architectures: Space | Iterable[Any],
    *,
    num_architectures: int = 10,
    num_images: int = 256,
    activate: Activate | None = None,
    seed: int = 0,
) -> Probe:
    """Do the paths of a super-net agree, and does the image reach the classifier? It takes seconds, before training.

    Args:
        module: a super-net on its device, with `activate(architecture)` or another method of
            `shareornot.own_supernet.METHODS`.
        images: a tensor of images, or a loader of batches of images and labels.
        architectures: everything that `activate` takes, or a `Space`.
        num_architectures: how many of them are drawn at random.
        num_images: how many of the first images are taken.
        activate: activates an architecture, in place of a method of the module.
        seed: seed of the architectures and of the loader.

    Returns:
        Two numbers, 1 where nothing is lost and near 0 where everything is; `warnings()` names those near 0.

    Raises:
        SettingsError: too few images or architectures, or outputs that are not finite.
    """
    own = own_architectures(architectures)
    network = OwnSuperNet(module, own, activate)
    if not isinstance(images, Tensor):
        parts: list[Tensor] = []
        for batch in raw_batches(images, "images", seed):
            parts.append(batch.images)
            if sum(map(len, parts)) >= num_images:
                break
        images = torch.cat(parts)
    few = images[:num_images].to(device_of(module))
    return probe_supernet(network, few, own.some(num_architectures, seed))
