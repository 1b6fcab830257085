"""A whole super-net, forward and backward, as compiled code for small images.

A network so small spends more time on starting operations than on arithmetic. Here a cell is a *program*, a table of
numbers with a row an operation, and one compiled call runs all of it.

Images lie channel by channel, and within a channel row by row and column by column, and within a pixel one image of the
mini-batch after the other: (channels, height, width, batch). So every loop runs over the batch at least, whatever the
number of channels; the first channels of a map are the beginning of it; and maps that share a memory are concatenated.

`maps` holds all maps of a program, and `gradients` those of the loss by them, at the same places. Places and lengths
in a program count numbers an image.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

from shareornot.supernet.fused_kernels import max_pool_backward_serial, max_pool_serial

UNIT, POOL, ADD, HALVE = range(4)
"""Operations: convolution with batch norm and ReLU; 3 x 3 max pooling; sum; 2 x 2 max pooling with stride 2."""
(
    OPERATION,
    SOURCE,
    TARGET,
    IN_CHANNELS,
    CHANNELS,
    HEIGHT,
    WIDTH,
    KERNEL,
    WEIGHT,
    WEIGHT_IN,
    WEIGHT_KERNEL,
    WEIGHT_OUT,
    GAMMA,
    BETA,
    MEAN,
    VARIANCE,
    BEFORE,
    BASE,
    KEPT,
    NEEDS_INPUT,
) = range(20)
"""Columns of a program. Height and width are those of the source; BEFORE is where the output of the convolution is
kept; BASE is what the output is added to, or -1; KEPT is where winners or the constants of batch norm are kept."""
COLUMNS = 20
AT_A_TIME = 512
"""Pixels times images of a channel that a convolution does before it goes on to the next channel."""

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": {"contract", "nsz", "reassoc"}}
"""Sums may be done in any order. Which order the compiler took must not depend on whether the code comes from the disk
or was just compiled: so functions that sum are put into their callers (`inline`), where they are compiled once. They
are in one file with them, for of changes in another file numba's cache would know nothing."""


@no_type_check
@njit(inline="always", **OPTIONS)
def convolve_1(x: Any, num_in: int, length: int, weight: Any, out: Any, num_out: int) -> None:
    """Add the 1 x 1 convolution of x to `out`; both are (channels, length), `weight` is (out, in), flat."""
    nowhere = np.zeros(AT_A_TIME, x.dtype)
    zero = x.dtype.type(0)
    for start in range(0, length, AT_A_TIME):
        stop = min(start + AT_A_TIME, length)
        size = stop - start
        for c in range(0, num_in, 4):
            n1, n2, n3 = c + 1 < num_in, c + 2 < num_in, c + 3 < num_in
            x0 = x[c * length + start : c * length + stop]
            x1 = x[(c + 1) * length + start : (c + 1) * length + stop] if n1 else nowhere[:size]
            x2 = x[(c + 2) * length + start : (c + 2) * length + stop] if n2 else nowhere[:size]
            x3 = x[(c + 3) * length + start : (c + 3) * length + stop] if n3 else nowhere[:size]
            d = 0
            while d + 1 < num_out:
                a, b = (
                    out[d * length + start : d * length + stop],
                    out[(d + 1) * length + start : (d + 1) * length + stop],
                )
                i, j = d * num_in + c, (d + 1) * num_in + c
                v0, w0 = weight[i], weight[j]
                v1, w1 = (weight[i + 1], weight[j + 1]) if n1 else (zero, zero)
                v2, w2 = (weight[i + 2], weight[j + 2]) if n2 else (zero, zero)
                v3, w3 = (weight[i + 3], weight[j + 3]) if n3 else (zero, zero)
                for p in range(size):
                    a[p] += v0 * x0[p] + v1 * x1[p] + v2 * x2[p] + v3 * x3[p]
                    b[p] += w0 * x0[p] + w1 * x1[p] + w2 * x2[p] + w3 * x3[p]
                d += 2
            if d < num_out:
                a = out[d * length + start : d * length + stop]
                i = d * num_in + c
                v0 = weight[i]
                v1 = weight[i + 1] if n1 else zero
                v2 = weight[i + 2] if n2 else zero
                v3 = weight[i + 3] if n3 else zero
                for p in range(size):
                    a[p] += v0 * x0[p] + v1 * x1[p] + v2 * x2[p] + v3 * x3[p]


