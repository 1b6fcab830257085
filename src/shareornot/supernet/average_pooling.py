"""Means over neighbouring pixels, and patches of pixels, in the layout of `operations`: sums of whole rows of memory.

Shape suffixes: B batch, C channels, H height, W width; h, w half of them.
"""

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet.operations import Images, has_kernels, images_innermost, refuse_second_derivatives

Maps = Float[Tensor, "H W C B"]


def average_pool_3x3(x_BCHW: Images) -> Images:
    """Mean over 3 x 3 neighbourhoods, stride 1; the border does not count."""
    if not has_kernels(x_BCHW):
        return F.avg_pool2d(x_BCHW, 3, stride=1, padding=1, count_include_pad=False)
    y: Tensor = _AveragePool3x3.apply(x_BCHW)  # type: ignore[no-untyped-call]
    return y


def average_pool_2x2(x_BCHW: Images) -> Float[Tensor, "B C h w"]:
    """Mean over 2 x 2 pixels, stride 2; an odd last row or column is left out."""
    if not has_kernels(x_BCHW):
        return F.avg_pool2d(x_BCHW, 2)
    height, width = (size // 2 for size in x_BCHW.shape[2:])
    maps = x_BCHW.permute(2, 3, 1, 0)[: 2 * height, : 2 * width]
    halved = maps.reshape(height, 2, width, 2, *maps.shape[2:]).mean(dim=(1, 3))
    return halved.permute(3, 2, 0, 1)


def patches_of_stride_2(x_BCHW: Images) -> Float[Tensor, "B 9*C h w"]:
    """The 3 x 3 neighbourhoods of every other pixel as channels, the border as 0.

    A 1x1 convolution of them is a 3x3 convolution of stride 2 and padding 1.
    """
    patches: Tensor = _Patches.apply(x_BCHW)  # type: ignore[no-untyped-call]
    return patches


class _Patches(torch.autograd.Function):
    """Nine copies of every other pixel, each shifted; the way back adds them up."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        maps = images_innermost(x)[0].permute(2, 3, 1, 0)
        ctx.shape = height, width, channels, batch = maps.shape
        padded = F.pad(maps, (0, 0, 0, 0, 1, 1, 1, 1))
        patches = maps.new_empty(((height + 1) // 2, (width + 1) // 2, 9, channels, batch))
        for place in range(9):
            patches[:, :, place] = _every_other(padded, place, height, width)
        return patches.flatten(2, 3).permute(3, 2, 0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        height, width, channels, batch = ctx.shape
        patches = images_innermost(gradient)[0].permute(2, 3, 1, 0)
        patches = patches.reshape(*patches.shape[:2], 9, channels, batch)
        padded = gradient.new_zeros((height + 2, width + 2, channels, batch))
        for place in range(9):
            _every_other(padded, place, height, width).add_(patches[:, :, place])
        return padded[1:-1, 1:-1].permute(3, 2, 0, 1)


def _every_other(padded: Tensor, place: int, height: int, width: int) -> Tensor:
    """The pixels of maps with a border of 1 that lie at one of the nine places of the neighbourhoods."""
    row, column = divmod(place, 3)
    return padded[row : row + height : 2, column : column + width : 2]


class _AveragePool3x3(torch.autograd.Function):
    """Sums over three rows, then over three columns, divided by the number of pixels."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        maps = images_innermost(x)[0].permute(2, 3, 1, 0)
        ctx.shares = _one_over_count(maps.shape[0], maps.shape[1], maps.dtype)
        return _sum_3x3(maps).mul_(ctx.shares).permute(3, 2, 0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        refuse_second_derivatives()
        maps = images_innermost(gradient)[0].permute(2, 3, 1, 0)
        return _sum_3x3(maps * ctx.shares).permute(3, 2, 0, 1)


def _sum_3x3(maps: Maps) -> Maps:
    """Sum over 3 x 3 neighbourhoods, without the border."""
    rows = maps.clone(memory_format=torch.contiguous_format)
    rows[1:].add_(maps[:-1])
    rows[:-1].add_(maps[1:])
    columns = rows.clone()
    columns[:, 1:].add_(rows[:, :-1])
    columns[:, :-1].add_(rows[:, 1:])
    return columns


@lru_cache(maxsize=64)
def _one_over_count(height: int, width: int, dtype: torch.dtype) -> Float[Tensor, "H W 1 1"]:
    """One over the number of pixels in each 3 x 3 neighbourhood."""
    rows, columns = (
        torch.tensor([1 + (place > 0) + (place < size - 1) for place in range(size)]) for size in (height, width)
    )
    return (1 / (rows[:, None] * columns).to(dtype))[:, :, None, None]
