"""Texts of figures: those of a user, how wide texts are, and numbers along logarithmic axes."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

POINTS_PER_INCH = 72
LABEL_SIZE = 10.0
"""Points, Matplotlib's own."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def plain(text: str) -> str:
    """Text that is drawn as it is.

    Matplotlib takes text between dollars for formulas, and fails on invalid ones.
    """
    return text.replace("$", r"\$")


def shortened(text: str, most: int) -> str:
    """Text whose middle is left out where it is longer than `most` letters.

    Example:
        >>> shortened("a_very_long_name_of_a_feature", 13)
        'a_very…eature'
    """
    if len(text) <= most:
        return text
    return f"{text[: most // 2]}…{text[len(text) - (most - 1) // 2 :]}"


def width_in(texts: Sequence[str], size: float = LABEL_SIZE) -> float:
    """Width in inches of the widest of some lines of text.

    Args:
        texts: lines; dollars may be escaped.
        size: of the letters in points.
    """
    return max((_width(text.replace(r"\$", "$"), size) for text in texts), default=0.0)


@lru_cache(maxsize=1000)
def _width(text: str, size: float) -> float:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), False)
    return float(width) / POINTS_PER_INCH


def tick_width_in(axis: "Axis") -> float:
    """Width in inches of the widest number along an axis whose limits are set."""
    return width_in(axis.get_major_formatter().format_ticks(list(axis.get_majorticklocs())))


def make_logarithmic(axes: "Axes", x: tuple[float, float], y: tuple[float, float]) -> None:
    """Make both axes logarithmic, with round numbers as the page shows them.

    Matplotlib's own numbers are formulas, and its nine lines per power of ten take much of the time of a figure.

    Args:
        axes: width and height are at least 4 inches.
        x: limits, above 0.
        y: limits, above 0.
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set(xscale="log", yscale="log", xlim=x, ylim=y)
    for axis, limits in ((axes.xaxis, x), (axes.yaxis, y)):
        ticks = round_numbers(*limits)
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_major_formatter(FixedFormatter([number_text(tick) for tick in ticks]))
        axis.set_minor_locator(NullLocator())


def round_numbers(low: float, high: float, most: int = 9) -> list[float]:
    """Powers of ten from `low` to `high`, with 2 and 5 times each, or 3 times each, where there is room for them.

    Example:
        >>> round_numbers(0.03, 7), round_numbers(0.03, 70)
        ([0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0], [0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        numbers = [float(f"{step}e{exponent}") for exponent in exponents for step in steps]
        numbers = [number for number in numbers if low <= number <= high]
        if len(numbers) <= most:
            return numbers
    return numbers[:: -(-len(numbers) // most)]


def number_text(number: float) -> str:
    """A round number as the page shows it: in full up to 100,000, then as a power of ten.

    Example:
        >>> number_text(0.05), number_text(20000.0), number_text(1e6), number_text(3e6)
        ('0.05', '20,000', '10⁶', '3·10⁶')
    """
    power = math.floor(math.log10(number) + 1e-9)
    if -5 <= power < 5:
        return f"{number:,.0f}" if power >= 0 else f"{number:.{-power}f}"
    digits = str(power).translate(SUPERSCRIPTS)
    first = round(number / 10.0**power)
    return f"10{digits}" if first == 1 else f"{first}·10{digits}"
