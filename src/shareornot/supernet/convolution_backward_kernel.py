"""The way back of `convolution_kernel`: gradients of the input, the weights, gamma and beta.

A band of rows of a window goes through the way back of batch norm and through both convolutions at once: the gradient
of what the convolution gave stays in a ring of a few rows, in the cache, and is never written to memory.
"""

from typing import no_type_check

import numpy as np
from numba import njit, prange

from shareornot.supernet.convolution_kernel import OPTIONS, both, convolve_row, count_windows, pack, window
from shareornot.supernet.vector_kernel import (
    flat,
    gradient,
    gradient_sums,
    products_1_1,
    products_1_4,
    products_4_1,
    products_4_4,
)

RING = 4
"""Rows of gradients that a task keeps at hand; a 3 x 3 convolution needs three of them."""


@no_type_check
@njit(**OPTIONS)
def sums_task(task, zero, shape, maps, constants, sums):
    """Sums of a row of a window: the gradient that ReLU lets through, and that times the deviation from the mean."""
    height, width, num_out, images = shape[0], shape[1], shape[3], shape[4]
    _, u_at, _, g_at, g_pixel, _ = maps
    row, number = task % height, task // height
    begin, count, skip = window(number, images, zero)
    arrays, places = (flat(u_at, zero), flat(g_at, zero)), (row * width * num_out * images, row * width * g_pixel)
    places = (places[0] + begin, places[1] + begin)
    pixels, steps = (num_out * images, g_pixel), (images, images)
    gradient_sums(arrays, places, pixels, steps, constants, sums[task], (width, num_out), count, skip)


@no_type_check
@njit(**OPTIONS)
def constants_of_sums(zero, shape, kept_at, floor):
    """Scale, shift, floor and mean of each channel, in the precision of the maps."""
    num_out, kept = shape[3], flat(kept_at, 0.0)
    constants = np.empty(4 * num_out, np.asarray(zero).dtype)
    for d in range(num_out):
        constants[d], constants[num_out + d] = kept[2 * num_out + d], kept[3 * num_out + d]
        constants[2 * num_out + d], constants[3 * num_out + d] = floor, kept[d]
    return constants


@no_type_check
@njit(**OPTIONS)
def constants_of_gradient(zero, shape, kept_at, floor, sums, vectors):
    """Write the gradients of gamma and beta; return scale, shift, floor, slope and offset of each channel.

    The gradient of what the convolution gave, u, is

        scale * (g - mean(g) - normalized u * mean(g * normalized u)),

    sorted by powers of u: scale * g + slope * u + offset, where g is the gradient that ReLU lets through.
    """
    height, width, num_out, images = shape[0], shape[1], shape[3], shape[4]
    d_gamma, d_beta, kept = flat(vectors[0], zero), flat(vectors[1], zero), flat(kept_at, 0.0)
    constants = np.empty(5 * num_out, d_gamma.dtype)
    number = height * width * images
    for d in range(num_out):
        mean, inverse_std, scale, shift = kept[d], kept[num_out + d], kept[2 * num_out + d], kept[3 * num_out + d]
        total, products = 0.0, 0.0
        for task in range(len(sums)):
            total += sums[task, d]
            products += sums[task, num_out + d]
        products *= inverse_std
        d_beta[d], d_gamma[d] = total, products
        slope = -scale * inverse_std * products / number
        constants[d], constants[num_out + d], constants[2 * num_out + d] = scale, shift, floor
        constants[3 * num_out + d], constants[4 * num_out + d] = slope, -scale * total / number - slope * mean
    return constants


