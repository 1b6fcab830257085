"""Mini-batches out of ordinary PyTorch loaders, checked as they come."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from shareornot.errors import DataError, SettingsError
from shareornot.own_supernet.randomness import RandomStream
from shareornot.supernet.training import Batch

Loader = Iterable[Any]
"""A `torch.utils.data.DataLoader`, or whatever else gives batches of images and labels each time it is iterated."""
MOST_KEPT_BYTES = 2**30
"""Images of a loader that are kept on the device; with more, the loader is read again each time."""


def check_loader(loader: Any, name: str) -> None:
    """Refuse a loader that cannot be read repeatedly.

    Args:
        loader: to be checked.
        name: what messages call it.

    Raises:
        SettingsError: no loader, or an iterator, which can be read once.
    """
    if isinstance(loader, Tensor | str | bytes | Mapping) or not isinstance(loader, Iterable):
        raise SettingsError(
            f"{name}: expected a loader of batches of images and labels, got {type(loader).__name__}; give a "
            "torch.utils.data.DataLoader"
        )
    if isinstance(loader, Iterator):
        raise SettingsError(
            f"{name}: expected a loader that can be read again, got an iterator; give the loader itself, or a list"
        )


def batch_of(batch: Any, name: str) -> Batch:
    """Images and labels of a batch.

    Args:
        batch: a pair.
        name: what messages call the loader.

    Raises:
        DataError: anything else.
    """
    if isinstance(batch, Mapping):
        raise DataError(_dictionaries(batch, name))
    if not isinstance(batch, list | tuple) or len(batch) != 2:
        got = f"{len(batch)} things" if isinstance(batch, list | tuple) else type(batch).__name__
        raise DataError(
            f"{name}: expected pairs of images and labels, got {got} in a batch; give a loader whose collate_fn "
            "returns these two"
        )
    images, labels = batch
    if not isinstance(images, Tensor) or images.ndim < 2 or not len(images):
        got = f"shape {tuple(images.shape)}" if isinstance(images, Tensor) else type(images).__name__
        raise DataError(f"{name}: expected a tensor of images in each batch, got {got}; convert them, as ToTensor does")
    if not isinstance(labels, Tensor) or labels.shape != images.shape[:1] or not _whole(labels):
        got = f"{labels.dtype} of shape {tuple(labels.shape)}" if isinstance(labels, Tensor) else type(labels).__name__
        raise DataError(
            f"{name}: expected a whole number as the label of each of the {len(images)} images, got {got}; give the "
            "number of the class, from 0"
        )
    return Batch(images, labels.long())


def check_labels(labels: Int64[Tensor, " B"], num_classes: int, name: str) -> None:
    """Refuse labels that are no class of the module.

    Raises:
        DataError: a label is negative or too large.
    """
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= num_classes:
        raise DataError(
            f"{name}: expected labels from 0 to {num_classes - 1}, since the module has {num_classes} outputs, got "
            f"{low if low < 0 else high}; number the classes from 0, or give the module an output for each"
        )


class Reading:
    """Passes over a loader, each in the same order and with the same augmentation.

    Args:
        loader: loader of batches.
        name: what messages call it.
        device: device to which the batches are moved.
        seed: seed of the loader's randomness.
        num_classes: number of classes of the module.
        num_images: as many of the first images; all if None.
    """

    def __init__(
        self,
        loader: Loader,
        name: str,
        device: torch.device,
        *,
        seed: int,
        num_classes: int,
        num_images: int | None = None,
    ) -> None:
        check_loader(loader, name)
        self.loader, self.name, self.device, self.seed = loader, name, device, seed
        self.num_classes, self.num_images = num_classes, num_images
        self._kept: list[Batch] | None = None

    def __iter__(self) -> Iterator[Batch]:
        """One pass.

        Raises:
            DataError: a batch is no pair of images and labels, a label is no class, or there are no batches.
        """
        if self._kept is not None:
            yield from self._kept
            return
        keep: list[Batch] | None = []
        num_bytes = 0
        left = self.num_images if self.num_images is not None else -1
        for batch in raw_batches(self.loader, self.name, self.seed):
            check_labels(batch.labels, self.num_classes, self.name)
            images, labels = batch if left < 0 else Batch(batch.images[:left], batch.labels[:left])
            moved = Batch(images.to(self.device), labels.to(self.device))
            num_bytes += images.nbytes
            if num_bytes > MOST_KEPT_BYTES:
                keep = None
            if keep is not None:
                keep.append(moved)
            yield moved
            if left >= 0:
                left -= len(labels)
                if left == 0:
                    break
        self._kept = keep


def raw_batches(loader: Loader, name: str, *seed: int, epoch: int = 0) -> Iterator[Batch]:
    """One pass over a loader whose randomness follows from the seed.

    Args:
        loader: loader of batches.
        name: what messages call it.
        *seed: seed of its order and augmentation.
        epoch: passed to the samplers of distributed loaders.

    Raises:
        DataError: a batch is no pair of images and labels, or there are no batches.
    """
    stream = RandomStream(*seed)
    with stream.active():
        for part in (loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)):
            if isinstance(generator := getattr(part, "generator", None), torch.Generator):
                generator.manual_seed(int(torch.randint(2**31, ()).item()))
            if callable(set_epoch := getattr(part, "set_epoch", None)):
                set_epoch(epoch)
        batches = iter(loader)
    empty = True
    while True:
        with stream.active():
            batch = next(batches, None)
        if batch is None:
            break
        empty = False
        yield batch_of(batch, name)
    if empty:
        raise DataError(f"{name}: expected batches of images and labels, got none; is the data set empty?")


def first_batch(loader: Any, name: str, seed: int) -> Batch:
    """The first batch of a pass; errors as `raw_batches`."""
    check_loader(loader, name)
    return next(raw_batches(loader, name, seed))


def _whole(labels: Tensor) -> bool:
    return not labels.is_floating_point() and not labels.is_complex() and labels.dtype != torch.bool


def _dictionaries(batch: Mapping[Any, Any], name: str) -> str:
    """An error about a loader that yields dictionaries, with a loader that would not."""
    shapes = {str(key): value.ndim for key, value in batch.items() if isinstance(value, Tensor)}
    images = max(shapes, key=lambda key: shapes[key], default="image")
    labels = next((key for key, dimensions in shapes.items() if dimensions == 1), "label")
    return (
        f"{name}: expected pairs of images and labels, got dictionaries with the keys {', '.join(map(str, batch))}; "
        "give DataLoader the argument collate_fn=lambda rows: "
        f"(torch.stack([row[{images!r}] for row in rows]), torch.tensor([row[{labels!r}] for row in rows]))"
    )
