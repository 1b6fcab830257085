"""Strict fairness: every step trains every option of every decision exactly once (FairNAS)."""

import numpy as np
from jaxtyping import Integer

from shareornot.errors import SettingsError
from shareornot.methods.contract import Indices, Setup
from shareornot.methods.single_path import Draw, Groups, SinglePath
from shareornot.spaces import ProductSpace
from shareornot.spaces.nasbench101 import OPERATIONS, canonical_codes, unique_index
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, MAX_INTERIOR

NUM_TRIED = 2_000
"""Draws that are checked to stay within the architectures to train, before training begins."""


def fairnas(setup: Setup, *, mean: bool = False) -> SinglePath:
    """Train several architectures per step that together use every option of every decision once.

    For each decision the options are permuted at random; path k takes the k-th option everywhere. All paths run on the
    same mini-batch, and the weights move by the sum of their gradients. A decision with fewer options than another
    begins its permutation again. On NASBench-101, whose spaces are no products, one topology is drawn as by uniform
    sampling, and the three operations are permuted at each of its vertices; topologies are not made fair.

    Args:
        setup: a product space, all of it, or cells of NASBench-101.
        mean: divide the gradients by the number of paths, which equals a smaller learning rate.

    References: Chu et al. 2019, arXiv:1907.01845, section 3.2.
    """
    space = setup.space
    if isinstance(space, ProductSpace) and len(setup.architectures) == len(space):
        draw = draw_fairly(space)
    elif space.family == "nasbench101":
        draw = draw_fair_operations(setup.architectures)
    else:
        raise SettingsError(
            f"method fairnas: expected a whole product space, such as nasbench201, or cells of NASBench-101, got "
            f"{len(setup.architectures):,} architectures of {space.name}"
        )
    _check_closed(setup, draw)
    return SinglePath(setup, draw, average=mean)


def draw_fairly(space: ProductSpace) -> Draw:
    """Draws as many architectures together as the largest decision has options."""
    sizes = [len(decision.options) for decision in space.decisions]
    largest = max(sizes)

    def draw(rng: np.random.Generator, num_draws: int) -> Groups:
        columns = [permutations(rng, num_draws, size)[:, np.arange(largest) % size] for size in sizes]
        choices = np.stack(columns, axis=2).reshape(-1, len(sizes))
        return space.architectures(choices).reshape(num_draws, largest)

    return draw


def draw_fair_operations(cells: Indices) -> Draw:
    """Draws three cells together: one topology, drawn as uniform sampling does, with permuted operations."""
    powers = len(OPERATIONS) ** np.arange(MAX_INTERIOR)

    def draw(rng: np.random.Generator, num_draws: int) -> Groups:
        adjacency = canonical_codes(cells[rng.integers(len(cells), size=num_draws)]) & np.uint32(
            (1 << ADJACENCY_BITS) - 1
        )
        digits = np.stack([permutations(rng, num_draws, len(OPERATIONS)) for _ in range(MAX_INTERIOR)], axis=2)
        labels = (digits * powers).sum(axis=2).astype(np.uint32)
        codes = adjacency[:, None] | labels << np.uint32(ADJACENCY_BITS)
        return unique_index(codes.ravel()).reshape(num_draws, len(OPERATIONS))

    return draw


def permutations(rng: np.random.Generator, number: int, size: int) -> Integer[np.ndarray, "number size"]:
    """Random permutations of 0 .. size - 1, one per row."""
    return rng.permuted(np.tile(np.arange(size), (number, 1)), axis=1)


def _check_closed(setup: Setup, draw: Draw) -> None:
    """Raise a `SettingsError` if draws lead out of the architectures to train."""
    drawn = draw(np.random.default_rng(0), NUM_TRIED)
    if not np.isin(drawn, setup.architectures).all():
        raise SettingsError(
            f"method fairnas: expected architectures that stay among those to train when operations are exchanged, got "
            f"{setup.space.name}; take a space that restricts topologies only, such as A4"
        )
