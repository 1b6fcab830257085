"""Results on the terminal: for people as tables, for programs as JSON."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shareornot.appraisal.appraisal import Appraisal
    from shareornot.statistics import Interval

ANSWER_STYLES = {"helped": "bold green", "hurt": "bold red", "undecided": "bold yellow"}


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, allow_nan=False))  # noqa: T201


def show_table(title: str, columns: list[str], rows: list[list[str]], note: str = "") -> None:
    """Print a table; the first column is text, the others are numbers. Eight columns fit into 80 characters."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(title, style="bold", markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", vertical="bottom", no_wrap=number > 0)
    for row in rows:
        table.add_row(*map(Text, row))  # a user's text is no markup
    console.print(table, markup=False)
    if note:
        console.print(note, style="dim", markup=False)
    console.print()


def show_appraisal(appraisal: "Appraisal", picture: "Path") -> None:
    """Print the verdict in words, the numbers behind it, and where the picture is."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    verdict = appraisal.verdict
    show_table(
        title_of(appraisal),
        ["super-net", f"{appraisal.thing}s scored", "Spearman"],
        [
            [pool.name, f"{len(pool.cells):,}", "diverged *" if value is None else f"{value:.3f}"]
            for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True)
        ],
        f"Mean: {_correlation(appraisal.agreement)}. {_ceiling(appraisal)}\n{_baselines(appraisal)}",
    )
    _show_quality(appraisal)
    show_table(
        "Test regret in points after the same time",
        ["", "trainings", "guided", "random", "evolution", "difference", "p", "d"],
        [
            [
                f"TOP-{one.num_trained}",
                f"{one.num_random_trainings:,.0f}",
                f"{one.guided_regret * 100:.2f}",
                f"{one.random_regret * 100:.2f}",
                "-" if one.evolution_regret is None else f"{one.evolution_regret * 100:.2f}",
                f"{one.difference.mean * 100:+.2f}",
                "-" if one.p_value is None else f"{one.p_value:.2g}",
                "-" if one.effect is None else f"{one.effect.d:+.2f}",
            ]
            for one in appraisal.comparisons
        ],
        f"TOP-k: the guided search has trained its k best {appraisal.thing}s; trainings: random search finishes so "
        "many in that time. Difference: guided - random, negative = better than random search. p: the larger of "
        "Student's and Welch's tests, after Holm's correction. d: Cohen's.",
    )
    if appraisal.notes:
        show_sentences("What to know about the data", appraisal.notes)
    told = Text("\n\n").join((Text(verdict.sentence, ANSWER_STYLES[verdict.answer]), *map(Text, verdict.details)))
    console = Console(highlight=False)
    console.print(Panel(told, title="Verdict", padding=(1, 2)))
    console.print(f"Picture: {picture}", soft_wrap=True, markup=False)


def title_of(appraisal: "Appraisal") -> str:
    """Which super-nets, and of how much of their space the truth is known."""
    variant = f", {appraisal.variant}" if appraisal.variant else ""
    return (
        f"{appraisal.benchmark}, {appraisal.space}{variant}: {appraisal.num_known:,} of {appraisal.num_cells:,} "
        f"{appraisal.thing}s known"
    )


def _show_quality(appraisal: "Appraisal") -> None:
    """How good the best by proxy are, beside what a random choice gets."""
    quality = appraisal.quality
    show_table(
        "The k best by proxy, and what k drawn at random get on average",
        ["", "among best", "random", "best's rank", "random", "its regret", "random"],
        [
            [
                f"k = {one.k:,}",
                f"{one.precision.mean:.0%}",
                f"{one.random_precision:.0%}",
                f"{one.best_rank.mean:,.0f}",
                f"{one.random_best_rank:,.0f}",
                f"{one.best_regret.mean * 100:.2f}",
                f"{one.random_best_regret * 100:.2f}",
            ]
            for one in quality.top
        ],
        f"Among best: share of them that is among the k truly best. Regret: points of validation accuracy below the "
        f"best {appraisal.thing} scored. Kendall's tau-b: {_correlation(quality.kendall_tau)}.",
    )


def _correlation(interval: "Interval") -> str:
    """A mean correlation with its interval, which cannot leave -1 to 1."""
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.3f}, with one super-net no interval is possible"
    low, high = max(interval.low, -1.0), min(interval.high, 1.0)
    return f"{interval.mean:.3f}, {interval.confidence:.0%} interval {low:.3f} to {high:.3f} (Student's t)"


def _ceiling(appraisal: "Appraisal") -> str:
    """How well any scores could agree."""
    if appraisal.ceiling is None:
        return "No training was repeated: how far any scores could agree is unknown."
    return f"Noise in the table allows {appraisal.ceiling.ceiling:.2f}."


def _baselines(appraisal: "Appraisal") -> str:
    """What free baselines reach, and the note on super-nets without a correlation."""
    free = ", ".join(f"{name} {value:.2f}" for name, value in appraisal.baselines.items())
    notes = f"For free: {free}." if free else "Nothing that comes for free was given to compare with."
    if None in appraisal.spearmans:
        notes += "\n* constant or non-finite scores; left out of all figures."
    return notes


def show_sentences(title: str, sentences: "Sequence[str]") -> None:
    """Print a heading and a list of sentences."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(title, style="bold", markup=False)
    points = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences:
        points.add_row("-", Text(sentence))
    console.print(points)
    console.print()
