"""Compiled loops of `cells`; each has a plain twin in the tests that it equals, number for number.

`canonical_graphs_kernel` and `raw_table_kernel` fill the tables that make finding a cell three memory reads. What the
tables hold is described in `index`.
"""

from typing import Any, no_type_check

import numpy as np
from numba import njit

INVALID = np.uint32(0xFFFFFFFF)
"""Entry of the raw table for an adjacency that is no cell."""
PLACEMENT_BITS = 9


@no_type_check
@njit(cache=True, nogil=True)
def encode_kernel(edges: Any, operations: Any, bit_values: Any, forbidden: Any, codes: Any) -> int:
    """Fill `codes`; return the first specification that is malformed, or -1.

    `edges` are flattened matrices; `bit_values` gives what an edge at each place counts, and `forbidden` which bits of
    the entry there must be zero; an entry that 32 bits do not hold is malformed too. Both inner loops are free of
    branches, so that they run in vector registers.
    """
    num_interior = operations.shape[1]
    for cell in range(edges.shape[0]):
        code, malformed = np.int32(0), np.int32(0)
        for place in range(edges.shape[1]):
            value = np.int32(edges[cell, place])
            code += value * bit_values[place]
            malformed |= value & forbidden[place] | (value != edges[cell, place])
        label, place_value = 0, 1
        for vertex in range(num_interior):
            operation = np.int64(operations[cell, vertex])
            malformed |= operation < 0 or operation > 2
            label += place_value * operation
            place_value *= 3
        if malformed:
            return cell
        codes[cell] = code | label << 21
    return -1


@no_type_check
@njit(cache=True, nogil=True)
def find_index_kernel(codes: Any, raw_table: Any, labels_in_place: Any, slots: Any, indices: Any) -> int:
    """Fill `indices` with the unique index of each code, -1 where there is none; return the number of the latter."""
    num_invalid = 0
    for i in range(len(codes)):
        entry = raw_table[codes[i] & 0x1FFFFF]
        label = codes[i] >> 21
        if entry == INVALID or label >= 243:
            indices[i] = -1
            num_invalid += 1
        else:
            indices[i] = slots[(entry >> PLACEMENT_BITS) + labels_in_place[entry & 511, label]]
    return num_invalid


@no_type_check
@njit(cache=True, nogil=True)
def relabelled(bits: int, num_vertices: int, places: Any) -> int:
    """Adjacency bits after moving vertex v to `places[v]`, or -1 where an edge would lead backwards."""
    moved = 0
    for target in range(1, num_vertices):
        for source in range(target):
            if bits >> (source + target * (target - 1) // 2) & 1:
                x, y = places[source], places[target]
                if x >= y:
                    return -1
                moved |= 1 << (x + y * (y - 1) // 2)
    return moved


@no_type_check
@njit(cache=True, nogil=True)
def full_graph_edges(bits: int, num_vertices: int) -> int:
    """Number of edges where every vertex lies on a path from the first to the last, else 0."""
    has_output, edges = 0, 0
    for target in range(1, num_vertices):
        column = bits >> (target * (target - 1) // 2) & ((1 << target) - 1)
        if column == 0:
            return 0
        has_output |= column
        while column:
            edges += column & 1
            column >>= 1
    return edges if has_output == (1 << (num_vertices - 1)) - 1 else 0


@no_type_check
@njit(cache=True, nogil=True)
def canonical_graphs_kernel(
    num_vertices: int, permutations: Any, graph_of: Any, place_of: Any, graphs: Any, automorphisms: Any
) -> int:
    """Find the graphs with a given number of vertices up to isomorphism, in ascending order of their bits.

    Fills, for each adjacency, the number of its graph and the permutation that leads there; the bits of each graph; and
    which permutations leave it as it is. Returns the number of graphs.
    """
    num_graphs = 0
    places = np.empty(num_vertices, np.int64)
    places[0], places[num_vertices - 1] = 0, num_vertices - 1
    for bits in range(1 << (num_vertices * (num_vertices - 1) // 2)):
        if graph_of[bits] >= 0:
            continue
        edges = full_graph_edges(bits, num_vertices)
        if edges == 0 or edges > 9:
            continue
        for p in range(len(permutations)):
            for vertex in range(num_vertices - 2):
                places[vertex + 1] = permutations[p, vertex] + 1
            moved = relabelled(bits, num_vertices, places)
            if moved >= 0:
                graph_of[moved] = num_graphs
                place_of[moved] = p
                automorphisms[num_graphs, p] = moved == bits
        graphs[num_graphs] = bits
        num_graphs += 1
    return num_graphs


@no_type_check
@njit(cache=True, nogil=True)
def raw_table_kernel(
    graph_of: Any, place_of: Any, starts: Any, inverses: Any, placement_of: Any, raw_table: Any
) -> None:
    """Fill the table from raw adjacency bits to where the cell's slots start and how its operations are placed.

    `graph_of`, `place_of`, `starts` and `inverses` have a leading dimension for the number of vertices.
    """
    rank = np.zeros(7, np.int64)
    for raw in range(1 << 21):
        from_input, to_output = 1, 1 << 6
        for target in range(1, 7):
            if raw >> (target * (target - 1) // 2) & ((1 << target) - 1) & from_input:
                from_input |= 1 << target
        for step in range(6):
            target = 6 - step
            if to_output >> target & 1:
                to_output |= raw >> (target * (target - 1) // 2) & ((1 << target) - 1)
        keep = from_input & to_output
        raw_table[raw] = INVALID
        if not (keep & 1 and keep >> 6 & 1):
            continue
        num_vertices = 0
        for vertex in range(7):
            rank[vertex] = num_vertices
            num_vertices += keep >> vertex & 1
        compact = 0
        for target in range(1, 7):
            if keep >> target & 1:
                for source in range(target):
                    if keep >> source & 1 and raw >> (source + target * (target - 1) // 2) & 1:
                        compact |= 1 << (rank[source] + rank[target] * (rank[target] - 1) // 2)
        graph = graph_of[num_vertices, compact]
        if graph < 0:
            continue
        placement, digit = 0, 1
        for vertex in range(1, 6):
            if keep >> vertex & 1:
                placement += digit * (1 + inverses[num_vertices, place_of[num_vertices, compact], rank[vertex] - 1])
            digit *= 6
        raw_table[raw] = starts[num_vertices, graph] << PLACEMENT_BITS | placement_of[placement]
