"""Search spaces: named sets of cells, and sets that a user describes by structural features.

The spaces of the paper go by the number of interior vertices that feed the output (A1 to A4) and by whether an edge
leads from input to output (A_FULL^RES, A_FULL^NRES). The cell that is nothing but that edge feeds its output from no
interior vertex and so is in none of A1 to A4.

References: Pourchot, Ducarouge and Sigaud, "To Share or Not To Share", 2020, arXiv:2002.04289, section 4.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Int32

from shareornot.errors import SettingsError
from shareornot.plugins import load_plugin, plugin_names
from shareornot.spaces.nasbench101.features import CellFeatures, cell_features
from shareornot.spaces.nasbench101.index import unique_codes
from shareornot.spaces.nasbench101.vocabulary import MAX_VERTICES

Predicate = Callable[[CellFeatures], Bool[np.ndarray, " cells"]]

FEATURES = tuple(field.name for field in fields(CellFeatures))
COMPARISONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CONDITION = re.compile(r"\s*(\w+)\s*(==|!=|<=|>=|=|<|>)\s*(\w+)\s*")
TRUTHS = {"true": 1, "yes": 1, "false": 0, "no": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """A set of cells.

    Example:
        >>> shallow = Space(name="shallow", description="two steps at most", predicate=lambda cells: cells.depth <= 2)
        >>> len(space_cells(shallow))
        69
    """

    name: str
    description: str
    predicate: Predicate
    """From the features of many cells to which of them belong to the space."""

    def min_output_edges(self, max_vertices: int = MAX_VERTICES) -> int:
        """Smallest number of interior vertices that share the output's channels, over the cells of the space.

        A super-net divides the output channels by it: that many channels a vertex can be asked for. It is at least 1.
        """
        edges = _features(max_vertices).num_output_edges[space_cells(self, max_vertices)]
        return max(1, int(edges.min()))


def _by_output_edges(number: int) -> Space:
    return Space(
        name=f"A{number}",
        description=f"{number} interior {'vertex feeds' if number == 1 else 'vertices feed'} the output",
        predicate=lambda cells: cells.num_output_edges == number,
    )


SPACES: tuple[Space, ...] = (
    *(_by_output_edges(number) for number in (1, 2, 3, 4)),
    Space(name="A_FULL", description="all cells", predicate=lambda cells: np.ones(len(cells.residual), bool)),
    Space(
        name="A_FULL^RES",
        description="an edge leads from input to output",
        predicate=lambda cells: cells.residual,
    ),
    Space(
        name="A_FULL^NRES",
        description="no edge leads from input to output",
        predicate=lambda cells: ~cells.residual,
    ),
)
"""The spaces of the paper, in its order."""


def space_cells(space: Space, max_vertices: int = MAX_VERTICES) -> Int32[np.ndarray, " cells"]:
    """Unique indices of the cells of a space, increasing.

    Args:
        space: the space.
        max_vertices: only cells with at most so many vertices, the universe of a benchmark.

    Raises:
        SettingsError: the space is empty, or its predicate gives something else than a truth value a cell.
    """
    cells = member_cells(space, max_vertices)
    if len(cells) == 0:
        raise SettingsError(f"space {space.name}: expected some cells with at most {max_vertices} vertices, got none")
    return cells


def member_cells(space: Space, max_vertices: int) -> Int32[np.ndarray, " cells"]:
    """As `space_cells`, but a space may be empty."""
    features = _features(max_vertices)
    belongs = np.asarray(space.predicate(features))
    if belongs.shape != features.residual.shape or belongs.dtype != bool:
        raise SettingsError(
            f"space {space.name}: expected a predicate that gives a truth value for each of "
            f"{len(features.residual):,} cells, got {belongs.dtype} with shape {belongs.shape}"
        )
    return np.flatnonzero(belongs).astype(np.int32)


@lru_cache
def _features(max_vertices: int) -> CellFeatures:
    """Features of all cells with at most so many vertices, in index order."""
    return cell_features(np.arange(len(unique_codes(max_vertices)), dtype=np.int32))


def parse_space(text: str) -> Space:
    """A space from its name, or from conditions on features with commas for "and".

    Features are the fields of `CellFeatures`; comparisons are =, !=, <, <=, > and >=; values are whole numbers, or true
    and false. Names of the paper's spaces are taken with capitals or not, and A_FULL_RES for A_FULL^RES. Installed
    packages add spaces by name, see `shareornot.plugins`.

    Raises:
        SettingsError: unknown name or feature, or no condition; the message names the nearest that is known.

    Example:
        >>> len(space_cells(parse_space("num_output_edges=2, residual=true")))
        38553
    """
    wanted = text.strip().upper().replace("^", "_")
    for space in SPACES:
        if space.name.replace("^", "_") == wanted:
            return space
    if not any(sign in text for sign in "=<>"):
        added = plugin_names("spaces")
        if text.strip() in added:
            return _added_space(text.strip())
        names = [*(space.name for space in SPACES), *added]
        near = get_close_matches(wanted, names, 1, cutoff=0)[0]
        raise SettingsError(
            f"space: expected one of {', '.join(names)}, or conditions such as 'num_output_edges=2, depth>=3', "
            f"got {text!r}; try {near!r}"
        )
    conditions = [_parse_condition(part) for part in text.split(",")]

    def predicate(cells: CellFeatures) -> Bool[np.ndarray, " cells"]:
        arrays = cells.as_dict()
        belongs = np.ones(len(cells.residual), bool)
        for feature, compare, value in conditions:
            belongs &= compare(arrays[feature], value)
        return belongs

    name = ",".join(re.sub(r"\s", "", part) for part in text.split(","))
    return Space(name=name, description="cells that satisfy these conditions", predicate=predicate)


def _added_space(name: str) -> Space:
    space = load_plugin("spaces", name)
    if not isinstance(space, Space) or space.name != name:
        raise SettingsError(f"space {name}: expected a Space of that name from the package that adds it, got {space!r}")
    return space


def _parse_condition(text: str) -> tuple[str, Callable[[np.ndarray, int], np.ndarray], int]:
    match = CONDITION.fullmatch(text)
    if not match:
        raise SettingsError(f"condition: expected a feature, a comparison and a value, as in depth>=3, got {text!r}")
    feature, comparison, value = match.groups()
    if feature not in FEATURES:
        near = get_close_matches(feature, FEATURES, 1, cutoff=0)[0]
        raise SettingsError(f"feature: expected one of {', '.join(FEATURES)}, got {feature!r}; try {near!r}")
    if value.lower() in TRUTHS:
        return feature, COMPARISONS[comparison], TRUTHS[value.lower()]
    if not re.fullmatch(r"[0-9]{1,3}", value):
        raise SettingsError(f"{feature}: expected a whole number, or true or false, got {value!r}")
    return feature, COMPARISONS[comparison], int(value)