@no_type_check
@njit(inline="always", **OPTIONS)
def convolve_9(
    x: Any, num_in: int, plane: int, row: int, step: int, length: int, weight: Any, out: Any, num_out: int
) -> None:
    """Write the 3 x 3 convolution of x, which has a border of zeros, to `out`.

    x has channels of `plane` numbers, in rows of `row`, in columns of `step`. The weight is (out, in, 9), flat. `out`
    is (out, length); its rows are as long as those of x, and their two last columns are no output.
    """
    nowhere = np.zeros(AT_A_TIME, x.dtype)
    for start in range(0, length, AT_A_TIME):
        stop = min(start + AT_A_TIME, length)
        size = stop - start
        for d in range(num_out):
            out[d * length + start : d * length + stop] = 0
        for c in range(num_in):
            top = c * plane + start
            middle, bottom = top + row, top + 2 * row
            x0, x1, x2 = (
                x[top : top + size],
                x[top + step : top + step + size],
                x[top + 2 * step : top + 2 * step + size],
            )
            x3, x4 = x[middle : middle + size], x[middle + step : middle + step + size]
            x5 = x[middle + 2 * step : middle + 2 * step + size]
            x6, x7 = x[bottom : bottom + size], x[bottom + step : bottom + step + size]
            x8 = x[bottom + 2 * step : bottom + 2 * step + size]
            for d in range(0, num_out, 2):
                two = d + 1 < num_out
                a = out[d * length + start : d * length + stop]
                b = out[(d + 1) * length + start : (d + 1) * length + stop] if two else nowhere[:size]
                v = weight[(d * num_in + c) * 9 : (d * num_in + c) * 9 + 9]
                w = weight[((d + 1) * num_in + c) * 9 : ((d + 1) * num_in + c) * 9 + 9] if two else v
                v0, v1, v2, v3, v4, v5, v6, v7, v8 = v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]
                w0, w1, w2, w3, w4, w5, w6, w7, w8 = w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8]
                for p in range(size):
                    q0, q1, q2, q3, q4, q5, q6, q7, q8 = x0[p], x1[p], x2[p], x3[p], x4[p], x5[p], x6[p], x7[p], x8[p]
                    a[p] += q0 * v0 + q1 * v1 + q2 * v2 + q3 * v3 + q4 * v4 + q5 * v5 + q6 * v6 + q7 * v7 + q8 * v8
                    b[p] += q0 * w0 + q1 * w1 + q2 * w2 + q3 * w3 + q4 * w4 + q5 * w5 + q6 * w6 + q7 * w7 + q8 * w8


@no_type_check
@njit(inline="always", **OPTIONS)
def products_1(x: Any, num_in: int, gradient: Any, num_out: int, length: int, out: Any) -> None:
    """For each channel of the gradient and each of x, the sum of their products; `out` is (out, in), flat."""
    for d in range(0, num_out, 2):
        two = d + 1 < num_out
        g = gradient[d * length : (d + 1) * length]
        h = gradient[(d + 1) * length : (d + 2) * length] if two else g
        for c in range(0, num_in, 2):
            both = c + 1 < num_in
            x0 = x[c * length : (c + 1) * length]
            x1 = x[(c + 1) * length : (c + 2) * length] if both else x0
            s0 = s1 = t0 = t1 = x.dtype.type(0)
            for p in range(length):
                s0 += g[p] * x0[p]
                s1 += g[p] * x1[p]
                t0 += h[p] * x0[p]
                t1 += h[p] * x1[p]
            out[d * num_in + c] = s0
            if both:
                out[d * num_in + c + 1] = s1
            if two:
                out[(d + 1) * num_in + c] = t0
            if both and two:
                out[(d + 1) * num_in + c + 1] = t1


