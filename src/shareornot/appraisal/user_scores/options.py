"""What a user may set for the columns of a file, beyond their names."""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shareornot.appraisal.user_scores.column_names import is_known_name, normalized
from shareornot.appraisal.user_scores.units import AccuracyUnit
from shareornot.appraisal.user_scores.wording import listed, shown
from shareornot.errors import SettingsError

LowerIsBetter = Literal["proxy", "standalone", "both"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingOptions:
    """How to read scores. Columns are named as in the file; `*` and `?` stand for any letters."""

    unit: AccuracyUnit = "auto"
    """Unit of standalone and test accuracies."""
    lower_is_better: LowerIsBetter | None = None
    """Which are errors or losses."""
    proxy: tuple[str, ...] = ()
    """Columns of proxies, one for each super-net where there are several."""
    standalone: tuple[str, ...] = ()
    """Columns of standalone accuracies, one for each training where there are several."""
    feature: tuple[str, ...] = ()
    """Columns that are structural features, whatever their names."""
    ignore: tuple[str, ...] = ()
    """Columns that are left out."""
    baseline: tuple[str, ...] = ()
    """Columns that are baselines which cost nothing, such as a size or a zero-cost score."""
    benchmark: str | None = None
    """Table in which standalone accuracies are looked up where the file has none."""


def reading_options(
    *,
    unit: AccuracyUnit = "auto",
    lower_is_better: LowerIsBetter | None = None,
    proxy: Sequence[str] = (),
    standalone: Sequence[str] = (),
    feature: Sequence[str] = (),
    ignore: Sequence[str] = (),
    baseline: Sequence[str] = (),
    benchmark: str | None = None,
) -> ReadingOptions:
    """Options as users give them, a name or several each; see `read_user_scores`.

    Raises:
        SettingsError: `lower_is_better` is none of its values.
    """
    if lower_is_better not in (None, "proxy", "standalone", "both"):
        raise SettingsError(f"lower_is_better: expected proxy, standalone or both, got {lower_is_better!r}")
    return ReadingOptions(
        unit=unit,
        lower_is_better=lower_is_better,
        proxy=_names(proxy),
        standalone=_names(standalone),
        feature=_names(feature),
        ignore=_names(ignore),
        baseline=_names(baseline),
        benchmark=benchmark,
    )


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def matching(option: str, patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names that patterns stand for, in the order of the patterns.

    Args:
        option: what messages call the patterns.
        patterns: names, or patterns with `*` and `?`; case and spaces matter only where nothing else fits.
        names: names of all columns.

    Raises:
        SettingsError: a pattern that fits no column.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        fitting = [name for name in names if name == pattern]
        plain = pattern.replace("[", "[[]")  # a bracket stands for itself
        fitting = fitting or [name for name in names if fnmatch.fnmatchcase(name, plain) and not is_known_name(name)]
        fitting = fitting or [name for name in names if normalized(name) == normalized(pattern)]
        if not fitting:
            raise SettingsError(
                f"{option} {shown(pattern)}: expected a column of the file, got none of this name; the columns are "
                f"{listed(list(names))}"
            )
        found.update(dict.fromkeys(fitting))
    return list(found)
