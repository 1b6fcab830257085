"""Which column is what: the architecture, the scores, the accuracies, and those without a known meaning."""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shareornot.appraisal.user_scores.column_names import (
    ARCHITECTURE_NAMES,
    PROXY_NAMES,
    RUN_NAMES,
    SINGLE_NAMES,
    STATE,
    SUPERNET_NAMES,
    is_index_name,
    normalized,
    not_structure,
    numbered,
)
from shareornot.appraisal.user_scores.columns import Columns, is_text
from shareornot.appraisal.user_scores.number_text import parse_numbers
from shareornot.appraisal.user_scores.options import ReadingOptions, matching
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import DataError, SettingsError

ArchitectureKind = Literal["text", "hash", "index"]
"""Any text, an official hash of NASBench-101, or a unique index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenColumns:
    """Names of columns by their role."""

    architecture: str
    architecture_kind: ArchitectureKind
    proxies: tuple[str, ...]
    standalone: tuple[str, ...]
    """Empty where the file has none."""
    test: tuple[str, ...]
    supernet: str | None
    runs: tuple[str, ...]
    """Columns such as `seed`, which may distinguish super-nets."""
    singles: dict[str, str]
    """Columns such as `space` and `cost`, by what they are."""
    others: tuple[str, ...]
    """Without a known meaning."""
    notes: tuple[str, ...]


def choose_columns(columns: Columns, options: ReadingOptions) -> ChosenColumns:
    """Decide by names and by the user's options which role each column has.

    Args:
        columns: columns of the file.
        options: chosen by the user.

    Raises:
        DataError: no architectures or no scores, or two columns for one meaning.
        SettingsError: an option names a column that is not there.
    """
    source, notes = columns.source, []
    all_names = list(columns.named)
    ignored = matching("--ignore", options.ignore, all_names)
    names = [name for name in all_names if name not in ignored]
    named_proxies = matching("--proxy", options.proxy, names)
    named_standalone = matching("--standalone", options.standalone, names)
    named_proxies, named_standalone = _disjoint(options, named_proxies, named_standalone)
    free = [name for name in names if name not in named_proxies and name not in named_standalone]
    by_name = _by_name(source, free)
    architecture, kind, note = _architecture(columns, by_name, free)
    notes += [note] if note else []
    proxies = tuple(named_proxies) or _proxies(by_name, free)
    standalone = tuple(named_standalone) or _repeats("standalone", by_name, free, notes)
    test = _repeats("test", by_name, free, notes)
    if architecture is None or not proxies:
        raise DataError(_missing(source, architecture is not None, bool(proxies), bool(standalone), all_names))
    strong = [by_name[name] for name in SUPERNET_NAMES if name in by_name]
    if not strong and "seed" in by_name and {"position", PROXY_NAMES[1]} & by_name.keys():
        strong = [by_name["seed"]]  # a table of evaluations, whose pools may hold architectures more than once
    if len(strong) > 1:
        raise DataError(
            f"{source}: expected one column for the super-net, got {listed(strong)}; leave one out: --ignore "
            f"{strong[1]}"
        )
    used = {architecture, *proxies, *standalone, *test, *strong}
    singles = {name: by_name[name] for name in SINGLE_NAMES if name in by_name and by_name[name] not in used}
    used |= set(singles.values())
    runs = [by_name[name] for name in RUN_NAMES if name in by_name and by_name[name] not in used]
    if len(proxies) > 1:
        notes.append(f"{len(proxies):,} columns of proxies, a super-net each: {listed(proxies, 4)}.")
    return ChosenColumns(
        architecture=architecture,
        architecture_kind=kind,
        proxies=proxies,
        standalone=standalone,
        test=test,
        supernet=strong[0] if strong else None,
        runs=() if strong or len(proxies) > 1 else tuple(runs),
        singles=singles,
        others=tuple(name for name in names if name not in used and name not in runs)
        + (tuple(runs) if strong or len(proxies) > 1 else ()),
        notes=tuple(notes),
    )


def _disjoint(
    options: ReadingOptions, proxies: Sequence[str], standalone: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Columns that both options name belong to the one that names them in full.

    Raises:
        SettingsError: both name them in full, or by patterns.
    """
    both = [name for name in proxies if name in standalone]
    for name in both:
        if (name in options.proxy) == (name in options.standalone):
            raise SettingsError(
                f"--proxy, --standalone: expected each column in one of them, got {shown(name)} in both; name it in one"
            )
    return (
        [name for name in proxies if name not in both or name in options.proxy],
        [name for name in standalone if name not in both or name in options.standalone],
    )


