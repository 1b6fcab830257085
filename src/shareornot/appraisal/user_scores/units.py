"""Fractions or percentages? Decided by rule, and told."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64

from shareornot.errors import DataError, SettingsError, UnitError

AccuracyUnit = Literal["auto", "fraction", "percent"]
_SLACK = 1e-6
"""Above 1 or 100, which rounding may have left."""


def as_fractions(
    name: str, values: Float64[np.ndarray, "*any"], unit: AccuracyUnit
) -> tuple[Float64[np.ndarray, "*any"], str | None]:
    """Accuracies as fractions, NaN where there is none, and what was assumed.

    A column with nothing above 1 holds fractions, a column with more holds percentages. It is refused where the two
    seem to be mixed: where at least half of the values are at most 1, or where those would fall among the others if
    they were multiplied by 100.

    Args:
        name: of the columns.
        values: in either unit.
        unit: `auto` for the rule above, or what they are.

    Raises:
        SettingsError: an unknown unit.
        UnitError: mixed units, or values outside the unit.
        DataError: no value, or an infinite one.
    """
    if unit not in get_args(AccuracyUnit):
        raise SettingsError(f"unit: expected one of {', '.join(get_args(AccuracyUnit))}, got {unit!r}")
    given = values[~np.isnan(values)]
    if not given.size or np.isinf(given).any():
        got = "an infinite one" if given.size else "none"
        raise DataError(f"{name}: expected accuracies, got {got}; leave the cell empty where there is none")
    low, high = float(given.min()), float(given.max())
    if low < 0 or high > 100 * (1 + _SLACK):
        raise UnitError(
            f"{name}: expected accuracies, fractions up to 1 or percentages up to 100, got "
            f"{low if low < 0 else high:.6g}; of an error give 1 - error, so that higher is better"
        )
    if unit == "fraction" and high > 1 + _SLACK:
        raise UnitError(f"{name}: expected fractions of at most 1, got {high:.6g}; say that they are percentages")
    if unit == "fraction" or (unit == "auto" and high <= 1 + _SLACK):
        return np.clip(values, 0, 1), None
    if unit == "auto":
        _refuse_mixture(name, given)
    assumed = f"{name}: taken for percentages, since the highest is {high:.4g}, and divided by 100."
    return np.clip(values / 100, 0, 1), assumed if unit == "auto" else None


def _refuse_mixture(name: str, given: Float64[np.ndarray, " values"]) -> None:
    small, others = given[(given > 0) & (given <= 1)], given[given > 1]
    if not small.size:
        return
    middle = float(np.median(small))
    if small.size >= others.size or others.min() <= 100 * middle <= others.max():
        raise UnitError(
            f"{name}: expected one unit, got {small.size:,} values up to 1, such as {middle:.4g}, beside "
            f"{others.size:,} above, such as {float(np.median(others)):.4g}; convert one kind, or say the unit"
        )
