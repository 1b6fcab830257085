"""Specifications of a universe as searches draw and change them.

A universe of all cells with up to V vertices has specifications on V vertices, of which the interior ones come first
and the output is always vertex 6, as in packed codes.

A mutation flips each edge and changes each operation independently. Instead of a draw for each, eight edges share one
draw from the 256 ways to flip them, and all operations share one from their at most 243 changes: Walker's alias method
makes such a draw two comparisons and two memory reads, without a branch that a processor could mispredict.

References: Walker 1977, "An Efficient Method for Generating Discrete Random Variables with General Distributions";
Vose 1991, "A Linear Algorithm for Generating Random Numbers with a Given Distribution".
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from jaxtyping import Float64, Int32, Int64, UInt8, UInt64

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import MAX_VERTICES, OPERATIONS
from shareornot.spaces.nasbench101.vocabulary import NUM_CELLS_UP_TO, edge_bit

NUM_COLUMNS = 256
"""Columns of an alias table; 8 bits of a draw choose one."""
_FRACTION_BITS = 56
_EDGES_PER_DRAW = 8


@dataclass(frozen=True, slots=True)
class SpecificationSpace:
    """All specifications with a given number of vertices, valid cells or not."""

    num_interior: int
    edge_bits: Int64[np.ndarray, " edges"]
    """Which bits of a packed code are edges among these vertices."""

    @classmethod
    def of_universe(cls, num_cells: int) -> "SpecificationSpace":
        """The specifications that describe the first cells, all those with at most some number of vertices."""
        return cls.up_to(next(vertices for vertices, size in NUM_CELLS_UP_TO.items() if size == num_cells))

    @classmethod
    def up_to(cls, max_vertices: int) -> "SpecificationSpace":
        """The specifications that describe all cells with at most a given number of vertices."""
        places = [*range(max_vertices - 1), MAX_VERTICES - 1]
        bits = [edge_bit(source, target) for y, target in enumerate(places) for source in places[:y]]
        return cls(max_vertices - 2, np.array(bits, np.int64))

    @property
    def num_labellings(self) -> int:
        """Ways to give the interior vertices an operation each."""
        return int(len(OPERATIONS) ** self.num_interior)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One try to mutate a specification, as tables to draw from: edges first, operations in the last row."""

    thresholds: UInt64[np.ndarray, "draws 256"]
    """The upper 8 bits of a draw choose a column; whether the lower 56 are below its threshold, one of two outcomes."""
    outcomes: Int32[np.ndarray, "draws 256 2"]
    """What is drawn at the threshold or above, and below it: a mask of flipped edges, or a change of operations."""
    changed: UInt8[np.ndarray, "labellings changes"]
    """Operations, packed in base 3, after each change."""

    @classmethod
    def of(cls, space: SpecificationSpace, *, edge_flips: float, operation_changes: float) -> "Mutation":
        """Mutations with given expected numbers of flipped edges and changed operations.

        Args:
            space: the specifications that are mutated.
            edge_flips: expected flips; each edge flips with probability `edge_flips` / number of possible edges.
            operation_changes: expected changes; each interior vertex takes one of the two other operations with
                probability `operation_changes` / number of interior vertices.

        Raises:
            SettingsError: an expectation not above 0, or above the number of places.
        """
        num_edges = len(space.edge_bits)
        _check_expectation("edge_flips", edge_flips, num_edges)
        rows = []
        for start in range(0, num_edges, _EDGES_PER_DRAW):
            bits = space.edge_bits[start : start + _EDGES_PER_DRAW]
            flips = np.array(list(product((0, 1), repeat=len(bits))))
            rows.append(_alias_row(_probabilities(flips, edge_flips / num_edges), flips @ (1 << bits)))
        changes = np.array(list(product(range(len(OPERATIONS)), repeat=space.num_interior)))
        powers = len(OPERATIONS) ** np.arange(space.num_interior)
        if space.num_interior:
            _check_expectation("operation_changes", operation_changes, space.num_interior)
            probabilities = _probabilities(changes > 0, operation_changes / space.num_interior)
            probabilities /= 2 ** (changes > 0).sum(axis=1)  # either of the two other operations
        else:
            probabilities = np.ones(1)
        rows.append(_alias_row(probabilities, np.arange(len(changes))))
        labels = np.arange(space.num_labellings)[:, None] // powers % len(OPERATIONS)
        changed = (labels[:, None, :] + changes) % len(OPERATIONS) @ powers
        thresholds, outcomes = (np.stack(arrays) for arrays in zip(*rows, strict=True))
        return cls(thresholds, outcomes, changed.reshape(len(labels), len(changes)).astype(np.uint8))


def _probabilities(changes: np.ndarray, probability: float) -> Float64[np.ndarray, " outcomes"]:
    """Probability of each outcome, in which this number of places changes independently and the others do not."""
    num_changes = changes.sum(axis=1)
    result: Float64[np.ndarray, " outcomes"] = probability**num_changes * (1 - probability) ** (
        changes.shape[1] - num_changes
    )
    return result


def _alias_row(
    probabilities: Float64[np.ndarray, " outcomes"], values: Int64[np.ndarray, " outcomes"]
) -> tuple[UInt64[np.ndarray, " 256"], Int32[np.ndarray, "256 2"]]:
    """Thresholds and outcomes of 256 columns from which at most 256 outcomes are drawn."""
    heights = np.zeros(NUM_COLUMNS)
    heights[: len(probabilities)] = probabilities * NUM_COLUMNS
    outcomes = np.zeros((NUM_COLUMNS, 2), np.int32)
    outcomes[: len(values)] = values[:, None]
    thresholds = np.full(NUM_COLUMNS, 1 << _FRACTION_BITS, np.uint64)
    low = [column for column in range(NUM_COLUMNS) if heights[column] < 1]
    high = [column for column in range(NUM_COLUMNS) if heights[column] >= 1]
    while low and high:
        column, donor = low.pop(), high[-1]
        thresholds[column] = round(float(heights[column]) * (1 << _FRACTION_BITS))
        outcomes[column, 0] = outcomes[donor, 1]
        heights[donor] -= 1 - heights[column]
        if heights[donor] < 1:
            low.append(high.pop())
    return thresholds, outcomes  # what is left is full but for rounding


def _check_expectation(name: str, expected: float, num_places: int) -> None:
    """Raise a `SettingsError` unless that many places can be expected to change."""
    if not 0 < expected <= num_places:
        raise SettingsError(
            f"{name}: expected above 0 and at most {num_places}, the number of places, got {expected}; "
            "1 changes one place in expectation"
        )
