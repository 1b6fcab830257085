"""Sub-spaces: a family together with some of its architectures, and conditions that describe them."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property

import numpy as np
from jaxtyping import Bool

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces.contract import Indices, LabelledGraph, Members, Space
from shareornot.spaces.frames import SpaceFrame

COMPARISONS: dict[str, Callable[..., Bool[np.ndarray, " architectures"]]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CONDITION = re.compile(r"(\w+)(==|!=|<=|>=|=|<|>)([\w.-]+)")
TRUTHS = {"true": True, "yes": True, "false": False, "no": False}
MOST_TRIES = 10_000
"""Mutations of one architecture after which a sub-space counts as one without neighbours."""


class SubSpace(SpaceFrame):
    """Some architectures of a family, under the numbers that they have there.

    Args:
        whole: the family, as a space.
        name: name of the sub-space.
        description: one line about it.
        members: numbers of its architectures, strictly increasing, or a function that computes them when needed.

    Example:
        >>> from shareornot.spaces import open_space
        >>> family = open_space("nasbench101")
        >>> first = SubSpace(family, "first", "the seven smallest cells", np.arange(7, dtype=np.int32))
        >>> len(first), first.texts(first.members[:1])
        (7, ['0100;input,output'])
    """

    def __init__(self, whole: Space, name: str, description: str, members: Members | Callable[[], Members]) -> None:
        self.whole = whole
        self.name = name
        self.description = description
        self._find_members = members if callable(members) else lambda: members

    @property
    def family(self) -> str:
        """Name of the family whose numbers the space uses."""
        return self.whole.family

    @property
    def universes(self) -> tuple[int, ...]:
        """Those of the family."""
        return self.whole.universes

    @cached_property
    def members(self) -> Members:
        """Numbers of the architectures, strictly increasing; read-only."""
        members = np.asarray(self._find_members(), np.int32)
        members.setflags(write=False)
        return members

    def members_below(self, number: int) -> Members:
        """The members among the first architectures of the family."""
        return self.members[: np.searchsorted(self.members, number)]

    def __len__(self) -> int:
        return len(self.members)

    def __repr__(self) -> str:
        return f"<space {self.name} of {self.family}>"

    def contains(self, architectures: Indices) -> Bool[np.ndarray, " architectures"]:
        """Which architectures belong to the space."""
        if not len(self):
            return np.zeros(len(architectures), bool)
        place = np.minimum(np.searchsorted(self.members, architectures), len(self) - 1)
        return np.asarray(self.members[place] == architectures)

    def texts(self, architectures: Indices) -> list[str]:
        """Texts as the family writes them."""
        return self.whole.texts(architectures)

    def parse(self, texts: Sequence[str]) -> Indices:
        """Read texts as the family reads them.

        Raises:
            ArchitectureError: a text is no architecture of the family, or one outside the space.
        """
        found = self.whole.parse(texts)
        inside = self.contains(found)
        if not inside.all():
            position = int(np.argmin(inside))
            raise ArchitectureError(
                f"architecture {position + 1} of {len(texts)}, {texts[position][:120]!r}: expected one of the space "
                f"{self.name} ({self.description}), got another architecture of {self.family}"
            )
        return found

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Those of the family."""
        return self.whole.features(architectures)

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Those of the family."""
        return self.whole.sizes(architectures)

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """The family's mutations, repeated until each leads into the space.

        Raises:
            SettingsError: no mutation leads into the space.
        """
        mutants = np.array(architectures)
        pending = np.arange(len(mutants))
        for _ in range(MOST_TRIES):
            if not pending.size:
                return mutants
            mutants[pending] = self.whole.mutate(architectures[pending], rng)
            pending = pending[~self.contains(mutants[pending])]
        raise SettingsError(
            f"space {self.name}: expected mutations that stay in the space, got none in {MOST_TRIES:,} tries from "
            f"architecture {int(architectures[pending[0]])}; take a larger space"
        )

    def neighbours(self, architecture: int) -> Indices:
        """Those of the family that are in the space."""
        around = self.whole.neighbours(architecture)
        return np.asarray(around[self.contains(around)])

    def graph(self, architecture: int) -> LabelledGraph | None:
        """The graph that the family draws."""
        return self.whole.graph(architecture)

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """Those of the family."""
        return self.whole.isomorphism_classes(architectures)


Predicate = Callable[[Mapping[str, np.ndarray]], Bool[np.ndarray, " architectures"]]
"""Maps features by name to which architectures belong."""
Levels = Mapping[str, object]
"""Maps the texts of values to the values."""


def subspace_by_conditions(whole: Space, text: str) -> SubSpace:
    """The architectures of a family whose features satisfy conditions such as `depth>=3,connected=true`.

    Raises:
        SettingsError: see `parse_conditions`.
    """
    features = whole.features(whole.members)
    words = {
        name: {str(word).lower(): word for word in np.unique(values)}
        for name, values in features.items()
        if values.dtype.kind == "U"
    }
    holds = parse_conditions(text, tuple(features), words)
    return SubSpace(
        whole,
        f"{whole.name}:{condition_name(text)}",
        "architectures that satisfy these conditions",
        lambda: np.asarray(whole.members[holds(features)]),
    )


def parse_conditions(text: str, features: Sequence[str], words: Mapping[str, Levels]) -> Predicate:
    """A predicate on features from conditions such as `depth>=3,residual=true`, with commas for "and".

    Blanks and capitals do not matter. Comparisons are =, !=, <, <=, > and >=; values are numbers, true or false, or
    one of the words that the feature takes.

    Args:
        text: the conditions.
        features: names of the features.
        words: for each feature whose values are words, the value that each word stands for.

    Raises:
        SettingsError: no condition, or an unknown feature or word; names the nearest that is known.
    """
    conditions = [_parse_condition(part, features, words) for part in text.split(",")]

    def holds(values: Mapping[str, np.ndarray]) -> Bool[np.ndarray, " architectures"]:
        return np.asarray(np.logical_and.reduce([compare(values[name], value) for name, compare, value in conditions]))

    return holds


def condition_name(text: str) -> str:
    """Conditions as they name a space: without blanks, in small letters, in the order of the alphabet, each once.

    >>> condition_name("Residual = TRUE, depth >= 3")
    'depth>=3,residual=true'
    """
    family, colon, conditions = re.sub(r"\s", "", text).lower().rpartition(":")
    return family + colon + ",".join(sorted(set(conditions.split(","))))


def is_condition(text: str) -> bool:
    """Whether a text is meant as conditions rather than as a name."""
    return any(sign in text for sign in "=<>")


def _parse_condition(
    text: str, features: Sequence[str], words: Mapping[str, Levels]
) -> tuple[str, Callable[..., Bool[np.ndarray, " architectures"]], object]:
    match = CONDITION.fullmatch(condition_name(text))
    if not match:
        raise SettingsError(f"condition: expected a feature, a comparison and a value, as in depth>=3, got {text!r}")
    feature, comparison, value = match.groups()
    if feature not in features:
        near = get_close_matches(feature, features, 1, cutoff=0)[0]
        raise SettingsError(f"feature: expected one of {', '.join(features)}, got {feature!r}; try {near!r}")
    compare = COMPARISONS[comparison]
    if feature in words:
        levels = words[feature]
        if comparison in ("=", "==", "!=") and value in levels:
            return feature, compare, levels[value]
        if not value.isdecimal() or any(isinstance(level, str) for level in levels.values()):
            raise SettingsError(
                f"{feature}: expected = or != and one of {', '.join(filter(None, levels))}, got {comparison}{value}"
            )
    if value in TRUTHS:
        return feature, compare, TRUTHS[value]
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", value):
        raise SettingsError(f"{feature}: expected a number, or true or false, got {value!r}")
    return feature, compare, float(value)
