"""One cell of the search space of NASBench-101: what is valid, how it is pruned, how it is written."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import SupportsIndex

import numpy as np
from jaxtyping import Int8
from numpy.typing import ArrayLike

from shareornot.errors import CellError
from shareornot.spaces.nasbench101.codes import decode, encode
from shareornot.spaces.nasbench101.index import canonical_codes, find_index
from shareornot.spaces.nasbench101.official_hash import official_hash
from shareornot.spaces.nasbench101.vocabulary import MAX_EDGES, MAX_VERTICES, OPERATIONS

Adjacency = Int8[np.ndarray, "vertices vertices"]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Cell:
    """A directed acyclic graph from an input to an output, with an operation on each vertex between them.

    A cell may be a raw specification, with vertices that lie on no path from input to output; `prune` drops them.
    Equal cells have equal adjacency and operations; `index` identifies the cells that are the same up to isomorphism.

    Args:
        adjacency: 0/1 matrix, vertices x vertices, upper-triangular; vertex 0 is the input, the last the output.
        operations: a name for each vertex: "input", then names of `OPERATIONS`, then "output".

    Raises:
        CellError: not a cell; the message states what was expected, what came, and the remedy.

    References: Ying et al. 2019, arXiv:1902.09635, section 2.1.

    >>> cell = Cell([[0, 1, 1], [0, 0, 1], [0, 0, 0]], ["input", "conv3x3-bn-relu", "output"])
    >>> cell.index
    4
    """

    adjacency: Adjacency
    operations: tuple[str, ...]

    def __init__(self, adjacency: ArrayLike, operations: Sequence[str]) -> None:
        matrix = _checked_matrix(adjacency)
        _check_operations(operations, len(matrix))
        matrix.setflags(write=False)
        object.__setattr__(self, "adjacency", matrix)
        object.__setattr__(self, "operations", tuple(map(str, operations)))
        sources = _sources(matrix)
        keep = _on_path(sources)
        if not keep:
            raise CellError(
                "adjacency: expected a path from the input (vertex 0) to the output (the last vertex), got none; "
                "add the edges that connect them"
            )
        num_edges = sum((mask & keep).bit_count() for vertex, mask in enumerate(sources) if keep >> vertex & 1)
        if num_edges > MAX_EDGES:
            raise CellError(
                f"adjacency: expected at most {MAX_EDGES} edges on paths from input to output, got {num_edges}; "
                "remove edges"
            )

    def __reduce__(self) -> tuple[type["Cell"], tuple[np.ndarray, tuple[str, ...]]]:
        return type(self), (self.adjacency, self.operations)  # unpickled arrays are writable, constructed ones not

    @property
    def num_vertices(self) -> int:
        """Number of vertices, input and output included."""
        return len(self.operations)

    def prune(self) -> "Cell":
        """The cell without the vertices that lie on no path from input to output."""
        on_path = _on_path(_sources(self.adjacency))
        keep = [vertex for vertex in range(self.num_vertices) if on_path >> vertex & 1]
        if len(keep) == self.num_vertices:
            return self
        return Cell(self.adjacency[np.ix_(keep, keep)], [self.operations[vertex] for vertex in keep])

    @cached_property
    def code(self) -> int:
        """Packed code of the specification as it is, see `encode`."""
        operations = [OPERATIONS.index(name) for name in self.operations[1:-1]]
        return int(encode(self.adjacency[None], np.array([operations], np.int8).reshape(1, -1))[0])

    @cached_property
    def index(self) -> int:
        """Unique index, from 0 to 423,623, the same for all isomorphic cells."""
        return int(find_index(np.array([self.code], np.uint32))[0][0])

    @classmethod
    def from_index(cls, index: SupportsIndex) -> "Cell":
        """The published specification of the cell with this unique index.

        Raises:
            CellError: no cell has this index.
        """
        return cls(*decode(int(canonical_codes(np.array([operator.index(index)]))[0])))

    def official_hash(self) -> str:
        """The module hash of NASBench-101: 32 hexadecimal digits, the same for all isomorphic cells."""
        pruned = self.prune()
        return official_hash(pruned.adjacency, [OPERATIONS.index(name) for name in pruned.operations[1:-1]])

    @classmethod
    def parse(cls, text: str) -> "Cell":
        """Read what `str(cell)` writes: the adjacency row by row, a semicolon, the operations with commas.

        Raises:
            CellError: the text is no cell.
        """
        bits, separator, names = text.strip().partition(";")
        size = round(len(bits) ** 0.5)
        if not separator or size * size != len(bits) or set(bits) - {"0", "1"}:
            raise CellError(
                f"cell: expected text like '011001000;input,conv3x3-bn-relu,output', got {text[:80]!r}; "
                "write the adjacency row by row as 0 and 1, a semicolon, and the operations"
            )
        matrix = np.frombuffer(bits.encode(), np.uint8).reshape(size, size) - ord("0")
        return cls(matrix, [name.strip() for name in names.split(",")])

    def __str__(self) -> str:
        return "".join(map(str, self.adjacency.ravel())) + ";" + ",".join(self.operations)

    def __repr__(self) -> str:
        return f"Cell.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Cell) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


def _checked_matrix(adjacency: ArrayLike) -> Adjacency:
    """A copy of the adjacency as int8, or a `CellError` that names the fault."""
    try:
        matrix = np.asarray(adjacency)
    except ValueError as error:
        raise CellError(
            "adjacency: expected a square matrix, got rows of different lengths; give one row and one column per vertex"
        ) from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise CellError(
            f"adjacency: expected a square matrix, got shape {matrix.shape}; give one row and one column per vertex"
        )
    if not 2 <= len(matrix) <= MAX_VERTICES:
        raise CellError(
            f"adjacency: expected 2 to {MAX_VERTICES} vertices, input and output included, got {len(matrix)}; "
            "remove vertices, beginning with those that are on no path from input to output"
        )
    for source, row in enumerate(matrix.tolist()):
        for target, value in enumerate(row):
            if value not in (0, 1):
                raise CellError(
                    f"adjacency: expected 0 or 1, got {value!r} at ({source}, {target}); write 1 where there is an edge"
                )
            if value and target <= source:
                raise CellError(
                    f"adjacency: expected an upper-triangular matrix, got an edge from vertex {source} to vertex "
                    f"{target}; number the vertices so that every edge leads to a later one"
                )
    return matrix.astype(np.int8)


def _check_operations(operations: Sequence[str], num_vertices: int) -> None:
    """Raise a `CellError` unless there is one known operation for each vertex."""
    if isinstance(operations, str) or len(operations) != num_vertices:
        got = repr(operations) if isinstance(operations, str) else str(len(operations))
        raise CellError(
            f"operations: expected {num_vertices} names, one for each vertex, got {got}; "
            "list 'input', a name for each interior vertex, 'output'"
        )
    if operations[0] != "input" or operations[-1] != "output":
        raise CellError(
            f"operations: expected 'input' first and 'output' last, got {operations[0]!r} and {operations[-1]!r}; "
            "name all vertices, these two included"
        )
    for vertex, name in enumerate(operations[1:-1], start=1):
        if name not in OPERATIONS:
            raise CellError(
                f"operations: expected an operation at vertex {vertex}, got {name!r}; "
                f"use one of {', '.join(OPERATIONS)}"
            )


def _sources(adjacency: Adjacency) -> list[int]:
    """Bits of each vertex: bit x is set if an edge from vertex x leads there."""
    return [sum(edge << source for source, edge in enumerate(column)) for column in adjacency.T.tolist()]


def _on_path(sources: list[int]) -> int:
    """Bit x is set if vertex x lies on a path from the first to the last; 0 where there is no such path."""
    from_input, to_output = 1, 1 << len(sources) - 1
    for vertex, mask in enumerate(sources):
        if mask & from_input:
            from_input |= 1 << vertex
    for vertex in reversed(range(len(sources))):
        if to_output >> vertex & 1:
            to_output |= sources[vertex]
    return from_input & to_output
