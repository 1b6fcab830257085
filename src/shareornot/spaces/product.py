"""Spaces in which every combination of named options is an architecture.

`OptionSpace` numbers the combinations in lexicographic order, the last decision fastest. Families such as NAS-Bench-201
build on it; a user describes one in a TOML file:

    name = "my-space"
    sizes = ["channels"]          # decisions whose numbers measure the size of an architecture

    [decisions]
    kernel = ["3x3", "5x5"]
    channels = [16, 32, 64]

An architecture is then written `kernel=3x3,channels=32`.
"""

import math
import tomllib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Integer

from shareornot.errors import ArchitectureError, DataError, MissingDataError
from shareornot.spaces.contract import (
    Choices,
    Decision,
    Indices,
    LabelledGraph,
    Members,
    check_choices,
    check_numbers,
)
from shareornot.spaces.frames import SpaceFrame

MOST_ARCHITECTURES = 10_000_000
"""Most architectures of a product that a file describes: a larger one cannot be listed."""


class OptionSpace(SpaceFrame):
    """Every combination of independent choices, as a family.

    Args:
        name: name of the space.
        description: one line about it.
        decisions: the choices, each with at least two options.
        sizes: names of decisions whose options are numbers that measure the size of an architecture.

    Example:
        >>> space = OptionSpace("tiny", "four nets", (Decision("depth", ("1", "2")), Decision("kernel", ("3", "5"))))
        >>> space.texts(np.array([2]))
        ['depth=2,kernel=3']
    """

    def __init__(
        self, name: str, description: str, decisions: tuple[Decision, ...], *, sizes: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.description = description
        self.decisions = decisions
        self._shape = tuple(len(decision.options) for decision in decisions)
        self._sizes = sizes

    @property
    def family(self) -> str:
        """The space is its own family."""
        return self.name

    @property
    def universes(self) -> tuple[int, ...]:
        """All architectures."""
        return (len(self),)

    @property
    def members(self) -> Members:
        """All numbers."""
        return np.arange(len(self), dtype=np.int32)

    def members_below(self, number: int) -> Members:
        """The first numbers."""
        return np.arange(min(number, len(self)), dtype=np.int32)

    def __len__(self) -> int:
        return math.prod(self._shape)

    def __repr__(self) -> str:
        return f"<space {self.name}: {len(self):,} architectures>"

    def choices(self, architectures: Indices) -> Choices:
        """The position of the chosen option, for each architecture and decision."""
        check_numbers(self.name, architectures, len(self))
        return np.stack(np.unravel_index(architectures, self._shape), axis=1)

    def architectures(self, choices: Choices) -> Indices:
        """The number of each combination."""
        check_choices(self, choices)
        return np.asarray(np.ravel_multi_index(tuple(choices.T), self._shape), np.int32)

    def num_choices(self, architectures: Indices) -> Indices:
        """One row of choices gives each architecture."""
        check_numbers(self.name, architectures, len(self))
        return np.ones(len(architectures), np.int64)

    def texts(self, architectures: Indices) -> list[str]:
        """Decisions and options, such as `depth=2,kernel=3`."""
        rows = self.choices(architectures).tolist()
        return [
            ",".join(f"{d.name}={d.options[one]}" for d, one in zip(self.decisions, row, strict=True)) for row in rows
        ]

    def parse(self, texts: Sequence[str]) -> Indices:
        """Read texts such as `depth=2,kernel=3`; decisions may come in any order.

        Raises:
            ArchitectureError: an unknown decision or option, or one that is missing or given twice.
        """
        choices = np.zeros((len(texts), len(self.decisions)), np.int64)
        for row, text in enumerate(texts):
            try:
                choices[row] = self._parse_one(text)
            except ArchitectureError as error:
                raise ArchitectureError(f"architecture {row + 1} of {len(texts)}, {text[:120]!r}: {error}") from error
        return self.architectures(choices)

    def _parse_one(self, text: str) -> list[int]:
        pairs = [part.partition("=")[::2] for part in text.split(",")]
        given = {name.strip(): option.strip() for name, option in pairs}
        names = [decision.name for decision in self.decisions]
        if len(pairs) != len(names) or set(given) != set(names):
            raise ArchitectureError(
                f"expected an option for each of {', '.join(names)}, as in {self.texts(np.zeros(1, int))[0]}"
            )
        for decision in self.decisions:
            if given[decision.name] not in decision.options:
                raise ArchitectureError(
                    f"{decision.name}: expected one of {', '.join(decision.options)}, got {given[decision.name]!r}"
                )
        return [decision.options.index(given[decision.name]) for decision in self.decisions]

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """The option of each decision; numbers and truth values where all options are such."""
        choices = self.choices(architectures)
        return {
            decision.name: _as_values(decision.options)[choices[:, position]]
            for position, decision in enumerate(self.decisions)
        }

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """The decisions that measure size."""
        features = self.features(architectures)
        return {name: features[name].astype(np.float64) for name in self._sizes}

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """Another option for one decision, both drawn uniformly."""
        choices = self.choices(architectures)
        rows = np.arange(len(choices))
        position = rng.integers(len(self._shape), size=len(choices))
        sizes = np.array(self._shape)[position]
        choices[rows, position] = (choices[rows, position] + rng.integers(1, sizes)) % sizes
        return self.architectures(choices)

    def neighbours(self, architecture: int) -> Indices:
        """The architectures that differ in one decision."""
        return np.sort(self._changed(np.array([architecture]))[0])

    def _changed(self, architectures: Indices) -> Integer[np.ndarray, "architectures changes"]:
        """What each becomes by every change of one decision: the first decision first, and its options in a circle."""
        choices = self.choices(architectures)
        columns = []
        for position, size in enumerate(self._shape):
            for step in range(1, size):
                others = choices.copy()
                others[:, position] = (others[:, position] + step) % size
                columns.append(self.architectures(others))
        return np.stack(columns, axis=1)

    def graph(self, architecture: int) -> LabelledGraph | None:
        """A chain of the decisions in their order, with the chosen options."""
        (text,) = self.texts(np.array([architecture]))
        vertices = ("input", *text.split(","), "output")
        return LabelledGraph(vertices, tuple((place, place + 1, "") for place in range(len(vertices) - 1)))

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """The numbers themselves: nothing is known that makes two combinations the same function."""
        check_numbers(self.name, architectures, len(self))
        return architectures


class TextSpace(OptionSpace):
    """An `OptionSpace` whose architectures have texts and an order of their own, small enough to list them all."""

    form: ClassVar[str]
    """Description of the form of a text."""

    @cached_property
    def _all_texts(self) -> list[str]:
        return self._write(self.choices(self.members))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text: number for number, text in enumerate(self._all_texts)}

    @cached_property
    def _all_changed(self) -> Integer[np.ndarray, "architectures changes"]:
        return self._changed(self.members)

    def neighbours(self, architecture: int) -> Indices:
        """The architectures that differ in one decision."""
        check_numbers(self.name, np.array([architecture]), len(self))
        return np.sort(self._all_changed[architecture])

    def mutate(self, architectures: Indices, rng: np.random.Generator) -> Indices:
        """Another option for one decision, both drawn uniformly."""
        check_numbers(self.name, architectures, len(self))
        position = rng.integers(len(self._shape), size=len(architectures))
        sizes = np.array(self._shape)
        step = rng.integers(1, sizes[position])
        first = np.cumsum(sizes - 1) - (sizes - 1)
        return np.asarray(self._all_changed[architectures, first[position] + step - 1])

    def _write(self, choices: Choices) -> list[str]:
        """The text of each row of choices."""
        raise NotImplementedError

    def texts(self, architectures: Indices) -> list[str]:
        """Texts as the benchmark writes them."""
        check_numbers(self.name, architectures, len(self))
        texts = self._all_texts
        return [texts[one] for one in architectures.tolist()]

    def parse(self, texts: Sequence[str]) -> Indices:
        """Read texts as the benchmark writes them; blanks around a text do not matter.

        Raises:
            ArchitectureError: a text is no architecture; the message names it and the fault.
        """
        numbers = self._numbers
        found = [numbers.get(text.strip(), -1) for text in texts]
        if -1 in found:
            row = found.index(-1)
            raise ArchitectureError(
                f"architecture {row + 1} of {len(texts)}, {texts[row][:120]!r}: expected {self.form}"
            )
        return np.array(found, np.int32)