@no_type_check
@njit(**OPTIONS)
def add_products(g, g_at, x, x_at, steps, num_pixels, channels, out, out_at, count, skip):
    """Add the products of all channels of x with all channels of g to `out`, (in, out) at a place; see `products`."""
    num_in, num_out = channels
    d = 0
    while d < num_out:
        four = num_out - d >= 4
        c = 0
        while c < num_in:
            ga, xa, at = g_at + d * steps[1], x_at + c * steps[3], out_at + c * num_out + d
            if four and num_in - c >= 4:
                products_4_4(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
            elif four:
                products_4_1(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
            elif num_in - c >= 4:
                products_1_4(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
            else:
                products_1_1(g, ga, x, xa, steps, num_pixels, out, at, num_out, count, skip)
            c += 4 if num_in - c >= 4 else 1
        d += 4 if four else 1


@no_type_check
@njit(**OPTIONS)
def band_task(task, band, zero, shape, maps, constants, packed, parts):
    """A band of rows of a window: the gradient of the input, and of the weights as (taps, in, out)."""
    height, width, num_in, num_out, images, kernel, x_pixel = shape
    x_at, u_at, _, g_at, g_pixel, dx_at = maps
    x, u, g, dx, out = flat(x_at, zero), flat(u_at, zero), flat(g_at, zero), flat(dx_at, zero), parts[task]
    num_bands = (height + band - 1) // band
    first, number = task % num_bands * band, task // num_bands
    begin, count, skip = window(number, images, zero)
    half, pixel, nothing = kernel // 2, num_out * count, np.empty(0)
    ring, bias = np.empty(RING * width * pixel, packed.dtype), np.zeros(num_in + 1, packed.dtype)
    rows = np.empty(kernel, np.int64)
    ready = max(first - half, 0)
    for row in range(first, min(first + band, height)):
        while ready <= min(row + half, height - 1):
            places = (ready * width * num_out * images + begin, ready * width * g_pixel + begin)
            places = (places[0], places[1], ready % RING * width * pixel)
            pixels, steps = (num_out * images, g_pixel, pixel), (images, images, count)
            gradient((u, g, ring), places, pixels, steps, constants, nothing, (width, num_out), count, skip)
            ready += 1
        for i in range(kernel):
            source = row + i - half
            rows[i] = source % RING * width * pixel if 0 <= source < height else -1
            if rows[i] < 0:
                continue
            for j in range(kernel):
                left, right = max(0, half - j), max(0, j - half)
                to = (row % RING * width + left) * pixel
                of = (source * width + left + j - half) * x_pixel + begin
                steps = (pixel, count, x_pixel, images)
                at = (i * kernel + j) * num_in * num_out
                add_products(ring, to, x, of, steps, width - left - right, (num_in, num_out), out, at, count, skip)
        if dx_at:
            places = (row * width * num_in * images + begin, num_in * images, images)
            convolve_row(ring, rows, (pixel, count), width, (num_out, num_in), packed, dx, places, bias, False, count)


@no_type_check
@njit(**OPTIONS)
def add_parts(zero, shape, parts, d_weight):
    """Write the gradient of the weights, the sum over all tasks."""
    num_in, num_out, kernel = shape[2], shape[3], shape[5]
    values = flat(d_weight[0], zero)
    for i in range(kernel):
        for j in range(kernel):
            for c in range(num_in):
                for d in range(num_out):
                    total = 0.0
                    for task in range(len(parts)):
                        total += parts[task, ((i * kernel + j) * num_in + c) * num_out + d]
                    values[d * d_weight[1] + c * d_weight[2] + i * d_weight[3] + j * d_weight[4]] = total


@no_type_check
def _backward(zero, shape, weight, maps, floor, d_weight, vectors):
    """The way back of `forward`.

    Args:
        zero, shape, weight: see `convolution_kernel`.
        maps: addresses of the input, of what the convolution gave and of the constants from the way there; of the
            gradient of the output, and the distance of its pixels; of the gradient of the input, which is written, or 0
            if it is not needed.
        floor: as on the way there.
        d_weight: address and distances of the gradient of the weights, which is written.
        vectors: addresses of the gradients of gamma and beta, which are written.
    """
    packed = pack(zero, shape, weight, True)
    height, num_windows = shape[0], count_windows(shape[4], zero)
    num_tasks = height * num_windows
    sums = np.zeros((num_tasks, 2 * shape[3]))
    constants = constants_of_sums(zero, shape, maps[2], floor)
    for task in prange(num_tasks):
        sums_task(task, zero, shape, maps, constants, sums)
    constants = constants_of_gradient(zero, shape, maps[2], floor, sums, vectors)
    band = max(4, height // 4)
    num_tasks = (height + band - 1) // band * num_windows
    parts = np.zeros((num_tasks, len(packed)))
    for task in prange(num_tasks):
        band_task(task, band, zero, shape, maps, constants, packed, parts)
    add_parts(zero, shape, parts, d_weight)


backward_serial, backward_parallel = both(_backward)
