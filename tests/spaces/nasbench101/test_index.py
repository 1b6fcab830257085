"""Which cell it is, against a plain check of isomorphism over all permutations of the interior vertices."""

from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import CellError
from shareornot.spaces.nasbench101 import (
    INVALID,
    NUM_CELLS,
    OPERATIONS,
    Cell,
    canonical_codes,
    cell_features,
    decode,
    encode,
    find_index,
    index_tables,
    random_specifications,
    random_valid_specifications,
    unique_codes,
    unique_index,
)

Specification = tuple[int, frozenset[tuple[int, int]], tuple[int, ...]]
"""Number of vertices, edges, operations of the interior vertices."""


def specification(adjacency: np.ndarray, operations: list[int]) -> Specification:
    edges = zip(*(ends.tolist() for ends in np.nonzero(adjacency)), strict=True)
    return len(adjacency), frozenset(edges), tuple(operations)


def specification_of(code: int) -> Specification:
    adjacency, names = decode(code)
    return specification(adjacency, [OPERATIONS.index(name) for name in names[1:-1]])


def reachable(start: int, edges: frozenset[tuple[int, int]]) -> set[int]:
    found = {start}
    while more := {y for x, y in edges if x in found} - found:
        found |= more
    return found


def prune(spec: Specification) -> Specification | None:
    """Without the vertices that lie on no path from input to output; None where it is no cell."""
    num_vertices, edges, operations = spec
    last = num_vertices - 1
    keep = sorted(reachable(0, edges) & reachable(last, frozenset((y, x) for x, y in edges)))
    if keep[:1] != [0] or keep[-1] != last:
        return None
    kept_edges = frozenset((keep.index(x), keep.index(y)) for x, y in edges if x in keep and y in keep)
    return (len(keep), kept_edges, tuple(operations[v - 1] for v in keep[1:-1])) if len(kept_edges) <= 9 else None


def isomorphic(spec: Specification) -> set[Specification]:
    """All upper-triangular specifications that a permutation of the interior vertices leads to."""
    num_vertices, edges, operations = spec
    found = set()
    for order in permutations(range(1, num_vertices - 1)):
        place = [0, *order, num_vertices - 1]
        moved = frozenset((place[x], place[y]) for x, y in edges)
        if all(x < y for x, y in moved):
            moved_operations = dict(zip(order, operations, strict=True))
            found.add((num_vertices, moved, tuple(moved_operations[v] for v in range(1, num_vertices - 1))))
    return found


