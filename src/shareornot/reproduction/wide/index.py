"""What each super-net of a wide table is: its seed and how it was trained, from an index file or from its name."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shareornot.appraisal.user_scores.column_names import SUPERNET_NAMES, normalized
from shareornot.appraisal.user_scores.reading import read_columns
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError, SettingsError

SEED_IN_NAME = re.compile(r"[_\- .]*seed[_\- .]*(\d{1,12})[_\- .]*", re.IGNORECASE)
NUMBER = re.compile(r"-?\d{1,15}(\.\d{0,15})?")
Known = str | bool | int | float | None
"""A value of the index; None if it is missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetIndex:
    """One row for each super-net."""

    names: tuple[str, ...]
    seeds: tuple[str, ...]
    columns: Mapping[str, tuple[Known, ...]]
    """How each was trained: a value for each super-net, by the name of the setting."""


def index_of_names(names: Sequence[str]) -> SupernetIndex:
    """The settings in the names of super-nets: `seed-3-balanced` has the seed 3, and the rest is a setting."""
    found = [SEED_IN_NAME.search(name) for name in names]
    trained = [name if match is None else SEED_IN_NAME.sub("", name) for name, match in zip(names, found, strict=True)]
    return SupernetIndex(
        names=tuple(names),
        seeds=tuple("0" if match is None else match[1] for match in found),
        columns={"trained": tuple(trained)},
    )


def read_index(path: Path, settings: Sequence[str] = ()) -> SupernetIndex:
    """Read an index file: a row for each super-net, with the columns `supernet` and `seed` and settings.

    Args:
        path: path of any kind of file that scores are read from.
        settings: columns with the settings of the training; by default all columns of texts, truth values or whole
            numbers. Other numbers are results.

    Raises:
        MissingDataError: no such file.
        DataError: no column `supernet` or `seed`, or a super-net that is there twice.
        SettingsError: a setting that is no column.
    """
    columns = read_columns(path)
    lists: dict[str, list[Any]] = {name: array.to_pylist() for name, array in columns.named.items()}
    by_name = {normalized(name): name for name in lists}
    column = next((by_name[name] for name in SUPERNET_NAMES if name in by_name), None)
    if column is None or "seed" not in by_name:
        raise DataError(
            f"{columns.source}: expected the columns supernet and seed, got {listed(list(lists))}; add or rename them"
        )
    names = [str(name) for name in lists[column]]
    if len(set(names)) < len(names):
        again = next(name for place, name in enumerate(names) if name in names[:place])
        raise DataError(f"{columns.source}: expected each super-net once, got {shown(again)} twice; keep one row")
    unknown = [name for name in settings if name not in lists]
    if unknown:
        raise SettingsError(
            f"--setting {shown(unknown[0])}: expected a column of {columns.source}, which are {listed(list(lists))}"
        )
    free = [name for name in lists if name not in (column, by_name["seed"])]
    plain = {name: _plain(lists[name]) for name in settings or free}
    kept = {name: values for name, values in plain.items() if settings or _are_settings(values)}
    return SupernetIndex(
        names=tuple(names), seeds=tuple(f"{_known(seed)}" for seed in lists[by_name["seed"]]), columns=kept
    )


def where(index: SupernetIndex, conditions: Sequence[str]) -> SupernetIndex:
    """The super-nets that fulfil all conditions, such as `epochs=1000` or `balanced=yes`.

    Returns:
        The rows of the index that remain, in their order.

    Raises:
        SettingsError: a condition of another form, a setting or a value that no super-net has, or none is left.
    """
    kept = list(range(len(index.names)))
    for condition in conditions:
        name, equals, wanted = condition.partition("=")
        if not equals or name not in index.columns:
            raise SettingsError(
                f"--where {shown(condition)}: expected SETTING=VALUE with a setting among {listed(list(index.columns))}"
            )
        values = [value_text(value) for value in index.columns[name]]
        if wanted not in values:
            raise SettingsError(
                f"--where {shown(condition)}: expected a value among {listed(sorted(set(values)), 20)}, got "
                f"{shown(wanted)}"
            )
        kept = [place for place in kept if values[place] == wanted]
    if not kept:
        raise SettingsError(f"--where {' --where '.join(conditions)}: expected super-nets, got none; drop a condition")
    return _rows(index, kept)


def in_order_of(index: SupernetIndex, names: Sequence[str]) -> SupernetIndex:
    """The rows of some super-nets, in their order.

    Raises:
        DataError: a super-net that the index lacks.
    """
    places = {name: place for place, name in enumerate(index.names)}
    missing = [name for name in names if name not in places]
    if missing:
        raise DataError(f"index: expected a row for each super-net, got none for {listed(missing)}; add them")
    return _rows(index, [places[name] for name in names])


def value_text(value: Known) -> str:
    """A value as a user writes it: yes and no for truth values, nothing where it is missing."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _rows(index: SupernetIndex, places: Sequence[int]) -> SupernetIndex:
    return SupernetIndex(
        names=tuple(index.names[place] for place in places),
        seeds=tuple(index.seeds[place] for place in places),
        columns={name: tuple(values[place] for place in places) for name, values in index.columns.items()},
    )


def _known(value: Any) -> Known:
    """A value that can be compared; numbers that are whole are integers, NaN is missing."""
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _plain(values: Sequence[Any]) -> tuple[Known, ...]:
    known = [_known(value) for value in values]
    texts = {str(value).strip().lower() for value in known if value is not None}
    if texts and texts <= {"true", "false"}:  # as CSV writes truth values
        return tuple(None if value is None else str(value).strip().lower() == "true" for value in known)
    if any(isinstance(value, str) for value in known):  # a list of thresholds may look like a number in some rows
        return tuple(None if value is None else value if isinstance(value, str) else str(value) for value in known)
    return tuple(known)


def _are_settings(values: Sequence[Known]) -> bool:
    return any(value is not None for value in values) and not any(isinstance(value, float) for value in values)
