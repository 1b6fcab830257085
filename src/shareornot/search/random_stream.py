"""Random numbers that compiled and plain code draw alike.

Each run of a search has a stream of its own, so that what it draws depends neither on other runs nor on how many
threads share the work. The generator is xoshiro256++, 32 bytes of state a run; its compiled twin is in `kernels`.

References: Blackman and Vigna 2021, "Scrambled Linear Pseudorandom Number Generators", ACM Trans. Math. Softw. 47(4).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt64

States = UInt64[np.ndarray, "runs 4"]

_MASK = (1 << 64) - 1


def stream_states(rng: np.random.Generator, num_runs: int) -> States:
    """A start for the stream of each run; the first runs get the same whatever `num_runs` is."""
    return rng.integers(1 << 64, size=(num_runs, 4), dtype=np.uint64)


class RandomStream:
    """The plain twin of the compiled generator.

    Args:
        state: four 64-bit numbers, not all zero; a row of `stream_states`.
    """

    def __init__(self, state: Sequence[int] | UInt64[np.ndarray, " 4"]) -> None:
        self._state = [int(word) for word in state]

    def bits(self) -> int:
        """The next 64 random bits."""
        a, b, c, d = self._state
        result = (_rotate_left(a + d & _MASK, 23) + a) & _MASK
        c ^= a
        d ^= b
        self._state = [a ^ d, b ^ c, c ^ (b << 17 & _MASK), _rotate_left(d, 45)]
        return result

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1, by scaling 32 bits: uneven by less than `bound` / 2^32."""
        return (self.bits() >> 32) * bound >> 32

    def uniform(self) -> float:
        """A number in [0, 1), a multiple of 2^-53."""
        return (self.bits() >> 11) * 2.0**-53


def _rotate_left(word: int, places: int) -> int:
    return (word << places | word >> 64 - places) & _MASK
