"""Random specifications and mutations, as packed codes of 7-vertex specifications.

Drawing a *unique* cell of a space uniformly is drawing from the array of its indices. What is here draws
specifications, of which popular cells have more: that is what regularized evolution starts from and moves in.
"""

import numpy as np
from jaxtyping import UInt32

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101.index import find_index
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, MAX_INTERIOR, NUM_LABELLINGS

Codes = UInt32[np.ndarray, " cells"]


def random_specifications(rng: np.random.Generator, num_specifications: int) -> Codes:
    """Uniform 7-vertex adjacencies and operations, valid cells or not."""
    adjacency = rng.integers(1 << ADJACENCY_BITS, size=num_specifications, dtype=np.uint32)
    labels = rng.integers(NUM_LABELLINGS, size=num_specifications, dtype=np.uint32)
    return adjacency | labels << np.uint32(ADJACENCY_BITS)


def random_valid_specifications(rng: np.random.Generator, num_specifications: int) -> Codes:
    """Uniform 7-vertex specifications among those that are cells, by redrawing the others."""
    codes = random_specifications(rng, num_specifications)
    while (invalid := np.flatnonzero(~find_index(codes)[1])).size:
        codes[invalid] = random_specifications(rng, len(invalid))
    return codes


def mutate(
    codes: Codes,
    rng: np.random.Generator,
    *,
    mutation_rate: float = 1.0,
) -> Codes:
    """Mutate each specification, again and again until the result is a cell.

    Each of the 21 possible edges flips with probability `mutation_rate` / 21, and each of the 5 operations becomes one
    of the other two with probability `mutation_rate` / 5.

    Args:
        codes: packed codes of the parents.
        rng: source of the randomness.
        mutation_rate: expected number of flipped edges, and of changed operations, in one try.

    Returns:
        One packed code per parent, in the same order.

    Raises:
        SettingsError: a rate outside (0, 5].

    References: Real et al. 2019, arXiv:1802.01548; Ying et al. 2019, arXiv:1902.09635, appendix S3.
    """
    if not 0 < mutation_rate <= MAX_INTERIOR:
        raise SettingsError(f"mutation_rate: expected above 0 and at most {MAX_INTERIOR}, got {mutation_rate}")
    mutants = codes.copy()
    pending = np.arange(len(codes))
    while pending.size:
        parents = codes[pending]
        flips = rng.random((len(pending), ADJACENCY_BITS)) < mutation_rate / ADJACENCY_BITS
        mask = flips @ (1 << np.arange(ADJACENCY_BITS))
        labels = parents >> np.uint32(ADJACENCY_BITS)
        digits = labels[:, None] // 3 ** np.arange(MAX_INTERIOR) % 3
        changes = rng.random((len(pending), MAX_INTERIOR)) < mutation_rate / MAX_INTERIOR
        digits = (digits + changes * rng.integers(1, 3, size=changes.shape)) % 3
        adjacency = parents & np.uint32((1 << ADJACENCY_BITS) - 1) ^ mask.astype(np.uint32)
        mutants[pending] = adjacency | (digits @ 3 ** np.arange(MAX_INTERIOR)).astype(np.uint32) << ADJACENCY_BITS
        pending = pending[~find_index(mutants[pending])[1]]
    return mutants
