"""Packed codes: a specification in 29 bits, so that arrays of cells are arrays of integers.

Bits 0 to 20 are the adjacency among 7 vertices: an edge from x to y is bit x + y (y - 1) / 2. Bits 21 to 28 are the
operations in base 3: vertex v counts 3^(v - 1). A specification with fewer vertices keeps its interior vertices at
1, 2, ... and has its output at vertex 6; the vertices between them have no edges and operation 0.
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Integer, UInt32

from shareornot.errors import CellError
from shareornot.spaces.nasbench101.kernels import encode_kernel
from shareornot.spaces.nasbench101.vocabulary import (
    ADJACENCY_BITS,
    MAX_INTERIOR,
    MAX_VERTICES,
    NUM_LABELLINGS,
    OPERATIONS,
    edge_bit,
)

Codes = UInt32[np.ndarray, " cells"]


def encode(
    adjacencies: Integer[np.ndarray, "cells vertices vertices"],
    operations: Integer[np.ndarray, "cells interior"],
) -> Codes:
    """Packed codes of many specifications with the same number of vertices, pruned or not.

    Args:
        adjacencies: 0/1 matrices, upper-triangular, 2 to 7 vertices.
        operations: 0, 1 or 2 for each interior vertex, the position in `OPERATIONS`.

    Raises:
        CellError: a shape, an edge or an operation is wrong; the message names the specification.
    """
    num_vertices = adjacencies.shape[1]
    if not 2 <= num_vertices <= MAX_VERTICES:
        raise CellError(
            f"adjacencies: expected 2 to {MAX_VERTICES} vertices, input and output included, got {num_vertices}; "
            "remove vertices, beginning with those that are on no path from input to output"
        )
    if operations.shape != (len(adjacencies), num_vertices - 2):
        raise CellError(
            f"operations: expected shape {(len(adjacencies), num_vertices - 2)}, one for each interior vertex, "
            f"got {operations.shape}; leave out input and output"
        )
    codes = np.empty(len(adjacencies), np.uint32)
    edges = np.ascontiguousarray(adjacencies).reshape(len(adjacencies), num_vertices**2)
    bad = encode_kernel(edges, np.ascontiguousarray(operations), *_place_values(num_vertices), codes)
    if bad >= 0:
        raise CellError(
            f"specification {bad}: expected an upper-triangular 0/1 matrix and operations 0 to {len(OPERATIONS) - 1}, "
            f"got adjacency {adjacencies[bad].tolist()} and operations {operations[bad].tolist()}; "
            "number the vertices so that every edge leads to a later one, and the operations as in OPERATIONS"
        )
    return codes


def decode(code: int) -> tuple[np.ndarray, list[str]]:
    """Adjacency and names of operations of a packed code; the inverse of `encode` for one cell.

    Interior vertices after the last one that has an edge are left out, as `encode` put them in.

    Returns:
        The adjacency, int8 with shape (vertices, vertices), and a name for each vertex.

    Raises:
        CellError: more than 29 bits, or invalid operations.
    """
    if not 0 <= code < NUM_LABELLINGS << ADJACENCY_BITS:
        raise CellError(
            f"code: expected 0 to {(NUM_LABELLINGS << ADJACENCY_BITS) - 1:#x}, got {code:#x}; "
            "take codes from encode or unique_codes"
        )
    full = np.zeros((MAX_VERTICES, MAX_VERTICES), np.int8)
    for target in range(1, MAX_VERTICES):
        for source in range(target):
            full[source, target] = code >> edge_bit(source, target) & 1
    digits = [(code >> ADJACENCY_BITS) // 3**vertex % 3 for vertex in range(MAX_INTERIOR)]
    used = full.any(axis=0) | full.any(axis=1) | np.array([False, *(digit > 0 for digit in digits), False])
    num_interior = max((vertex for vertex in range(1, MAX_INTERIOR + 1) if used[vertex]), default=0)
    keep = [0, *range(1, num_interior + 1), MAX_VERTICES - 1]
    return full[np.ix_(keep, keep)], ["input", *(OPERATIONS[digit] for digit in digits[:num_interior]), "output"]


@lru_cache
def _place_values(num_vertices: int) -> tuple[np.ndarray, np.ndarray]:
    """What an edge at each place of a flattened matrix counts in a packed code, and which bits must be zero there."""
    places = [*range(num_vertices - 1), MAX_VERTICES - 1]
    bit_values = np.zeros((num_vertices, num_vertices), np.int32)
    forbidden = np.full((num_vertices, num_vertices), -1, np.int32)
    for target in range(1, num_vertices):
        for source in range(target):
            bit_values[source, target] = 1 << edge_bit(source, places[target])
            forbidden[source, target] = ~1
    return bit_values.ravel(), forbidden.ravel()


def unpack(codes: Codes) -> tuple[np.ndarray, np.ndarray]:
    """Adjacencies among 7 vertices and operations of many codes.

    Returns:
        Edges, bool with shape (cells, 7, 7), and operations, int8 with shape (cells, 5), where vertices that a cell
        does not have carry 0.
    """
    adjacencies = np.zeros((len(codes), MAX_VERTICES, MAX_VERTICES), bool)
    for target in range(1, MAX_VERTICES):
        for source in range(target):
            adjacencies[:, source, target] = codes >> np.uint32(edge_bit(source, target)) & np.uint32(1)
    labels = codes >> np.uint32(ADJACENCY_BITS)
    operations = np.stack([labels // 3**vertex % 3 for vertex in range(MAX_INTERIOR)], axis=1)
    return adjacencies, operations.astype(np.int8)
