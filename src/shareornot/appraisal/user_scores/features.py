"""A user's further columns as structural features: one value for each architecture."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Integer

from shareornot.appraisal.user_scores.columns import OwnColumns, as_numbers, count, printable

MOST_CHARACTERS = 200
"""Of a word."""
MOST_LEVELS = 100
"""Of a feature in words: more are names rather than a structure."""
_SIZE = re.compile(r"(^|_)(num_)?(params?|parameters|weights|flops?|macs|multiply_adds|size|latency)($|_)")


def own_features(
    columns: OwnColumns,
    rows: Integer[np.ndarray, " rows"],
    architecture: Integer[np.ndarray, " rows"],
    first: Integer[np.ndarray, " architectures"],
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Features of the architectures in some rows, and notes on columns that are none.

    Args:
        columns: as the user gave them.
        rows: those of one space.
        architecture: which architecture each of them is about.
        first: position in `rows` of each architecture's first row.
    """
    features: dict[str, np.ndarray] = {}
    notes = []
    for name in columns.features:
        column = columns.columns[name].take(pa.array(rows))
        shown = printable(name)
        if pa.types.is_string(column.type) and (pc.max(pc.utf8_length(column)).as_py() or 0) > MOST_CHARACTERS:
            notes.append(f"Ignored: {shown}, whose texts are longer than {MOST_CHARACTERS} characters.")
            continue
        values, words = _coded(column)
        own = values[first]
        if np.isnan(own).all():
            continue
        same = (values == own[architecture]) | (np.isnan(values) & np.isnan(own[architecture]))
        if not same.all():
            notes.append(f"Ignored: {shown}, which differs between rows of one architecture.")
        elif words is None:
            infinite = np.isinf(own)
            if infinite.any():
                notes.append(f"{shown}: {count(int(infinite.sum()), 'infinite value')} taken for missing.")
            features[shown] = np.where(infinite, np.nan, own)
        elif words == ["false", "true"] and not np.isnan(own).any():
            features[shown] = own == 1
        elif len(levels := np.unique(own[~np.isnan(own)])) > MOST_LEVELS:
            notes.append(f"Ignored: {shown}, whose {len(levels):,} different words are names rather than a structure.")
        else:
            features[shown] = np.array([*map(printable, words), ""])[np.where(np.isnan(own), -1, own).astype(np.int64)]
    return features, notes


def sizes_among(names: list[str]) -> list[str]:
    """Which columns tell how large an architecture is, by their names."""
    return [name for name in names if _SIZE.search(re.sub(r"[\s-]+", "_", name.strip().lower()))]


def _coded(column: pa.Array) -> tuple[np.ndarray, list[str] | None]:
    """Numbers, NaN where there is none; of words and truth values their positions in a list, which comes with them."""
    if pa.types.is_boolean(column.type):
        return as_numbers(pc.cast(column, pa.uint8())), ["false", "true"]
    if not pa.types.is_string(column.type):
        return as_numbers(column), None
    encoded = pc.dictionary_encode(pc.utf8_trim_whitespace(column))
    words = encoded.dictionary.to_pylist()
    positions = as_numbers(pc.cast(encoded.indices, pa.float64()))
    if "" in words:
        positions = np.where(positions == words.index(""), np.nan, positions)
    return positions, words