@no_type_check
@njit(inline="always", **OPTIONS)
def products_9(
    x: Any, num_in: int, gradient: Any, num_out: int, plane: int, row: int, step: int, length: int, out: Any
) -> None:
    """The gradient of the weight of a 3 x 3 convolution; x and the gradient have a border of zeros.

    `out` is (out, in, 9), flat; the sizes are those of `convolve_9`.
    """
    begin = row + step  # of what is inside the border
    for d in range(0, num_out, 2):
        two = d + 1 < num_out
        g = gradient[d * plane + begin : d * plane + begin + length]
        f = gradient[(d + 1) * plane + begin : (d + 1) * plane + begin + length] if two else g
        for c in range(num_in):
            top = c * plane
            middle, bottom = top + row, top + 2 * row
            x0, x1, x2 = x[top:], x[top + step :], x[top + 2 * step :]
            x3, x4, x5 = x[middle:], x[middle + step :], x[middle + 2 * step :]
            x6, x7, x8 = x[bottom:], x[bottom + step :], x[bottom + 2 * step :]
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = x.dtype.type(0)
            t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = t8 = x.dtype.type(0)
            for p in range(length):
                q, r = g[p], f[p]
                s0 += q * x0[p]
                t0 += r * x0[p]
                s1 += q * x1[p]
                t1 += r * x1[p]
                s2 += q * x2[p]
                t2 += r * x2[p]
                s3 += q * x3[p]
                t3 += r * x3[p]
                s4 += q * x4[p]
                t4 += r * x4[p]
                s5 += q * x5[p]
                t5 += r * x5[p]
                s6 += q * x6[p]
                t6 += r * x6[p]
                s7 += q * x7[p]
                t7 += r * x7[p]
                s8 += q * x8[p]
                t8 += r * x8[p]
            i, j = (d * num_in + c) * 9, ((d + 1) * num_in + c) * 9
            out[i], out[i + 1], out[i + 2], out[i + 3], out[i + 4] = s0, s1, s2, s3, s4
            out[i + 5], out[i + 6], out[i + 7], out[i + 8] = s5, s6, s7, s8
            if two:
                out[j], out[j + 1], out[j + 2], out[j + 3], out[j + 4] = t0, t1, t2, t3, t4
                out[j + 5], out[j + 6], out[j + 7], out[j + 8] = t5, t6, t7, t8


@no_type_check
@njit(**OPTIONS)
def pad(x: Any, num_channels: int, height: int, width: int, step: int, out: Any) -> None:
    """Copy maps into ones with a border of zeros, and two columns of zeros behind the last."""
    row, plane = (width + 2) * step, (height + 2) * (width + 2) * step
    out[: num_channels * plane + 2 * step] = 0
    for channel in range(num_channels):
        for line in range(height):
            to, of = channel * plane + (line + 1) * row + step, (channel * height + line) * width * step
            out[to : to + width * step] = x[of : of + width * step]


@no_type_check
@njit(**OPTIONS)
def used_weight(op: Any, parameters: Any, transposed: bool, out: Any) -> None:
    """The part of a weight that an operation uses, (out, in, kernel), flat; transposed: for the way back."""
    num_in, num_out, kernel = op[IN_CHANNELS], op[CHANNELS], op[KERNEL]
    border, area = (op[WEIGHT_KERNEL] - kernel) // 2, kernel * kernel
    for d in range(num_out):
        for c in range(num_in):
            for k in range(area):
                down, right = border + k // kernel, border + k % kernel
                place = ((d * op[WEIGHT_IN] + c) * op[WEIGHT_KERNEL] + down) * op[WEIGHT_KERNEL] + right
                value = parameters[op[WEIGHT] + place]
                if transposed:
                    out[(c * num_out + d) * area + area - 1 - k] = value
                else:
                    out[(d * num_in + c) * area + k] = value


