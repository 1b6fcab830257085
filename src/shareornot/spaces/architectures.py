"""What the rows of an appraisal are: their names, their structure, and what a drawing of them needs.

An appraisal is computed on integers. `Architectures` says what those integers stand for: unique indices of cells of
NASBench-101, or rows of a list that a user brings. Of such a list, texts of cells and of NAS-Bench-201 are understood;
any other text is a name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int32, Integer

from shareornot.spaces.nasbench101 import (
    OPERATIONS,
    canonical_codes,
    cell_features,
    decode,
    flop_count,
    parameter_count,
)
from shareornot.spaces.texts import EdgeTexts, cell_indices, edge_texts

Rows = Integer[np.ndarray, " rows"]

_OPERATION_WORDS = np.array([*(name.removesuffix("-bn-relu") for name in OPERATIONS), ""])
"""By code; the last is that of a vertex that a cell does not have."""


@dataclass(frozen=True, slots=True)
class ArchitectureGraph:
    """What a drawing needs: a directed acyclic graph, with operations on its vertices or on its edges."""

    vertices: tuple[str, ...]
    """Words, in topological order, first the input, last the output."""
    edges: tuple[tuple[int, int, str], ...]
    """From, to, and the operation on the edge: empty where operations sit on vertices."""


@runtime_checkable
class Architectures(Protocol):
    """What the integers in `ScoredPool.cells` stand for."""

    def names(self, rows: Rows) -> list[str]:
        """A name for each row: any text of a user, which may hold anything."""

    def features(self, rows: Rows) -> dict[str, np.ndarray]:
        """Structural features by name, an array of numbers, truth values or words each; may be empty.

        A number is NaN and a word empty where the feature does not apply.
        """

    def sizes(self, rows: Rows) -> dict[str, np.ndarray]:
        """What is known before any training and tells how large an architecture is, in words; may be empty."""

    def graph(self, row: int) -> ArchitectureGraph | None:
        """What a drawing needs; None where the structure is not known."""


class CellArchitectures:
    """Cells of NASBench-101, by unique index."""

    def names(self, rows: Rows) -> list[str]:
        """What `Cell.parse` reads."""
        return [_text(code) for code in canonical_codes(rows).tolist()]

    def features(self, rows: Rows) -> dict[str, np.ndarray]:
        """See `structural_features`."""
        return structural_features(rows)

    def sizes(self, rows: Rows) -> dict[str, np.ndarray]:
        """Parameters and operations of a network of 128 filters, as in NASBench-101."""
        return {
            "number of parameters": parameter_count(rows).astype(np.float64),
            "number of operations": flop_count(rows).astype(np.float64),
        }

    def graph(self, row: int) -> ArchitectureGraph:
        """The published specification, with operations on vertices."""
        adjacency, operations = decode(int(canonical_codes(np.array([row]))[0]))
        return ArchitectureGraph(
            vertices=tuple(name.removesuffix("-bn-relu") for name in operations),
            edges=tuple((int(source), int(target), "") for source, target in np.argwhere(adjacency)),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class ListedArchitectures:
    """Architectures of a list, by position; see `list_architectures`."""

    texts: Sequence[str]
    """A text for each, as the user wrote it."""
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Features that the user gives, an array each."""
    own_sizes: tuple[str, ...] = ()
    """Those columns that tell how large an architecture is."""
    cells: Int32[np.ndarray, " rows"] | None = None
    """Unique indices, where every text is a cell of NASBench-101."""
    edges: EdgeTexts | None = None
    """Operations on edges, where every text is an architecture of NAS-Bench-201's kind."""

    def names(self, rows: Rows) -> list[str]:
        """The texts."""
        return [self.texts[row] for row in rows.tolist()]

    def features(self, rows: Rows) -> dict[str, np.ndarray]:
        """What the texts tell, and the columns; a column of the same name wins."""
        told: dict[str, np.ndarray] = {}
        if self.cells is not None:
            told = structural_features(self.cells[rows])
        elif self.edges is not None:
            told = self.edges.features(rows)
        return told | {name: values[rows] for name, values in self.columns.items()}

    def sizes(self, rows: Rows) -> dict[str, np.ndarray]:
        """What the texts tell, and columns such as `parameters`."""
        told: dict[str, np.ndarray] = {}
        if self.cells is not None:
            told = CellArchitectures().sizes(self.cells[rows])
        elif self.edges is not None:
            told = self.edges.sizes(rows)
        return told | {name: np.asarray(self.columns[name][rows], np.float64) for name in self.own_sizes}

    def graph(self, row: int) -> ArchitectureGraph | None:
        """With operations on vertices or on edges, as the text has them."""
        if self.cells is not None:
            return CellArchitectures().graph(int(self.cells[row]))
        if self.edges is None:
            return None
        num_vertices = self.edges.num_vertices
        inner = (f"node {number}" for number in range(1, num_vertices - 1))
        return ArchitectureGraph(vertices=("input", *inner, "output"), edges=self.edges.drawn(row))


def list_architectures(
    texts: Sequence[str], columns: Mapping[str, np.ndarray] | None = None, *, sizes: Sequence[str] = ()
) -> ListedArchitectures:
    """Understand a list of texts, as far as they all are of one known kind.

    Args:
        texts: one for each architecture.
        columns: further features, an array each.
        sizes: those columns that tell how large an architecture is.
    """
    columns = columns or {}
    cells = cell_indices(texts)
    edges = edge_texts(texts) if cells is None else None
    return ListedArchitectures(texts=texts, columns=columns, own_sizes=tuple(sizes), cells=cells, edges=edges)


def structural_features(cells: Integer[np.ndarray, " cells"]) -> dict[str, np.ndarray]:
    """Features of cells with operations in words, empty for a vertex that a cell does not have.

    Raises:
        CellError: an index is none.
    """
    return {
        name: _OPERATION_WORDS[values] if name.startswith("operation_") else values
        for name, values in cell_features(cells).as_dict().items()
    }


def _text(code: int) -> str:
    adjacency, operations = decode(code)
    return "".join(map(str, adjacency.ravel().tolist())) + ";" + ",".join(operations)
