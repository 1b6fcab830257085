"""The protocol of search spaces: a finite, numbered set of architectures.

An architecture is a whole number, its position in the numbering of its *family*, and arrays of architectures are arrays
of such numbers. A family numbers all of its architectures from 0; a sub-space is a family together with its members and
uses the same numbers, so that tables, super-nets and searches of one family understand each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int32, Integer

from shareornot.errors import ArchitectureError, SettingsError

Indices = Integer[np.ndarray, " architectures"]
"""Numbers of architectures in their family."""
Members = Int32[np.ndarray, " members"]
Choices = Integer[np.ndarray, "architectures decisions"]
"""Position of the chosen option for each architecture and decision."""


@dataclass(frozen=True, slots=True)
class LabelledGraph:
    """A directed acyclic graph, with operations on its vertices or on its edges."""

    vertices: tuple[str, ...]
    """Words, in topological order, the input first and the output last."""
    edges: tuple[tuple[int, int, str], ...]
    """Source, target, and the operation on the edge; empty if operations are on vertices."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice that an architecture of a product space makes."""

    name: str
    options: tuple[str, ...]


@runtime_checkable
class Space(Protocol):
    """A finite, numbered set of architectures. It is independent of data sets, networks and accuracies."""

    @property
    def name(self) -> str:
        """Name under which `open_space` finds it."""

    @property
    def description(self) -> str:
        """One line about the architectures."""

    @property
    def family(self) -> str:
        """Name of the family whose numbers the space uses."""

    @property
    def universes(self) -> tuple[int, ...]:
        """How many of the first architectures of the family a table may be about, ascending; the last is all."""

    @property
    def members(self) -> Members:
        """Numbers of the architectures in the space, strictly increasing."""

    def members_below(self, number: int) -> Members:
        """The members among the first `number` architectures of the family."""

    def __len__(self) -> int:
        """Number of architectures."""

    def texts(self, architectures: Indices) -> list[str]:
        """The text of each architecture, which `parse` reads."""

    def parse(self, texts: Sequence[str]) -> Indices:
        """Numbers of the architectures that texts describe.

        Raises:
            ArchitectureError: a text describes no architecture of the space; names the text and what is wrong with it.
        """

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Structural features by name, an array of numbers, truth values or words each; may be empty.

        A number is NaN and a word empty if the feature does not apply.
        """

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Measures of size by name, which need no training: the free baselines."""

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """A random small change of each architecture that leads to an architecture of the space.

        Returns:
            As many architectures as were given, each a neighbour of the one in its place.

        Raises:
            SettingsError: the space has no neighbours.
        """

    def neighbours(self, architecture: int) -> Indices:
        """The architectures of the space that one smallest change leads to, ascending, without the architecture."""

    def graph(self, architecture: int) -> LabelledGraph | None:
        """Graph of an architecture for drawings; None if the structure is unknown."""

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """Equal numbers for architectures that compute the same function, whatever the weights."""


@runtime_checkable
class ProductSpace(Space, Protocol):
    """A space in which every combination of independent choices is an architecture."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The choices, in order."""

    def choices(self, architectures: Indices) -> Choices:
        """Choices that give each architecture; where several do, the first in lexicographic order."""

    def architectures(self, choices: Choices) -> Indices:
        """The architecture that each row of choices gives; several rows may give one architecture."""

    def num_choices(self, architectures: Indices) -> Indices:
        """Number of rows of choices that yield each architecture."""


def is_product(space: Space) -> TypeGuard[ProductSpace]:
    """Whether a space is a product. `isinstance` would compute the members of the space to find out on Python 3.11."""
    return hasattr(type(space), "choices")


def space_members(space: Space, num_architectures: int | None = None) -> Members:
    """Numbers of the architectures of a space among the first of its family.

    Args:
        space: any space.
        num_architectures: how many of the first architectures of the family to consider, such as those that a table is
            about; all if None.

    Raises:
        SettingsError: there are none.
    """
    members = space.members if num_architectures is None else space.members_below(num_architectures)
    if len(members) == 0:
        among = "" if num_architectures is None else f" among the first {num_architectures:,} of {space.family}"
        raise SettingsError(f"space {space.name}: expected at least one architecture{among}, got none")
    return members


def draw_choices(space: ProductSpace, rng: np.random.Generator, number: int) -> Choices:
    """Uniform choices; architectures that several choices give are drawn more often.

    Args:
        space: a product space.
        rng: source of the randomness.
        number: how many rows to draw.

    Returns:
        One row per draw, one column per decision.
    """
    sizes = np.array([len(decision.options) for decision in space.decisions])
    return rng.integers(sizes, size=(number, len(sizes)), dtype=np.int64)


def check_numbers(space: str, architectures: Indices, number: int) -> None:
    """Raise an `ArchitectureError` unless all numbers are from 0 to `number` - 1."""
    outside: Bool[np.ndarray, " architectures"] = (architectures < 0) | (architectures >= number)
    if outside.any():
        raise ArchitectureError(
            f"{space}: expected architectures 0 to {number - 1:,}, got {int(architectures[np.argmax(outside)]):,}"
        )


def check_choices(space: ProductSpace, choices: Choices) -> None:
    """Raise an `ArchitectureError` unless every row chooses one of the options of each decision."""
    sizes = np.array([len(decision.options) for decision in space.decisions])
    if choices.shape[1] != len(sizes):
        raise ArchitectureError(
            f"space {space.name}: expected {len(sizes)} choices for each architecture, got {choices.shape[1]}"
        )
    bad = (choices < 0) | (choices >= sizes)
    if bad.any():
        row, position = (int(number) for number in np.argwhere(bad)[0])
        raise ArchitectureError(
            f"space {space.name}, {space.decisions[position].name} of row {row}: expected an option from 0 to "
            f"{sizes[position] - 1}, got {choices[row, position]}"
        )
