"""Results on the terminal: for people as tables, for programs as JSON."""

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shareornot.appraisal.appraisal import Appraisal
    from shareornot.report.table import Table
    from shareornot.statistics import Interval

LABEL_WIDTH = 16
"""Columns of characters to which the first column of a table may shrink."""
WIDTH_OF_A_PIPE = 240
"""Columns of characters where output is not a terminal: nothing is folded or left out."""
ANSWER_STYLES = {"helped": "bold green", "hurt": "bold red", "undecided": "bold yellow"}


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, allow_nan=False))  # noqa: T201


def show_table(title: str, columns: list[str], rows: list[list[str]], note: str = "") -> None:
    """Print a table whose first column is text and whose other columns are numbers.

    Columns that do not fit into the terminal are left out, from the right, and named below the table. The first column
    always stays. Output that is not a terminal gets all columns.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    width = console.width if console.is_terminal or "COLUMNS" in os.environ else WIDTH_OF_A_PIPE
    num_shown = columns_that_fit(columns, rows, width)
    console.print(title, style="bold", markup=False)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True, header_style="dim")
    for number, column in enumerate(columns[:num_shown]):
        table.add_column(
            column,
            justify="left" if number == 0 or not _are_numbers(rows, number) else "right",
            vertical="bottom",
            no_wrap=number > 0,
            min_width=min(LABEL_WIDTH, max((len(row[0]) for row in rows), default=0)) if number == 0 else None,
        )
    for row in rows:
        table.add_row(*map(Text, row[:num_shown]))  # a user's text is no markup
    Console(highlight=False, width=max(width, 20)).print(table, markup=False, crop=False)
    if num_shown < len(columns):
        left_out = ", ".join(column or "-" for column in columns[num_shown:])
        console.print(f"Left out for lack of room: {left_out}.", style="dim", markup=False)
    if note:
        console.print(note, style="dim", markup=False)
    console.print()


def show(table: "Table") -> None:
    """Print a table of results with its notes."""
    from rich.console import Console

    if not table.rows:
        Console(highlight=False).print(f"{table.title}: none\n", markup=False)
        return
    titles = [column.title for column in table.shown_columns()]
    show_table(table.title, titles, table.texts(), "\n".join(table.notes))


def columns_that_fit(columns: "Sequence[str]", rows: "Sequence[Sequence[str]]", width: int) -> int:
    """How many columns from the left fit into a width: at least the first two.

    Titles wrap at spaces, the first column wraps down to `LABEL_WIDTH`, and all other values stay whole.
    """
    needed, fitting = 0, 0
    for number, title in enumerate(columns):
        longest = max((len(row[number]) for row in rows), default=0)
        longest = min(longest, LABEL_WIDTH) if number == 0 else longest
        needed += max(longest, *map(len, title.split()), 0) + 1
        if needed - 1 > width and number > 1:
            break
        fitting = number + 1
    return fitting


def _are_numbers(rows: "Sequence[Sequence[str]]", number: int) -> bool:
    """Whether most values of a column look like numbers."""
    values = [row[number] for row in rows if row[number]]
    return sum(any(one.isdigit() for one in value[:3]) for value in values) * 2 >= len(values)


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
