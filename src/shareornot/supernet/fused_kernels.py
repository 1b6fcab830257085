"""Compiled passes over images for the fused engine: batch norm with ReLU, sums of channel slices, max pooling.

All arrays are flat; the images in them are in channels-last layout: pixel after pixel, all channels of each. A pass is
cut into blocks that depend on the sizes alone, never on the number of threads, so that sums come out the same on any
number of them.

Every kernel comes twice: `..._serial` runs on the calling thread alone, `..._parallel` on numba's threads.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, no_type_check

import numpy as np
from numba import njit, prange

Kernel = Callable[..., None]

LANES = 16
"""Pixels that are handled as one long vector, so that few channels fill the registers too."""
PIXELS_AT_A_TIME = 1024
"""Pixels whose sums are added up in the precision of the images, before they go to double precision."""


def _both(function: FunctionType) -> tuple[Kernel, Kernel]:
    """The function on one thread, and on several."""
    # The compiler may drop the sign of a zero, and nothing else: both kinds give the same bits.
    options: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"nsz"}}
    # numba finds compiled code on the disk by the name of the function alone, whatever the options.
    twin = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_in_threads")
    twin.__qualname__, twin.__doc__ = twin.__name__, function.__doc__
    return njit(**options)(function), njit(parallel=True, **options)(twin)


@no_type_check
def _sums(x: Any, centre: Any, block_sums: Any) -> None:
    """Sums of x - centre, and of its square, for each block of pixels and each channel.

    Args:
        x: contiguous values, pixels x channels.
        centre: a number a channel that is somewhere among its values, so that nothing cancels out.
        block_sums: (blocks, 2, channels), double precision; overwritten.
    """
    num_channels = len(centre)
    num_pixels = len(x) // num_channels
    num_blocks = len(block_sums)
    width = LANES * num_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        centres = np.empty(width, x.dtype)
        for lane in range(width):
            centres[lane] = centre[lane % num_channels]
        sums, squares = np.empty(width, x.dtype), np.empty(width, x.dtype)
        block_sums[block] = 0
        while start < stop:
            end = min(start + PIXELS_AT_A_TIME, stop)
            sums[:] = 0
            squares[:] = 0
            while start < end:
                length = min(end - start, LANES) * num_channels
                values = x[start * num_channels : start * num_channels + length]
                for lane in range(length):
                    value = values[lane] - centres[lane]
                    sums[lane] += value
                    squares[lane] += value * value
                start += LANES
            start = end
            for lane in range(width):
                block_sums[block, 0, lane % num_channels] += sums[lane]
                block_sums[block, 1, lane % num_channels] += squares[lane]


@no_type_check
def _scale_relu(x: Any, scale: Any, shift: Any, out: Any, add: bool, num_blocks: int) -> None:
    """Write, or add, max(0, x * scale + shift) to `out`. What is not a number stays so."""
    num_channels = len(scale)
    num_pixels = len(x) // num_channels
    zero = x.dtype.type(0)
    width = LANES * num_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        scales, shifts = np.empty(width, x.dtype), np.empty(width, x.dtype)
        for lane in range(width):
            scales[lane], shifts[lane] = scale[lane % num_channels], shift[lane % num_channels]
        while start < stop:
            begin, length = start * num_channels, min(stop - start, LANES) * num_channels
            values, target = x[begin : begin + length], out[begin : begin + length]
            if add:
                for lane in range(length):
                    value = values[lane] * scales[lane] + shifts[lane]
                    target[lane] += zero if value <= zero else value
            else:
                for lane in range(length):
                    value = values[lane] * scales[lane] + shifts[lane]
                    target[lane] = zero if value <= zero else value
            start += LANES


@no_type_check
def _gradient_sums(x: Any, scale: Any, shift: Any, mean: Any, gradient: Any, block_sums: Any) -> None:
    """Sums over the pixels that ReLU lets through, of the gradient and of the gradient times (x - mean)."""
    num_channels = len(scale)
    num_pixels = len(x) // num_channels
    num_blocks = len(block_sums)
    zero = x.dtype.type(0)
    width = LANES * num_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        scales, shifts, means = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
        for lane in range(width):
            channel = lane % num_channels
            scales[lane], shifts[lane], means[lane] = scale[channel], shift[channel], mean[channel]
        sums, products = np.empty(width, x.dtype), np.empty(width, x.dtype)
        block_sums[block] = 0
        while start < stop:
            end = min(start + PIXELS_AT_A_TIME, stop)
            sums[:] = 0
            products[:] = 0
            while start < end:
                begin, length = start * num_channels, min(end - start, LANES) * num_channels
                values, incoming = x[begin : begin + length], gradient[begin : begin + length]
                for lane in range(length):
                    passed = zero if values[lane] * scales[lane] + shifts[lane] <= zero else incoming[lane]
                    sums[lane] += passed
                    products[lane] += passed * (values[lane] - means[lane])
                start += LANES
            start = end
            for lane in range(width):
                block_sums[block, 0, lane % num_channels] += sums[lane]
                block_sums[block, 1, lane % num_channels] += products[lane]


@no_type_check
def _scale_relu_backward(
    x: Any, scale: Any, shift: Any, slope: Any, offset: Any, gradient: Any, out: Any, num_blocks: int
) -> None:
    """Write scale * (the gradient where ReLU lets it through) + slope * x + offset."""
    num_channels = len(scale)
    num_pixels = len(x) // num_channels
    zero = x.dtype.type(0)
    width = LANES * num_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        scales, shifts = np.empty(width, x.dtype), np.empty(width, x.dtype)
        slopes, offsets = np.empty(width, x.dtype), np.empty(width, x.dtype)
        for lane in range(width):
            channel = lane % num_channels
            scales[lane], shifts[lane] = scale[channel], shift[channel]
            slopes[lane], offsets[lane] = slope[channel], offset[channel]
        while start < stop:
            begin, length = start * num_channels, min(stop - start, LANES) * num_channels
            values, incoming = x[begin : begin + length], gradient[begin : begin + length]
            target = out[begin : begin + length]
            for lane in range(length):
                passed = zero if values[lane] * scales[lane] + shifts[lane] <= zero else incoming[lane]
                target[lane] = scales[lane] * passed + slopes[lane] * values[lane] + offsets[lane]
            start += LANES


@no_type_check
def _add_first(x: Any, x_channels: int, out: Any, out_channels: int, add: bool, num_blocks: int) -> None:
    """Write, or add, the first channels of x to those of `out`, as many as both have; writing sets others to 0."""
    num_pixels = len(out) // out_channels
    num_common = min(x_channels, out_channels)
    zero = x.dtype.type(0)
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        if x_channels == out_channels:
            values, target = x[start * out_channels : stop * out_channels], out[start * out_channels :]
            if add:
                for place in range(len(values)):
                    target[place] += values[place]
            else:
                for place in range(len(values)):
                    target[place] = values[place]
        elif add:
            for pixel in range(start, stop):
                values, target = x[pixel * x_channels :], out[pixel * out_channels :]
                for channel in range(num_common):
                    target[channel] += values[channel]
        else:
            for pixel in range(start, stop):
                values, target = x[pixel * x_channels :], out[pixel * out_channels :]
                for channel in range(num_common):
                    target[channel] = values[channel]
                for channel in range(num_common, out_channels):
                    target[channel] = zero


@no_type_check
def _join(parts: Any, channels: Any, out: Any, num_blocks: int) -> None:
    """Put the channels of all parts behind each other. Parts that are too many have no channels."""
    out_channels = channels.sum()
    num_pixels = len(out) // out_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        while start < stop:  # some pixels at a time, which stay in the cache until all parts are there
            end = min(start + LANES, stop)
            first = 0
            for number in range(len(channels)):
                part, num_channels = parts[number], channels[number]
                for pixel in range(start, end):
                    values, target = part[pixel * num_channels :], out[pixel * out_channels + first :]
                    for channel in range(num_channels):
                        target[channel] = values[channel]
                first += num_channels
            start = end


@no_type_check
def _split(x: Any, channels: Any, parts: Any, num_blocks: int) -> None:
    """The way back from `_join`."""
    x_channels = channels.sum()
    num_pixels = len(x) // x_channels
    for block in prange(num_blocks):
        start, stop = num_pixels * block // num_blocks, num_pixels * (block + 1) // num_blocks
        while start < stop:
            end = min(start + LANES, stop)
            first = 0
            for number in range(len(channels)):
                part, num_channels = parts[number], channels[number]
                for pixel in range(start, end):
                    values, target = x[pixel * x_channels + first :], part[pixel * num_channels :]
                    for channel in range(num_channels):
                        target[channel] = values[channel]
                first += num_channels
            start = end


@no_type_check
def _max_pool(x: Any, num_images: int, height: int, width: int, num_channels: int, out: Any, winners: Any) -> None:
    """Maximum over 3 x 3 neighbourhoods; `winners` gets the position 0 to 8 of the first that is largest.

    Position 0 is above and to the left. A row of an image at a time, all its columns and channels as one vector.
    """
    length = width * num_channels
    for image in prange(num_images):
        for row in range(height):
            here = (image * height + row) * length
            best, winner = out[here : here + length], winners[here : here + length]
            best[:] = -np.inf
            winner[:] = 0
            for position in range(9):
                down, right = position // 3 - 1, position % 3 - 1
                if not 0 <= row + down < height:
                    continue
                start, stop = max(0, -right) * num_channels, length - max(0, right) * num_channels
                shifted = x[here + down * length + right * num_channels + start :]
                maximum, which = best[start:stop], winner[start:stop]
                for place in range(stop - start):
                    value = shifted[place]
                    wins = (value > maximum[place]) | (value != value)
                    maximum[place] = value if wins else maximum[place]
                    which[place] = np.uint8(position) if wins else which[place]


@no_type_check
def _max_pool_only(x: Any, num_images: int, height: int, width: int, num_channels: int, out: Any) -> None:
    """Maximum over 3 x 3 neighbourhoods, where nobody asks where it came from: over three rows, then three columns.

    Beyond a border the border counts once more, which changes no maximum. What is not a number wins.
    """
    length = width * num_channels
    for image in prange(num_images):
        tall = np.empty(length, x.dtype)
        first = image * height * length
        for row in range(height):
            here = first + row * length
            above, below = first + max(row - 1, 0) * length, first + min(row + 1, height - 1) * length
            upper, middle, lower = x[above : above + length], x[here : here + length], x[below : below + length]
            for place in range(length):
                one, two, three = upper[place], middle[place], lower[place]
                most = two if (two > one) | (two != two) else one
                tall[place] = three if (three > most) | (three != three) else most
            target = out[here : here + length]
            right = tall[num_channels:]
            for place in range(length - num_channels):
                one, two = tall[place], right[place]
                target[place] = two if (two > one) | (two != two) else one
            target[length - num_channels :] = tall[length - num_channels :]
            behind = target[num_channels:]
            for place in range(length - num_channels):
                one, two = tall[place], behind[place]
                behind[place] = one if (one > two) | (one != one) else two


@no_type_check
def _max_pool_backward(
    gradient: Any, num_images: int, height: int, width: int, num_channels: int, winners: Any, out: Any
) -> None:
    """Give each gradient to the winner of its neighbourhood."""
    length = width * num_channels
    zero = out.dtype.type(0)
    for image in prange(num_images):
        out[image * height * length : (image + 1) * height * length] = zero
        for row in range(height):
            here = (image * height + row) * length
            incoming, winner = gradient[here : here + length], winners[here : here + length]
            for position in range(9):
                down, right = position // 3 - 1, position % 3 - 1
                if not 0 <= row + down < height:
                    continue
                start, stop = max(0, -right) * num_channels, length - max(0, right) * num_channels
                target = out[here + down * length + right * num_channels + start :]
                values, which = incoming[start:stop], winner[start:stop]
                for place in range(stop - start):
                    target[place] += values[place] if which[place] == position else zero


sums_serial, sums_parallel = _both(_sums)
scale_relu_serial, scale_relu_parallel = _both(_scale_relu)
gradient_sums_serial, gradient_sums_parallel = _both(_gradient_sums)
scale_relu_backward_serial, scale_relu_backward_parallel = _both(_scale_relu_backward)
add_first_serial, add_first_parallel = _both(_add_first)
join_serial, join_parallel = _both(_join)
split_serial, split_parallel = _both(_split)
max_pool_serial, max_pool_parallel = _both(_max_pool)
max_pool_only_serial, max_pool_only_parallel = _both(_max_pool_only)
max_pool_backward_serial, max_pool_backward_parallel = _both(_max_pool_backward)
