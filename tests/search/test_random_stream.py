import numpy as np
import pytest
from numba import njit
from plain_searches import RandomStream

from shareornot.search.kernels import random_below, random_bits, random_uniform
from shareornot.search.random_stream import stream_states

FIRST_OUTPUTS = [41943041, 58720359, 3588806011781223, 3591011842654386, 9228616714210784205]
"""Of xoshiro256++ from the state 1, 2, 3, 4, as the reference implementation prints them."""


@njit
def compiled_bits(state, count):
    return [random_bits(state) for _ in range(count)]


@njit
def compiled_numbers(state, bound, count):
    return [(random_below(state, bound), random_uniform(state)) for _ in range(count)]


def test_bits_equal_the_reference_implementation():
    stream = RandomStream([1, 2, 3, 4])
    assert [stream.bits() for _ in FIRST_OUTPUTS] == FIRST_OUTPUTS
    assert compiled_bits(np.array([1, 2, 3, 4], np.uint64), 5) == FIRST_OUTPUTS


@pytest.mark.parametrize("bound", [1, 2, 50, 423_624])
def test_compiled_and_plain_streams_are_equal(bound):
    state = stream_states(np.random.default_rng(bound), 1)[0]
    stream = RandomStream(state)
    plain = [(stream.below(bound), stream.uniform()) for _ in range(200)]
    assert compiled_numbers(state, bound, 200) == plain
    assert all(0 <= number < bound and 0 <= uniform < 1 for number, uniform in plain)


def test_streams_of_the_first_runs_do_not_depend_on_how_many_there_are():
    few, many = (stream_states(np.random.default_rng(3), count) for count in (4, 9))
    np.testing.assert_array_equal(few, many[:4])
    assert len(np.unique(many)) == many.size
