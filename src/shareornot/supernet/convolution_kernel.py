"""Convolution with batch norm and ReLU as compiled code for processors, forward and backward.

Maps are in the layout of `vector_kernel`: row by row, in a row pixel by pixel, in a pixel channel by channel, in a
channel one value per image. A map may be the first channels of a wider one: `..._pixel` is the distance of its pixels.

The work is cut into tasks, a row or a band of rows of one window of images each, which depend on the sizes alone. Every
task has sums of its own, which are added up in the order of the tasks. So the results are the same bits on any number
of threads.

Every kernel comes twice: `..._serial` runs on the calling thread alone, `..._parallel` on numba's threads. Arguments
are addresses instead of arrays, which numba would take a multiple of the time to unpack; `zero` is the number 0 in the
precision of the maps, and `shape` is (height, width, channels in, channels out, images, kernel size, x_pixel).
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
    gradient,
    gradient_sums,
    multiply_1,
    multiply_2,
    multiply_3,
    multiply_4,
    products_1_1,
    products_1_4,
    products_4_1,
    products_4_4,
    scale_relu,
    scale_relu_add,
)

Kernel = Callable[..., None]
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
RING = 4
"""Rows of gradients that a task keeps at hand: a 3 x 3 convolution needs three of them."""


def both(function: FunctionType) -> tuple[Kernel, Kernel]:
    """The function compiled for the calling thread, and for numba's threads."""
    # numba finds compiled code on the disk by the name of the function alone, whatever the options.
    twin = FunctionType(function.__code__, function.__globals__, f"{function.__name__}_in_threads")
    twin.__qualname__, twin.__doc__ = twin.__name__, function.__doc__
    return njit(**OPTIONS)(function), njit(parallel=True, **OPTIONS)(twin)


