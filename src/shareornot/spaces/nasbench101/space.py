"""All cells of NASBench-101 as a space."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer

from shareornot.spaces.contract import Indices, LabelledGraph, Members
from shareornot.spaces.frames import SpaceFrame
from shareornot.spaces.nasbench101.channels import parameter_count
from shareornot.spaces.nasbench101.codes import decode
from shareornot.spaces.nasbench101.features import structural_features
from shareornot.spaces.nasbench101.flops import flop_count
from shareornot.spaces.nasbench101.index import canonical_codes, find_index, unique_index
from shareornot.spaces.nasbench101.sampling import mutate
from shareornot.spaces.nasbench101.texts import cell_text, parse_codes
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, MAX_INTERIOR, NUM_CELLS, NUM_CELLS_UP_TO

NAME = "nasbench101"


@dataclass(frozen=True, slots=True)
class NASBench101(SpaceFrame):
    """The 423,624 cells up to isomorphism, by unique index.

    References: Ying et al. 2019, arXiv:1902.09635, section 2.1.
    """

    @property
    def name(self) -> str:
        """Name of the family."""
        return NAME

    @property
    def description(self) -> str:
        """One line about the space."""
        return "all cells with at most 7 vertices and 9 edges, up to isomorphism"

    @property
    def family(self) -> str:
        """Name of the family."""
        return NAME

    @property
    def universes(self) -> tuple[int, ...]:
        """Cells with at most 2, 3, ..., 7 vertices, which have the first numbers."""
        return tuple(NUM_CELLS_UP_TO.values())

    @property
    def members(self) -> Members:
        """All numbers."""
        return np.arange(NUM_CELLS, dtype=np.int32)

    def members_below(self, number: int) -> Members:
        """The first numbers."""
        return np.arange(min(number, NUM_CELLS), dtype=np.int32)

    def __len__(self) -> int:
        return NUM_CELLS

    def texts(self, architectures: Indices) -> list[str]:
        """Adjacency row by row, a semicolon, and the operations with commas, of the published specifications."""
        return [cell_text(code) for code in canonical_codes(architectures).tolist()]

    def parse(self, texts: Sequence[str]) -> Indices:
        """Unique indices of cells, which may be written with any order of vertices and with vertices on no path.

        Raises:
            CellError: a text describes no cell.
        """
        return unique_index(parse_codes(texts))

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """See `CellFeatures`; operations are words."""
        return structural_features(architectures)

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Parameters and operations of the network of 128 filters that NASBench-101 trained."""
        return {
            "number of parameters": parameter_count(architectures).astype(np.float64),
            "number of operations": flop_count(architectures).astype(np.float64),
        }

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """The mutation of NASBench-101, one flipped edge and one changed operation in expectation; see `mutate`."""
        return unique_index(mutate(canonical_codes(architectures), rng))

    def neighbours(self, architecture: int) -> Indices:
        """Cells that differ in one edge or one operation of the published specification on 7 vertices."""
        code = int(canonical_codes(np.array([architecture]))[0])
        labels = code >> ADJACENCY_BITS
        digits = [labels // 3**vertex % 3 for vertex in range(MAX_INTERIOR)]
        edges = [code ^ 1 << bit for bit in range(ADJACENCY_BITS)]
        operations = [
            code + ((other - digit) * 3**vertex << ADJACENCY_BITS)
            for vertex, digit in enumerate(digits)
            for other in range(3)
            if other != digit
        ]
        indices, valid = find_index(np.array(edges + operations, np.uint32))
        around = np.unique(indices[valid])
        return np.asarray(around[around != architecture])

    def graph(self, architecture: int) -> LabelledGraph:
        """The published specification, with operations on vertices."""
        adjacency, operations = decode(int(canonical_codes(np.array([architecture]))[0]))
        return LabelledGraph(
            vertices=tuple(name.removesuffix("-bn-relu") for name in operations),
            edges=tuple((int(source), int(target), "") for source, target in np.argwhere(adjacency)),
        )

    def isomorphism_classes(self, architectures: Indices) -> Integer[np.ndarray, " architectures"]:
        """The numbers themselves: the numbering is up to isomorphism."""
        canonical_codes(architectures)
        return architectures
