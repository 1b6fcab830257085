"""Architectures as users have them, numbered: any values with texts of their own, or the members of a space."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int32
from torch import Tensor

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces import Space, list_architectures, space_members


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnArchitectures:
    """The architectures of a user's super-net; see `own_architectures`."""

    space: Space
    """Whose numbers the architectures have."""
    numbers: Int32[np.ndarray, " architectures"]
    """Numbers of the architectures in the space."""
    values: tuple[Any, ...]
    """What `activate` is called with, for each."""
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def value(self, number: int) -> Any:
        """What `activate` is called with for a number of the space."""
        place = int(np.searchsorted(self.numbers, number))
        return self.values[place]

    def text(self, number: int) -> str:
        """The text of the architecture with a number of the space."""
        return self.texts[int(np.searchsorted(self.numbers, number))]

    def some(self, number: int, seed: int) -> list[int]:
        """Numbers of some of the architectures, drawn at random, the first and the last among them."""
        if number >= len(self):
            return list(map(int, self.numbers))
        inner = np.random.default_rng(seed).choice(np.arange(1, len(self) - 1), max(number - 2, 0), replace=False)
        places = [0, *np.sort(inner).tolist(), len(self) - 1][: max(number, 1)]
        return list(map(int, self.numbers[places]))


def own_architectures(architectures: Any) -> OwnArchitectures:
    """Number architectures.

    Args:
        architectures: values of any kind whose texts differ, such as texts, numbers, tuples or dictionaries; or a
            `Space`, whose architectures are whole numbers.

    Raises:
        SettingsError: nothing of that kind, or none at all.
        ArchitectureError: two with the same text, or one without a text of its own.

    Example:
        >>> own_architectures([(3, 5), (5, 5)]).texts
        ('(3, 5)', '(5, 5)')
    """
    if isinstance(architectures, Space):
        members = space_members(architectures)
        return OwnArchitectures(
            space=architectures,
            numbers=members,
            values=tuple(members.tolist()),
            texts=tuple(architectures.texts(members)),
        )
    if isinstance(architectures, str | bytes | Mapping) or not isinstance(architectures, Iterable):
        raise SettingsError(
            f"architectures: expected a list of architectures or a Space, got {type(architectures).__name__}; give for "
            "example a list of everything that activate takes"
        )
    values = tuple(_plain(value) for value in architectures)
    if not values:
        raise SettingsError("architectures: expected at least one, got none")
    texts = tuple(text_of(value) for value in values)
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise ArchitectureError(
                f"architectures: expected different ones, got {text[:80]!r} twice; drop one, for example with "
                "dict.fromkeys(architectures)"
            )
        seen.add(text)
    space = list_architectures(texts, name="architectures")
    return OwnArchitectures(space=space, numbers=space.members, values=values, texts=texts)


def text_of(value: Any) -> str:
    """The text that stands for an architecture in files and messages.

    Raises:
        ArchitectureError: the value has no text of its own.
    """
    value = _plain(value)
    if isinstance(value, Mapping):
        return json.dumps(value, sort_keys=True, default=str)
    text = str(value)
    if " object at 0x" in text:
        raise ArchitectureError(
            f"architecture of type {type(value).__name__}: expected a value with a text of its own, got {text[:80]}; "
            "define __str__, or use texts, numbers, tuples or dictionaries"
        )
    return text


def _plain(value: Any) -> Any:
    """Numbers of NumPy and PyTorch as those of Python, and rows of arrays as tuples, whose texts do not break."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.item() if value.ndim == 0 else tuple(value.tolist())
    return value