@no_type_check
@njit(inline="always", **OPTIONS)
def unit_forward(
    op: Any,
    batch: int,
    parameters: Any,
    statistics: Any,
    momentum: float,
    epsilon: float,
    maps: Any,
    kept: Any,
    room: Any,
) -> None:
    """Convolution, batch norm, ReLU. A negative momentum: batch norm by the statistics, which stay as they are."""
    num_in, num_out, height, width = op[IN_CHANNELS], op[CHANNELS], op[HEIGHT], op[WIDTH]
    length = height * width * batch
    x = maps[op[SOURCE] * batch : op[SOURCE] * batch + num_in * length]
    u = maps[op[BEFORE] * batch : op[BEFORE] * batch + num_out * length]
    y = maps[op[TARGET] * batch : op[TARGET] * batch + num_out * length]
    weight = np.empty(num_out * num_in * op[KERNEL] ** 2, x.dtype)
    used_weight(op, parameters, False, weight)
    if op[KERNEL] == 3:
        row, plane = (width + 2) * batch, (height + 2) * (width + 2) * batch
        padded, result = room[0], room[1]
        pad(x, num_in, height, width, batch, padded)
        convolve_9(padded, num_in, plane, row, batch, height * row, weight, result, num_out)
        for line in range(num_out * height):
            u[line * width * batch : (line + 1) * width * batch] = result[line * row : line * row + width * batch]
    else:
        u[:] = 0
        convolve_1(x, num_in, length, weight, u, num_out)
    zero = x.dtype.type(0)
    for d in range(num_out):
        values, target = u[d * length : (d + 1) * length], y[d * length : (d + 1) * length]
        if momentum < 0:
            mean, variance = statistics[op[MEAN] + d] + 0.0, statistics[op[VARIANCE] + d] + 0.0
        else:
            total = zero
            for p in range(length):
                total += values[p]
            mean = total / np.float64(length)
            middle, squares = x.dtype.type(mean), zero
            for p in range(length):
                squares += (values[p] - middle) ** 2
            variance = squares / np.float64(length)
            unbiased = squares / np.float64(max(length - 1, 1))
            old_mean, old_variance = statistics[op[MEAN] + d], statistics[op[VARIANCE] + d]
            statistics[op[MEAN] + d] = (1 - momentum) * old_mean + momentum * mean
            statistics[op[VARIANCE] + d] = (1 - momentum) * old_variance + momentum * unbiased
        inverse_std = 1 / np.sqrt(variance + epsilon)
        exact_scale = parameters[op[GAMMA] + d] * inverse_std
        scale, shift = x.dtype.type(exact_scale), x.dtype.type(parameters[op[BETA] + d] - mean * exact_scale)
        kept[op[KEPT] + d, 0], kept[op[KEPT] + d, 1] = mean, inverse_std
        kept[op[KEPT] + d, 2], kept[op[KEPT] + d, 3] = scale, shift
        if op[BASE] < 0:
            for p in range(length):
                value = values[p] * scale + shift
                target[p] = zero if value <= zero else value
        else:
            begin = op[BASE] * batch + d * length
            base = maps[begin : begin + length]
            for p in range(length):
                value = values[p] * scale + shift
                target[p] = base[p] + (zero if value <= zero else value)


