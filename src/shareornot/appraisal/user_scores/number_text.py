"""Numbers in text: decimal points and commas, thousands, units, percentages, lists, and words for missing values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64, Int64

from shareornot.appraisal.user_scores.columns import float_view
from shareornot.appraisal.user_scores.wording import shown

MISSING = frozenset(
    {
        *(
            "",
            "n/a",
            "na",
            "n.a.",
            "n. a.",
            "#n/a",
            "#na",
            "#n/a n/a",
            "<na>",
            "<n/a>",
            "nan",
            "-nan",
            "+nan",
            "nat",
            "-",
        ),
        *("--", "\u2013", "\u2014", "?", "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "#value!", "#div/0!", "#num!"),
        *("#ref!", "#name?", "#null!"),
    }
)
"""Words for a missing value in any column, in lower case."""
MISSING_NUMBERS = MISSING | {"none", "null", "nil", "missing", "."}
"""Words for a missing number: among words, `none` is an operation."""

_DIGITS = r"(?:\d+(?:\.\d*)?|\.\d+)"
_PLAIN = re.compile(rf"[+-]?{_DIGITS}(?:[eE][+-]?\d+)?")
_INFINITE = re.compile(r"([+-]?)(?:inf|infinity|\u221e|1\.#inf)", re.IGNORECASE)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?")
_POINT_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d*)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_SPACED = re.compile(r"(?<=\d)[\u00a0\u202f\u2009'\u2019_ ](?=\d{3}(?:\D|$))")
_EMPHASIZED = re.compile(r"(\*\*|\*|__|`)([^*_`]+)\1")
"""Text that Markdown sets in bold or in italics, as the best numbers often are."""
_QUANTITY = re.compile(rf"([+-]?{_DIGITS}(?:[eE][+-]?\d+)?)\s*([A-Za-z\u00b5\u03bc]+(?:\s+[A-Za-z]+)?)")
_CLOCK = re.compile(r"(?:(\d+)\s*days?,?\s*)?(\d+):([0-5]\d):([0-5]\d(?:\.\d*)?)")

_DURATION = re.compile(
    r"(?=P|\d[\d.]*\s*[dh]\D*\d)(?:P(?=\d|T\d))?(?:([\d]+)\s*d\s*)?T?(?:(\d+(?:\.\d+)?)\s*h\s*)?"
    r"(?:(\d+(?:\.\d+)?)\s*m(?:in)?\s*)?(?:(\d+(?:\.\d+)?)\s*s)?",
    re.IGNORECASE,
)
"""Durations such as `1h 30m 10s` or `PT1H30M`: with at least two parts, or as ISO 8601 writes it."""

_BRACKETS = {("[", "]"), ("(", ")"), ("{", "}")}
_WRAPPED = re.compile(r"(?:(?:np|numpy|jnp|torch)\.)?(?:array|tensor|Tensor|list|tuple)\s*\((.*)\)", re.DOTALL)
_KEYWORDS = re.compile(r",\s*(?:dtype|device|grad_fn|requires_grad)\s*=.*$", re.DOTALL)
_TYPED = re.compile(r"(?:(?:np|numpy)\.)?float\d*\(([^()]*)\)")
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+(?:[eE][+-]?\d+)?%?")

_SCALES = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9, "T": 1e12}
_COUNTED = {"", "params", "param", "parameters", "flops", "flop", "macs", "mac", "madds", "ops", "weights"}
_BYTES = {"B": 1.0, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30}
_SECONDS = {
    **dict.fromkeys(("ns",), 1e-9),
    **dict.fromkeys(("us", "\u00b5s", "\u03bcs"), 1e-6),
    **dict.fromkeys(("ms", "msec"), 1e-3),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
Dimension = Literal["number", "count", "bytes", "seconds"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NumberText:
    """What a column of text holds."""

    values: Float64[np.ndarray, " rows"]
    """NaN where there is no number."""
    odd_row: int | None
    """The first row whose text is neither a number nor missing; None where there is none."""
    odd_text: str
    share_odd: float
    """Share of such texts among those that are not missing."""
    num_missing: int
    """Rows with a word for a missing number, blank ones included."""
    percent: bool
    """Whether every number carried a sign of percent, which was taken off."""
    reading: str | None
    """How the numbers were read, where that is not plain."""


def parse_numbers(
    column: pa.Array, *, decimal_comma: bool = False, units: bool = False, accuracies: bool = False
) -> NumberText:
    """Read a column of text as numbers.

    Args:
        column: text.
        decimal_comma: whether the file has commas before the decimals.
        units: whether units such as k, M, ms and h:mm:ss may follow.
        accuracies: whether `1,234` is rather a decimal number than 1234, where both are possible.
    """
    if not decimal_comma:
        try:
            values = float_view(pc.cast(column, pa.float64()))
            return _plain_result(values, int(np.count_nonzero(np.isnan(values))))
        except pa.ArrowException:
            pass
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pc.fill_null(pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(MISSING_NUMBERS))), True)
    given = pc.if_else(missing, pa.scalar(None, pa.string()), trimmed)
    num_missing = int(pc.sum(missing).as_py() or 0)
    try:
        values = float_view(pc.cast(given, pa.float64()))
        if not decimal_comma or not pc.any(pc.match_substring(given, ".")).as_py():
            return _plain_result(values, num_missing)
    except pa.ArrowException:
        pass
    encoded = pc.dictionary_encode(given)
    texts: list[str] = encoded.dictionary.to_pylist()
    numbers, percent, reading = _numbers(texts, decimal_comma=decimal_comma, units=units, accuracies=accuracies)
    codes = _codes(encoded)
    table = np.append(np.array([np.nan if one is None else one for one in numbers], np.float64), np.nan)
    is_odd = np.append(np.array([one is None for one in numbers], bool), False)
    odd = np.flatnonzero(is_odd[codes])
    num_given = len(codes) - num_missing
    return NumberText(
        values=table[codes],
        odd_row=int(odd[0]) if len(odd) else None,
        odd_text=texts[codes[odd[0]]] if len(odd) else "",
        share_odd=len(odd) / num_given if num_given else 0.0,
        num_missing=num_missing,
        percent=percent,
        reading=reading,
    )


def _plain_result(values: Float64[np.ndarray, " rows"], num_missing: int) -> NumberText:
    return NumberText(
        values=values, odd_row=None, odd_text="", share_odd=0.0, num_missing=num_missing, percent=False, reading=None
    )


def _codes(encoded: pa.DictionaryArray) -> Int64[np.ndarray, " rows"]:
    """Positions in the dictionary, -1 where there is none."""
    return np.asarray(pc.fill_null(pc.cast(encoded.indices, pa.int64()), -1).to_numpy(zero_copy_only=False), np.int64)


def _numbers(
    texts: Sequence[str], *, decimal_comma: bool, units: bool, accuracies: bool
) -> tuple[list[float | None], bool, str | None]:
    """The number of each distinct text or None, whether all are percentages, and how they were read."""
    cleaned = [_cleaned(text) for text in texts]
    percent = bool(cleaned) and all(text.endswith("%") for text in cleaned)
    if percent:
        cleaned = [text[:-1].rstrip() for text in cleaned]
    elif (mixed := _signs_of_some(cleaned)) is not None:
        return mixed
    cleaned, reading = _with_points(cleaned, decimal_comma=decimal_comma, accuracies=accuracies)
    found = [_number(text) for text in cleaned]
    if units and any(number is None for number in found):
        quantities = [
            _quantity(text) if number is None else (number, "number")
            for text, number in zip(cleaned, found, strict=True)
        ]
        if _one_dimension(quantities):
            dimension = next((kind for quantity in quantities if quantity and (kind := quantity[1]) != "number"), None)
            unit_words = {"count": "in units of 1", "bytes": "in bytes", "seconds": "in seconds", None: None}[dimension]
            return [quantity and quantity[0] for quantity in quantities], percent, unit_words
    return found, percent, "as percentages" if percent else reading


def _signs_of_some(texts: Sequence[str]) -> tuple[list[float | None], bool, str] | None:
    """Numbers of which some have a sign of percent, where the others show their unit: all up to 1, or all above."""
    signed = [text.endswith("%") for text in texts]
    plain = [text.rstrip("% ") for text in texts]
    if not any(signed) or not all(map(_PLAIN.fullmatch, plain)):
        return None
    bare = [abs(float(text)) for text, sign in zip(plain, signed, strict=True) if not sign]
    if all(number > 1 for number in bare):
        return [float(text) for text in plain], True, "as percentages, with a sign or without"
    if all(number <= 1 for number in bare) and not any("e" in text.lower() for text in plain):
        values: list[float | None] = [
            float(f"{text}e-2") if sign else float(text) for text, sign in zip(plain, signed, strict=True)
        ]
        return values, False, "as fractions, those with a sign of percent divided by 100"
    return None


def _cleaned(text: str) -> str:
    """The text with plain minus signs and without spaces, apostrophes and underscores between groups of digits."""
    if text.startswith('="') and text.endswith('"'):  # how Excel keeps a text
        text = text[2:-1].strip()
    text = text.replace("\u2212", "-")
    if bold := _EMPHASIZED.fullmatch(text):
        text = bold[2]
    return _SPACED.sub("", text) if _SPACED.search(text) else text


def _with_points(texts: Sequence[str], *, decimal_comma: bool, accuracies: bool) -> tuple[list[str], str | None]:
    """The texts with decimal points and without marks between thousands, as far as that is not ambiguous."""
    with_comma = [text for text in texts if "," in text]
    if decimal_comma:
        if any(re.fullmatch(r"[+-]?\d+\.\d+", text) and not _POINT_THOUSANDS.fullmatch(text) for text in texts):
            return list(texts), None  # points before decimals: a column of its own
        return [_german(text) for text in texts], "with decimal commas" if with_comma else None
    if not with_comma:
        return list(texts), None
    numeric = [text for text in with_comma if re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?[^\d]*", text)]
    bare = [re.match(r"[+-]?[\d.,]+", text) for text in numeric]
    cores = [match[0] for match in bare if match]
    others = [text for text in texts if "," not in text]
    all_thousands = bool(cores) and all(_THOUSANDS.fullmatch(core) for core in cores)
    single = all(core.count(",") == 1 and "." not in core for core in cores)
    if all_thousands and not (single and accuracies and not any(_PLAIN.fullmatch(text) for text in others)):
        return [text.replace(",", "") for text in texts], "with commas between thousands"
    if has_decimal_commas([text for text in texts if _number(text) is None or "," in text]) and not any(
        re.fullmatch(r"[+-]?\d*\.\d+", text) for text in others
    ):
        return [text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text) else text for text in texts], (
            "with decimal commas"
        )
    return list(texts), None


def _german(text: str) -> str:
    """A number with a decimal comma, and points between thousands, as others write it."""
    if _POINT_THOUSANDS.fullmatch(text):
        text = text.replace(".", "")
    return text.replace(",", ".", 1) if text.count(",") == 1 else text


def has_decimal_commas(texts: Sequence[str]) -> bool:
    """Whether texts are numbers with a comma before the decimals, one of which cannot be a mark between thousands."""
    commas = [text for text in texts if "," in text]
    if not commas or any(not (_DECIMAL_COMMA.fullmatch(text) or _POINT_THOUSANDS.fullmatch(text)) for text in commas):
        return False
    if any(not (_PLAIN.fullmatch(text) or _INFINITE.fullmatch(text)) for text in texts if "," not in text):
        return False
    return any(not _THOUSANDS.fullmatch(text) for text in commas)


def _number(text: str) -> float | None:
    """A number with a decimal point, or an infinite one."""
    if _PLAIN.fullmatch(text) and text.isascii():
        return float(text)
    if found := _INFINITE.fullmatch(text):
        return -np.inf if found[1] == "-" else np.inf
    return None


def is_number_or_missing(text: str) -> bool:
    """Whether a text is one number with a decimal point or comma, with or without a sign of percent, or missing."""
    plain = _cleaned(text.strip()).removesuffix("%").rstrip()
    is_number = _number(plain) is not None or _DECIMAL_COMMA.fullmatch(plain) is not None
    return is_number or plain.lower() in MISSING_NUMBERS


def _quantity(text: str) -> tuple[float, Dimension] | None:
    """A number with a unit, as a number of the base unit."""
    if found := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = found.groups()
        return float(days or 0) * 86400 + float(hours) * 3600 + float(minutes) * 60 + float(seconds), "seconds"
    if found := _DURATION.fullmatch(text):
        days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return days * 86400 + hours * 3600 + minutes * 60 + seconds, "seconds"
    found = _QUANTITY.fullmatch(text)
    if not found or (not text.isascii() and not any(mark in text for mark in "\u00b5\u03bc")):
        return None
    number, unit = float(found[1]), "".join(found[2].split())
    if unit in _SECONDS or (unit.lower() in _SECONDS and unit not in _SCALES):
        return _scaled(number, _SECONDS.get(unit, _SECONDS.get(unit.lower(), 1.0))), "seconds"
    if unit in _SCALES:
        return _scaled(number, _SCALES[unit]), "count"
    if unit in _BYTES:
        return _scaled(number, _BYTES[unit]), "bytes"
    scale, thing = unit[:1], unit[1:].lower()
    if scale in _SCALES and thing in _COUNTED:
        return _scaled(number, _SCALES[scale]), "count"
    return (number, "count") if unit.lower() in _COUNTED else None


def _scaled(number: float, scale: float) -> float:
    """The product without rounding errors, so that 3 ms and 3000 us tie."""
    return float(f"{number * scale:.14g}")


def _one_dimension(quantities: Sequence[tuple[float, Dimension] | None]) -> bool:
    """Whether all are quantities of one kind; numbers without a unit only where they can be nothing else."""
    if any(quantity is None for quantity in quantities):
        return False
    kinds = {kind for _, kind in quantities if kind != "number"}  # type: ignore[misc]
    bare = [number for number, kind in quantities if kind == "number"]  # type: ignore[misc]
    if len(kinds) != 1:
        return False
    return all(number == 0 or (kinds == {"count"} and abs(number) >= 1000) for number in bare)


def parse_lists(column: pa.Array) -> list[list[float]] | None:
    """Lists of numbers such as `[0.91, 0.92]`; None unless all texts are such, numbers, or missing, and one is a list.

    Read are lists as JSON, NumPy and PyTorch write them, and numbers with decimal points between semicolons, bars,
    commas or spaces. Signs of percent behind all numbers of a list divide them by 100.
    """
    found: list[list[float]] = []
    for text in column.to_pylist():
        stripped = "" if text is None else text.strip()
        numbers = [] if stripped.lower() in MISSING_NUMBERS else _list_of(stripped)
        if numbers is None:
            return None
        found.append(numbers)
    return found if any(found) else None


def _list_of(text: str) -> list[float] | None:
    """The numbers of one list, or None."""
    given = text
    if re.fullmatch(r"\(\s*[\d.,]*\d[\d.]*\s*\)", text):
        return None  # a negative number in accounts
    if wrapped := _WRAPPED.fullmatch(text):
        text = _KEYWORDS.sub("", wrapped[1]).strip()
    text = _TYPED.sub(r"\1", text)
    inner = text
    for _ in range(2):  # a list of one list is a list
        if (inner[:1], inner[-1:]) in _BRACKETS:
            inner = inner[1:-1].strip()
    if re.search(r"[\[\](){}]", inner):
        return None
    if ";" in inner and "," in inner:  # decimal commas
        words = [word.strip() for word in inner.split(";")]
        if not all(map(_DECIMAL_COMMA.fullmatch, words)):
            return None
        words = [word.replace(",", ".") for word in words]
    else:
        words = [word for word in re.split(r"[\s,;|]+", re.sub(r"\s+%", "%", inner)) if word]
    if inner == text and not all(map(_WITH_POINT.fullmatch, words)):
        return None  # without brackets, a comma or space may stand between thousands
    share = bool(words) and all(word.endswith("%") for word in words)
    words = [word[:-1] for word in words] if share else words
    numbers = [np.nan if word.lower() in MISSING_NUMBERS else _number(word) for word in words]
    if not numbers or any(number is None for number in numbers):
        return None
    if len(numbers) == 1 and given[:1] not in ("[", "(", "{") and _number(given) is None:
        return None  # such as `tensor(0.9)`
    return [number / 100 if share else number for number in numbers if number is not None]


def remedy_for(text: str) -> str:
    """What to do about a text that is no number."""
    stripped = text.strip()
    if re.search(r"tensor\(|device=", stripped):
        return "write the number alone: tensor.item() in PyTorch"
    if re.match(r"(np|numpy|jnp)\.", stripped) or re.fullmatch(r"(float\d*|array)\(.*\)", stripped):
        return "write the number alone: float(value) in Python"
    if re.search(r"\u00b1|\+-|\+/-|\\pm", stripped) or re.fullmatch(r"[\d.]+\s*(\([\d.]+\)|_\{?[\d.]+\}?)", stripped):
        return "write the mean alone, or the single trainings in columns of their own: standalone_0, standalone_1, ..."
    if stripped.endswith("%"):
        return "write percentages without the sign"
    if re.fullmatch(r"\(\s*[\d.,]+\s*\)", stripped):
        return "write the number without brackets, with a minus sign where it is negative"
    if stripped.startswith(("[", "(")):
        return "write one number, or one column for each number"
    if re.fullmatch(r"[\d.,]+", stripped) and "," in stripped:
        return "write decimal points, and nothing between thousands"
    if re.fullmatch(r"\d+:\d\d(\.\d*)?|P(\d+D)?T[\dHMS.]+", stripped):
        return "write seconds, or h:mm:ss where it is a time"
    if re.fullmatch(r"[+-]?0[xX][0-9a-fA-F.]+([pP][+-]?\d+)?|[+-]?[\d.]+[dD][+-]?\d+", stripped):
        return "write decimal numbers, such as 1e-05"
    if re.fullmatch(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?\s*[A-Za-z][A-Za-z \d/.-]*", stripped):
        return "write the number without its unit"
    if re.fullmatch(r"['`\u2018\u201c\u00ab\u201e].*", stripped):
        return "write numbers without quotes, and texts in straight double quotes"
    if any(letter.isdigit() for letter in stripped) and not stripped.isascii():
        return "write the number alone, in the digits 0 to 9"
    if re.fullmatch(r"[\d.]+\s*/\s*[\d.]+", stripped):
        return "write the quotient as one number"
    if re.fullmatch(r"true|false|yes|no", stripped, re.IGNORECASE):
        return "write numbers, such as 1 and 0"
    if re.fullmatch(r"[^\w\s]{0,3}\s*[+-]?[\d.,]+\s*[^\w\s]{0,3}", stripped):
        return f"write the number alone, without {shown(re.sub(r'[0-9.,+ -]', '', stripped))}"
    return "leave the cell empty where there is none"
