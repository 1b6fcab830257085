"""The extra `page`: Bokeh, Jinja2 and Matplotlib, which draw figures and pages and which nothing else needs."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from shareornot.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PACKAGES = ("bokeh", "jinja2", "matplotlib")


def has_page_extra() -> bool:
    """Whether figures and pages can be drawn."""
    return all(find_spec(package) is not None for package in PACKAGES)


def check_page_extra() -> None:
    """Check that figures and pages can be drawn.

    Raises:
        MissingExtraError: Bokeh, Jinja2 or Matplotlib is not installed.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise MissingExtraError(
            f"figures and pages need {' and '.join(missing)}; install what draws them with: "
            "pip install 'shareornot[page]'"
        )


def new_figure(width_in: float, height_in: float, *, by_constraints: bool = True) -> "Figure":
    """Make an empty matplotlib figure that belongs to no window.

    Args:
        width_in: width in inches.
        height_in: height in inches.
        by_constraints: whether Matplotlib makes room for labels, which takes a third of the time of a figure.

    Raises:
        MissingExtraError: Matplotlib is not installed.
    """
    check_page_extra()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), facecolor="white")
    if by_constraints:
        figure.set_layout_engine("constrained")
    return figure
