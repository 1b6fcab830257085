"""A stream of random numbers for each compiled run.

Each run of a search has a stream of its own, so that what it draws depends neither on other runs nor on how many
threads share the work. The generator is xoshiro256++, 32 bytes of state for each run; see `kernels`.

References: Blackman and Vigna 2021, "Scrambled Linear Pseudorandom Number Generators", ACM Trans. Math. Softw. 47(4).
"""

import numpy as np
from jaxtyping import UInt64

States = UInt64[np.ndarray, "runs 4"]


def stream_states(rng: np.random.Generator, num_runs: int) -> States:
    """A start for the stream of each run; the first runs get the same whatever `num_runs` is."""
    return rng.integers(1 << 64, size=(num_runs, 4), dtype=np.uint64)
