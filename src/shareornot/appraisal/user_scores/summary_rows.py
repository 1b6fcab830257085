"""Rows that summarise the others, such as their mean, which spreadsheets and data frames have at the end."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float64

from shareornot.appraisal.user_scores.chosen_columns import ChosenColumns
from shareornot.appraisal.user_scores.columns import Columns, float_view, is_text
from shareornot.appraisal.user_scores.number_text import MISSING, parse_numbers
from shareornot.appraisal.user_scores.wording import listed, shown

_MEAN = r"mean|average|avg|arithmetic mean|mittelwert|durchschnitt|moyenne|media|promedio|m[eé]dia"
_SPREAD = (
    r"std|stdev|stddev|std dev|standard deviation|sd|var|variance|sem|stderr|std err|std error|standard error|"
    r"standardabweichung|[eé]cart[ -]type"
)
_SUM = r"sum|total|totals|grand total|subtotal|overall|summe|gesamt|insgesamt|somme"
_ORDER = r"min|minimum|max|maximum|median|range|mode|iqr|q[123]|\d{1,2}(?:\.\d)? ?%|count"
_AGREEMENT = r"(?:spearman|kendall|pearson)(?:'s)?(?: (?:rho|tau|r|correlation))?|correlation|p-?value|r2"
_MORE = r" (?:values?|accurac(?:y|ies)|scores?|(?:over|of) .+|\(.+\))"
_WORD = re.compile(
    rf"(?:{_MEAN}|{_SPREAD}|{_SUM})(?:{_MORE})?|{_ORDER}|{_AGREEMENT}"
    rf"|(?:{_MEAN}) ?(?:±|\+/?-|\(|/|and|,|&) ?(?:{_SPREAD})\)?",
    re.IGNORECASE,
)
_AT_MOST = 40
"""Rows at either end that are looked at."""
_FEWEST_ALIKE = 5
"""Architectures that must look alike, and unlike a word, for a word to be certain by itself."""
_LONG = 8
"""Characters of texts that are no words."""
_STATISTICS = (np.mean, np.sum, np.min, np.max, np.median, len, np.std, lambda values: np.std(values, ddof=1))


def without_summaries(columns: Columns, chosen: ChosenColumns) -> tuple[Columns, list[str]]:
    """The rows without those at either end that summarise the others, and notes that name these.

    A row is one if a word such as `mean` is in place of its architecture, and either the other architectures look
    different from words and like one another, or the numbers of the row are such statistics of the others. Rows with
    such a word of which this is uncertain stay, and a note names them.

    Args:
        columns: columns of the file.
        chosen: which of them is what.
    """
    array = columns.named[chosen.architecture]
    if not is_text(array) or columns.num_rows < 3:
        return columns, []
    num_last = _num_words(columns, chosen, range(columns.num_rows - 1, -1, -1))
    num_first = _num_words(columns, chosen, range(columns.num_rows))
    if num_first == columns.num_rows or not num_first + num_last:
        return columns, []
    is_summary = np.zeros(columns.num_rows, bool)
    is_summary[:num_first] = True
    is_summary[columns.num_rows - num_last :] = True
    rows = np.flatnonzero(is_summary).tolist()
    named = [f"{columns.row(row)} {shown(_label(columns, chosen, row) or '')}" for row in rows]
    others = np.flatnonzero(~is_summary)
    if not (_look_different(array.take(pa.array(others))) or _are_statistics(columns, chosen, is_summary)):
        taken = "an architecture" if len(rows) == 1 else "architectures"
        note = f"{listed(named)}: taken for {taken}; if it only summarises the other rows, take it out."
        return columns, [note]
    return columns.take(others), [f"Left out as a summary of the other rows: {listed(named)}."]


def _num_words(columns: Columns, chosen: ChosenColumns, rows: range) -> int:
    """How many of the first of some rows have a word of a summary in place of an architecture."""
    for number, row in enumerate(rows[:_AT_MOST]):
        label = _label(columns, chosen, row)
        if label is None or not _WORD.fullmatch(label.strip(" \t:*_-=.[]\u00a0")):
            return number
    return min(_AT_MOST, len(rows))


def _label(columns: Columns, chosen: ChosenColumns, row: int) -> str | None:
    """The architecture of a row, or the first text in it where there is none."""
    text = columns.named[chosen.architecture][row].as_py()
    if text is not None and text.strip().lower() not in MISSING:
        return str(text)
    for name, array in columns.named.items():
        if name != chosen.architecture and is_text(array):
            text = array[row].as_py()
            if text is not None and _WORD.fullmatch(text.strip(" \t:*")):
                return str(text)
    return None


def _look_different(array: pa.Array) -> bool:
    """Whether architectures are no words, and all long or of one pattern, such as `net-12`."""
    texts = pc.unique(pc.utf8_lower(pc.utf8_trim_whitespace(array))).drop_null()
    if len(texts) < _FEWEST_ALIKE or pc.any(pc.match_substring_regex(texts, r"^\p{L}+$")).as_py():
        return False
    if pc.min(pc.utf8_length(texts)).as_py() >= _LONG:
        return True
    return len(pc.unique(pc.replace_substring_regex(texts, r"[0-9]+", "0"))) == 1


def _are_statistics(columns: Columns, chosen: ChosenColumns, is_summary: Bool[np.ndarray, " rows"]) -> bool:
    """Whether each row with a word holds statistics of the other rows, in all its scores and accuracies."""
    values = [_numbers(columns, name) for name in (*chosen.proxies, *chosen.standalone)]
    for row in np.flatnonzero(is_summary).tolist():
        fits = []
        for column in values:
            others = column[~is_summary & np.isfinite(column)]
            if np.isfinite(column[row]) and len(others) > 1:
                tolerance = 2e-3 * float(np.ptp(others)) + 1e-9
                fits.append(any(abs(column[row] - one(others)) <= tolerance for one in _STATISTICS))
        if not fits or not all(fits):
            return False
    return True


def _numbers(columns: Columns, name: str) -> Float64[np.ndarray, " rows"]:
    """Numbers of a column, NaN where there is none."""
    array = columns.named[name]
    if is_text(array):
        return parse_numbers(array, decimal_comma=columns.decimal_comma).values
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        return float_view(array)
    return np.full(len(array), np.nan)
