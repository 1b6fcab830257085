"""Times of a forward and a backward pass of a cell on a device."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Int32

from shareornot.errors import SettingsError
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.standalone import StandaloneNetwork


class PassTimes(NamedTuple):
    """Seconds of one pass of a batch through the network that repeats a cell."""

    forward_s: float
    backward_s: float


def measure_pass_times(
    cells: Int32[np.ndarray, " cells"],
    config: NetworkSettings,
    *,
    batch_size: int = 256,
    image_size: int = 32,
    num_repeats: int = 3,
    device: str = "cpu",
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[PassTimes]:
    """Measure some cells, each in a network of its own, on random images.

    Every measurement waits for the device to finish what it was given. One pass of each cell goes before, to warm up.

    Args:
        cells: unique indices.
        config: width and depth of the network.
        batch_size: images in a batch.
        image_size: pixels a side.
        num_repeats: measurements of each cell, whose mean is taken, as the paper does.
        device: as PyTorch names it.
        clock: seconds.

    Raises:
        SettingsError: fewer than one measurement.

    References: Pourchot et al. 2020, arXiv:2002.04289, section 4.2.
    """
    if num_repeats < 1:
        raise SettingsError(f"num_repeats: expected at least 1, got {num_repeats}")
    generator = torch.Generator().manual_seed(0)
    shape = (batch_size, config.image_channels, image_size, image_size)
    images = torch.randn(shape, generator=generator).to(device, memory_format=torch.channels_last)
    labels = torch.randint(config.num_classes, (batch_size,), generator=generator).to(device)

    def now() -> float:
        if images.is_cuda:
            torch.cuda.synchronize()
        return clock()

    for index in cells:
        network = StandaloneNetwork(int(index), config, seed=0).to(device)
        passes = np.empty((num_repeats + 1, 2))
        for one in passes:
            started = now()
            loss = F.cross_entropy(network(images), labels)
            between = now()
            loss.backward()  # type: ignore[no-untyped-call]
            one[:] = between - started, now() - between
            network.zero_grad(set_to_none=True)
        yield PassTimes(*passes[1:].mean(axis=0).tolist())
