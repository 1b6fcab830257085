"""Sub-spaces of NASBench-101: those of the paper, and those that a user describes by structural features.

The spaces of the paper go by the number of interior vertices that feed the output (A1 to A4) and by whether an edge
leads from input to output (A_FULL^RES, A_FULL^NRES). The cell that is nothing but that edge feeds its output from no
interior vertex and so is in none of A1 to A4.

References: Pourchot, Ducarouge and Sigaud, "To Share or Not To Share", 2020, arXiv:2002.04289, section 4.
"""

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int32

from shareornot.errors import SettingsError
from shareornot.spaces.contract import Members, Space, space_members
from shareornot.spaces.nasbench101.features import OPERATION_WORDS, CellFeatures, cell_features
from shareornot.spaces.nasbench101.space import NASBench101
from shareornot.spaces.nasbench101.vocabulary import MAX_VERTICES, NUM_CELLS, NUM_CELLS_UP_TO
from shareornot.spaces.subspace import SubSpace, condition_name, parse_conditions

FAMILY = NASBench101()
Predicate = Callable[[CellFeatures], Bool[np.ndarray, " cells"]]

FEATURES = tuple(field.name for field in fields(CellFeatures))
OPERATION_LEVELS = {
    **{word or "none": code for code, word in enumerate(OPERATION_WORDS.tolist())},
    **{str(code): code for code in range(len(OPERATION_WORDS))},
}
"""The texts of an operation in a condition: a word, `none` for a vertex that a cell does not have, or its code."""


class CellSpace(SubSpace):
    """A set of cells of NASBench-101.

    Args:
        name: name of the space.
        description: one line about it.
        predicate: function of the features of many cells that returns which of them belong to the space.

    Example:
        >>> shallow = CellSpace(name="shallow", description="two steps", predicate=lambda cells: cells.depth <= 2)
        >>> len(shallow)
        69
    """

    def __init__(self, *, name: str, description: str, predicate: Predicate) -> None:
        super().__init__(FAMILY, name, description, lambda: self.members_below(NUM_CELLS))
        self.predicate = predicate

    def members_below(self, number: int) -> Members:
        """The members among the first cells, of which alone features are computed.

        Raises:
            SettingsError: the predicate gives something else than a truth value for each cell.
        """
        features = _features(number)
        belongs = np.asarray(self.predicate(features))
        if belongs.shape != features.residual.shape or belongs.dtype != bool:
            raise SettingsError(
                f"space {self.name}: expected a predicate that gives a truth value for each of "
                f"{len(features.residual):,} cells, got {belongs.dtype} with shape {belongs.shape}"
            )
        return np.flatnonzero(belongs).astype(np.int32)


@lru_cache
def _features(number: int) -> CellFeatures:
    """Features of the first cells, in index order."""
    return cell_features(np.arange(min(number, NUM_CELLS), dtype=np.int32))


def _by_output_edges(number: int) -> CellSpace:
    return CellSpace(
        name=f"A{number}",
        description=f"{number} interior {'vertex feeds' if number == 1 else 'vertices feed'} the output",
        predicate=lambda cells: cells.num_output_edges == number,
    )


SPACES: tuple[CellSpace, ...] = (
    *(_by_output_edges(number) for number in (1, 2, 3, 4)),
    CellSpace(name="A_FULL", description="all cells", predicate=lambda cells: np.ones(len(cells.residual), bool)),
    CellSpace(
        name="A_FULL^RES",
        description="an edge leads from input to output",
        predicate=lambda cells: cells.residual,
    ),
    CellSpace(
        name="A_FULL^NRES",
        description="no edge leads from input to output",
        predicate=lambda cells: ~cells.residual,
    ),
)
"""The spaces of the paper, in its order."""


def cells_by_conditions(text: str) -> CellSpace:
    """The cells whose features satisfy conditions such as `depth>=3,residual=true`, with commas for "and".

    Features are the fields of `CellFeatures`; see `parse_conditions`.

    Raises:
        SettingsError: no condition, or an unknown feature or word.

    Example:
        >>> len(cells_by_conditions("num_output_edges=2, residual=true"))
        38553
    """
    words = {f"operation_{vertex}": OPERATION_LEVELS for vertex in range(1, 6)}
    holds = parse_conditions(text, FEATURES, words)
    return CellSpace(
        name=condition_name(text),
        description="cells that satisfy these conditions",
        predicate=lambda cells: holds(cells.as_dict()),
    )


def space_cells(space: Space, max_vertices: int = MAX_VERTICES) -> Int32[np.ndarray, " cells"]:
    """Unique indices of the cells of a space, increasing.

    Args:
        space: a space of NASBench-101's family.
        max_vertices: only cells with at most this number of vertices.

    Raises:
        SettingsError: the space is empty or of another family.
    """
    if space.family != FAMILY.name:
        raise SettingsError(
            f"space {space.name}: expected a space of {FAMILY.name}, got one of {space.family}; take A1 to A4, A_FULL, "
            "or conditions such as depth>=3"
        )
    if max_vertices not in NUM_CELLS_UP_TO:
        raise SettingsError(f"max_vertices: expected 2 to {MAX_VERTICES}, got {max_vertices}")
    return space_members(space, NUM_CELLS_UP_TO[max_vertices])


def min_output_edges(space: Space, max_vertices: int = MAX_VERTICES) -> int:
    """Smallest number of interior vertices that share the output's channels, over the cells of a space.

    A super-net divides the output channels by it: a vertex can need that many channels. It is at least 1.

    Raises:
        SettingsError: the space is empty or of another family.
    """
    cells = space_cells(space, max_vertices)
    return max(1, int(_features(NUM_CELLS_UP_TO[max_vertices]).num_output_edges[cells].min()))
