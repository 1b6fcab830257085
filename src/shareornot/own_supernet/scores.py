"""What scoring a user's super-net gives, and the file that keeps it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from shareornot.errors import DataError
from shareornot.own_supernet.architectures import OwnArchitectures
from shareornot.spaces.frames import import_pandas
from shareornot.statistics.split_half import split_half_reliability
from shareornot.storage import atomic_write

FORMAT = "shareornot scores of a super-net 1"


@dataclass(frozen=True, kw_only=True, eq=False)
class SupernetScores:
    """Proxy accuracies of the architectures of one super-net; `shareornot.appraise` judges them."""

    architectures: OwnArchitectures = field(repr=False)
    correct: Int64[np.ndarray, "architectures 2"] = field(repr=False)
    """Correctly classified validation images at even and at odd positions; -1 where an output was not finite."""
    num_images: int
    """Validation images behind each score."""
    evaluation: str
    """BNS-FT where batch norm had the statistics of each architecture, NO-FT where it had the running ones."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The text of each architecture."""
        return self.architectures.texts

    @property
    def proxies(self) -> Float64[np.ndarray, " architectures"]:
        """Accuracy of each architecture on the validation images, a fraction; NaN where an output was not finite."""
        return np.where(self.correct[:, 0] >= 0, self.correct.sum(axis=1) / self.num_images, np.nan)

    @property
    def reliability(self) -> float | None:
        """Split-half reliability, see `shareornot.statistics.split_half`; None if unknown."""
        finite = self.correct[self.correct[:, 0] >= 0]
        return split_half_reliability(finite[:, 0], finite[:, 1])

    def __len__(self) -> int:
        return len(self.architectures)

    def best(self, number: int = 10) -> list[Any]:
        """The architectures with the highest scores, the best first."""
        order = np.argsort(-np.nan_to_num(self.proxies, nan=-1.0), kind="stable")
        return [self.architectures.values[place] for place in order[:number].tolist()]

    def to_dict(self) -> dict[str, float]:
        """The score of each architecture by its text."""
        return dict(zip(self.texts, self.proxies.tolist(), strict=True))

    def to_pandas(self) -> Any:
        """A data frame with a row for each architecture.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        return import_pandas().DataFrame({"architecture": list(self.texts), "proxy": self.proxies})


def write_scores(path: Path, origin: Mapping[str, Any], correct: Mapping[str, tuple[int, int]]) -> None:
    """Write finished scores, whole or not at all.

    Args:
        path: a JSON file.
        origin: what the scores follow from; only scores of the same origin are continued.
        correct: two numbers for each architecture, by its text, see `SupernetScores.correct`.
    """
    content = {"format": FORMAT, "origin": dict(origin), "correct": {text: list(two) for text, two in correct.items()}}
    with atomic_write(path) as file:
        file.write(json.dumps(content, indent=0).encode())


def read_scores(path: Path, origin: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """The finished scores of a file; none if there is no file.

    Args:
        path: a JSON file.
        origin: what the scores must follow from.

    Raises:
        DataError: the file is damaged, something else, or of another origin.
    """
    if not path.exists():
        return {}
    remedy = "name another file, or delete it"
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: expected scores of a super-net, got a file that cannot be read; {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DataError(f"{path}: expected scores of a super-net, got something else; {remedy}")
    kept = content.get("origin")
    if kept != json.loads(json.dumps(dict(origin))):
        names = [name for name, value in origin.items() if not isinstance(kept, dict) or kept.get(name) != value]
        raise DataError(
            f"{path}: expected scores with the same {' and '.join(names) or 'origin'}, got others; {remedy}"
        )
    found = content.get("correct")
    limit = int(origin["num_images"])
    if not isinstance(found, dict) or not all(_is_score(two, limit) for two in found.values()):
        raise DataError(f"{path}: expected two counts of images for each architecture, got something else; {remedy}")
    return {text: (int(two[0]), int(two[1])) for text, two in found.items()}


def _is_score(two: Any, limit: int) -> bool:
    return isinstance(two, list) and len(two) == 2 and all(type(one) is int and -1 <= one <= limit for one in two)
