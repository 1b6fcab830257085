"""Convolution with batch norm and ReLU as compiled code for processors; see also `convolution_backward_kernel`.

Maps are in the layout of `vector_kernel`: row by row, in a row pixel by pixel, in a pixel channel by channel, in a
channel one value per image. A map may be the first channels of a wider one: `..._pixel` is the distance of its pixels.

The work is cut into tasks, a row or a band of rows of one window of images each, which depend on the sizes alone. Every
task has sums of its own, which are added up in the order of the tasks. So the results are the same bits on any number
of threads.

Every kernel comes twice: `..._serial` runs on the calling thread alone, `..._parallel` on numba's threads. Maps and
weights are given by their addresses instead of as arrays, which numba would take a multiple of the time to unpack.

The arguments of all kernels begin with

- `zero`: the number 0 in the precision of the maps;
- `shape`: height, width, channels in, channels out, images, kernel size, distance of the pixels of the input;
- `weight`: address of the first weight in use, and the distances of weights: out, in, row, column.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any, no_type_check

import numpy as np
from numba import njit, prange

from shareornot.supernet.vector_kernel import (
    VECTOR_BYTES,
    VECTORS,
    deviations,
    flat,
    multiply_1,
    multiply_2,
    multiply_3,
    multiply_4,
    scale_relu,
    scale_relu_add,
)

Kernel = Callable[..., None]
# numba does not notice changes in other files: delete its cache after a change in `vector_kernel`.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


def both(function: FunctionType) -> tuple[Kernel, Kernel]:
    """The function compiled for the calling thread, and for numba's threads."""
    # numba finds compiled code on the disk by the name of the function alone, whatever the options.
    twin = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_in_threads")
    twin.__qualname__, twin.__doc__ = twin.__name__, function.__doc__
    return njit(**OPTIONS)(function), njit(parallel=True, **OPTIONS)(twin)