def read_product(path: Path) -> OptionSpace:
    """The space that a TOML file describes, as at the top of this module.

    Raises:
        MissingDataError: no such file.
        DataError: it describes no product of named options.
    """
    if not path.is_file():
        raise MissingDataError(f"{path}: expected a TOML file that describes a space, found none; check the name")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: expected TOML: {error}") from error
    if unknown := content.keys() - {"name", "description", "sizes", "decisions"}:
        raise DataError(f"{path}: expected name, description, sizes and decisions, got {sorted(unknown)[0]!r}")
    for key, kind in (("name", str), ("description", str), ("sizes", list), ("decisions", dict)):
        if key in content and not isinstance(content[key], kind):
            raise DataError(f"{path}: {key}: expected a {kind.__name__}, got {content[key]!r}")
    decisions = tuple(_decision(path, name, options) for name, options in content.get("decisions", {}).items())
    if not decisions:
        raise DataError(f"{path}: decisions: expected at least one name with its options, got none")
    if (number := math.prod(len(decision.options) for decision in decisions)) > MOST_ARCHITECTURES:
        raise DataError(f"{path}: expected at most {MOST_ARCHITECTURES:,} combinations, got {number:,}")
    numeric = [one.name for one in decisions if _as_values(one.options).dtype.kind == "f"]
    for size in content.get("sizes", []):
        if size not in numeric:
            raise DataError(f"{path}: sizes: expected decisions whose options are numbers, got {size!r}")
    return OptionSpace(
        content.get("name", path.stem),
        content.get("description", "a product of named options"),
        decisions,
        sizes=tuple(content.get("sizes", [])),
    )


def _decision(path: Path, name: str, options: Any) -> Decision:
    if not isinstance(options, list) or len(options) < 2:
        raise DataError(f"{path}: {name}: expected a list of at least two options, got {options!r}")
    if not all(isinstance(option, str | int | float) for option in options):
        raise DataError(f"{path}: {name}: expected texts, numbers or truth values as options, got {options!r}")
    texts = tuple(str(option).lower() if isinstance(option, bool) else str(option) for option in options)
    if len(set(texts)) < len(texts):
        raise DataError(f"{path}: {name}: expected different options, got {options!r}")
    if any(set(text) & set(",=\n") for text in (name, *texts)):
        raise DataError(f"{path}: {name}: expected names and options without commas, equals signs and line breaks")
    return Decision(name.strip(), tuple(text.strip() for text in texts))


def _as_values(options: tuple[str, ...]) -> np.ndarray:
    """Options as numbers or truth values where all are such, else as words."""
    if set(options) <= {"true", "false"}:
        return np.array([option == "true" for option in options])
    try:
        values = np.array([float(option) for option in options])
    except ValueError:
        return np.array(options)
    return values if np.isfinite(values).all() else np.array(options)
