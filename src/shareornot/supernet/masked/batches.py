"""Augmented mini-batches for several lanes, as one gathering by indices that are data.

The pixels are those of `ImageSet.training_batch`, number for number. They come out in channels-last layout with the
lanes side by side, and no step of the way asks the device anything or copies from the host.

Shape suffixes: L lanes, N training images, B images of a batch, C channels, H height, W width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from shareornot.images import Draws, ImageSet


@dataclass(frozen=True, slots=True)
class LaneDraws:
    """The randomness of one pass over the training images, for each lane."""

    order: Int64[Tensor, "L N"]
    offsets: Int64[Tensor, "L N 2"]
    flips: Bool[Tensor, "L N"]


class Batches:
    """Where mini-batches come from.

    Args:
        images: on the device of the networks.
        dtype: of the networks.
    """

    def __init__(self, images: ImageSet, dtype: torch.dtype) -> None:
        self.images, self.dtype = images, dtype
        self.padding = images.crop_padding
        device = images.device
        # As `ImageSet.normalize` has them, but on the device already.
        self.mean = torch.tensor(images.mean, device=device) * 255
        self.std = torch.tensor(images.std, device=device) * 255
        _, channels, height, width = images.train_images.shape
        self.rows = torch.arange(height, device=device).view(1, 1, -1, 1)
        self.columns = torch.arange(width, device=device).view(1, 1, 1, -1)
        self.channels = torch.arange(channels, device=device)

    def normalize(self, bytes_BHWLC: UInt8[Tensor, "B H W L C"]) -> Float[Tensor, "B LC H W"]:
        """Bytes to floats of mean 0 and standard deviation 1 a channel."""
        floats = ((bytes_BHWLC - self.mean) / self.std).to(self.dtype)
        return floats.flatten(3).permute(0, 3, 1, 2)

    def training(
        self, draws: LaneDraws, positions: Int64[Tensor, " B"]
    ) -> tuple[Float[Tensor, "B LC H W"], Int64[Tensor, "B L"]]:
        """Augmented training images and their labels.

        Args:
            draws: of the epoch.
            positions: in the order of each lane.
        """
        images = self.images.train_images
        height, width = images.shape[2:]
        which = draws.order.index_select(1, positions)[:, :, None, None]
        columns: Any = self.columns
        rows: Any = self.rows
        if self.images.flip:
            flips = draws.flips.index_select(1, positions)[:, :, None, None]
            columns = torch.where(flips, width - 1 - columns, columns)
        if self.padding:
            offsets = draws.offsets.index_select(1, positions)[..., None, None]
            rows = rows + offsets[:, :, 0] - self.padding
            columns = columns + offsets[:, :, 1] - self.padding
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        pixels = rows.clamp(0, height - 1) * width + columns.clamp(0, width - 1) + which * images[0].numel()
        numbers = pixels.permute(1, 2, 3, 0)[..., None] + self.channels * (height * width)
        values = images.view(-1).index_select(0, numbers.flatten()).view(numbers.shape)
        if self.padding:
            values = values * inside.permute(1, 2, 3, 0)[..., None]
        return self.normalize(values), self.images.train_labels[which[:, :, 0, 0]].T


def stack_draws(draws: Sequence[Draws]) -> LaneDraws:
    """The draws of one epoch of several lanes, side by side."""
    return LaneDraws(*(torch.stack([getattr(one, name) for one in draws]) for name in ("order", "offsets", "flips")))
