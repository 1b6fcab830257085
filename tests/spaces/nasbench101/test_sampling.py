"""Random specifications and mutants, against their documented distributions.

Seeds are fixed, so that the tests of significance always give the same results.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chisquare

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import (
    INVALID,
    encode,
    find_index,
    index_tables,
    mutate,
    random_specifications,
    random_valid_specifications,
    unique_codes,
)

ADJACENCY = np.uint32((1 << 21) - 1)
CHAIN = encode(np.eye(7, k=1, dtype=np.int8)[None], np.array([[0, 1, 2, 0, 1]], np.int8))
"""input -> 1 -> 2 -> 3 -> 4 -> 5 -> output."""


def valid_adjacencies() -> np.ndarray:
    return np.flatnonzero(index_tables().raw_table != INVALID).astype(np.uint32)


def num_edges(codes: np.ndarray) -> np.ndarray:
    return ((codes[:, None] & ADJACENCY) >> np.arange(21, dtype=np.uint32) & 1).sum(axis=1)


def changed_operations(labels: np.ndarray, parent: int) -> np.ndarray:
    places = 3 ** np.arange(5)
    return (labels[:, None] // places % 3 != parent // places % 3).sum(axis=1)


def p_value(observed: np.ndarray, expected: np.ndarray) -> float:
    """Of a chi-square test; rare outcomes, of which fewer than 10 are expected, count as one."""
    common = expected >= 10
    counts, means = (np.append(values[common], values[~common].sum()) for values in (observed, expected))
    return float(chisquare(counts[means > 0], means[means > 0]).pvalue)


def test_random_specifications_are_uniform():
    codes = random_specifications(np.random.default_rng(0), 100_000)
    labels = np.bincount(codes >> 21, minlength=243)
    assert labels.shape == (243,)
    assert chisquare(labels).pvalue > 0.001
    for first in range(0, 21, 7):
        assert chisquare(np.bincount(codes >> first & 127, minlength=128)).pvalue > 0.001


def test_random_valid_specifications_are_uniform_among_cells():
    codes = random_valid_specifications(np.random.default_rng(0), 100_000)
    possible = valid_adjacencies()
    for name, project in {
        "number of edges": num_edges,
        "edges into the output": lambda codes: codes >> 15 & 63,
        "edges among the first vertices": lambda codes: codes & 63,
    }.items():
        expected = np.bincount(project(possible), minlength=64) * len(codes) / len(possible)
        assert p_value(np.bincount(project(codes), minlength=64), expected) > 0.001, name
    assert chisquare(np.bincount(codes >> 21, minlength=243)).pvalue > 0.001


@given(seed=st.integers(0, 2**32 - 1), rate=st.floats(0.1, 5))
def test_only_cells_and_the_same_from_the_same_generator(seed, rate):
    first, second = (np.random.default_rng(seed) for _ in range(2))
    parents = random_valid_specifications(first, 30)
    children = mutate(parents, first, mutation_rate=rate)
    assert find_index(parents)[1].all()
    assert find_index(children)[1].all()
    np.testing.assert_array_equal(parents, random_valid_specifications(second, 30))
    np.testing.assert_array_equal(children, mutate(parents, second, mutation_rate=rate))


def test_mutation_leaves_the_parents_alone():
    parents = random_valid_specifications(np.random.default_rng(0), 100)
    before = parents.copy()
    children = mutate(parents, np.random.default_rng(1))
    np.testing.assert_array_equal(parents, before)
    assert (children != parents).any()


def test_mutation_of_read_only_codes_and_of_none():
    assert find_index(mutate(unique_codes(4), np.random.default_rng(0)))[1].all()
    assert mutate(unique_codes()[:0], np.random.default_rng(0)).shape == (0,)


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0])
def test_mutants_have_the_documented_distribution(rate):
    """Each edge flips with probability rate / 21, each operation changes with rate / 5, given that a cell results."""
    num_children = 50_000
    children = mutate(CHAIN.repeat(num_children), np.random.default_rng(0), mutation_rate=rate)
    parent = int(CHAIN[0])

    possible = valid_adjacencies()
    num_flips = num_edges(possible ^ CHAIN)
    weights = (rate / 21) ** num_flips * (1 - rate / 21) ** (21 - num_flips)
    weights /= weights.sum()
    observed = np.bincount(num_edges(children ^ CHAIN), minlength=22)
    expected = num_children * np.bincount(num_flips, weights, minlength=22)
    assert p_value(observed, expected) > 0.001
    for bit in range(21):
        flipped = (children ^ CHAIN) >> bit & 1
        probability = weights[(possible ^ CHAIN) >> bit & 1 == 1].sum()
        tolerance = 5 * np.sqrt(probability * (1 - probability) / num_children)
        assert abs(flipped.mean() - probability) < tolerance, bit

    # Whether a specification is a cell does not depend on its operations: they need no condition.
    observed = np.bincount(changed_operations(children >> 21, parent >> 21), minlength=6)
    assert p_value(observed, num_children * binom.pmf(np.arange(6), 5, rate / 5)) > 0.001


def test_mutation_reaches_every_neighbour():
    """All cells one flipped edge or one changed operation away from the parent."""
    parent = int(CHAIN[0])
    labels = np.flatnonzero(changed_operations(np.arange(243), parent >> 21) == 1)
    flipped = CHAIN ^ (1 << np.arange(21)).astype(np.uint32)
    relabelled = CHAIN & ADJACENCY | labels.astype(np.uint32) << np.uint32(21)
    neighbours = np.concatenate([flipped[find_index(flipped)[1]], relabelled])
    assert len(relabelled) == 10
    children = mutate(CHAIN.repeat(20_000), np.random.default_rng(0))
    assert np.isin(neighbours, children).all()


@pytest.mark.parametrize("rate", [0.0, -1.0, 5.1, float("nan")])
def test_mutation_refuses_rates(rate):
    with pytest.raises(SettingsError, match=f"mutation_rate: expected above 0 and at most 5, got {rate}"):
        mutate(CHAIN, np.random.default_rng(0), mutation_rate=rate)
