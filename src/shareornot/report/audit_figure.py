"""The picture of a bias audit: which structures are misjudged, and where they lie between the two rankings."""

from typing import TYPE_CHECKING, Any

import numpy as np

from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.audit_words import structure_in_words
from shareornot.report.dots import drawn_rows, drawn_words
from shareornot.report.figure_text import plain, shortened, width_in
from shareornot.report.page_extra import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OVER, UNDER, NEITHER = "#8b3fa0", "#8a6d00", "#8a8a8a"
"""Distinguishable by colour-blind readers too."""
WIDTH_IN, HEIGHT_IN = 12.0, 6.0
RANKS_IN, SIDE_IN, BOTTOM_IN = 6.4, 4.5, 0.8
"""Left and lower edge of the square of the ranks, and its side, in inches."""
MOST_LETTERS, MOST_OF_TITLE = 36, 70
"""Most letters of the words for a structure, and of the name of a space."""
NUM_SHOWN = 14
"""Structures in the picture, the largest effects."""


def audit_figure(audit: SpaceAudit) -> "Figure":
    """Draw the effects of structures with their intervals, and the ranks coloured by the strongest one.

    Returns:
        A matplotlib figure, 12 x 6 inches, that belongs to no window.
    """
    figure = new_figure(WIDTH_IN, HEIGHT_IN, by_constraints=False)
    effects, ranks = figure.subplots(1, 2)
    labels = _draw_effects(effects, audit)
    _draw_ranks(ranks, audit)
    left = 0.25 + width_in(labels)
    _place(effects, left, RANKS_IN - 0.6 - left)
    _place(ranks, RANKS_IN, SIDE_IN)
    where = plain(shortened(audit.space + (f", {audit.variant}" if audit.variant else ""), MOST_OF_TITLE))
    count = len(audit.bias.scores)
    figure.suptitle(
        f"Bias audit of {where}: {audit.num_scores:,} scores by {count} super-net{'s' * (count > 1)}",
        fontsize=13,
        fontweight="bold",
        x=0.01,
        ha="left",
    )
    return figure


def _place(axes: "Axes", left_in: float, width_in: float) -> None:
    """Put axes beside the others, as high as these."""
    axes.set_position((left_in / WIDTH_IN, BOTTOM_IN / HEIGHT_IN, width_in / WIDTH_IN, SIDE_IN / HEIGHT_IN))


def _draw_effects(axes: "Axes", audit: SpaceAudit) -> list[str]:
    """A row for each structure, the largest effect on top; the labels of the rows."""
    shown = audit.bias.effects[:NUM_SHOWN]
    for place, effect in enumerate(shown):
        colour = {"over-rated": OVER, "under-rated": UNDER}.get(effect.rating, NEITHER)
        both = effect.effect
        axes.plot([both.low, both.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot(both.d, place, "o", color=colour, markersize=6)
        axes.plot(effect.at_equal_accuracy.d, place, "D", markersize=5, markerfacecolor="white", color=colour)
    axes.axvline(0, color="#333333", linewidth=0.8)
    labels = [_short_words(effect.feature, effect.level) + ("*" if effect.is_number else "") for effect in shown]
    axes.set_yticks(range(len(shown)), labels)
    axes.invert_yaxis()
    axes.set_xlabel(
        "effect on the rank residual (d, in its standard deviations)\n* per standard deviation of the number"
    )
    axes.plot([], [], "o-", color="#333333", label="all, with 95 % interval")
    axes.plot([], [], "D", color="#333333", markerfacecolor="white", label="at equal accuracy")
    for colour, label in ((OVER, "over-rated"), (UNDER, "under-rated"), (NEITHER, "neither")):
        axes.plot([], [], color=colour, linewidth=4, label=label)
    axes.legend(frameon=False, fontsize=8, loc="best")
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title("Over-rated to the right, under-rated to the left", fontsize=11, loc="left", y=1.0)
    return labels


def _short_words(feature: str, level: str | None) -> str:
    """Words for a structure, with the middle of long ones left out, so that there is room for what is drawn."""
    return plain(shortened(structure_in_words(feature, level), MOST_LETTERS))


def _draw_ranks(axes: "Axes", audit: SpaceAudit) -> None:
    """Rank by score against that of the standalone accuracy; the distance from the diagonal is the residual."""
    scores = audit.bias.scores
    rows = np.concatenate([one.cells for one in scores])
    ranks = np.concatenate([one.ranks for one in scores]) * 100
    truths = ranks - np.concatenate([one.residuals for one in scores]) * 100
    num_scores = len(ranks)
    crowded = num_scores > 3_000

    drawn = drawn_rows(len(ranks))

    def dots(shown: np.ndarray, **colour: Any) -> Any:
        size, alpha = (4, 0.35) if crowded else (9, 0.5)
        return axes.scatter(truths[shown], ranks[shown], s=size, alpha=alpha, linewidths=0, rasterized=True, **colour)

    axes.plot([0, 100], [0, 100], color="#333333", linewidth=0.8, linestyle="--")
    title = f"Ranks of the scored architectures{drawn_words(num_scores)}"
    rated = [effect for effect in audit.bias.effects if effect.rating in ("over-rated", "under-rated")]
    effect = next(iter(rated or audit.bias.effects), None)
    if effect is None:
        dots(drawn, color=NEITHER)
    else:
        words = _short_words(effect.feature, effect.level)
        feature, level = effect.feature, effect.level
        values = audit.architectures.features(audit.cells)[feature][rows]
        if effect.is_number:
            points = dots(drawn, c=values[drawn], cmap="viridis")
            bar = axes.figure.add_axes((0, 0, 1, 1))
            _place(bar, RANKS_IN + SIDE_IN + 0.13, 0.13)
            axes.figure.colorbar(points, cax=bar, label=words)
        else:
            has = values == level if level else values.astype(bool)
            with_it, colour = f"{words} ({has.mean() * 100:.0f} %)", OVER if effect.effect.d > 0 else UNDER
            dots(drawn[~has[drawn]], color="#b0b0b0")
            dots(drawn[has[drawn]], color=colour)
            axes.plot([], [], "o", color=colour, label=with_it)
            axes.plot([], [], "o", color="#b0b0b0", label="others")
            axes.legend(frameon=True, framealpha=0.85, edgecolor="none", fontsize=9, loc="lower right")
        title += f", by {words}"
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.set_aspect("equal")
    axes.set_xlabel("rank by standalone accuracy (% of the pool beaten)")
    axes.set_ylabel("rank by score (% of the pool beaten)")
    axes.set_title(title, fontsize=11, loc="left", y=1.0)
