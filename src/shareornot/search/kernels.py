"""Compiled random numbers and random search; the searches of NASBench-101 are in `nasbench101.kernels`.

Kernels work on a block of runs, have no state but their arguments, and release Python's lock.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_bits(state: Any) -> Any:
    """64 random bits of xoshiro256++; moves the state on."""
    a, b, c, d = state[0], state[1], state[2], state[3]
    total = a + d
    result = (total << np.uint64(23) | total >> np.uint64(41)) + a
    c ^= a
    d ^= b
    state[0], state[1], state[2] = a ^ d, b ^ c, c ^ b << np.uint64(17)
    state[3] = d << np.uint64(45) | d >> np.uint64(19)
    return result


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_below(state: Any, bound: int) -> int:
    """A number from 0 to `bound` - 1."""
    return np.int64((random_bits(state) >> np.uint64(32)) * np.uint64(bound) >> np.uint64(32))


@no_type_check
@njit(cache=True, nogil=True, inline="always")
def random_uniform(state: Any) -> float:
    """A number in [0, 1)."""
    return np.float64(random_bits(state) >> np.uint64(11)) * 2.0**-53


@no_type_check
@njit(cache=True, nogil=True)
def random_search_kernel(states: Any, pool: Any, evaluated: Any) -> None:
    """Fill each row of `evaluated` with cells of `pool` without replacement; `pool` ends as it was."""
    num_cells, num_evaluations = len(pool), evaluated.shape[1]
    swapped = np.empty(num_evaluations, np.int64)
    for run in range(len(states)):
        state = states[run]
        for i in range(num_evaluations):
            j = i + random_below(state, num_cells - i)
            swapped[i] = j
            evaluated[run, i] = pool[j]
            pool[i], pool[j] = pool[j], pool[i]
        for i in range(num_evaluations - 1, -1, -1):  # undone, so that a run does not depend on those before it
            j = swapped[i]
            pool[i], pool[j] = pool[j], pool[i]
