"""Study files: TOML, with presets to start from and overrides on the command line.

A file may name a `preset`, whose values it overrides key by key; `experiments` are replaced as a whole. The result is
written into the study folder as TOML too, so that a study folder is itself a study.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from shareornot.errors import DataError, MissingDataError, SettingsError, message_of
from shareornot.storage import atomic_write
from shareornot.studies.overrides import Values, merged
from shareornot.studies.settings import as_values
from shareornot.studies.study_settings import StudySettings, decode_values

PRESET_FOLDER = Path(__file__).parent / "presets"
PRESETS = (
    "digits",
    "laptop",
    "laptop-cifar10",
    "methods",
    "methods-digits201",
    "methods-nasbench201",
    "paper-v1",
    "paper-v2",
    "recipe-cifar10",
)
STUDY_FILE = "study.toml"


def read_study(path: Path, overrides: Sequence[str] = ()) -> StudySettings:
    """Read a study file, or that of a study folder.

    Args:
        path: a TOML file, or a folder that holds `study.toml`.
        overrides: such as `training.epochs=20`: a dotted name and a TOML value; a word without quotes is a text.

    Returns:
        The checked settings of the study.

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
    remedy = (
        "restore it, or delete it and run the command again that made the folder: finished jobs are kept"
        if path.is_dir()
        else "correct it"
    )
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: expected a study in TOML, got another file: {message_of(error)}; {remedy}") from error
    try:
        study = decode_study(values, overrides, where=str(file), name=None if path.is_dir() else path.stem)
    except SettingsError as error:
        if path.is_dir() and not overrides:
            raise DataError(f"{error}; {remedy}") from error
        raise
    local = Path(study.benchmark)
    if local.suffix and local.is_file():
        return replace(study, benchmark=str(local.resolve()))
    return study


def decode_study(
    values: Mapping[str, Any], overrides: Sequence[str] = (), *, where: str = "study", name: str | None = None
) -> StudySettings:
    """Turn the values of a file into settings.

    Args:
        values: values of TOML types, perhaps with a `preset`.
        overrides: see `read_study`.
        where: what the values come from, for messages.
        name: name of a study that has a preset and no name of its own, so that two of them do not share a folder.

    Returns:
        The checked settings of the study.

    Raises:
        SettingsError: see `read_study`.
    """
    changes = merged(*map(_override, overrides))
    own = dict(values)
    preset = changes.pop("preset", own.pop("preset", None))
    own.pop("preset", None)
    base = {} if preset is None else preset_values(preset)
    if preset is not None and name is not None:
        base["name"] = name
    if "experiments" in own:
        base = base | {"experiments": {}}
    return decode_values(merged(base, own, changes), where)


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
    """Names of the presets with the first line of their descriptions."""
    return {name: preset_text(name).partition("\n")[0].removeprefix("# ") for name in PRESETS}


def new_study(path: Path, preset: str) -> None:
    """Write a study file to change: a commented copy of a preset, named after the file.

    Args:
        path: TOML file to create.
        preset: name of a preset, see `shareornot study presets`.

    Raises:
        SettingsError: no such preset, or the file is there already.
    """
    text = re.sub(r"(?m)^name = .*$", lambda _: f"name = {_toml_text(path.stem)}", preset_text(preset), count=1)
    if path.exists():
        raise SettingsError(f"{path}: expected the name of a new file, got an existing file; choose another name")
    decode_study(tomllib.loads(text), where=str(path))  # a name that cannot name a folder is refused here
    with atomic_write(path) as file:
        file.write(text.encode())


def write_study(path: Path, study: StudySettings) -> None:
    """Write a study, so that `read_study` gives the same again.

    Args:
        path: TOML file, which is replaced.
        study: its settings.
    """
    with atomic_write(path) as file:
        file.write(study_text(study).encode())


def study_text(study: StudySettings) -> str:
    """A study as TOML; what is not in it is left to the recipe."""
    values = as_values(study)
    # An experiment that changes nothing is one all the same.
    experiments = {name: _without_empty(changes) for name, changes in values.pop("experiments").items()}
    cleaned = _without_empty(values) | ({"experiments": experiments} if experiments else {})
    return "\n".join(["# Settings of this study.", *_toml_lines(cleaned)]) + "\n"


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


def _without_empty(values: Mapping[str, Any]) -> Values:
    """The values without those that are None."""
    cleaned = {
        name: _without_empty(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None
    }
    return {name: value for name, value in cleaned.items() if value != {}}


def _toml_lines(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Plain values first, then the tables, each under its full name."""
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    plain = {name: value for name, value in values.items() if name not in tables}
    if path and (plain or not tables):
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
