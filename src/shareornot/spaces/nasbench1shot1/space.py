"""The three spaces of NAS-Bench-1Shot1: cells of NASBench-101 as products of independent choices.

Each interior vertex chooses one of three operations, and it and the output choose a fixed number of parents among the
earlier vertices. Every *specification*, a combination of choices, is pruned and looked up as a cell of NASBench-101.
Many specifications give one cell, so that a uniform specification, as the authors draw it, is no uniform cell.

References: Zela, Siems and Hutter 2020, arXiv:2001.10422.
"""

from functools import cached_property
from itertools import combinations, product

import numpy as np
from jaxtyping import Int32, Int64, UInt32

from shareornot.errors import ArchitectureError
from shareornot.spaces.contract import Choices, Decision, Indices, Members, check_choices
from shareornot.spaces.nasbench1shot1.enumeration import Topology, enumerated_topologies
from shareornot.spaces.nasbench101 import FAMILY as CELLS
from shareornot.spaces.nasbench101 import MAX_VERTICES, OPERATIONS, find_index, unique_index
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, edge_bit
from shareornot.spaces.subspace import SubSpace

PARENTS = {"S1": (0, 1, 2, 2, 2, 2), "S2": (0, 1, 1, 2, 2, 3), "S3": (0, 1, 1, 1, 2, 2, 2), "S3-5": (0, 1, 1, 2, 2)}
"""Number of parents of each vertex, the input first and the output last. S3-5 is ours: S3 without two of its vertices,
so that all of its cells are in the embedded table."""
PUBLISHED = ("S1", "S2", "S3")