def enumeration_order(spec: Specification) -> tuple:
    """Where NASBench-101 meets a specification: by number of vertices, by adjacency bits, by operations."""
    num_vertices, edges, operations = spec
    return num_vertices, sum(2 ** (x + y * (y - 1) // 2) for x, y in edges), operations


def test_as_many_cells_as_published():
    counts = Counter(cell_features(np.arange(NUM_CELLS)).num_vertices.tolist())
    assert counts == {2: 1, 3: 6, 4: 84, 5: 2_441, 6: 62_010, 7: 359_082}
    assert [len(unique_codes(size)) for size in range(2, 8)] == [1, 7, 91, 2_532, 64_542, NUM_CELLS]


def test_as_many_cells_in_each_space_as_published():
    features = cell_features(np.arange(NUM_CELLS))
    by_output_edges = Counter(features.num_output_edges.tolist())
    assert by_output_edges == {0: 1, 1: 120_933, 2: 201_441, 3: 90_782, 4: 10_467}
    assert Counter(features.residual.tolist()) == {True: 81_020, False: 342_604}


def test_small_cells_are_equal_exactly_where_isomorphic():
    """Every specification with at most 5 vertices, pruned or not: 27,648 of them with 5."""
    index_of: dict[Specification, int] = {}
    for index, code in enumerate(unique_codes(5).tolist()):
        orbit = isomorphic(specification_of(code))
        assert not orbit & index_of.keys(), f"cell {index} is isomorphic to one before it"
        index_of |= dict.fromkeys(orbit, index)
        assert specification_of(code) == min(orbit, key=enumeration_order), "the canonical form comes first"
    num_valid = 0
    for num_vertices in range(2, 6):
        bits = np.array(list(product([0, 1], repeat=num_vertices * (num_vertices - 1) // 2)), np.int8)
        labels = np.array(list(product(range(3), repeat=num_vertices - 2)), np.int8)
        adjacencies = np.zeros((len(bits), num_vertices, num_vertices), np.int8)
        adjacencies[:, *np.triu_indices(num_vertices, 1)] = bits
        adjacencies = adjacencies.repeat(len(labels), axis=0)
        operations = np.tile(labels, (len(bits), 1))
        indices, valid = find_index(encode(adjacencies, operations))
        for adjacency, row, index, is_cell in zip(
            adjacencies, operations.tolist(), indices.tolist(), valid.tolist(), strict=True
        ):
            pruned = prune(specification(adjacency, row))
            assert is_cell == (pruned is not None)
            if pruned is not None:
                assert index == index_of[pruned]
        num_valid += int(valid.sum())
    assert num_valid > 20_000


def test_large_specifications_equal_plain_twin():
    codes = random_specifications(np.random.default_rng(0), 300)
    indices, valid = find_index(codes)
    assert {*valid.tolist()} == {True, False}
    for code, index, is_cell in zip(codes.tolist(), indices.tolist(), valid.tolist(), strict=True):
        adjacency, names = decode(code)
        pruned = prune(specification(adjacency, [OPERATIONS.index(name) for name in names[1:-1]]))
        assert is_cell == (pruned is not None)
        if pruned is not None:
            first = min(isomorphic(pruned), key=enumeration_order)
            assert specification_of(int(unique_codes()[index])) == first


def test_indices_follow_the_enumeration():
    """Number of vertices, adjacency bits and operations grow from cell to cell, over all of them."""
    codes = unique_codes().astype(np.int64)
    num_vertices = cell_features(np.arange(NUM_CELLS)).num_vertices.astype(np.int64)
    into_output = codes >> 15 & 63
    last = num_vertices - 1
    bits = (codes & (1 << 15) - 1) | into_output << last * (last - 1) // 2
    digits = (codes >> 21)[:, None] // 3 ** np.arange(5) % 3
    order = (num_vertices << 40) + (bits << 10) + digits @ 3 ** np.arange(5)[::-1]
    # Among cells of one size, the vertices that are not there carry 0, so that the last digits do not disturb.
    assert (np.diff(order) > 0).all()


def test_canonical_codes_have_their_own_index():
    np.testing.assert_array_equal(unique_index(unique_codes()), np.arange(NUM_CELLS))


def test_canonical_form_is_the_published_one(published):
    for group in published:
        codes = encode(group.adjacencies, group.operations)
        indices = unique_index(codes)
        np.testing.assert_array_equal(canonical_codes(indices), codes)
        assert len(np.unique(indices)) == len(indices)
        np.testing.assert_array_equal(cell_features(indices).num_vertices, group.num_vertices)


def test_pruning_finds_the_published_cell(published):
    """Published cells with a vertex added that lies on no path: it changes nothing."""
    rng = np.random.default_rng(0)
    for group in published[:-1]:
        num_cells, size = len(group.hashes), group.num_vertices
        expected = unique_index(encode(group.adjacencies, group.operations))
        for position in range(1, size):
            others = [vertex for vertex in range(size + 1) if vertex != position]
            larger = np.zeros((num_cells, size + 1, size + 1), np.int8)
            larger[:, np.array(others)[:, None], others] = group.adjacencies
            dead_end = rng.random(num_cells) < 0.5
            random_edges = rng.integers(0, 2, (num_cells, size + 1), np.int8)
            larger[:, :position, position] = np.where(dead_end[:, None], random_edges[:, :position], 0)
            larger[:, position, position + 1 :] = np.where(dead_end[:, None], 0, random_edges[:, position + 1 :])
            operations = np.insert(group.operations, position - 1, rng.integers(0, 3, num_cells, np.int8), axis=1)
            np.testing.assert_array_equal(unique_index(encode(larger, operations)), expected)


@given(index=st.integers(0, NUM_CELLS - 1), seed=st.integers(0, 2**32 - 1))
def test_relabelling_never_changes_the_index(index, seed):
    cell = Cell.from_index(index)
    relabelled = sorted(isomorphic(specification_of(cell.code)), key=enumeration_order)
    num_vertices, edges, operations = relabelled[np.random.default_rng(seed).integers(len(relabelled))]
    adjacency = np.zeros((num_vertices, num_vertices), np.int8)
    adjacency[tuple(zip(*edges, strict=True))] = 1
    twin = Cell(adjacency, ["input", *(OPERATIONS[operation] for operation in operations), "output"])
    assert twin.index == index
    assert twin.official_hash() == cell.official_hash()


@given(seed=st.integers(0, 2**32 - 1))
def test_first_in_order_of_all_relabellings_is_canonical(seed):
    cell = Cell(*decode(int(random_valid_specifications(np.random.default_rng(seed), 1)[0]))).prune()
    first = min(isomorphic(specification_of(cell.code)), key=enumeration_order)
    assert first == specification_of(Cell.from_index(cell.index).code)


def test_formula_of_the_tables():
    tables = index_tables()
    codes = random_specifications(np.random.default_rng(1), 2_000)
    entries = tables.raw_table[codes & 0x1FFFFF]
    indices, valid = find_index(codes)
    np.testing.assert_array_equal(entries != INVALID, valid)
    slots = (entries[valid] >> 9) + tables.labels_in_place[entries[valid] & 511, codes[valid] >> 21]
    np.testing.assert_array_equal(tables.slots[slots], indices[valid])


def test_tables_are_small_and_read_only():
    tables = index_tables()
    arrays = [tables.raw_table, tables.labels_in_place, tables.slots, tables.codes]
    assert sum(array.nbytes for array in arrays) < 20e6
    assert not any(array.flags.writeable for array in arrays)
    assert not unique_codes(5).flags.writeable
    assert index_tables() is tables


def test_numbers_that_are_no_codes_are_no_cells():
    chain = 1 | 1 << 16
    _, valid = find_index(np.array([chain, chain | 242 << 21, chain | 243 << 21, chain | 1 << 31], np.uint32))
    assert valid.tolist() == [True, True, False, False]


def test_unique_index_refuses_what_is_no_cell():
    with pytest.raises(CellError, match=r"code 1 of 3: expected a path .* at most 9 edges .* got 0x1; use find_index"):
        unique_index(np.array([1 << 15, 1, 2], np.uint32))


@pytest.mark.parametrize("index", [-1, NUM_CELLS])
def test_canonical_codes_refuse_indices_of_no_cell(index):
    with pytest.raises(CellError, match=rf"index: expected 0 to 423,623, got {index:,}; leave out"):
        canonical_codes(np.array([0, index, 7]))


@pytest.mark.parametrize("max_vertices", [1, 8])
def test_unique_codes_refuse_sizes(max_vertices):
    with pytest.raises(CellError, match=rf"max_vertices: expected 2 to 7, got {max_vertices}; count the input"):
        unique_codes(max_vertices)
