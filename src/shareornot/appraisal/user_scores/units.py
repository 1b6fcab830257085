"""Fractions or percentages, accuracies or errors: decided by rule, and reported."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64

from shareornot.errors import DataError, SettingsError, UnitError

AccuracyUnit = Literal["auto", "fraction", "percent"]
_SLACK = 1e-6
"""Above 1 or 100, which rounding may have left."""


def as_fractions(
    name: str,
    values: Float64[np.ndarray, " rows"],
    unit: AccuracyUnit,
    *,
    row: Callable[[int], str] = lambda position: f"row {position + 1:,}",
    errors: bool = False,
) -> tuple[Float64[np.ndarray, " rows"], str | None]:
    """Accuracies as fractions, NaN where there is none, and what was assumed.

    A column with nothing above 1 holds fractions, a column with more holds percentages. It is refused where the two
    seem to be mixed: where at least half of the values are at most 1, or where those would fall among the others if
    they were multiplied by 100.

    Args:
        name: name of the column.
        values: numbers in either unit.
        unit: `auto` for the rule above, or what they are.
        row: names a row in messages.
        errors: lower is better: accuracies are 1 - values, or 100 - values. Losses outside [0, 100] become the share
            of their range that they are below the largest.

    Raises:
        SettingsError: an unknown unit.
        UnitError: mixed units, or values outside the unit.
        DataError: no value, or an infinite one.
    """
    if unit not in get_args(AccuracyUnit):
        raise SettingsError(f"unit: expected one of {', '.join(get_args(AccuracyUnit))}, got {unit!r}")
    given = values[~np.isnan(values)]
    if not given.size:
        raise DataError(f"{name}: expected accuracies, got none; fill the column")
    if np.isinf(given).any():
        place = int(np.flatnonzero(np.isinf(values))[0])
        raise DataError(
            f"{row(place)}: column {name!r}: expected a finite accuracy, got {values[place]}; leave the cell empty "
            "where there is none"
        )
    low, high = float(given.min()), float(given.max())
    if errors and (low < 0 or high > 100 * (1 + _SLACK)):
        return _shares_of_range(values, low, high), (
            f"{name}: taken for losses from {low:.4g} to {high:.4g}; in place of accuracies stands the share of that "
            "range by which a loss is below the largest, so differences in points are points of that range."
        )
    if low < 0 or high > 100 * (1 + _SLACK):
        raise UnitError(_outside(name, values, low, row))
    if unit == "fraction" and high > 1 + _SLACK:
        place = int(np.nanargmax(values))
        raise UnitError(
            f"{row(place)}: column {name!r}: expected fractions of at most 1, got {high:.6g}; state that they "
            "are percentages (--unit percent)"
        )
    percent = unit == "percent" or (unit == "auto" and high > 1 + _SLACK)
    if percent and unit == "auto":
        _refuse_mixture(name, values, row)
    fractions = np.clip(values / 100 if percent else values, 0, 1)
    if errors:
        what = "percentages" if percent else "fractions"
        return 1 - fractions, f"{name}: taken for errors in {what}; accuracies are {100 if percent else 1} - error."
    assumed = f"{name}: taken for percentages, since the highest is {high:.4g}, and divided by 100."
    return fractions, assumed if percent and unit == "auto" else None


def _shares_of_range(values: Float64[np.ndarray, " rows"], low: float, high: float) -> Float64[np.ndarray, " rows"]:
    middle = high / 2 - low / 2  # half of the range, which alone may be too large for a number
    return (
        np.asarray(np.clip((high / 2 - values / 2) / middle, 0, 1))
        if middle > 0
        else np.where(np.isnan(values), values, 1.0)
    )


def _outside(name: str, values: Float64[np.ndarray, " rows"], low: float, row: Callable[[int], str]) -> str:
    """A value that is no accuracy, with a remedy."""
    place = int(np.nanargmin(values) if low < 0 else np.nanargmax(values))
    negative = values[values < 0]
    if low < 0 and (negative == low).all() and float(low).is_integer():
        remedy = f"leave the cell empty where {low:g} stands for a missing one"
    else:
        remedy = "for errors or losses use: --lower-is-better standalone"
    return (
        f"{row(place)}: column {name!r}: expected accuracies, fractions up to 1 or percentages up to 100, got "
        f"{values[place]:.6g}; {remedy}"
    )


def _refuse_mixture(name: str, values: Float64[np.ndarray, " rows"], row: Callable[[int], str]) -> None:
    with np.errstate(invalid="ignore"):
        is_small, is_other = (values > 0) & (values <= 1), values > 1
    small, others = values[is_small], values[is_other]
    if not small.size:
        return
    middle = float(np.median(small))
    if small.size >= others.size or others.min() <= 100 * middle <= others.max():
        odd = is_small if small.size < others.size else is_other
        place = int(np.flatnonzero(odd)[0])
        raise UnitError(
            f"{row(place)}: column {name!r}: expected one unit, got {values[place]:.6g}, where {small.size:,} values "
            f"are up to 1, such as {middle:.4g}, and {others.size:,} above, such as {float(np.median(others)):.4g}; "
            "convert one kind, or name the unit"
        )
