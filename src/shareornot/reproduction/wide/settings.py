"""Super-nets by how they were trained, and pairs of settings that differ in one thing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shareornot.reproduction.wide.index import Known, SupernetIndex, value_text

PLAIN = "plain"
"""Label of a setting that nothing in the index distinguishes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetSetting:
    """Super-nets that differ in their seeds alone."""

    label: str
    """What distinguishes it from the other settings, in words."""
    values: tuple[tuple[str, str], ...]
    """All settings by name, as texts."""
    supernets: tuple[int, ...]
    """Places in the index."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """Pairs of super-nets with the same seed that differ in one setting, and in what follows from it."""

    name: str
    """Name of the setting."""
    before: str
    after: str
    pairs: tuple[tuple[int, int], ...]
    """Places in the index, before and after."""
    seeds: tuple[str, ...]
    """Random seeds of each pair."""
    num_settings: int
    """Number of combinations of the other settings with such pairs."""


def settings_of(index: SupernetIndex) -> list[SupernetSetting]:
    """Group super-nets by all their columns of the index but the seed, in the order of their values."""
    groups: dict[tuple[Known, ...], list[int]] = defaultdict(list)
    for place, key in enumerate(_keys(index, list(index.columns))):
        groups[key].append(place)
    names = list(index.columns)
    telling = _telling(index)
    ordered = sorted(groups, key=lambda key: [_place(value) for value in key])
    labels = {key: _label([(name, key[names.index(name)]) for name in telling]) for key in ordered}
    if len(set(labels.values())) < len(labels):
        labels = {key: _full_label([(name, key[names.index(name)]) for name in telling]) for key in ordered}
    return [
        SupernetSetting(
            label=labels[key],
            values=tuple((name, value_text(value)) for name, value in zip(names, key, strict=True)),
            supernets=tuple(groups[key]),
        )
        for key in ordered
    ]


def contrasts_of(index: SupernetIndex) -> list[Contrast]:
    """Every two values of a setting that occur with all other settings and the seed equal.

    A setting that follows from another one, such as the number of sub-nets from where a space is split, may differ
    along with it. Pairs that two settings distinguish equally are listed under the one with numbers or truth values, or
    else the first. Left out are super-nets of which another setting is not known, and two values that share fewer than
    two seeds.
    """
    found: list[Contrast] = []
    for name, values in index.columns.items():
        held = [other for other in index.columns if other != name and not _follows(index, other, name)]
        rests = _keys(index, held)
        cells: dict[tuple[tuple[Known, ...], str], dict[Known, int]] = defaultdict(dict)
        for place, value in enumerate(values):
            if value is not None and None not in rests[place]:
                cells[rests[place], index.seeds[place]].setdefault(value, place)
        levels = sorted({value for value in values if value is not None}, key=_place)
        for number, before in enumerate(levels):
            for after in levels[number + 1 :]:
                both = [(key, own) for key, own in cells.items() if before in own and after in own]
                if len({seed for (_, seed), _ in both}) > 1:
                    found.append(
                        Contrast(
                            name=name,
                            before=value_text(before) or "none",
                            after=value_text(after) or "none",
                            pairs=tuple((own[before], own[after]) for _, own in both),
                            seeds=tuple(seed for (_, seed), _ in both),
                            num_settings=len({rest for (rest, _), _ in both}),
                        )
                    )
    return _each_once(found, index)


def _each_once(contrasts: Sequence[Contrast], index: SupernetIndex) -> list[Contrast]:
    """Contrasts of different pairs."""
    in_words = {name: any(isinstance(value, str) for value in values) for name, values in index.columns.items()}
    kept: dict[frozenset[frozenset[int]], Contrast] = {}
    for one in sorted(contrasts, key=lambda one: in_words[one.name]):
        kept.setdefault(frozenset(map(frozenset, one.pairs)), one)
    return [one for one in contrasts if one in kept.values()]


def _keys(index: SupernetIndex, names: Sequence[str]) -> list[tuple[Known, ...]]:
    return [tuple(index.columns[name][place] for name in names) for place in range(len(index.names))]


def _follows(index: SupernetIndex, name: str, other: str) -> bool:
    """Whether one setting is known and a function of another one, wherever that is known."""
    seen: dict[Known, Known] = {}
    return all(
        effect is not None and seen.setdefault(cause, effect) == effect
        for cause, effect in zip(index.columns[other], index.columns[name], strict=True)
        if cause is not None
    )


def _telling(index: SupernetIndex) -> list[str]:
    """Settings without which some groups could not be distinguished: the others are constant, or follow from these."""
    kept = list(index.columns)
    for name in reversed(list(index.columns)):
        fewer = [other for other in kept if other != name]
        if len(set(_keys(index, fewer))) == len(set(_keys(index, kept))):
            kept = fewer
    return kept


def _label(values: Sequence[tuple[str, Known]]) -> str:
    words = []
    for name, value in values:
        if isinstance(value, bool):
            words += [name] if value else []
        elif isinstance(value, str):
            words += [value] if value else []
        elif value is not None:
            words.append(f"{name} {value_text(value)}")
    return ", ".join(words) or PLAIN


def _full_label(values: Sequence[tuple[str, Known]]) -> str:
    return ", ".join(f"{name} {'unknown' if value is None else value_text(value) or 'none'}" for name, value in values)


def _place(value: Known) -> tuple[int, float, str]:
    """Key that sorts missing values last, and numbers by size."""
    if value is None:
        return 2, 0.0, ""
    return (1, 0.0, value) if isinstance(value, str) else (0, float(value), "")
