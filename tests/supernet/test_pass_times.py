import itertools

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.supernet.pass_times import measure_pass_times
from shareornot.supernet.settings import NetworkSettings

SMALL = NetworkSettings(num_filters=4, num_stacks=1, cells_per_stack=1)


def measure(num_repeats, clock):
    cells = np.array([0, 100], np.int32)
    return list(
        measure_pass_times(cells, SMALL, batch_size=2, image_size=4, num_repeats=num_repeats, device="cpu", clock=clock)
    )


def test_is_the_mean_over_repeats_without_the_first_pass():
    # Reading the clock for the n-th time gives n^2, so that each pass of each repeat takes another time.
    ticks = (float(n * n) for n in itertools.count())
    times = measure(3, lambda: next(ticks))
    reads = np.arange(2 * 4 * 3, dtype=float).reshape(2, 4, 3) ** 2  # cells, passes with the warm-up, reads
    expected = np.diff(reads, axis=2)[:, 1:].mean(axis=1)
    np.testing.assert_allclose([tuple(one) for one in times], expected)


def test_refuses_no_measurement():
    with pytest.raises(SettingsError, match="at least 1, got 0"):
        measure(0, lambda: 0.0)
