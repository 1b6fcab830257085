"""Parameters and operations of the networks of NAS-Bench-201, counted exactly as in the benchmark."""

from itertools import pairwise

import numpy as np
from jaxtyping import Int64, Integer

from shareornot.errors import SettingsError

NUM_STAGES = 3


def parameter_count(
    num_conv1x1: Integer[np.ndarray, " architectures"],
    num_conv3x3: Integer[np.ndarray, " architectures"],
    *,
    num_channels: int = 16,
    cells_per_stage: int = 5,
    num_classes: int = 10,
    image_channels: int = 3,
) -> Int64[np.ndarray, " architectures"]:
    """Trainable parameters of the networks: convolutions, batch norm with affine parameters, and the dense layer.

    Args:
        num_conv1x1: 1x1 convolutions in the cell.
        num_conv3x3: 3x3 convolutions in the cell.
        num_channels: output channels of the stem, C; they double with each of the three stages.
        cells_per_stage: cells in a row, N.
        num_classes: outputs of the dense layer.
        image_channels: 1 for grey images, 3 for coloured ones.

    Raises:
        SettingsError: a size below 1.

    References: Dong and Yang 2020, arXiv:2001.00326, section 2.1.
    """
    _check_sizes(num_channels, cells_per_stage, num_classes, image_channels)
    widths = [num_channels << stage for stage in range(NUM_STAGES)]
    fixed = 9 * image_channels * num_channels + 2 * num_channels
    for narrow, wide in pairwise(widths):
        # the residual block between two stages: two 3x3 convolutions with batch norm, a 1x1 one without
        fixed += 9 * narrow * wide + 2 * wide + 9 * wide * wide + 2 * wide + narrow * wide
    fixed += 2 * widths[-1] + (widths[-1] + 1) * num_classes
    conv1x1, conv3x3 = (cells_per_stage * sum(taps * width * width + 2 * width for width in widths) for taps in (1, 9))
    return np.asarray(fixed + conv1x1 * num_conv1x1.astype(np.int64) + conv3x3 * num_conv3x3.astype(np.int64))


def flop_count(
    num_conv1x1: Integer[np.ndarray, " architectures"],
    num_conv3x3: Integer[np.ndarray, " architectures"],
    *,
    num_channels: int = 16,
    cells_per_stage: int = 5,
    num_classes: int = 10,
    image_channels: int = 3,
    image_size: int = 32,
) -> Int64[np.ndarray, " architectures"]:
    """Operations of a forward pass of one image, as the benchmark counts them.

    A multiplication together with its addition is one operation. Counted are the convolutions, and the dense layer with
    its bias; batch norm, ReLU and pooling are not.

    Args:
        num_conv1x1: 1x1 convolutions in the cell.
        num_conv3x3: 3x3 convolutions in the cell.
        num_channels: output channels of the stem, C; they double with each of the three stages.
        cells_per_stage: cells in a row, N.
        num_classes: outputs of the dense layer.
        image_channels: 1 for grey images, 3 for coloured ones.
        image_size: height and width of the image in pixels; halved between two stages.

    Raises:
        SettingsError: a size below 1, or an image that the stages shrink to nothing.
    """
    _check_sizes(num_channels, cells_per_stage, num_classes, image_channels)
    if image_size >> (NUM_STAGES - 1) < 1:
        raise SettingsError(f"image_size: expected at least {1 << (NUM_STAGES - 1)} pixels, got {image_size}")
    widths = [num_channels << stage for stage in range(NUM_STAGES)]
    pixels = [(image_size >> stage) ** 2 for stage in range(NUM_STAGES)]
    fixed = 9 * image_channels * num_channels * pixels[0]
    for stage in range(1, NUM_STAGES):
        narrow, wide = widths[stage - 1], widths[stage]
        fixed += (9 * narrow * wide + 9 * wide * wide + narrow * wide) * pixels[stage]
    fixed += (widths[-1] + 1) * num_classes
    conv1x1 = cells_per_stage * sum(width * width * count for width, count in zip(widths, pixels, strict=True))
    return np.asarray(fixed + conv1x1 * (num_conv1x1.astype(np.int64) + 9 * num_conv3x3.astype(np.int64)))


def _check_sizes(*sizes: int) -> None:
    if min(sizes) < 1:
        raise SettingsError(f"sizes: expected at least 1 each, got {', '.join(map(str, sizes))}")
