"""Max pooling as compiled code for processors, forward and backward.

Maps are in the layout of `vector_kernel`; `x_pixel` is the distance of the pixels of a map that may be the first
channels of a wider one, and `length` is the number of values of a pixel, channels times images. A task is one row of
pixels. Every kernel comes twice, see `convolution_kernel`; `shape` is (height, width, length) of the input.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit, prange

from shareornot.supernet.convolution_kernel import OPTIONS, both
from shareornot.supernet.vector_kernel import flat

NOWHERE = 255
"""The position of no pixel."""


@no_type_check
@njit(**OPTIONS)
def neighbours(row: int, column: int, height: int, width: int, places: Any, positions: Any) -> None:
    """Fill in the pixel at each of the 9 positions around a pixel, from above left to below right, and its position.

    Outside of the image it is the nearest pixel inside, with the position that this one has.
    """
    for i in range(3):
        for j in range(3):
            line, place = min(max(row + i - 1, 0), height - 1), min(max(column + j - 1, 0), width - 1)
            places[3 * i + j] = line * width + place
            positions[3 * i + j] = 3 * (line - row + 1) + place - column + 1


@no_type_check
@njit(**OPTIONS)
def take(value: Any, position: Any, best: Any, winner: Any) -> Any:
    """The best value so far and its position, after one more; NaN wins."""
    wins = (value > best) | (value != value)
    return value if wins else best, position if wins else winner


@no_type_check
def _max_pool_3x3(zero: Any, shape: Any, x_at: int, x_pixel: int, y_at: int, winners_at: int) -> None:
    """Maximum over 3 x 3 pixels with stride 1; `winners` gets the position of the first that is largest."""
    height, width, length = shape
    x, y, winners = flat(x_at, zero), flat(y_at, zero), flat(winners_at, np.uint8(0))
    for row in prange(height):
        place, p = np.empty(9, np.int64), np.empty(9, np.uint8)
        for column in range(width):
            neighbours(row, column, height, width, place, p)
            x0, x1, x2 = x[place[0] * x_pixel :], x[place[1] * x_pixel :], x[place[2] * x_pixel :]
            x3, x4, x5 = x[place[3] * x_pixel :], x[place[4] * x_pixel :], x[place[5] * x_pixel :]
            x6, x7, x8 = x[place[6] * x_pixel :], x[place[7] * x_pixel :], x[place[8] * x_pixel :]
            p0, p1, p2, p3, p4, p5, p6, p7, p8 = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
            at = (row * width + column) * length
            target, winner = y[at : at + length], winners[at : at + length]
            for n in range(length):
                best, which = take(x1[n], p1, x0[n], p0)
                best, which = take(x2[n], p2, best, which)
                best, which = take(x3[n], p3, best, which)
                best, which = take(x4[n], p4, best, which)
                best, which = take(x5[n], p5, best, which)
                best, which = take(x6[n], p6, best, which)
                best, which = take(x7[n], p7, best, which)
                target[n], winner[n] = take(x8[n], p8, best, which)


@no_type_check
def _max_pool_3x3_only(zero: Any, shape: Any, x_at: int, x_pixel: int, y_at: int) -> None:
    """Maximum over 3 x 3 pixels with stride 1, where no way back follows: over three rows, then over three columns."""
    height, width, length = shape
    x, y = flat(x_at, zero), flat(y_at, zero)
    for row in prange(height):
        tall = np.empty((width, length), y.dtype)
        above, below = max(row - 1, 0) * width, min(row + 1, height - 1) * width
        for column in range(width):
            upper, middle = x[(above + column) * x_pixel :], x[(row * width + column) * x_pixel :]
            lower, target = x[(below + column) * x_pixel :], tall[column]
            for n in range(length):
                target[n] = most(most(upper[n], middle[n]), lower[n])
        for column in range(width):
            left, middle, right = tall[max(column - 1, 0)], tall[column], tall[min(column + 1, width - 1)]
            target = y[(row * width + column) * length :]
            for n in range(length):
                target[n] = most(most(left[n], middle[n]), right[n])


@no_type_check
@njit(**OPTIONS)
def most(one: Any, other: Any) -> Any:
    """The larger of two values; NaN wins."""
    return other if (other > one) | (other != other) else one


@no_type_check
@njit(**OPTIONS)
def part(gradient: Any, winner: Any, position: Any, zero: Any) -> Any:
    """The gradient if the winner is at this position, else 0."""
    return gradient if winner == position else zero


@no_type_check
def _max_pool_3x3_backward(zero: Any, shape: Any, g_at: int, g_pixel: int, winners_at: int, dx_at: int) -> None:
    """Give each gradient to the winner of its neighbourhood."""
    height, width, length = shape
    g, dx, winners = flat(g_at, zero), flat(dx_at, zero), flat(winners_at, np.uint8(0))
    for row in prange(height):
        place, p = np.empty(9, np.int64), np.empty(9, np.uint8)
        for column in range(width):
            neighbours(row, column, height, width, place, p)
            for k in range(9):
                # Seen from a neighbour, this pixel is on the opposite side; beyond the border there is none.
                p[k] = 8 - k if p[k] == k else NOWHERE
            g0, g1, g2 = g[place[0] * g_pixel :], g[place[1] * g_pixel :], g[place[2] * g_pixel :]
            g3, g4, g5 = g[place[3] * g_pixel :], g[place[4] * g_pixel :], g[place[5] * g_pixel :]
            g6, g7, g8 = g[place[6] * g_pixel :], g[place[7] * g_pixel :], g[place[8] * g_pixel :]
            w0, w1, w2 = winners[place[0] * length :], winners[place[1] * length :], winners[place[2] * length :]
            w3, w4, w5 = winners[place[3] * length :], winners[place[4] * length :], winners[place[5] * length :]
            w6, w7, w8 = winners[place[6] * length :], winners[place[7] * length :], winners[place[8] * length :]
            p0, p1, p2, p3, p4, p5, p6, p7, p8 = p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
            at = (row * width + column) * length
            target = dx[at : at + length]
            for n in range(length):
                upper = part(g0[n], w0[n], p0, zero) + part(g1[n], w1[n], p1, zero) + part(g2[n], w2[n], p2, zero)
                middle = part(g3[n], w3[n], p3, zero) + part(g4[n], w4[n], p4, zero) + part(g5[n], w5[n], p5, zero)
                lower = part(g6[n], w6[n], p6, zero) + part(g7[n], w7[n], p7, zero) + part(g8[n], w8[n], p8, zero)
                target[n] = upper + middle + lower


@no_type_check
def _max_pool_2x2(zero: Any, shape: Any, x_at: int, x_pixel: int, y_at: int, winners_at: int) -> None:
    """Maximum over 2 x 2 pixels with stride 2; `winners` gets the position, 0 to 3, of the first that is largest."""
    height, width, length = shape
    x, y, winners = flat(x_at, zero), flat(y_at, zero), flat(winners_at, np.uint8(0))
    for row in prange(height // 2):
        for column in range(width // 2):
            corner = 2 * row * width + 2 * column
            x0, x1 = x[corner * x_pixel :], x[(corner + 1) * x_pixel :]
            x2, x3 = x[(corner + width) * x_pixel :], x[(corner + width + 1) * x_pixel :]
            at = (row * (width // 2) + column) * length
            target, winner = y[at : at + length], winners[at : at + length]
            for n in range(length):
                best, which = take(x1[n], np.uint8(1), x0[n], np.uint8(0))
                best, which = take(x2[n], np.uint8(2), best, which)
                target[n], winner[n] = take(x3[n], np.uint8(3), best, which)


@no_type_check
def _max_pool_2x2_backward(zero: Any, shape: Any, g_at: int, g_pixel: int, winners_at: int, dx_at: int) -> None:
    """Give each gradient to the winner of its 2 x 2 pixels; all other pixels get 0."""
    height, width, length = shape
    g, dx, winners = flat(g_at, zero), flat(dx_at, zero), flat(winners_at, np.uint8(0))
    for row in prange(height):
        for column in range(width):
            target = dx[(row * width + column) * length : (row * width + column + 1) * length]
            if row // 2 < height // 2 and column // 2 < width // 2:
                source = row // 2 * (width // 2) + column // 2
                values, winner = g[source * g_pixel :], winners[source * length :]
                position = np.uint8(2 * (row % 2) + column % 2)
                for n in range(length):
                    target[n] = part(values[n], winner[n], position, zero)
            else:
                target[:] = zero


max_pool_3x3_serial, max_pool_3x3_parallel = both(_max_pool_3x3)
max_pool_3x3_only_serial, max_pool_3x3_only_parallel = both(_max_pool_3x3_only)
max_pool_3x3_backward_serial, max_pool_3x3_backward_parallel = both(_max_pool_3x3_backward)
max_pool_2x2_serial, max_pool_2x2_parallel = both(_max_pool_2x2)
max_pool_2x2_backward_serial, max_pool_2x2_backward_parallel = both(_max_pool_2x2_backward)
