"""Which columns without a known meaning are structural features of the architectures, and what they hold."""

import re
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.column_names import is_size_name, not_structure
from shareornot.appraisal.user_scores.column_values import words_of
from shareornot.appraisal.user_scores.columns import Columns, float_view, is_text
from shareornot.appraisal.user_scores.number_text import NumberText, parse_numbers
from shareornot.appraisal.user_scores.options import ReadingOptions, matching
from shareornot.appraisal.user_scores.score_table import ScoreTable
from shareornot.appraisal.user_scores.wording import count, listed, printable, shown
from shareornot.errors import DataError
from shareornot.statistics.pools import distinct_cells, first_of_each, places_among

MOST_CHARACTERS = 200
"""Most characters of a word."""
MOST_LEVELS = 100
"""Most levels of a feature in words: more are names rather than a structure."""
MOST_FEATURES = 1_000
FEWEST_ROWS = 10
"""Below, numbers without gaps are no sign of a row number."""
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([T ]\d\d?:\d\d(:\d\d(\.\d+)?)?.*)?|\d\d?[./]\d\d?[./]\d{2,4}.*")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Feature:
    """Values of a feature in each row: numbers, NaN where there is none, or positions in a list of words."""

    values: Float64[np.ndarray, " rows"]
    words: tuple[str, ...] | None = None
    """None for a feature in numbers."""

    @property
    def is_truth(self) -> bool:
        """Whether the words are truth values."""
        return self.words == ("false", "true")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Structure:
    """The features of a file."""

    features: dict[str, Feature]
    baselines: dict[str, Feature]
    """What costs nothing and may rank architectures: sizes, and columns that the user names."""
    notes: tuple[str, ...] = field(default=())


def structure_of(table: ScoreTable, options: ReadingOptions) -> Structure:
    """Take the columns without a known meaning as features or leave them out, and report which.

    Args:
        table: table of scores.
        options: chosen by the user.

    Raises:
        DataError: a baseline that is no number, or too many features.
        SettingsError: an option names a column that is not there.
    """
    columns, others = table.columns, list(table.chosen.others)
    all_names = list(columns.named)
    others = [name for name in others if name not in matching("--ignore", options.ignore, all_names)]
    forced = matching("--feature", options.feature, all_names)
    named_baselines = matching("--baseline", options.baseline, all_names)
    distinct = distinct_cells(table.architecture)
    first = first_of_each(places_among(distinct, table.architecture), len(distinct))
    features: dict[str, Feature] = {}
    baselines: dict[str, Feature] = {}
    left_out: dict[str, list[str]] = {}
    notes: list[str] = []
    for name in [*others, *(name for name in (*forced, *named_baselines) if name not in others)]:
        reason = None if name in forced else not_structure(name, all_names)
        if reason is None or name in named_baselines:
            feature, why, note = _feature(columns, name, first, forced=name in forced or name in named_baselines)
            notes += [note] if note else []
            if name in named_baselines:
                baselines[printable(name)] = _numeric(columns, name, feature)
            elif feature is not None and feature.words is None and is_size_name(name):
                baselines[printable(name)] = feature
            reason = reason or why
            if reason is None and feature is not None:
                features[printable(name)] = feature
        if reason is not None and name not in named_baselines:
            left_out.setdefault(reason, []).append(name)
    if len(features) > MOST_FEATURES:
        raise DataError(
            f"{columns.source}: expected at most {MOST_FEATURES:,} features, got {len(features):,}; leave columns out "
            "with --ignore, which takes patterns such as 'x*'"
        )
    return Structure(features=features, baselines=baselines, notes=(*_summary(features, baselines, left_out), *notes))


def _summary(features: dict[str, Feature], baselines: dict[str, Feature], left_out: dict[str, list[str]]) -> list[str]:
    """The role of each column in one line; empty where there was nothing to decide."""
    if not features and not baselines and not left_out:
        return []
    parts = [f"structure: {listed(list(features)) or 'no column'}"]
    if baselines:
        parts.append(f"baselines that cost nothing: {listed(list(baselines))}")
    if left_out:
        reasons = [f"{listed(names, 4)} ({reason})" for reason, names in left_out.items()]
        parts.append(f"left out: {', '.join(reasons)}")
    return [f"Columns taken as {'; '.join(parts)}. Choose with --feature, --baseline and --ignore."]


def _numeric(columns: Columns, name: str, feature: Feature | None) -> Feature:
    if feature is None or feature.words is not None:
        got = "none" if feature is None else f"words such as {listed(list(feature.words or ())[:3])}"
        raise DataError(f"{columns.source}: column {shown(name)}: expected numbers for --baseline, got {got}")
    return feature


def _feature(
    columns: Columns, name: str, first: Int64[np.ndarray, " architectures"], *, forced: bool
) -> tuple[Feature | None, str | None, str | None]:
    """The values of a column, why it is no structure, and a note; some may be None."""
    array = columns.named[name]
    kind = array.type
    if pa.types.is_boolean(kind):
        return Feature(values=float_view(pc.cast(array, pa.uint8())), words=("false", "true")), None, None
    if is_text(array):
        return _text_feature(columns, name, array, first, forced=forced)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        return None, "nothing in it" if pa.types.is_null(kind) else "neither numbers nor words", None
    values = float_view(array)
    return _number_feature(name, values, int(np.count_nonzero(np.isnan(values))), first, forced=forced)


