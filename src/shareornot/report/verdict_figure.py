"""The picture of an appraisal: how the scores agree with the truth, and what searching by them brought."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.verdict import with_half_width
from shareornot.report.curves import drawn_curves
from shareornot.report.dots import drawn_rows, drawn_words
from shareornot.report.figure_text import make_logarithmic, plain, tick_width_in
from shareornot.report.page_extra import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure, SubFigure

COLOURS = {
    "guided": "#0072b2",
    "random": "#555555",
    "evolution": "#d55e00",
    "local": "#00868b",
    "baseline": "#b5527f",
}
"""Distinguishable by colour-blind readers too, with the line styles below."""
STYLES = {"local": "--", "baseline": "-."}
SHADES = ("#0072b2", "#56b4e9", "#003f66", "#7aa6c2", "#2f8fcf")
"""One for each super-net."""
ANSWER_COLOURS = {"helped": "#00795a", "did not pay": "#b03a2e", "undecided": "#6b6b6b"}
TRUST_COLOUR = "#222222"
LETTERS_PER_LINE, LINE_IN, HEADING_IN = 84, 0.168, 0.7
"""Layout of the two answers: letters in a line of half the width, height of a line and of what is above it, in
inches."""


def verdict_figure(appraisal: Appraisal) -> "Figure":
    """Draw scores against standalone accuracies with their distributions, and regret against time.

    Returns:
        A matplotlib figure, 12 inches wide and about 7 inches high, that belongs to no window.
    """
    verdict = appraisal.verdict
    answers = [
        ("Did sharing weights help?", verdict.helped.word, verdict.helped.sentence, ANSWER_COLOURS[verdict.answer]),
        ("Can the scores be trusted?", verdict.trust.word, verdict.trust.sentence, TRUST_COLOUR),
    ]
    sentences = [textwrap.wrap(plain(sentence), LETTERS_PER_LINE) for _, _, sentence, _ in answers]
    height = HEADING_IN + LINE_IN * max(map(len, sentences))
    figure = new_figure(12.0, 5.3 + height)
    top, bottom = figure.subfigures(2, 1, height_ratios=(height, 5.3))  # type: ignore[misc]
    for x, (question, word, _, colour), lines in zip((0.012, 0.51), answers, sentences, strict=True):
        top.text(x, 1 - 0.1 / height, question, va="top", fontsize=9, color="#555555")
        top.text(x, 1 - 0.28 / height, word, va="top", fontsize=14, fontweight="bold", color=colour)
        top.text(x, 1 - 0.58 / height, "\n".join(lines), va="top", fontsize=9.5, linespacing=1.25)
    left, right = bottom.subfigures(1, 2, width_ratios=(1, 1.08))
    _draw_agreement(left, appraisal)
    _draw_regret(right, appraisal)
    return figure


def agreement_figure(appraisal: Appraisal) -> "Figure":
    """Draw scores against standalone accuracies with their distributions.

    Returns:
        A matplotlib figure, 5.6 x 5.2 inches, that belongs to no window.
    """
    width, height = 5.6, 5.2
    figure = new_figure(width, height, by_constraints=False)
    above, main = _draw_agreement(figure, appraisal)
    title = 0.14 + 0.2 * (1 + above.get_title(loc="left").count("\n"))
    left = 0.38 + tick_width_in(main.yaxis)
    figure.subplots_adjust(left=left / width, right=1 - 0.1 / width, bottom=0.5 / height, top=1 - title / height)
    return figure


def regret_figure(appraisal: Appraisal) -> "Figure":
    """Draw regret against time, with the budgets at which the searches are compared.

    Returns:
        A matplotlib figure, 6.2 x 4.8 inches, that belongs to no window.
    """
    width, height = 6.2, 4.8
    figure = new_figure(width, height, by_constraints=False)
    axes = _draw_regret(figure, appraisal)
    left = 0.38 + tick_width_in(axes.yaxis)
    figure.subplots_adjust(left=left / width, right=1 - 0.12 / width, bottom=0.5 / height, top=1 - 0.32 / height)
    return figure


def _draw_agreement(figure: "Figure | SubFigure", appraisal: Appraisal) -> "tuple[Axes, Axes]":
    """A point for each scored architecture, with the distribution of either accuracy along its axis.

    Returns:
        The axes at the top, which have the title, and those of the points.
    """
    axes = figure.subplots(
        2,
        2,
        width_ratios=(5, 1),
        height_ratios=(1, 5),
        sharex="col",
        sharey="row",
        gridspec_kw={"wspace": 0.03, "hspace": 0.03},
    )
    above, corner, main, beside = axes[0, 0], axes[0, 1], axes[1, 0], axes[1, 1]
    corner.set_visible(False)
    shown = [number for number, value in enumerate(appraisal.spearmans) if value is not None]
    shades = SHADES[: len(shown)]
    scale = 100 if appraisal.proxy_unit == "fraction" else 1
    groups = [shown[place :: len(SHADES)] for place in range(len(shades))]  # of one shade, which are drawn together
    standalone = [np.concatenate([appraisal.standalone[number] for number in group]) * 100 for group in groups]
    proxies = [np.concatenate([appraisal.pools[number].proxies for number in group]) * scale for group in groups]
    num_scores = sum(map(len, proxies))
    for x, y, shade in zip(standalone, proxies, shades, strict=True):
        drawn = drawn_rows(len(x), num_scores)
        _scatter(main, x[drawn], y[drawn], shade, crowded=num_scores > 3_000)
    one_shape = {"bins": 60, "color": list(shades), "stacked": True, "histtype": "stepfilled"}  # drawn faster than bars
    above.hist(standalone, **one_shape)
    beside.hist(proxies, orientation="horizontal", **one_shape)
    for axis in (above, beside):
        axis.axis("off")
    main.set_xlabel("standalone validation accuracy (%), mean over runs")
    main.set_ylabel(
        "score: validation accuracy (%), shared weights"
        if appraisal.proxy_unit == "fraction"
        else f"score (own unit{_factor(main.yaxis)})"
    )
    limit = "" if appraisal.ceiling is None else f"\nnoise ceiling {appraisal.ceiling.ceiling:.2f}"
    main.text(
        0.03,
        0.97,
        f"Spearman {with_half_width(appraisal.agreement)}{limit}",
        transform=main.transAxes,
        va="top",
        bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none"},
    )
    where = ", ".join(filter(None, (appraisal.benchmark, appraisal.space, appraisal.variant)))
    scores = f"{num_scores:,} scores by {len(shown)} super-net{'s' * (len(shown) > 1)}{drawn_words(num_scores)}"
    above.set_title(
        plain("\n".join(textwrap.wrap(f"{where}: {scores}", 58))),
        fontsize=10.5,
        loc="left",
        y=1.0,  # where it is anyway, so that Matplotlib does not look for the place each time it draws
    )
    return above, main


def _factor(axis: "Axis") -> str:
    """A factor of all numbers along an axis, as an addition to its label: beside the axis, others would hide it."""
    formatter = axis.get_major_formatter()
    formatter.set_useOffset(False)  # type: ignore[attr-defined]
    formatter.format_ticks(list(axis.get_majorticklocs()))
    axis.get_offset_text().set_visible(False)
    return f" x {factor}" if (factor := formatter.get_offset()) else ""


def _scatter(axes: "Axes", x: np.ndarray, y: np.ndarray, colour: str, *, crowded: bool) -> None:
    """Points small and light enough that clusters show."""
    size, alpha = (4, 0.3) if crowded else (9, 0.5)
    axes.scatter(x, y, s=size, alpha=alpha, color=colour, linewidths=0, rasterized=True)
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_regret(figure: "Figure | SubFigure", appraisal: Appraisal) -> "Axes":
    """Mean test regret of each search against time, with the budgets at which they are compared."""
    axes = figure.subplots()
    curves = drawn_curves(appraisal)
    for name, curve in reversed(curves.items()):
        mean, low, high = (np.maximum(values, 1e-5) * 100 for values in (curve.mean, curve.low, curve.high))
        runs = f"{curve.num_runs} run{'s' * (curve.num_runs > 1)}"
        label = plain(f"{curve.label} ({runs})")
        axes.plot(curve.time, mean, color=COLOURS[name], linestyle=STYLES.get(name, "-"), label=label)
        if curve.num_runs > 2 and name != "baseline":  # wide bands would hide everything else
            axes.fill_between(curve.time, low, high, color=COLOURS[name], alpha=0.15, linewidth=0)
    means = np.concatenate([curve.mean for curve in curves.values()]) * 100
    means = means[np.isfinite(means)]
    low, high = max(means[means > 0].min(initial=1.0) / 3, 1e-3), means.max(initial=1.0) * 1.5
    make_logarithmic(axes, _span_of_times(appraisal), (low, high))
    for position, one in enumerate(appraisal.comparisons):
        axes.axvline(one.budget_s, color="#999999", linestyle=":", linewidth=1)
        axes.text(
            one.budget_s,
            0.99 - 0.11 * position,  # budgets may lie close together
            f" TOP-{one.num_trained}",
            transform=axes.get_xaxis_transform(),
            rotation=90,
            ha="right",
            va="top",
            fontsize=8,
            color="#666666",
        )
    unit = "time (s)" if appraisal.time_unit == "seconds" else "number"
    axes.set_xlabel(f"{unit} of all trainings, with the super-net's")
    axes.set_ylabel("test regret (points)")
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], frameon=False, loc="lower left", fontsize=8)
    axes.set_title("Regret against time, mean and 95 % band", fontsize=11, loc="left", y=1.0)
    return axes


def _span_of_times(appraisal: Appraisal) -> tuple[float, float]:
    """The shortest and the longest time above 0 of curves and budgets, with a little room."""
    budgets = np.array([one.budget_s for one in appraisal.comparisons])
    times = np.concatenate([budgets, *(curve.time for curve in drawn_curves(appraisal).values())])
    times = times[np.isfinite(times) & (times > 0)]
    low, high = times.min(initial=np.inf), times.max(initial=0)
    if not low < high:
        return 0.1, 10.0
    room = (high / low) ** 0.04
    return float(low / room), float(high * room)
