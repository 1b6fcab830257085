"""Which cell is it? Unique indices of all 423,624 cells, by table look-up.

The cells are numbered as NASBench-101 enumerates them: by number of vertices, then by adjacency bits, then by
operations, each isomorphism class at its first member. That first member is the *canonical form*, and it is the
specification that NASBench-101 publishes for the cell. Two tables lead from any specification to its index:

- the raw table has an entry for each of the 2^21 adjacencies among 7 vertices: where the slots of its canonical graph
  start, and how the operations of its vertices are placed on those of the graph;
- the slots have an entry for each canonical graph and each way to give its vertices operations: the unique index. Ways
  that an automorphism of the graph turns into each other share it.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Int32, Integer, UInt8, UInt32

from shareornot.errors import CellError
from shareornot.spaces.nasbench101.kernels import INVALID, canonical_graphs_kernel, find_index_kernel, raw_table_kernel
from shareornot.spaces.nasbench101.vocabulary import (
    ADJACENCY_BITS,
    MAX_INTERIOR,
    MAX_VERTICES,
    NUM_LABELLINGS,
    OPERATIONS,
    edge_bit,
)

Indices = Int32[np.ndarray, " cells"]
Codes = UInt32[np.ndarray, " cells"]


@dataclass(frozen=True, slots=True)
class IndexTables:
    """The tables behind `find_index`, for compiled searches that look cells up themselves.

    The index of a packed code c is `slots[(entry >> 9) + labels_in_place[entry & 511, c >> 21]]` with
    `entry = raw_table[c & 0x1FFFFF]`, unless the entry is `INVALID`.
    """

    raw_table: UInt32[np.ndarray, " adjacencies"]
    labels_in_place: UInt8[np.ndarray, "placements labellings"]
    slots: Int32[np.ndarray, " slots"]
    codes: Codes
    """Packed code of the canonical form of each unique cell, in index order."""
    num_cells: dict[int, int]
    """Number of unique cells with at most a given number of vertices."""


@lru_cache(maxsize=1)
def index_tables() -> IndexTables:
    """Build the tables once a process, in well under a second once compiled; 13 MB.

    Returns:
        Read-only arrays.
    """
    sizes = range(2, MAX_VERTICES + 1)
    num_adjacencies = 1 << ADJACENCY_BITS
    graph_of = np.full((MAX_VERTICES + 1, num_adjacencies), -1, np.int32)
    place_of = np.zeros((MAX_VERTICES + 1, num_adjacencies), np.int16)
    starts = np.zeros((MAX_VERTICES + 1, 8192), np.int64)
    inverses = np.zeros((MAX_VERTICES + 1, 120, MAX_INTERIOR), np.int64)
    slots, codes = [], []
    num_cells_with: dict[int, int] = {}
    num_slots = num_cells = 0
    for num_vertices in sizes:
        num_interior = num_vertices - 2
        orders = list(permutations(range(num_interior)))
        moves = np.array(orders, np.int64).reshape(len(orders), num_interior)
        inverses[num_vertices, : len(moves), :num_interior] = np.argsort(moves, axis=1)
        graphs = np.zeros(8192, np.int64)
        automorphisms = np.zeros((8192, len(moves)), bool)
        num_graphs = canonical_graphs_kernel(
            num_vertices, moves, graph_of[num_vertices], place_of[num_vertices], graphs, automorphisms
        )
        labellings, place_values = _labellings(num_interior)
        starts[num_vertices, :num_graphs] = num_slots + len(labellings) * np.arange(num_graphs)
        num_slots += len(labellings) * num_graphs
        packed_labels = (labellings @ 3 ** np.arange(num_interior)).astype(np.uint32) << np.uint32(ADJACENCY_BITS)
        for graph in range(num_graphs):
            # Moving vertex v to moves[v] leaves the graph as it is: the moved operations describe the same cell.
            moved = labellings[:, inverses[num_vertices, : len(moves), :num_interior][automorphisms[graph]]]
            first = (moved @ place_values).min(axis=1)
            is_first = first == np.arange(len(labellings))
            slots.append((num_cells + np.cumsum(is_first) - 1)[first])
            num_cells += int(is_first.sum())
            codes.append(packed_labels[is_first] | _spread_output(int(graphs[graph]), num_vertices))
        num_cells_with[num_vertices] = num_cells
    placement_of, labels_in_place = _placements()
    raw_table = np.empty(num_adjacencies, np.uint32)
    raw_table_kernel(graph_of, place_of, starts, inverses, placement_of, raw_table)
    arrays = (raw_table, labels_in_place, np.concatenate(slots).astype(np.int32), np.concatenate(codes))
    for array in arrays:
        array.setflags(write=False)
    return IndexTables(*arrays, num_cells_with)


def unique_codes(max_vertices: int = MAX_VERTICES) -> Codes:
    """Packed codes of all unique cells with at most a given number of vertices, in index order; read-only.

    Returns:
        One code per cell, 423,624 for all; the position of a code is the unique index of its cell.

    >>> len(unique_codes()), len(unique_codes(max_vertices=5))
    (423624, 2532)
    """
    if not 2 <= max_vertices <= MAX_VERTICES:
        raise CellError(
            f"max_vertices: expected 2 to {MAX_VERTICES}, got {max_vertices}; count the input and the output"
        )
    tables = index_tables()
    return tables.codes[: tables.num_cells[max_vertices]]


def canonical_codes(indices: Integer[np.ndarray, " cells"]) -> Codes:
    """Packed codes of the canonical forms of cells with these unique indices.

    Raises:
        CellError: an index is outside 0 to 423,623, as those are that `find_index` gives where there is no cell.
    """
    codes = unique_codes()
    outside = (indices < 0) | (indices >= len(codes))
    if outside.any():
        raise CellError(
            f"index: expected 0 to {len(codes) - 1:,}, got {int(indices[np.argmax(outside)]):,}; "
            "leave out specifications for which find_index returns no cell"
        )
    canonical: Codes = codes[indices]
    return canonical


def find_index(codes: Codes) -> tuple[Indices, Bool[np.ndarray, " cells"]]:
    """Unique indices of many specifications, and which of them are cells at all.

    Returns:
        Indices, meaningless where the mask is false; and the mask.
    """
    tables = index_tables()
    indices = np.empty(len(codes), np.int32)
    find_index_kernel(codes, tables.raw_table, tables.labels_in_place, tables.slots, indices)
    return indices, indices >= 0


def unique_index(codes: Codes) -> Indices:
    """Unique indices of many specifications, each of which is a cell.

    Raises:
        CellError: one of them is no cell: its input does not reach its output, or it has more than 9 edges.
    """
    indices, valid = find_index(codes)
    if not valid.all():
        bad = int(np.argmin(valid))
        raise CellError(
            f"code {bad} of {len(codes)}: expected a path from input to output and at most 9 edges on such paths, "
            f"got {int(codes[bad]):#x}; use find_index to leave such specifications out"
        )
    return indices


def _labellings(num_interior: int) -> tuple[np.ndarray, np.ndarray]:
    """All ways to give vertices operations, vertex 1 varying slowest, and the place values that number them."""
    place_values = 3 ** np.arange(num_interior)[::-1]
    numbers = np.arange(3**num_interior)
    return numbers[:, None] // place_values % len(OPERATIONS), place_values


def _spread_output(bits: int, num_vertices: int) -> np.uint32:
    """Adjacency bits among fewer vertices, as bits among 7 with the output at vertex 6."""
    last = edge_bit(0, num_vertices - 1)
    return np.uint32((bits & (1 << last) - 1) | bits >> last << edge_bit(0, MAX_VERTICES - 1))


def _placements() -> tuple[np.ndarray, np.ndarray]:
    """Number the ways to place 5 raw vertices on those of a canonical graph, and what each does to operations.

    Returns:
        From five digits in base 6 (0 = dropped, else 1 + canonical position, raw vertex 1 in the lowest place) to a
        number below 326; and for each number and each of the 243 raw labellings the canonical one.
    """
    placement_of = np.full(6**MAX_INTERIOR, -1, np.int64)
    raw_labels = np.arange(NUM_LABELLINGS)[:, None] // 3 ** np.arange(MAX_INTERIOR) % 3
    rows: list[np.ndarray] = []
    for number in range(len(placement_of)):
        digits = [number // 6**vertex % 6 for vertex in range(MAX_INTERIOR)]
        kept = [digit - 1 for digit in digits if digit]
        if sorted(kept) == list(range(len(kept))):
            placement_of[number] = len(rows)
            values = [3 ** (len(kept) - digit) if digit else 0 for digit in digits]
            rows.append(raw_labels @ np.array(values))
    return placement_of, np.array(rows, np.uint8)


__all__ = ["INVALID", "IndexTables", "canonical_codes", "find_index", "index_tables", "unique_codes", "unique_index"]