def _number_feature(
    name: str,
    values: Float64[np.ndarray, " rows"],
    num_missing: int,
    first: Int64[np.ndarray, " architectures"],
    *,
    forced: bool,
) -> tuple[Feature | None, str | None, str | None]:
    if num_missing == len(values):
        return None, "nothing in it", None
    notes = [f"{count(num_missing, 'missing value')}"] if num_missing else []
    infinite = np.isinf(values)
    if infinite.any():
        notes.append(f"{count(int(infinite.sum()), 'infinite value')} taken for missing")
        values = np.where(infinite, np.nan, values)
    note = f"{printable(name)}: {', '.join(notes)}." if notes else None
    if not forced and not is_size_name(name) and (_counts_rows(values) or _counts_rows(values[first])):
        return None, "a row number", None
    return Feature(values=values), None, note


def _counts_rows(values: Float64[np.ndarray, " rows"]) -> bool:
    """Whether the values are whole numbers without gaps, each once, in whatever order."""
    if len(values) < FEWEST_ROWS or np.isnan(values).any():
        return False
    return bool(np.ptp(values) == len(values) - 1 and (values % 1 == 0).all() and len(np.unique(values)) == len(values))


def _text_feature(
    columns: Columns, name: str, array: pa.Array, first: Int64[np.ndarray, " architectures"], *, forced: bool
) -> tuple[Feature | None, str | None, str | None]:
    if (pc.max(pc.utf8_length(array)).as_py() or 0) > MOST_CHARACTERS:
        return None, f"texts longer than {MOST_CHARACTERS} characters", None
    parsed = parse_numbers(array, decimal_comma=columns.decimal_comma, units=True)
    if parsed.odd_row is None:
        feature, reason, note = _number_feature(name, parsed.values, parsed.num_missing, first, forced=forced)
        if feature is not None and parsed.reading is not None:
            note = f"{printable(name)}: read {parsed.reading}{'; ' + note.partition(': ')[2] if note else '.'}"
        return feature, reason, note
    words = words_of(columns, name)
    distinct = [word.lower() for word in words.distinct]
    if distinct and set(distinct) <= {"false", "true"}:
        truth = np.array([float(word == "true") for word in distinct] + [np.nan])
        return Feature(values=truth[words.positions], words=("false", "true")), None, None
    own = words.positions[first]
    levels = np.unique(own[own >= 0])
    if not forced:
        if all(_DATE.fullmatch(word) for word in words.distinct[:100]):
            return None, "a date", None
        if len(levels) > MOST_LEVELS or (len(levels) == len(own) >= 2 * FEWEST_ROWS):
            return None, f"{len(levels):,} different words, which are names rather than a structure", None
    values = np.where(words.positions < 0, np.nan, words.positions).astype(np.float64)
    return Feature(values=values, words=tuple(map(printable, words.distinct))), None, _why_words(columns, name, parsed)


def _why_words(columns: Columns, name: str, parsed: NumberText) -> str | None:
    """Why a column that might be numbers is taken as words."""
    assert parsed.odd_row is not None
    odd = f"{columns.row(parsed.odd_row)} holds {shown(parsed.odd_text)}"
    if is_size_name(name):
        return f"{printable(name)}: read as words and no baseline, since {odd}, which is no plain number."
    return f"{printable(name)}: read as words, since {odd}, which is no number." if parsed.share_odd < 0.5 else None


def features_of_space(
    features: dict[str, Feature],
    rows: Int64[np.ndarray, " own_rows"],
    local: Int64[np.ndarray, " own_rows"],
    first: Int64[np.ndarray, " architectures"],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """One value for each architecture of a space, and notes on columns that have several.

    Args:
        features: features of all rows.
        rows: those of the space.
        local: which architecture of the space each of them is about.
        first: position in `rows` of each architecture's first row.
    """
    found: dict[str, np.ndarray] = {}
    differing: list[str] = []
    for name, feature in features.items():
        values = feature.values[rows]
        own = values[first]
        given = ~np.isnan(values)
        if not given.any():
            continue
        if len(first) < len(rows):  # an architecture's first value may be missing
            own = _first_given(values, local, len(first))
            if (given & (values != own[local])).any():
                differing.append(name)
                continue
        found[name] = _typed(feature, own)
    notes = [f"Ignored: {listed(differing)}, which differs between rows of one architecture."] if differing else []
    return found, notes


def _first_given(
    values: Float64[np.ndarray, " own_rows"], local: Int64[np.ndarray, " own_rows"], num: int
) -> Float64[np.ndarray, " architectures"]:
    given = np.flatnonzero(~np.isnan(values))[::-1]
    own = np.full(num, np.nan)
    own[local[given]] = values[given]  # the last assignment, of the first row, stays
    return own


def _typed(feature: Feature, own: Float64[np.ndarray, " architectures"]) -> np.ndarray:
    """Numbers, truth values where none is missing, or words."""
    if feature.words is None:
        return own
    missing = np.isnan(own)
    if feature.is_truth and not missing.any():
        return np.asarray(own == 1)
    return np.array([*feature.words, ""])[np.where(missing, -1, own).astype(np.int64)]
