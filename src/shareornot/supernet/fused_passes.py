"""What the fused engine does with maps, beside convolutions: sums, joins, max pooling, and the way back.

Shape suffixes: B batch, C channels, H height, W width.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import torch

from shareornot.spaces.nasbench101 import MAX_VERTICES
from shareornot.supernet import fused_kernels
from shareornot.supernet.network import Images

Flat = np.ndarray
"""One-dimensional."""
NUM_BLOCKS = 64
"""Into which a pass is cut. A constant, so that sums do not depend on the number of threads."""


@dataclass(frozen=True, slots=True)
class Maps:
    """Images in channels-last layout, as PyTorch and as the compiled passes see them."""

    tensor: Images
    flat: Flat

    @property
    def num_channels(self) -> int:
        """Channels of each image."""
        return self.tensor.shape[1]


def maps(tensor: Images) -> Maps:
    """Images as both see them; copied if they are in another layout."""
    tensor = tensor.contiguous(memory_format=torch.channels_last)
    return Maps(tensor, tensor.permute(0, 2, 3, 1).view(-1).numpy())


def empty(like: Images, num_channels: int) -> Maps:
    """Room for images of the same size with so many channels."""
    batch, _, height, width = like.shape
    return maps(like.new_empty((batch, height, width, num_channels)).permute(0, 3, 1, 2))


class Kernels:
    """The compiled functions, on the threads that PyTorch has.

    Args:
        num_threads: numba's own pool is PyTorch's on Linux, where both use the OpenMP that is loaded; elsewhere the two
            would get into each other's way, so that the passes run on the calling thread.
    """

    def __init__(self, num_threads: int) -> None:
        self.parallel = num_threads > 1 and sys.platform == "linux"
        if self.parallel:
            numba.set_num_threads(min(num_threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Callable[..., None]:
        kernel: Callable[..., None] = getattr(fused_kernels, f"{name}_{'parallel' if self.parallel else 'serial'}")
        setattr(self, name, kernel)
        return kernel


class Passes:
    """Passes over maps.

    Args:
        num_threads: that share a pass.
    """

    def __init__(self, num_threads: int) -> None:
        self.kernels = Kernels(num_threads)

    def first_channels(self, states: list[Maps], num_channels: int, total: Maps | None) -> Maps:
        """Sum of the first channels of states, added to a total if there is one."""
        add = total is not None
        for state in states:
            total = total or empty(state.tensor, num_channels)
            self.kernels.add_first(state.flat, state.num_channels, total.flat, num_channels, add, NUM_BLOCKS)
            add = True
        assert total is not None
        return total

    def sum_of(self, gradients: list[Maps], num_channels: int) -> Maps:
        """Sum of gradients, some of which are for the first channels only; it may be one of them."""
        if len(gradients) == 1 and gradients[0].num_channels == num_channels:
            return gradients[0]
        return self.first_channels(gradients, num_channels, None)

    def join(self, states: list[Maps]) -> Maps:
        """All channels of states behind each other."""
        if len(states) == 1:
            return states[0]
        out = empty(states[0].tensor, sum(state.num_channels for state in states))
        flats, channels = _five(states)
        # Nothing is computed, so that channels may be moved several at a time, as larger numbers.
        kind, per_word = _word(out.flat.dtype, math.gcd(*channels.tolist()))
        words = tuple(flat.view(kind) for flat in flats)
        self.kernels.join(words, channels // per_word, out.flat.view(kind), NUM_BLOCKS)
        return out

    def split(self, x: Maps, channels: list[int]) -> list[Maps]:
        """The way back from `join`."""
        if len(channels) < 2:
            return [x] * len(channels)
        parts = [empty(x.tensor, num_channels) for num_channels in channels]
        flats, numbers = _five(parts)
        self.kernels.split(x.flat, numbers, flats, NUM_BLOCKS)
        return parts

    def max_pool(self, x: Maps, *, find_winners: bool) -> tuple[Maps, Flat | None]:
        """Maximum over 3 x 3 neighbourhoods, and where each came from if there is a way back."""
        out = empty(x.tensor, x.num_channels)
        batch, num_channels, height, width = x.tensor.shape
        if not find_winners:
            self.kernels.max_pool_only(x.flat, batch, height, width, num_channels, out.flat)
            return out, None
        winners = np.empty(len(x.flat), np.uint8)
        self.kernels.max_pool(x.flat, batch, height, width, num_channels, out.flat, winners)
        return out, winners

    def max_pool_backward(self, gradient: Maps, winners: Flat) -> Maps:
        """Gradient of the input of a max pooling."""
        out = empty(gradient.tensor, gradient.num_channels)
        batch, num_channels, height, width = out.tensor.shape
        self.kernels.max_pool_backward(gradient.flat, batch, height, width, num_channels, winners, out.flat)
        return out


def _five(parts: list[Maps]) -> tuple[tuple[Flat, ...], np.ndarray]:
    """The parts and their channels, filled up to the most that a cell can have, so that one compiled pass fits all."""
    missing = MAX_VERTICES - 2 - len(parts)
    nothing = parts[0].flat[:0]
    channels = np.array([part.num_channels for part in parts] + [0] * missing)
    return tuple(part.flat for part in parts) + (nothing,) * missing, channels


def _word(kind: np.dtype, num_channels: int) -> tuple[np.dtype, int]:
    """The largest kind of number that holds an even share of so many channels, and how many it holds."""
    for word in (np.dtype(np.complex128), np.dtype(np.float64)):
        if num_channels * kind.itemsize % word.itemsize == 0:
            return word, word.itemsize // kind.itemsize
    return kind, 1