@no_type_check
@njit(inline="always", **OPTIONS)
def unit_backward(
    op: Any, batch: int, parameters: Any, slopes: Any, maps: Any, gradients: Any, kept: Any, room: Any
) -> None:
    """The way back of a unit; adds to the gradients of its parameters, and of its input where that is needed."""
    num_in, num_out, height, width, kernel = op[IN_CHANNELS], op[CHANNELS], op[HEIGHT], op[WIDTH], op[KERNEL]
    length = height * width * batch
    x = maps[op[SOURCE] * batch : op[SOURCE] * batch + num_in * length]
    u = maps[op[BEFORE] * batch : op[BEFORE] * batch + num_out * length]
    dy = gradients[op[TARGET] * batch : op[TARGET] * batch + num_out * length]
    du = gradients[op[BEFORE] * batch : op[BEFORE] * batch + num_out * length]
    zero = x.dtype.type(0)
    for d in range(num_out):
        values, incoming = u[d * length : (d + 1) * length], dy[d * length : (d + 1) * length]
        target = du[d * length : (d + 1) * length]
        exact_mean, inverse_std = kept[op[KEPT] + d, 0], kept[op[KEPT] + d, 1]
        mean = x.dtype.type(exact_mean)
        scale, shift = x.dtype.type(kept[op[KEPT] + d, 2]), x.dtype.type(kept[op[KEPT] + d, 3])
        total, products = zero, zero
        for p in range(length):
            passed = zero if values[p] * scale + shift <= zero else incoming[p]
            total += passed
            products += passed * (values[p] - mean)
        d_gamma = products * inverse_std
        slopes[op[GAMMA] + d] += d_gamma
        slopes[op[BETA] + d] += total
        exact_slope = -kept[op[KEPT] + d, 2] * inverse_std * d_gamma / length
        slope = x.dtype.type(exact_slope)
        offset = x.dtype.type(-kept[op[KEPT] + d, 2] * total / length - exact_slope * exact_mean)
        for p in range(length):
            passed = zero if values[p] * scale + shift <= zero else incoming[p]
            target[p] = scale * passed + slope * values[p] + offset
        if op[BASE] >= 0:
            begin = op[BASE] * batch + d * length
            base = gradients[begin : begin + length]
            for p in range(length):
                base[p] += incoming[p]
    area = kernel * kernel
    weight = np.empty(num_out * num_in * area, x.dtype)
    dx = gradients[op[SOURCE] * batch : op[SOURCE] * batch + num_in * length]
    if kernel == 3:
        row, plane = (width + 2) * batch, (height + 2) * (width + 2) * batch
        padded, padded_gradient = room[0], room[2]
        pad(x, num_in, height, width, batch, padded)
        pad(du, num_out, height, width, batch, padded_gradient)
        products_9(padded, num_in, padded_gradient, num_out, plane, row, batch, height * row, weight)
    else:
        products_1(x, num_in, du, num_out, length, weight)
    border = (op[WEIGHT_KERNEL] - kernel) // 2
    for d in range(num_out):
        for c in range(num_in):
            for k in range(area):
                down, right = border + k // kernel, border + k % kernel
                place = ((d * op[WEIGHT_IN] + c) * op[WEIGHT_KERNEL] + down) * op[WEIGHT_KERNEL] + right
                slopes[op[WEIGHT] + place] += weight[(d * num_in + c) * area + k]
    if not op[NEEDS_INPUT]:
        return
    used_weight(op, parameters, True, weight)
    if kernel == 3:
        # The names of the branch above would do, but arrays that are set in one branch and used in another compile to
        # code that is eight times slower.
        again, back, wide = room[2], room[1], (width + 2) * batch
        convolve_9(again, num_out, (height + 2) * wide, wide, batch, height * wide, weight, back, num_in)
        for line in range(num_in * height):
            target, values = dx[line * width * batch : (line + 1) * width * batch], back[line * wide :]
            for p in range(width * batch):
                target[p] += values[p]
    else:
        convolve_1(du, num_out, length, weight, dx, num_in)