class OneShotSpace(SubSpace):
    """One of the three spaces.

    Args:
        name: S1, S2, S3 or S3-5.

    Example:
        >>> space = OneShotSpace("S1")
        >>> len(space), space.num_specifications
        (2685, 14580)
    """

    def __init__(self, name: str) -> None:
        parents = PARENTS[name]
        kind = "NAS-Bench-1Shot1" if name in PUBLISHED else "as NAS-Bench-1Shot1, with five vertices"
        description = f"{kind}: parents {', '.join(map(str, parents[1:-1]))} and {parents[-1]} of the output"
        super().__init__(CELLS, name, description, lambda: np.unique(self._cells))
        decisions, codes = [], []
        fixed = 0
        for vertex in range(1, len(parents) - 1):
            decisions.append(Decision(f"operation_{vertex}", OPERATIONS))
            codes.append([digit * 3 ** (vertex - 1) << ADJACENCY_BITS for digit in range(len(OPERATIONS))])
        for vertex in range(1, len(parents)):
            place = vertex if vertex < len(parents) - 1 else MAX_VERTICES - 1
            chosen = list(combinations(range(vertex), parents[vertex]))
            edges = [sum(1 << edge_bit(source, place) for source in sources) for sources in chosen]
            if len(chosen) == 1:
                fixed |= edges[0]
                continue
            word = "output" if vertex == len(parents) - 1 else str(vertex)
            decisions.append(Decision(f"parents_{word}", tuple(" ".join(map(str, sources)) for sources in chosen)))
            codes.append(edges)
        self.decisions = tuple(decisions)
        self.parents = parents
        self._shape = tuple(len(decision.options) for decision in decisions)
        self._codes = [np.array(one, np.uint32) for one in codes]
        self._fixed = np.uint32(fixed)

    @property
    def num_specifications(self) -> int:
        """Combinations of choices."""
        return int(np.prod(self._shape))

    @cached_property
    def _cells(self) -> Int32[np.ndarray, " specifications"]:
        """The cell of each specification, in lexicographic order."""
        codes: UInt32[np.ndarray, " some"] = np.array([self._fixed], np.uint32)
        for options in self._codes:  # each option sets bits of its own, or a digit of its own
            codes = (codes[:, None] + options).reshape(-1)
        return unique_index(codes)

    @cached_property
    def _by_cell(self) -> tuple[Int64[np.ndarray, " specifications"], Int64[np.ndarray, " bounds"]]:
        """Specifications in the order of their cells, and where those of each member begin and end."""
        order = np.argsort(self._cells, kind="stable")
        bounds = np.searchsorted(self._cells[order], np.append(self.members, self.members[-1] + 1))
        return order, bounds

    def num_choices(self, architectures: Indices) -> Int64[np.ndarray, " architectures"]:
        """Number of specifications that describe each cell."""
        rows = self._rows(architectures)
        _, bounds = self._by_cell
        return np.asarray(bounds[rows + 1] - bounds[rows])

    def choices(self, architectures: Indices) -> Choices:
        """The first specification of each cell."""
        order, bounds = self._by_cell
        return np.stack(np.unravel_index(order[bounds[self._rows(architectures)]], self._shape), axis=1)

    def architectures(self, choices: Choices) -> Indices:
        """The cell that each specification gives."""
        check_choices(self, choices)
        return np.asarray(self._cells[np.ravel_multi_index(tuple(choices.T), self._shape)])

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """Another option for one decision of a random specification of the cell, until the cell is another one."""
        order, bounds = self._by_cell
        rows = self._rows(architectures)
        mutants = np.array(architectures)
        pending = np.arange(len(mutants))
        while pending.size:
            own = rows[pending]
            specifications = order[rng.integers(bounds[own], bounds[own + 1])]
            choices = np.stack(np.unravel_index(specifications, self._shape), axis=1)
            position = rng.integers(len(self._shape), size=len(own))
            sizes = np.array(self._shape)[position]
            places = np.arange(len(own))
            choices[places, position] = (choices[places, position] + rng.integers(1, sizes)) % sizes
            mutants[pending] = self.architectures(choices)
            pending = pending[mutants[pending] == architectures[pending]]
        return mutants

    def neighbours(self, architecture: int) -> Indices:
        """The cells that another option for one decision of any of its specifications gives."""
        order, bounds = self._by_cell
        (row,) = self._rows(np.array([architecture]))
        choices = np.stack(np.unravel_index(order[bounds[row] : bounds[row + 1]], self._shape), axis=1)
        around = []
        for position, size in enumerate(self._shape):
            for step in range(1, size):
                changed = choices.copy()
                changed[:, position] = (changed[:, position] + step) % size
                around.append(np.unique(self.architectures(changed)))
        found = np.unique(np.concatenate(around))
        return np.asarray(found[found != architecture])

    def _rows(self, architectures: Indices) -> Int64[np.ndarray, " architectures"]:
        inside = self.contains(architectures)
        if not inside.all():
            raise ArchitectureError(
                f"space {self.name}: expected cells of the space, got cell {int(architectures[np.argmin(inside)])}"
            )
        return np.searchsorted(self.members, architectures)


def _enumerated(space: OneShotSpace) -> SubSpace:
    """The cells on the topologies that the authors enumerate."""
    topologies = enumerated_topologies(space.parents)
    return SubSpace(
        CELLS,
        f"{space.name}-enumerated",
        f"the cells of {space.name} that the authors of NAS-Bench-1Shot1 enumerate, on {len(topologies)} topologies",
        lambda: _cells_on(topologies),
    )


def _cells_on(topologies: set[Topology]) -> Members:
    """The distinct cells on some topologies, with any operations."""
    found = []
    for topology in topologies:
        last = len(topology) - 1
        places = [*range(last), MAX_VERTICES - 1]
        edges = sum(1 << edge_bit(source, places[v]) for v, parents in enumerate(topology) for source in parents)
        labels = np.array([sum(d * 3**v for v, d in enumerate(row)) for row in product(range(3), repeat=last - 1)])
        cells, valid = find_index((labels << ADJACENCY_BITS).astype(np.uint32) | np.uint32(edges))
        found.append(np.unique(cells[valid]))
    return np.unique(np.concatenate(found)).astype(np.int32)


FAMILY = CELLS
ONE_SHOT_SPACES = tuple(OneShotSpace(name) for name in PARENTS)
SPACES: tuple[SubSpace, ...] = (
    *ONE_SHOT_SPACES,
    *(_enumerated(one) for one in ONE_SHOT_SPACES if one.name in PUBLISHED),
)
