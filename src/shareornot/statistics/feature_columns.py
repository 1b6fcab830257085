"""Structural features of any kind as columns of numbers: one for a truth value or a number, one a level for text."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from shareornot.errors import DataError

MAX_LEVELS = 20
"""Most frequent levels of a feature in words that are looked at: more are names rather than a structure."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class FeatureColumn:
    """A structure that a cell has or has not, or has to some degree."""

    feature: str
    """Name of the feature that the column was made of."""
    level: str | None
    """Which of its words, for a feature in words."""
    is_number: bool
    """False where the values are 0 and 1."""
    values: Float[np.ndarray, " cells"]
    """NaN where the feature does not apply, such as the operation of a vertex that a cell does not have."""

    @property
    def name(self) -> str:
        """Name of the structure, such as `residual`, `depth` or `operation_1 = conv3x3`."""
        return self.feature if self.level is None else f"{self.feature} = {self.level}"

    @property
    def applies(self) -> Bool[np.ndarray, " cells"]:
        """Which cells have the feature at all."""
        known: np.ndarray = ~np.isnan(self.values)
        return known


def feature_columns(features: Mapping[str, np.ndarray]) -> tuple[FeatureColumn, ...]:
    """One column for each truth value and each number, and one for each level of a feature in words.

    Args:
        features: arrays of the same length by name. Truth values stay what they are. Numbers may be NaN where the
            feature does not apply, and words empty. Of two words the first in the alphabet suffices, of many the
            most frequent ones are kept.

    Raises:
        DataError: arrays of different lengths or of another type, or an infinite number.
    """
    lengths = {len(values) for values in features.values()}
    if len(lengths) > 1:
        raise DataError(f"features: expected arrays of one length, got {sorted(lengths)}; give a value for each cell")
    return tuple(column for name, values in features.items() for column in _columns_of(name, np.asarray(values)))


def _columns_of(name: str, values: np.ndarray) -> list[FeatureColumn]:
    match values.dtype.kind:
        case "b" | "i" | "u" | "f":
            numbers = values.astype(np.float64)
            if np.isinf(numbers).any():
                raise DataError(
                    f"feature {name}: expected finite numbers, or NaN where it does not apply, got infinite"
                )
            is_number = values.dtype.kind != "b"
            return [FeatureColumn(feature=name, level=None, is_number=is_number, values=numbers)]
        case "U" | "T" | "O":
            if not all(isinstance(word, str) for word in values.tolist()):
                raise DataError(f"feature {name}: expected words, or none at all, got {values.dtype} with other things")
            return _columns_of_words(name, values.astype(np.str_))
        case _:
            raise DataError(f"feature {name}: expected truth values, numbers or words, got {values.dtype}")


def _columns_of_words(name: str, words: np.ndarray) -> list[FeatureColumn]:
    levels, which, counts = np.unique(words, return_inverse=True, return_counts=True)
    present = np.flatnonzero(levels != "")
    if len(present) == 2:
        present = present[:1]
    frequent = np.sort(present[np.argsort(-counts[present], kind="stable")][:MAX_LEVELS])
    absent = levels[which] == ""
    return [
        FeatureColumn(
            feature=name, level=str(levels[code]), is_number=False, values=np.where(absent, np.nan, which == code)
        )
        for code in frequent
    ]