@no_type_check
@njit(**OPTIONS)
def halve(x: Any, num_channels: int, height: int, width: int, step: int, out: Any, winners: Any) -> None:
    """2 x 2 max pooling with stride 2; `winners` gets the position 0 to 3 of the first that is largest."""
    for place in range(num_channels * (height // 2) * (width // 2)):
        column, line = place % (width // 2), place // (width // 2)
        channel, line = line // (height // 2), line % (height // 2)
        best, winner = out[place * step : (place + 1) * step], winners[place * step : (place + 1) * step]
        for position in range(4):
            begin = ((channel * height + 2 * line + position // 2) * width + 2 * column + position % 2) * step
            values = x[begin : begin + step]
            for p in range(step):
                wins = (position == 0) | (values[p] > best[p]) | (values[p] != values[p])
                best[p] = values[p] if wins else best[p]
                winner[p] = np.uint8(position) if wins else winner[p]


@no_type_check
@njit(**OPTIONS)
def halve_backward(
    gradient: Any, num_channels: int, height: int, width: int, step: int, winners: Any, out: Any
) -> None:
    """Add each gradient to that of the winner."""
    zero = out.dtype.type(0)
    for place in range(num_channels * (height // 2) * (width // 2)):
        column, line = place % (width // 2), place // (width // 2)
        channel, line = line // (height // 2), line % (height // 2)
        values, winner = gradient[place * step : (place + 1) * step], winners[place * step : (place + 1) * step]
        for position in range(4):
            begin = ((channel * height + 2 * line + position // 2) * width + 2 * column + position % 2) * step
            target = out[begin : begin + step]
            for p in range(step):
                target[p] += values[p] if winner[p] == position else zero


@no_type_check
@njit(**OPTIONS)
def run_forward(
    program: Any,
    batch: int,
    parameters: Any,
    statistics: Any,
    momentum: float,
    epsilon: float,
    maps: Any,
    winners: Any,
    kept: Any,
    room: Any,
) -> None:
    """Run a program on the mini-batch at the beginning of `maps`."""
    for number in range(len(program)):
        op = program[number]
        length = op[HEIGHT] * op[WIDTH] * batch * op[CHANNELS]
        if op[OPERATION] == UNIT:
            unit_forward(op, batch, parameters, statistics, momentum, epsilon, maps, kept, room)
            continue
        x, y = maps[op[SOURCE] * batch : op[SOURCE] * batch + length], maps[op[TARGET] * batch :]
        if op[OPERATION] == POOL:
            winner = winners[op[KEPT] * batch :]
            max_pool_serial(x, op[CHANNELS], op[HEIGHT], op[WIDTH], batch, y, winner)
        elif op[OPERATION] == HALVE:
            halve(x, op[CHANNELS], op[HEIGHT], op[WIDTH], batch, y, winners[op[KEPT] * batch :])
        elif op[BASE] < 0:
            y[:length] = x
        else:
            for p in range(length):
                y[p] += x[p]


@no_type_check
@njit(**OPTIONS)
def run_backward(
    program: Any,
    batch: int,
    parameters: Any,
    slopes: Any,
    maps: Any,
    gradients: Any,
    winners: Any,
    kept: Any,
    room: Any,
) -> None:
    """The way back of a program; the gradient of its last map is there, all others are 0."""
    for number in range(len(program) - 1, -1, -1):
        op = program[number]
        length = op[HEIGHT] * op[WIDTH] * batch * op[CHANNELS]
        if op[OPERATION] == UNIT:
            unit_backward(op, batch, parameters, slopes, maps, gradients, kept, room)
            continue
        dx, dy = gradients[op[SOURCE] * batch : op[SOURCE] * batch + length], gradients[op[TARGET] * batch :]
        if op[OPERATION] == POOL:
            back = room[0]
            winner = winners[op[KEPT] * batch :]
            max_pool_backward_serial(dy, op[CHANNELS], op[HEIGHT], op[WIDTH], batch, winner, back)
            for p in range(length):
                dx[p] += back[p]
        elif op[OPERATION] == HALVE:
            halve_backward(dy, op[CHANNELS], op[HEIGHT], op[WIDTH], batch, winners[op[KEPT] * batch :], dx)
        else:
            for p in range(length):
                dx[p] += dy[p]


@no_type_check
@njit(**OPTIONS)
def mark_used(program: Any, whole: bool, used: Any) -> None:
    """Mark the parameters that the units of a program use, or the whole of tensors that they use a part of."""
    for number in range(len(program)):
        op = program[number]
        if op[OPERATION] != UNIT:
            continue
        num_in, num_out = (op[WEIGHT_IN], op[WEIGHT_OUT]) if whole else (op[IN_CHANNELS], op[CHANNELS])
        kernel = op[WEIGHT_KERNEL] if whole else op[KERNEL]
        border = (op[WEIGHT_KERNEL] - kernel) // 2
        for d in range(num_out):
            used[op[GAMMA] + d] = used[op[BETA] + d] = True
            for c in range(num_in):
                for k in range(kernel * kernel):
                    down, right = border + k // kernel, border + k % kernel
                    place = ((d * op[WEIGHT_IN] + c) * op[WEIGHT_KERNEL] + down) * op[WEIGHT_KERNEL] + right
                    used[op[WEIGHT] + place] = True