@no_type_check
@njit(**OPTIONS)
def window(number: int, images: int, zero: Any) -> Any:
    """First image of a window, its width, and how many of its images belong to the window before."""
    width = VECTORS * (VECTOR_BYTES // np.asarray(zero).itemsize)
    begin = min(number * width, max(0, images - width))
    return begin, min(width, images), number * width - begin


@no_type_check
@njit(**OPTIONS)
def count_windows(images: int, zero: Any) -> int:
    """Windows that hold so many images."""
    width = VECTORS * (VECTOR_BYTES // np.asarray(zero).itemsize)
    return (images + width - 1) // width


@no_type_check
@njit(**OPTIONS)
def pack(weight: Any, strides: Any, shape: Any, backward: bool, zero: Any) -> Any:
    """The weights in use as (taps, in, out), flat; `backward` swaps in and out and reverses the taps."""
    num_in, num_out, kernel = shape[2], shape[3], shape[5]
    packed = np.empty(kernel * kernel * num_in * num_out, np.asarray(zero).dtype)
    for row in range(kernel):
        for column in range(kernel):
            tap = row * kernel + column
            for c in range(num_in):
                for d in range(num_out):
                    value = weight[d * strides[0] + c * strides[1] + row * strides[2] + column * strides[3]]
                    if backward:
                        packed[((kernel * kernel - 1 - tap) * num_out + d) * num_in + c] = value
                    else:
                        packed[(tap * num_in + c) * num_out + d] = value
    return packed


@no_type_check
@njit(**OPTIONS)
def convolve_row(
    x: Any, rows: Any, steps: Any, width: int, kernel: int, channels: Any, packed: Any, out: Any, places: Any,
    bias: Any, floor: Any, finish: bool, count: int,
) -> None:
    """Convolve one row of a window.

    Args:
        rows: places in x of the rows under the kernel; -1 is outside of the image.
        steps: distances of pixels and channels in x.
        channels: in, out.
        places: place of the row in `out`, distances of its pixels and channels.
        bias, floor, finish, count: see `multiply`.
    """
    num_in, num_out = channels
    inner = (steps[1], num_out, places[2])
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
def convolve_task(
    task: int, zero: Any, shape: Any, x: Any, packed: Any, out: Any, bias: Any, floor: Any, finish: bool, sums: Any
) -> None:
    """Convolve a row of a window; unless it is finished, `sums` (centre, sum, sum of squares) describe the output."""
    height, width, num_in, num_out, images, kernel, x_pixel = shape
    row, number = task % height, task // height
    begin, count, skip = window(number, images, zero)
    rows = np.empty(kernel, np.int64)
    for i in range(kernel):
        source = row + i - kernel // 2
        rows[i] = source * width * x_pixel + begin if 0 <= source < height else -1
    pixel = num_out * images
    at = row * width * pixel + begin
    channels, places = (num_in, num_out), (at, pixel, images)
    convolve_row(x, rows, (x_pixel, images), width, kernel, channels, packed, out, places, bias, floor, finish, count)
    if not finish:
        centre = np.empty(num_out, np.asarray(zero).dtype)
        for d in range(num_out):
            centre[d] = out[at + d * images + skip]
            sums[task, 0, d] = centre[d]
        totals = np.zeros(2 * num_out)
        deviations((out,), (at,), (pixel,), (images,), centre, totals, (width, num_out), count, skip)
        for d in range(num_out):
            sums[task, 1, d], sums[task, 2, d] = totals[d], totals[num_out + d]


@no_type_check
@njit(**OPTIONS)
def moments(sums: Any, zero: Any, shape: Any, mean: Any, variance: Any) -> None:
    """Mean and biased variance of each channel from the sums of all tasks (Chan et al. 1979)."""
    height, width, images = shape[0], shape[1], shape[4]
    for d in range(len(mean)):
        total, centre, squares = 0, 0.0, 0.0
        for task in range(len(sums)):
            _, count, skip = window(task // height, images, zero)
            number = width * (count - skip)
            shift = sums[task, 1, d] / number
            difference = sums[task, 0, d] + shift - centre
            centre += difference * number / (total + number)
            squares += sums[task, 2, d] - shift * sums[task, 1, d] + difference**2 * total * number / (total + number)
            total += number
        mean[d], variance[d] = centre, max(squares / total, 0.0)


@no_type_check
def _forward(
    zero: Any, shape: Any, x_at: int, weight_at: int, strides: Any, norm: Any, momentum: float, epsilon: float,
    floor: Any, other_at: int, other_pixel: int, u_at: int, y_at: int, kept_at: int,
) -> None:
    """Convolution, batch norm by the statistics of the mini-batch, ReLU, sum with another map.

    Args:
        strides: of the weights in use (out, in, row, column).
        norm: addresses of gamma, beta, running mean and running variance.
        momentum: weight of the new statistics in the running ones.
        floor: 0 for ReLU, minus infinity without it.
        other_at, other_pixel: a map that is added to the result; address 0 for none.
        u_at: gets the result of the convolution; y_at gets that of all.
        kept_at: gets (4, out) in double precision: mean, 1 / standard deviation, scale, shift.
    """
    height, width, _, num_out, images, _, _ = shape
    x, u, y, other = flat(x_at, zero), flat(u_at, zero), flat(y_at, zero), flat(other_at, zero)
    packed = pack(flat(weight_at, zero), strides, shape, False, zero)
    num_tasks = height * count_windows(images, zero)
    sums = np.empty((num_tasks, 3, num_out))
    for task in prange(num_tasks):
        convolve_task(task, zero, shape, x, packed, u, packed, floor, False, sums)
    mean, variance = np.empty(num_out), np.empty(num_out)
    moments(sums, zero, shape, mean, variance)
    gamma, beta, running_mean, running_var = (
        flat(norm[0], zero), flat(norm[1], zero), flat(norm[2], zero), flat(norm[3], zero)
    )
    kept = flat(kept_at, 0.0)
    constants = np.empty(3 * num_out, packed.dtype)
    number = height * width * images
    for d in range(num_out):
        unbiased = variance[d] * (number / max(number - 1, 1))
        running_mean[d] = (1 - momentum) * running_mean[d] + momentum * mean[d]
        running_var[d] = (1 - momentum) * running_var[d] + momentum * unbiased
        inverse_std = 1 / np.sqrt(variance[d] + epsilon)
        scale = gamma[d] * inverse_std
        shift = beta[d] - mean[d] * scale
        kept[d], kept[num_out + d], kept[2 * num_out + d], kept[3 * num_out + d] = mean[d], inverse_std, scale, shift
        constants[d], constants[num_out + d], constants[2 * num_out + d] = scale, shift, floor
    pixel = num_out * images
    for task in prange(num_tasks):
        row, part = task % height, task // height
        begin, count, skip = window(part, images, zero)
        at = row * width * pixel + begin
        if other_at:
            before = row * width * other_pixel + begin
            arrays, places = (u, other, y), (at, before, at)
            pixels, steps = (pixel, other_pixel, pixel), (images, images, images)
            scale_relu_add(arrays, places, pixels, steps, constants, mean, (width, num_out), count, skip)
        else:
            arrays2, places2, pixels2, steps2 = (u, y), (at, at), (pixel, pixel), (images, images)
            scale_relu(arrays2, places2, pixels2, steps2, constants, mean, (width, num_out), count, skip)


@no_type_check
def _forward_fixed(
    zero: Any, shape: Any, x_at: int, weight_at: int, strides: Any, bias_at: int, floor: Any, y_at: int
) -> None:
    """Convolution with a bias, and ReLU."""
    height, _, _, _, images, _, _ = shape
    x, y, bias = flat(x_at, zero), flat(y_at, zero), flat(bias_at, zero)
    packed = pack(flat(weight_at, zero), strides, shape, False, zero)
    sums = np.empty((0, 3, 0))
    for task in prange(height * count_windows(images, zero)):
        convolve_task(task, zero, shape, x, packed, y, bias, floor, True, sums)


@no_type_check
@njit(**OPTIONS)
def add_products(
    g: Any, g_at: int, g_steps: Any, x: Any, x_at: int, x_steps: Any, num_pixels: int, channels: Any, out: Any,
    out_at: int, count: int, skip: int,
) -> None:
    """Add the products of all channels of x with all channels of g to `out`, (in, out) at a place; see `products`."""
    num_in, num_out = channels
    steps = (g_steps[0], g_steps[1], x_steps[0], x_steps[1])
    d = 0
    while d < num_out:
        four = num_out - d >= 4
        c = 0
        while c < num_in:
            ga, xa, at = g_at + d * g_steps[1], x_at + c * x_steps[1], out_at + c * num_out + d
            if four and num_in - c >= 4:
                products_4_4(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
                c += 4
            elif four:
                products_4_1(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
                c += 1
            elif num_in - c >= 4:
                products_1_4(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
                c += 4
            else:
                products_1_1(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
                c += 1
        d += 4 if four else 1


@no_type_check
@njit(**OPTIONS)
def backward_task(
    task: int, band: int, zero: Any, shape: Any, x: Any, u: Any, g: Any, g_pixel: int, constants: Any, packed: Any,
    dx: Any, needs_input: bool, out: Any,
) -> None:
    """A band of rows of a window: add to the gradient of the weights, (taps, in, out), and write that of x."""
    height, width, num_in, num_out, images, kernel, x_pixel = shape
    num_bands = (height + band - 1) // band
    first, number = task % num_bands * band, task // num_bands
    begin, count, skip = window(number, images, zero)
    half, pixel = kernel // 2, num_out * count
    ring = np.empty(RING * width * pixel, packed.dtype)
    rows = np.empty(kernel, np.int64)
    ready = max(first - half, 0)
    nothing = np.empty(0)
    for row in range(first, min(first + band, height)):
        while ready <= min(row + half, height - 1):
            u_at, g_at = ready * width * num_out * images + begin, ready * width * g_pixel + begin
            places, pixels = (u_at, g_at, ready % RING * width * pixel), (num_out * images, g_pixel, pixel)
            steps = (images, images, count)
            gradient((u, g, ring), places, pixels, steps, constants, nothing, (width, num_out), count, skip)
            ready += 1
        here = row % RING * width * pixel
        for i in range(kernel):
            source = row + i - half
            rows[i] = source % RING * width * pixel if 0 <= source < height else -1
            if rows[i] < 0:
                continue
            for j in range(kernel):
                left, right = max(0, half - j), max(0, j - half)
                x_at = (source * width + left + j - half) * x_pixel + begin
                add_products(
                    ring, here + left * pixel, (pixel, count), x, x_at, (x_pixel, images), width - left - right,
                    (num_in, num_out), out, (i * kernel + j) * num_in * num_out, count, skip,
                )
        if needs_input:
            to = (row * width * num_in * images + begin, num_in * images, images)
            channels = (num_out, num_in)
            convolve_row(
                ring, rows, (pixel, count), width, kernel, channels, packed, dx, to, packed, zero, False, count
            )


@no_type_check
def _backward(
    zero: Any, shape: Any, x_at: int, weight_at: int, strides: Any, floor: Any, u_at: int, kept_at: int, g_at: int,
    g_pixel: int, dx_at: int, d_weight_at: int, d_strides: Any, d_gamma_at: int, d_beta_at: int,
) -> None:
    """The way back of `_forward`; address 0 of dx: the gradient of x is not needed."""
    height, width, num_in, num_out, images, kernel, _ = shape
    x, u, g, dx = flat(x_at, zero), flat(u_at, zero), flat(g_at, zero), flat(dx_at, zero)
    packed = pack(flat(weight_at, zero), strides, shape, True, zero)
    kept = flat(kept_at, 0.0)
    mean, inverse_std, scale, shift = (
        kept[:num_out], kept[num_out : 2 * num_out], kept[2 * num_out : 3 * num_out], kept[3 * num_out : 4 * num_out]
    )
    constants = np.empty(5 * num_out, packed.dtype)
    for d in range(num_out):
        constants[d], constants[num_out + d], constants[2 * num_out + d] = scale[d], shift[d], floor
        constants[3 * num_out + d] = mean[d]
    num_windows = count_windows(images, zero)
    sums = np.zeros((height * num_windows, 2 * num_out))
    for task in prange(height * num_windows):
        row, part = task % height, task // height
        begin, count, skip = window(part, images, zero)
        places = (row * width * num_out * images + begin, row * width * g_pixel + begin)
        pixels, steps = (num_out * images, g_pixel), (images, images)
        gradient_sums((u, g), places, pixels, steps, constants, sums[task], (width, num_out), count, skip)
    d_gamma, d_beta = flat(d_gamma_at, zero), flat(d_beta_at, zero)
    number = height * width * images
    for d in range(num_out):
        total, products = 0.0, 0.0
        for task in range(len(sums)):
            total += sums[task, d]
            products += sums[task, num_out + d]
        products *= inverse_std[d]
        d_beta[d], d_gamma[d] = total, products
        # du = scale * (g - mean(g) - normalized u * mean(g * normalized u)), sorted by powers of u
        slope = -scale[d] * inverse_std[d] * products / number
        constants[3 * num_out + d], constants[4 * num_out + d] = slope, -scale[d] * total / number - slope * mean[d]
    band = max(4, height // 4)
    num_tasks = (height + band - 1) // band * num_windows
    parts = np.zeros((num_tasks, kernel * kernel * num_in * num_out))
    for task in prange(num_tasks):
        backward_task(
            task, band, zero, shape, x, u, g, g_pixel, constants, packed, dx, dx_at != 0, parts[task]
        )
    d_weight = flat(d_weight_at, zero)
    for i in range(kernel):
        for j in range(kernel):
            for c in range(num_in):
                for d in range(num_out):
                    value = 0.0
                    for task in range(num_tasks):
                        value += parts[task, ((i * kernel + j) * num_in + c) * num_out + d]
                    d_weight[d * d_strides[0] + c * d_strides[1] + i * d_strides[2] + j * d_strides[3]] = value


forward_serial, forward_parallel = both(_forward)
forward_fixed_serial, forward_fixed_parallel = both(_forward_fixed)
backward_serial, backward_parallel = both(_backward)
