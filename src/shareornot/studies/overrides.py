"""Settings overridden by dictionaries before they are validated: merging, checking names, decoding.

A dictionary of settings is nested as the settings classes are. Layers are merged key by key, and the result is decoded
once, by pydantic, with messages that name the setting.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from shareornot.errors import SettingsError

Values = dict[str, Any]
Settings = TypeVar("Settings")
_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def merged(*layers: Mapping[str, Any]) -> Values:
    """Layers merged in order: tables key by key, everything else replaced by the later layer.

    Example:
        >>> merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}, "d": 4})
        {'a': {'b': 3, 'c': 2}, 'd': 4}
    """
    result: Values = {}
    for layer in layers:
        for name, value in layer.items():
            old = result.get(name)
            if isinstance(value, Mapping):
                result[name] = merged(old, value) if isinstance(old, Mapping) else merged(value)
            else:
                result[name] = value
    return result


def decode(kind: "type[Settings]", values: Mapping[str, Any], where: str) -> Settings:
    """Decode and validate a dictionary.

    Args:
        kind: a dataclass.
        values: values by name, of the types of JSON or TOML.
        where: prefix of the messages, such as the file.

    Raises:
        SettingsError: a value is missing, of another type, or out of range; the message names the setting.
    """
    try:
        # In JSON a list may stand for a tuple, while text may not stand for a number.
        decoded: Settings = _adapter(kind).validate_json(json.dumps(values, default=str), strict=True)
        return decoded
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "value_error":  # raised by a settings class, and complete
            raise SettingsError(f"{where}: {str(first['msg']).removeprefix('Value error, ')}") from error
        name = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("literal[", "int", "constr")))
        got = "" if first["type"] == "missing" else f", got {_shown(first['input'])}"
        raise SettingsError(f"{where}: {name}: {_lowered(first['msg'])}{got}") from error
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error


def check_names(values: Mapping[str, Any], kind: Any, where: str, path: str = "") -> None:
    """Refuse a setting that a class does not have.

    Args:
        values: nested dictionaries.
        kind: a dataclass. A field that is a dataclass is a table; one that is a mapping takes any names, unless the
            class states in `TABLES` which dataclass the mapping stands for.
        where: prefix of the messages.
        path: path of the values within their file, such as `experiments.searches.`.

    Raises:
        SettingsError: an unknown setting; the message names the nearest known one.
    """
    known = list(dotted_names(kind))
    for full in _unknown(values, kind):
        # The same word in another table is nearer than another word in this one.
        tails = {one.rpartition(".")[2]: one for one in reversed(known)}
        near = tails.get(full.rpartition(".")[2]) or get_close_matches(full, known, 1, cutoff=0)[0]
        raise SettingsError(f"{where}: {path}{full}: expected a known setting, got an unknown one; try {path + near!r}")


def dotted_names(kind: Any, path: str = "") -> Iterator[str]:
    """Every setting of a class by its full name.

    Args:
        kind: a dataclass.
        path: prefix of the names.
    """
    for name, hint in fields_of(kind).items():
        yield f"{path}{name}"
        if is_dataclass(hint):
            yield from dotted_names(hint, f"{path}{name}.")


@cache
def fields_of(kind: Any) -> Mapping[str, Any]:
    """The fields of a dataclass and their types; for a mapping that stands for a dataclass, that class."""
    hints = get_type_hints(kind) | getattr(kind, "TABLES", {})
    return {one.name: hints[one.name] for one in fields(kind)}


def parse_value(text: str) -> Any:
    """A value as TOML writes it; a word without quotes is a text.

    Example:
        >>> parse_value("3"), parse_value("average")
        (3, 'average')
    """
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def differences(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every setting that differs, with its old and its new value.

    Example:
        >>> list(differences({"training": {"epochs": 3}}, {"training": {"epochs": 4}}))
        ['training.epochs: 3, now 4']
    """
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, f"{path}{name}.")
        elif old != new:
            yield f"{path}{name}: {old}, now {new}"


def _unknown(values: Mapping[str, Any], kind: Any, path: str = "") -> Iterator[str]:
    """The settings that the class does not have."""
    known = fields_of(kind)
    for name, value in values.items():
        if name not in known:
            yield f"{path}{name}"
        elif is_dataclass(known[name]) and isinstance(value, Mapping):
            yield from _unknown(value, known[name], f"{path}{name}.")


def _adapter(kind: Any) -> Any:  # a TypeAdapter, which no runtime type check understands as a generic
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."
