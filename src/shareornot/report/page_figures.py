"""The figures of the page, empty: Bokeh draws them in the browser, and the page's script fills them with a chapter.

A figure is described once, so a page with 42 chapters holds five figures and 42 sets of numbers. Colours are those of
the theme that the reader has chosen, so they are set by the script too.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bokeh.plotting import figure

SEARCHES = ("random", "evolution", "local", "baseline", "guided")
"""Those of an appraisal's curves, the most important one on top."""
DASHES = {"local": "dashed", "baseline": "dotdash"}
"""Dashes of the lines of some searches, which distinguish them without colours."""
FIGURES = ("cloud", "above", "beside", "regret", "effects")
"""Names of the figures; the page has an element `figure-NAME` for each."""
LEFT_PX, BOTTOM_PX = 46, 26
"""Room for ticks: the same on all sides of the cloud, so that the distributions stand where they belong."""


@cache
def bokeh_script() -> str:
    """BokehJS without its widgets, tables, WebGL and MathJax: what a browser runs, about 1.3 MB."""
    import bokeh

    return (Path(bokeh.__file__).parent / "server/static/js/bokeh.min.js").read_text("utf-8")


def figures_as_json() -> tuple[Any, Any]:
    """What `Bokeh.embed.embed_items` takes: the documents, and in which elements their figures stand.

    The same at every call: Bokeh numbers its models through the life of a process, so they are renumbered.
    """
    from bokeh.document import Document
    from bokeh.embed.util import standalone_docs_json_and_render_items

    document = Document()
    cloud = _cloud()
    for figure in (cloud, _above(cloud), _beside(cloud), _regret(), _effects()):
        document.add_root(figure)
    documents, (item,) = standalone_docs_json_and_render_items(list(document.roots))
    places = {root.id: f"figure-{root.name}" for root in document.roots}
    items = [{"docid": item.docid, "roots": places, "root_ids": list(places)}]
    numbers = {name: f"m{count}" for count, name in enumerate(_ids(documents))} | {str(item.docid): "page"}
    documents, items = _renamed([documents, items], numbers)
    return documents, items


def _ids(value: Any) -> list[str]:
    """The ids of the models in a document, in order."""
    match value:
        case dict():
            own = [value["id"]] if isinstance(value.get("id"), str) else []
            return list(dict.fromkeys([*own, *(name for one in value.values() for name in _ids(one))]))
        case list():
            return list(dict.fromkeys(name for one in value for name in _ids(one)))
    return []


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """The same with other ids, as keys too."""
    match value:
        case dict():
            return {names.get(key, key): _renamed(one, names) for key, one in value.items()}
        case list():
            return [_renamed(one, names) for one in value]
        case str():
            return names.get(value, value)
    return value


def _figure(name: str, **settings: Any) -> "figure":
    """A figure that fills its element, with neither toolbar nor colours."""
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    ranges = {"x_range": Range1d(start=0, end=1), "y_range": Range1d(start=0, end=1)}
    return figure(
        name=name,
        sizing_mode="stretch_both",
        toolbar_location=None,
        background_fill_color=None,  # the page shows through, light or dark
        border_fill_color=None,
        outline_line_color=None,
        **{"tools": "box_zoom", **ranges, **settings},
    )


def _source(name: str, *columns: str) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(data={column: [] for column in columns}, name=name)


def _cloud() -> "figure":
    """A point for each score, and a ring around the chosen one."""
    from bokeh.models import Scatter

    cloud = _figure("cloud", min_border_left=LEFT_PX, min_border_bottom=BOTTOM_PX, min_border_top=2, min_border_right=2)
    diagonal = _source("diagonal", "x0", "y0", "x1", "y1")
    cloud.segment("x0", "y0", "x1", "y1", source=diagonal, line_dash="dashed", name="diagonal-line")
    points = cloud.scatter(
        "x", "y", fill_color="colour", source=_source("points", "x", "y", "colour"), name="dots", line_color=None
    )
    points.nonselection_glyph = Scatter(**points.glyph.properties_with_values(include_defaults=False))
    cloud.scatter("x", "y", source=_source("chosen", "x", "y"), size=15, fill_alpha=0, line_width=2.5, name="ring")
    return cloud


def _above(cloud: "figure") -> "figure":
    """The distribution along x, in the colours of the points."""
    above = _figure(
        "above", x_range=cloud.x_range, min_border_left=LEFT_PX, min_border_right=2, min_border_bottom=0, tools=""
    )
    above.quad("left", "right", "bottom", "top", color="colour", source=_source("along-x", *_BARS), line_color=None)
    return _bare(above)


def _beside(cloud: "figure") -> "figure":
    beside = _figure(
        "beside", y_range=cloud.y_range, min_border_bottom=BOTTOM_PX, min_border_top=2, min_border_left=0, tools=""
    )
    beside.quad("left", "right", "bottom", "top", color="colour", source=_source("along-y", *_BARS), line_color=None)
    return _bare(beside)


_BARS = ("left", "right", "bottom", "top", "colour")


def _bare(figure: "figure") -> "figure":
    figure.axis.visible = False
    figure.grid.visible = False
    return figure


def _regret() -> "figure":
    """Mean and band of each search, the budgets, and the time that the reader points at."""
    from bokeh.models import FixedTicker

    regret = _figure(
        "regret",
        x_axis_type="log",
        y_axis_type="log",
        min_border_left=LEFT_PX,
        min_border_bottom=BOTTOM_PX,
        min_border_right=12,
    )
    for axis, grid in ((regret.xaxis, regret.xgrid), (regret.yaxis, regret.ygrid)):
        axis.ticker = grid.ticker = FixedTicker(ticks=[])  # the page chooses them by the range
    regret.vspan("x", source=_source("budgets", "x"), line_dash="dotted", name="budgets-lines")
    regret.text(
        "x",
        "y",
        "text",
        source=_source("budget-labels", "x", "y", "text"),
        text_align="left",
        text_baseline="top",
        text_font_size="11px",
        x_offset=4,
        name="budget-texts",
    )
    for search in SEARCHES:
        source = _source(f"curve-{search}", "x", "mean", "low", "high")
        regret.varea("x", "low", "high", source=source, fill_alpha=0.2, name=f"band-{search}")
        regret.line(
            "x", "mean", source=source, line_width=2.2, line_dash=DASHES.get(search, "solid"), name=f"line-{search}"
        )
    regret.vspan("x", source=_source("pointer", "x"), name="pointer-line")
    return regret


def _effects() -> "figure":
    """A row for each structure: its effect on all cells with the interval, and the effect at equal accuracy."""
    from bokeh.models import FactorRange

    effects = _figure(
        "effects", y_range=FactorRange(factors=[""]), min_border_bottom=BOTTOM_PX, min_border_right=12, tools=""
    )
    source = _source("effects-data", "name", "d", "low", "high", "equal", "colour")
    effects.vspan("x", source=_source("zero", "x"), name="zero-line")
    effects.segment("low", "name", "high", "name", color="colour", line_width=2.5, source=source)
    effects.scatter("d", "name", color="colour", size=9, source=source)
    effects.scatter(
        "equal", "name", marker="diamond", size=11, line_color="colour", line_width=1.5, source=source, name="equal"
    )
    return effects
