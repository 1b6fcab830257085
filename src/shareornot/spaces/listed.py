"""A list of architectures as a space: texts that may hold anything, and columns that describe them.

The list is a family of its own: an architecture is its position. Where all texts are of one known family, such as cells
of NASBench-101, the list has the features, sizes, graphs and neighbours that they have there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Integer

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces.contract import Indices, LabelledGraph, Members, Space, check_numbers
from shareornot.spaces.edge_texts import EdgeTexts, edge_texts
from shareornot.spaces.frames import SpaceFrame
from shareornot.spaces.registry import known_families


@dataclass(frozen=True, kw_only=True, eq=False)
class ListedSpace(SpaceFrame):
    """Architectures of a list, by position; see `list_architectures`."""

    entries: Sequence[str]
    """A text for each, as the user wrote it."""
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Features that the user gives, an array each."""
    size_columns: tuple[str, ...] = ()
    """Those columns that measure the size of an architecture."""
    name: str = "list"
    kind: Space | None = None
    """The family that all texts are of; None if they are of none that is known."""
    numbers: Integer[np.ndarray, " entries"] | None = None
    """Numbers in that family."""
    edges: EdgeTexts | None = None
    """Operations on edges, where every text is such a graph, of no known family."""

    @property
    def description(self) -> str:
        """One line about the list."""
        return "a list of architectures" if self.kind is None else f"a list of architectures of {self.kind.name}"

    @property
    def family(self) -> str:
        """The list is its own family."""
        return self.name

    @property
    def universes(self) -> tuple[int, ...]:
        """The whole list."""
        return (len(self),)

    @property
    def members(self) -> Members:
        """All positions."""
        return np.arange(len(self), dtype=np.int32)

    def members_below(self, number: int) -> Members:
        """The first positions."""
        return np.arange(min(number, len(self)), dtype=np.int32)

    def __len__(self) -> int:
        return len(self.entries)

    def texts(self, architectures: Indices) -> list[str]:
        """The texts as the user wrote them."""
        check_numbers(self.name, architectures, len(self))
        return [self.entries[row] for row in architectures.tolist()]

    def parse(self, texts: Sequence[str]) -> Indices:
        """Positions of texts, by the text itself; of equal ones the first.

        Raises:
            ArchitectureError: a text that is not in the list.
        """
        for position, text in enumerate(texts):
            if text not in self._positions:
                raise ArchitectureError(
                    f"architecture {position + 1} of {len(texts)}, {text[:120]!r}: expected one of the "
                    f"{len(self):,} texts of the list {self.name}"
                )
        return np.array([self._positions[text] for text in texts], np.int32)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {text: len(self) - 1 - back for back, text in enumerate(reversed(self.entries))}

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """What the texts describe, and the columns; a column of the same name wins."""
        check_numbers(self.name, architectures, len(self))
        described: dict[str, np.ndarray] = {}
        if self.kind is not None and self.numbers is not None:
            described = self.kind.features(self.numbers[architectures])
        elif self.edges is not None:
            described = self.edges.features(architectures)
        return described | {name: values[architectures] for name, values in self.columns.items()}

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Features that the texts describe, and columns such as `parameters`."""
        described: dict[str, np.ndarray] = {}
        if self.kind is not None and self.numbers is not None:
            described = self.kind.sizes(self.numbers[architectures])
        elif self.edges is not None:
            described = self.edges.sizes(architectures)
        own = {name: np.asarray(self.columns[name][architectures], np.float64) for name in self.size_columns}
        return described | own

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """A random neighbour of each.

        Raises:
            SettingsError: an architecture has no neighbour in the list, as where texts are names.
        """
        return np.array([self._random_neighbour(one, rng) for one in architectures.tolist()], np.int32)

    def _random_neighbour(self, architecture: int, rng: np.random.Generator) -> int:
        around = self.neighbours(architecture)
        if not len(around):
            raise SettingsError(
                f"space {self.name}: expected neighbours of {self.entries[architecture][:80]!r} in the list, got none; "
                "a search that mutates architectures needs a list that covers most of a known family"
            )
        return int(rng.choice(around))

    def neighbours(self, architecture: int) -> Indices:
        """The neighbours in the known family that are in the list; none where the texts are names."""
        check_numbers(self.name, np.array([architecture]), len(self))
        if self.kind is None or self.numbers is None:
            return np.zeros(0, np.int32)
        around = np.isin(self.numbers, self.kind.neighbours(int(self.numbers[architecture])))
        around[architecture] = False
        return np.flatnonzero(around).astype(np.int32)

    def graph(self, architecture: int) -> LabelledGraph | None:
        """Graph with operations on vertices or on edges, as the text has them."""
        if self.kind is not None and self.numbers is not None:
            return self.kind.graph(int(self.numbers[architecture]))
        if self.edges is None:
            return None
        inner = (f"node {number}" for number in range(1, self.edges.num_vertices - 1))
        return LabelledGraph(vertices=("input", *inner, "output"), edges=self.edges.drawn(architecture))

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """Those of the known family; else equal texts are one class."""
        check_numbers(self.name, architectures, len(self))
        if self.kind is not None and self.numbers is not None:
            return self.kind.isomorphism_classes(self.numbers[architectures])
        return np.array([self._positions[self.entries[one]] for one in architectures.tolist()], np.int32)


def list_architectures(
    texts: Sequence[str],
    columns: Mapping[str, np.ndarray] | None = None,
    *,
    sizes: Sequence[str] = (),
    name: str = "list",
) -> ListedSpace:
    """A space of a list of texts, understood as far as they all are of one known kind.

    Args:
        texts: one for each architecture.
        columns: further features, an array each.
        sizes: those columns that measure the size of an architecture.
        name: name of the space.

    Returns:
        A space of `len(texts)` architectures, numbered in the order of the texts.

    Example:
        >>> space = list_architectures(["small", "large"], {"depth": np.array([8, 50])})
        >>> space.features(np.array([1]))["depth"]
        array([50])
    """
    columns = columns or {}
    for column, values in columns.items():
        if len(values) != len(texts):
            raise SettingsError(f"column {column}: expected {len(texts)} values, one for each text, got {len(values)}")
    kind, numbers = _known_numbers(texts)
    edges = edge_texts(texts) if kind is None else None
    return ListedSpace(
        entries=texts, columns=columns, size_columns=tuple(sizes), name=name, kind=kind, numbers=numbers, edges=edges
    )


def _known_numbers(texts: Sequence[str]) -> tuple[Space | None, Integer[np.ndarray, " texts"] | None]:
    """The family that reads all of the texts, and the numbers that they have there."""
    if not len(texts):
        return None, None
    for family in known_families():
        try:
            family.parse(texts[:1])
            return family, family.parse(texts)
        except ArchitectureError:
            continue
    return None, None