@no_type_check
@njit(**OPTIONS)
def window(number, images, zero):
    """First image of a window, its width, and how many of its images belong to the window before."""
    width = VECTORS * (VECTOR_BYTES // np.asarray(zero).itemsize)
    begin = min(number * width, max(0, images - width))
    return begin, min(width, images), number * width - begin


@no_type_check
@njit(**OPTIONS)
def count_windows(images, zero):
    """Number of windows that hold a given number of images."""
    width = VECTORS * (VECTOR_BYTES // np.asarray(zero).itemsize)
    return (images + width - 1) // width


@no_type_check
@njit(**OPTIONS)
def pack(zero, shape, weight, backward):
    """The weights in use as (taps, in, out), flat; `backward` swaps in and out and reverses the taps."""
    num_in, num_out, kernel = shape[2], shape[3], shape[5]
    values = flat(weight[0], zero)
    packed = np.empty(kernel * kernel * num_in * num_out, values.dtype)
    for row in range(kernel):
        for column in range(kernel):
            tap = row * kernel + column
            for c in range(num_in):
                for d in range(num_out):
                    value = values[d * weight[1] + c * weight[2] + row * weight[3] + column * weight[4]]
                    if backward:
                        packed[((kernel * kernel - 1 - tap) * num_out + d) * num_in + c] = value
                    else:
                        packed[(tap * num_in + c) * num_out + d] = value
    return packed


@no_type_check
@njit(**OPTIONS)
def convolve_row(x, rows, steps, width, channels, packed, out, places, bias, finish, count):
    """Convolve one row of a window.

    Args:
        rows: places in x of the rows under the kernel; -1 is outside of the image.
        steps: distances of pixels and channels in x.
        channels: in, out.
        packed: see `pack`.
        places: place of the row in `out`, distances of its pixels and channels.
        bias: for each channel that comes out, and then the floor; see `multiply`.
        finish, count: see `multiply`.
    """
    (num_in, num_out), kernel = channels, len(rows)
    inner, floor = (steps[1], num_out, places[2]), bias[num_out]
    x_taps, w_taps = np.empty(9, np.int64), np.empty(9, np.int64)
    for column in range(width):
        taps = 0
        for i in range(kernel):
            if rows[i] < 0:
                continue
            for j in range(kernel):
                source = column + j - kernel // 2
                if 0 <= source < width:
                    x_taps[taps] = rows[i] + source * steps[0]
                    w_taps[taps] = (i * kernel + j) * num_in * num_out
                    taps += 1
        d = 0
        while d < num_out:
            at, w, b = places[0] + column * places[1] + d * places[2], packed[d:], bias[d:]
            if num_out - d >= 4:
                multiply_4(x, x_taps, w, w_taps, taps, num_in, inner, out, at, b, floor, finish, count)
            elif num_out - d == 3:
                multiply_3(x, x_taps, w, w_taps, taps, num_in, inner, out, at, b, floor, finish, count)
            elif num_out - d == 2:
                multiply_2(x, x_taps, w, w_taps, taps, num_in, inner, out, at, b, floor, finish, count)
            else:
                multiply_1(x, x_taps, w, w_taps, taps, num_in, inner, out, at, b, floor, finish, count)
            d += 4


@no_type_check
@njit(**OPTIONS)
def convolve_task(task, zero, shape, x_at, packed, out_at, bias, finish):
    """Convolve one row of a window, from one map to another."""
    height, width, num_in, num_out, images, kernel, x_pixel = shape
    row, number = task % height, task // height
    begin, count, _ = window(number, images, zero)
    rows = np.empty(kernel, np.int64)
    for i in range(kernel):
        source = row + i - kernel // 2
        rows[i] = source * width * x_pixel + begin if 0 <= source < height else -1
    places = (row * width * num_out * images + begin, num_out * images, images)
    x, out = flat(x_at, zero), flat(out_at, zero)
    convolve_row(x, rows, (x_pixel, images), width, (num_in, num_out), packed, out, places, bias, finish, count)


@no_type_check
@njit(**OPTIONS)
def measure_task(task, zero, shape, u_at, sums):
    """Describe the same row by a value of each channel, the sum of deviations from it, and the sum of their squares."""
    height, width, num_out, images = shape[0], shape[1], shape[3], shape[4]
    row, number = task % height, task // height
    begin, count, skip = window(number, images, zero)
    at, u = row * width * num_out * images + begin, flat(u_at, zero)
    centre = np.empty(num_out, u.dtype)
    for d in range(num_out):
        centre[d] = u[at + d * images + skip]
        sums[task, 0, d] = centre[d]
    totals = np.zeros(2 * num_out)
    deviations((u,), (at,), (num_out * images,), (images,), centre, totals, (width, num_out), count, skip)
    for d in range(num_out):
        sums[task, 1, d], sums[task, 2, d] = totals[d], totals[num_out + d]


@no_type_check
@njit(**OPTIONS)
def normalization(zero, shape, sums, norm, numbers, kept_at):
    """Update the running statistics, fill in what the way back needs, and return scale, shift and floor of channels.

    The sums of all tasks are combined as in Chan et al. 1979, "Updating formulae and a pairwise algorithm for computing
    sample variances".
    """
    height, width, num_out, images = shape[0], shape[1], shape[3], shape[4]
    gamma, beta, running_mean = flat(norm[0], zero), flat(norm[1], zero), flat(norm[2], zero)
    running_var, kept = flat(norm[3], zero), flat(kept_at, 0.0)
    momentum, epsilon, floor = numbers
    constants = np.empty(3 * num_out, gamma.dtype)
    for d in range(num_out):
        total, mean, squares = 0, 0.0, 0.0
        for task in range(len(sums)):
            _, count, skip = window(task // height, images, zero)
            number = width * (count - skip)
            shift = sums[task, 1, d] / number
            difference = sums[task, 0, d] + shift - mean
            mean += difference * number / (total + number)
            squares += sums[task, 2, d] - shift * sums[task, 1, d] + difference**2 * total * number / (total + number)
            total += number
        squares = max(squares, 0.0) if squares == squares else squares
        running_mean[d] = (1 - momentum) * running_mean[d] + momentum * mean
        running_var[d] = (1 - momentum) * running_var[d] + momentum * squares / max(total - 1, 1)
        inverse_std = 1 / np.sqrt(squares / total + epsilon)
        scale = gamma[d] * inverse_std
        shift = beta[d] - mean * scale
        kept[d], kept[num_out + d], kept[2 * num_out + d], kept[3 * num_out + d] = mean, inverse_std, scale, shift
        constants[d], constants[num_out + d], constants[2 * num_out + d] = scale, shift, floor
    return constants


@no_type_check
@njit(**OPTIONS)
def scale_task(task, zero, shape, maps, constants):
    """Normalize one row of a window, apply ReLU, and add another map."""
    height, width, num_out, images = shape[0], shape[1], shape[3], shape[4]
    _, other_at, other_pixel, u_at, y_at, _ = maps
    row, number = task % height, task // height
    begin, count, skip = window(number, images, zero)
    u, y, pixel, size, nothing = flat(u_at, zero), flat(y_at, zero), num_out * images, (width, num_out), np.empty(0)
    at = row * width * pixel + begin
    if other_at:
        arrays, places = (u, flat(other_at, zero), y), (at, row * width * other_pixel + begin, at)
        pixels, steps = (pixel, other_pixel, pixel), (images, images, images)
        scale_relu_add(arrays, places, pixels, steps, constants, nothing, size, count, skip)
    else:
        scale_relu((u, y), (at, at), (pixel, pixel), (images, images), constants, nothing, size, count, skip)


@no_type_check
@njit(**OPTIONS)
def bias_and_floor(zero, shape, bias_at, floor):
    """The bias of each channel, 0 if its address is, and behind them the floor."""
    bias = np.zeros(shape[3] + 1, np.asarray(zero).dtype)
    if bias_at:
        bias[:-1] = flat(bias_at, zero)[: shape[3]]
    bias[-1] = floor
    return bias


@no_type_check
def _forward(zero, shape, weight, maps, bias_at, norm, numbers):
    """Convolution with a bias, or with batch norm by the statistics of the mini-batch; ReLU.

    Args:
        zero, shape, weight: see above.
        maps: addresses of the input; of a map that is added to the result, or 0, and the distance of its pixels; of
            what the convolution gives and what all gives, which are written; of the constants that the way back needs,
            (4, out) in double precision: mean, 1 / standard deviation, scale, shift. With a bias, only input and result
            matter.
        bias_at: address of the bias, or 0 for batch norm.
        norm: addresses of gamma, beta, running mean and running variance, of which the last two are updated.
        numbers: momentum and epsilon; the floor is 0 for ReLU and minus infinity without it.
    """
    packed = pack(zero, shape, weight, False)
    bias = bias_and_floor(zero, shape, bias_at, numbers[2])
    num_tasks = shape[0] * count_windows(shape[4], zero)
    finish = bias_at != 0
    sums = np.empty((num_tasks, 3, shape[3]))
    for task in prange(num_tasks):
        convolve_task(task, zero, shape, maps[0], packed, maps[4] if finish else maps[3], bias, finish)
        if not finish:
            measure_task(task, zero, shape, maps[3], sums)
    if not finish:
        constants = normalization(zero, shape, sums, norm, numbers, maps[5])
        for task in prange(num_tasks):
            scale_task(task, zero, shape, maps, constants)


forward_serial, forward_parallel = both(_forward)
