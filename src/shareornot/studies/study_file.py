"""Study files: TOML, decoded into frozen types, with presets to start from and overrides on the command line.

A file names a `preset` whose values it overrides key by key; `experiments` are replaced as a whole. What is resolved is
written back as TOML too, so that a study folder is itself a study.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.storage import atomic_write
from shareornot.studies.study_settings import StudySettings

PRESET_FOLDER = Path(__file__).parent / "presets"
PRESETS = ("digits", "laptop", "paper-v1", "paper-v2")
STUDY_FILE = "study.toml"
Values = dict[str, Any]

_ADAPTER = TypeAdapter(StudySettings)


def read_study(path: Path, overrides: Sequence[str] = ()) -> StudySettings:
    """Read a study file, or that of a study folder.

    Args:
        path: a TOML file, or a folder that holds `study.toml`.
        overrides: such as `training.epochs=20`: a dotted name and a TOML value; a bare word counts as text.

    Raises:
        MissingDataError: no such file.
        DataError: the file is no TOML.
        SettingsError: an unknown name, with the nearest that is known; a value of another type or out of range.
    """
    file = path / STUDY_FILE if path.is_dir() else path
    if not file.is_file():
        raise MissingDataError(
            f"{path}: expected a study file or folder, found none; write one with: shareornot study new {path}"
        )
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: expected a study in TOML, got something else: {error}") from error
    study = decode_study(values, overrides, where=str(file))
    local = Path(study.benchmark)
    if local.suffix and local.is_file():
        return decode_study(asdict(study) | {"benchmark": str(local.resolve())}, where=str(file))
    return study


def decode_study(values: Mapping[str, Any], overrides: Sequence[str] = (), *, where: str = "study") -> StudySettings:
    """Turn the values of a file into settings.

    Args:
        values: as TOML has them, perhaps with a `preset`.
        overrides: see `read_study`.
        where: what the values come from, for messages.

    Raises:
        SettingsError: see `read_study`.
    """
    changes: Values = {}
    for text in overrides:
        changes = _merged(changes, _override(text))
    own = dict(values)
    preset = changes.pop("preset", own.pop("preset", None))
    own.pop("preset", None)
    base = {} if preset is None else preset_values(preset)
    if "experiments" in own:
        base = base | {"experiments": {}}
    resolved = _merged(_merged(base, own), changes)
    _check_names(resolved, StudySettings, where)
    try:
        # In JSON a list may stand for a tuple while text may not stand for a number.
        return _ADAPTER.validate_json(json.dumps(resolved, default=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["type"] == "value_error":  # our own words, which say what it is about
            raise SettingsError(f"{where}: {str(first['msg']).removeprefix('Value error, ')}") from error
        name = ".".join(str(part) for part in first["loc"] if not str(part).startswith(("literal[", "int")))
        got = "" if first["type"] == "missing" else f", got {_shown(first['input'])}"
        raise SettingsError(f"{where}: {name}: {_lowered(first['msg'])}{got}") from error
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}") from error


def preset_values(name: Any) -> Values:
    """The values of a preset.

    Raises:
        SettingsError: no such preset.
    """
    return tomllib.loads(preset_text(name))


def preset_text(name: Any) -> str:
    """A preset as it is written, with its comments.

    Raises:
        SettingsError: no such preset.
    """
    if name not in PRESETS:
        near = get_close_matches(str(name), PRESETS, 1, cutoff=0)[0]
        raise SettingsError(f"preset: expected one of {', '.join(PRESETS)}, got {name!r}; try {near!r}")
    return (PRESET_FOLDER / f"{name}.toml").read_text("utf-8")


def describe_presets() -> dict[str, str]:
    """The presets, and the first line of what each says of itself."""
    return {name: preset_text(name).partition("\n")[0].removeprefix("# ") for name in PRESETS}


def new_study(path: Path, preset: str) -> None:
    """Write a study file to change: a commented copy of a preset.

    Raises:
        SettingsError: no such preset, or the file is there already.
    """
    text = preset_text(preset)
    if path.exists():
        raise SettingsError(f"{path}: expected a new file, got one that is there; name another")
    with atomic_write(path) as file:
        file.write(text.encode())


def write_study(path: Path, study: StudySettings) -> None:
    """Write the resolved settings, so that `read_study` gives the same again."""
    with atomic_write(path) as file:
        file.write(study_text(study).encode())


def study_text(study: StudySettings) -> str:
    """The resolved settings as TOML; what is not said is left to the recipe."""
    return "\n".join(["# Resolved settings of this study.", *_toml_lines(_without_none(asdict(study)))]) + "\n"


def _override(text: str) -> Values:
    """The nested values of `a.b=c`."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or "\n" in text:
        raise SettingsError(f"--set: expected a dotted name, = and a value, as in training.epochs=20, got {text!r}")
    for candidate in (value.strip(), json.dumps(value.strip(), ensure_ascii=False)):
        try:
            return tomllib.loads(f"{name} = {candidate}")
        except tomllib.TOMLDecodeError:
            continue
    raise SettingsError(f"--set: expected a dotted name, = and a TOML value, as in training.epochs=20, got {text!r}")


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Tables key by key, everything else replaced."""
    result = dict(base)
    for name, value in changes.items():
        old = result.get(name)
        result[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _check_names(values: Mapping[str, Any], kind: type, where: str, path: str = "") -> None:
    """Refuse a name that the settings do not have."""
    hints = get_type_hints(kind)
    known = [one.name for one in fields(kind)]
    for name, value in values.items():
        if name not in known:
            full = f"{path}{name}"
            here = path if path.startswith("experiments.") else ""
            names = [*_dotted_names(kind, here)] if here else [*_dotted_names(StudySettings)]
            tails = {one.rpartition(".")[2]: one for one in reversed(names)}
            # The same word elsewhere is nearer than another word here.
            near = tails.get(name) or get_close_matches(full, names, 1, cutoff=0)[0]
            raise SettingsError(f"{where}: {full}: expected a known setting, got an unknown one; try {near!r}")
        hint = hints[name]
        if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
            _check_names(value, hint, where, f"{path}{name}.")
        elif name == "experiments" and isinstance(value, dict):
            (_, inner) = get_args(hint)
            for title, experiment in value.items():
                if isinstance(experiment, dict):
                    _check_names(experiment, inner, where, f"{path}{name}.{title}.")


def _dotted_names(kind: Any, path: str = "") -> Iterator[str]:
    """Every setting by its full name."""
    for name, hint in get_type_hints(kind).items():
        if name.startswith("__"):
            continue
        yield f"{path}{name}"
        if is_dataclass(hint):
            yield from _dotted_names(hint, f"{path}{name}.")


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else text[:57] + "..."


def _without_none(values: Mapping[str, Any]) -> Values:
    """Only what is said."""
    cleaned = {
        name: _without_none(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if value is not None
    }
    return {name: value for name, value in cleaned.items() if value != {}}


def _toml_lines(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Plain values first, then the tables, each under its full name."""
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    plain = {name: value for name, value in values.items() if name not in tables}
    if path and plain:
        yield f"\n[{path}]"
    for name, value in plain.items():
        yield f"{_key(name)} = {_toml_value(value)}"
    for name, table in tables.items():
        yield from _toml_lines(table, f"{path}.{_key(name)}" if path else _key(name))


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _toml_text(name)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _toml_text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml_value, value))}]"
    return repr(value)


def _toml_text(text: str) -> str:
    """A basic string; JSON's are the same but for the character 127."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