def _by_name(source: str, names: Sequence[str]) -> dict[str, str]:
    """The column of each known name.

    Raises:
        DataError: two columns of one name.
    """
    found: dict[str, str] = {}
    for name in names:
        key = normalized(name)
        if key in found and (key in (*ARCHITECTURE_NAMES, *PROXY_NAMES, *SUPERNET_NAMES, *SINGLE_NAMES, "standalone")):
            raise DataError(
                f"{source}: expected one column {shown(key)}, got two: {shown(found[key])} and {shown(name)}; rename "
                "one"
            )
        found.setdefault(key, name)
    for name in names:
        base, mark, number = name.rpartition(".")
        if mark and number.isdigit() and base in names and normalized(base) in (*ARCHITECTURE_NAMES, *PROXY_NAMES):
            raise DataError(
                f"{source}: expected one column {shown(base)}, got {shown(base)} twice; rename one"
                + (", or number them for super-nets: proxy_0, proxy_1, ..." if normalized(base) in PROXY_NAMES else "")
            )
    return found


def _architecture(
    columns: Columns, by_name: dict[str, str], names: Sequence[str]
) -> tuple[str | None, ArchitectureKind, str | None]:
    """The column of architectures, of which kind they are, and a note where it is not called so."""
    if name := by_name.get("architecture"):
        return name, "text", None
    if name := by_name.get("module_hash"):
        return name, "hash", None
    if name := by_name.get("cell"):
        array = columns.named[name]
        counts = parse_numbers(array).odd_row is None if is_text(array) else True
        return name, "index" if counts else "text", None
    if any("architecture" in name.lower() for name in names):
        return None, "text", None  # such as `config/architecture`, which an index must not stand for
    indices = [name for name in names if name == columns.index or is_index_name(name)]
    for name in indices:
        array = columns.named[name]
        if is_text(array) and parse_numbers(array).odd_row is not None:
            return name, "text", f"Architectures are taken from the index{f' {shown(name)}' if name else ''}."
    return None, "text", None


def _proxies(by_name: dict[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """The column of proxies, or those with numbers where there is none without."""
    for name in PROXY_NAMES:
        if name in by_name:
            return (by_name[name],)
    return tuple(_numbered("proxy", names))


def _numbered(kind: str, names: Sequence[str]) -> list[str]:
    """Columns such as `standalone_0`, in the order of their numbers."""
    found = [(place[1], name) for name in names if (place := numbered(name)) and place[0] == kind]
    return [name for _, name in sorted(found, key=lambda one: one[0])]


def _repeats(kind: str, by_name: dict[str, str], names: Sequence[str], notes: list[str]) -> tuple[str, ...]:
    """Columns of repeated trainings: numbered ones, copies of one header, or the only one."""
    alone = by_name.get(kind)
    found = _numbered(kind, names)
    if alone is None:
        return tuple(found)
    copies = [name for name in found if re.fullmatch(rf"{re.escape(alone)}\.\d+", name)]
    if copies:
        notes.append(f"{alone}, {listed(copies)}: taken for repeated trainings, since the header repeats.")
        return (alone, *copies)
    if found:
        notes.append(f"Ignored: {alone}, since {found[0]}, ... hold the single trainings.")
        return tuple(found)
    return (alone,)


def _missing(source: str, has_architecture: bool, has_proxy: bool, has_standalone: bool, names: Sequence[str]) -> str:
    """Which columns are missing, and which may be meant for them."""
    there = {"architecture": has_architecture, "proxy": has_proxy, "standalone": has_standalone}
    missing = [name for name, found in there.items() if not found]
    known = {*ARCHITECTURE_NAMES, *PROXY_NAMES, *SUPERNET_NAMES, *SINGLE_NAMES, "standalone", "test"}
    free = [
        name
        for name in names
        if normalized(name) not in known and numbered(name) is None and not_structure(name, names) != STATE
    ]
    hints = []
    for name in missing:
        inside = [one for one in free if name in one.lower()]
        near = inside or difflib.get_close_matches(name, free, n=1, cutoff=0.5)
        if name == "proxy" and len(inside) > 1 and all(one.lower().startswith(name) for one in inside):
            hints.append("a column for each super-net is named by --proxy 'proxy*'")
        elif near:
            hints.append(f"{shown(near[0])} may be meant for {name}")
    hint = f" ({'; '.join(hints)})" if hints else ""
    return (
        f"{source}: expected the column{'s' * (len(missing) > 1)} {', '.join(missing)}, got "
        f"{listed(list(names)) or 'none'}{hint}; add or rename columns, or name them: --proxy COLUMN, "
        "--standalone COLUMN"
    )
