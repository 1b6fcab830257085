"""Provenance of a result: everything needed to reproduce or check it."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from shareornot.storage import sha256_of

PACKAGES = (
    "shareornot",
    "numpy",
    "scipy",
    "numba",
    "pyarrow",
    "matplotlib",
    "bokeh",
    "torch",
    "scikit-learn",
)
"""Those that compute numbers, images or pictures; the ones that are not installed are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedData:
    """A file that numbers come from."""

    name: str
    """Usual name, without the folders of one machine."""
    sha256: str
    """64 hexadecimal digits."""
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Origin of the numbers of a report."""

    title: str
    """Title of the report, in a few words."""
    command: str
    """The command line or the call in Python; empty if unknown."""
    versions: Mapping[str, str]
    """Versions of Python and of the packages that can change a number."""
    seeds: tuple[int, ...]
    """Random seeds of the appraisal."""
    settings: Mapping[str, Any]
    """Names and values, as JSON has them."""
    data_sets: tuple[UsedData, ...]
    duration_s: float | None
    """Duration in seconds; None if not measured."""
    date: str
    """When the report was made: ISO 8601 with its zone."""
    notes: tuple[str, ...] = field(default=())
    """Sentences that a reader needs, such as assumptions."""


def used_data(path: Path, name: str | None = None) -> UsedData:
    """Name, hash and size of a file.

    Args:
        path: path of the file.
        name: as people call it; by default the file's own.

    Raises:
        OSError: the file cannot be read.
    """
    return UsedData(name=name or path.name, sha256=sha256_of(path), size_bytes=path.stat().st_size)


def installed_versions() -> dict[str, str]:
    """Version of Python and of each of `PACKAGES` that is installed, found without importing it."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def make_provenance(
    title: str,
    *,
    command: str = "",
    seeds: Sequence[int] = (),
    settings: Mapping[str, Any] | None = None,
    data_files: Mapping[str, Path] | None = None,
    duration_s: float | None = None,
    now: datetime | None = None,
    notes: Sequence[str] = (),
) -> Provenance:
    """Describe how a result was made, with the versions that are installed here.

    Args:
        title: title of the report.
        command: what was typed.
        seeds: random seeds.
        settings: names and values that JSON can hold.
        data_files: files that numbers come from, by the name that people call them.
        duration_s: seconds that it took.
        now: with its zone; by default the clock's.
        notes: sentences about what was assumed.

    Returns:
        A record that JSON can hold.

    Raises:
        OSError: a data file cannot be read.

    Example:
        >>> make_provenance("A4 on CIFAR-10", seeds=[0]).seeds
        (0,)
    """
    return Provenance(
        title=title,
        command=command,
        versions=installed_versions(),
        seeds=tuple(seeds),
        settings=dict(settings or {}),
        data_sets=tuple(used_data(path, name) for name, path in (data_files or {}).items()),
        duration_s=duration_s,
        date=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        notes=tuple(notes),
    )
