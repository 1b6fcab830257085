"""Images that live on the device as bytes, and are cropped, flipped and normalized there.

Shape suffixes: N images, C channels, H height, W width.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64, Integer, UInt8
from torch import Tensor

Bytes = UInt8[Tensor, "N C H W"]
Labels = Int64[Tensor, " N"]
Floats = Float[Tensor, "N C H W"]


@dataclass(frozen=True, kw_only=True)
class ImageSet:
    """Training, validation and test images of one data set.

    Images are bytes from 0 to 255, labels whole numbers below `num_classes`.
    """

    name: str
    num_classes: int
    train_images: UInt8[Tensor, "train C H W"]
    train_labels: Int64[Tensor, " train"]
    validation_images: UInt8[Tensor, "validation C H W"]
    validation_labels: Int64[Tensor, " validation"]
    test_images: UInt8[Tensor, "test C H W"]
    test_labels: Int64[Tensor, " test"]
    mean: tuple[float, ...]
    """Mean of each channel, as a fraction of 255."""
    std: tuple[float, ...]
    """Standard deviation of each channel, as a fraction of 255."""
    crop_padding: int = 0
    """Pixels of black around an image, out of which training crops the original size at random; 0 crops nothing."""
    flip: bool = False
    """Whether training mirrors half of the images from left to right."""

    @property
    def image_channels(self) -> int:
        """1 for grey images, 3 for coloured ones."""
        return self.train_images.shape[1]

    @property
    def device(self) -> torch.device:
        """Device of the images."""
        return self.train_images.device

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same images on another device."""
        tensors: dict[str, Any] = {
            name: value.to(device) for name, value in vars(self).items() if isinstance(value, Tensor)
        }
        return replace(self, **tensors)

    def normalize(self, images: Bytes) -> Floats:
        """Bytes to floats of mean 0 and standard deviation 1 a channel, in channels-last layout."""
        mean, std = _of_channels(self.mean, images.device), _of_channels(self.std, images.device)
        return ((images - mean) / std).contiguous(memory_format=torch.channels_last)

    def training_batch(self, draws: "Draws", start: int, stop: int) -> tuple[Floats, Labels]:
        """Augmented training images and their labels.

        Args:
            draws: which images in which order, and how each is cropped and flipped.
            start: first position in that order.
            stop: the position after the last.
        """
        which = draws.order[start:stop]
        images = self.train_images[which]
        if self.crop_padding:
            images = _crop(images, self.crop_padding, draws.offsets[start:stop])
        if self.flip:
            images = torch.where(draws.flips[start:stop].view(-1, 1, 1, 1), images.flip(-1), images)
        return self.normalize(images), self.train_labels[which]


@dataclass(frozen=True, slots=True)
class Draws:
    """The randomness of one pass over the training images, on the device."""

    order: Int64[Tensor, " N"]
    offsets: Int64[Tensor, "N 2"]
    """First row and column of the crop within the padded image."""
    flips: Bool[Tensor, " N"]


@lru_cache(maxsize=16)
def _of_channels(values: tuple[float, ...], device: torch.device) -> Float[Tensor, "1 C 1 1"]:
    """A number for each channel, on the scale of bytes."""
    return torch.tensor(values, device=device).view(1, -1, 1, 1) * 255


def draw_epoch(images: ImageSet, rng: np.random.Generator) -> Draws:
    """A random order of all training images, with a crop and a flip for each.

    Everything is drawn on the host, so that a seed means the same on every device.

    Returns:
        The order, and for each image the offset of its crop and whether it is flipped.
    """
    num_images = len(images.train_images)
    order = rng.permutation(num_images)
    offsets = rng.integers(2 * images.crop_padding + 1, size=(num_images, 2))
    flips = rng.random(num_images) < 0.5
    return Draws(*(torch.from_numpy(array).to(images.device) for array in (order, offsets, flips)))


def _crop(images: Bytes, padding: int, offsets: Integer[Tensor, "N 2"]) -> Bytes:
    """Windows of the original size out of the padded images; nothing but the windows is copied."""
    height, width = images.shape[2:]
    padded = torch.nn.functional.pad(images, (padding,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(len(images), device=images.device), :, offsets[:, 0], offsets[:, 1]]
