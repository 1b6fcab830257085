"""Results on the terminal: for people as tables, for programs as JSON."""

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from shareornot.study.appraisal import Appraisal

ANSWER_STYLES = {"helped": "bold green", "hurt": "bold red", "undecided": "bold yellow"}


def show_json(value: Any) -> None:
    """Print a value as JSON on standard output."""
    print(json.dumps(value, indent=2, allow_nan=False))  # noqa: T201


def show_table(title: str, columns: list[str], rows: list[list[str]], note: str = "") -> None:
    """Print a table; the first column is text, the others are numbers."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def show_appraisal(appraisal: "Appraisal", picture: "Path") -> None:
    """Print the verdict in words, the numbers behind it, and where the picture is."""
    from rich.console import Console
    from rich.panel import Panel

    console = Console()
    verdict = appraisal.verdict
    show_table(
        f"{appraisal.benchmark}, {appraisal.space}: {appraisal.num_known:,} of {appraisal.num_cells:,} cells known",
        ["super-net", "cells scored", "Spearman"],
        [
            [pool.name, f"{len(pool.cells):,}", "diverged *" if value is None else f"{value:.3f}"]
            for pool, value in zip(appraisal.pools, appraisal.spearmans, strict=True)
        ],
        f"mean: {appraisal.agreement}; {_guides(appraisal)}",
    )
    show_table(
        "Test regret in points after the same time",
        ["", "trainings by random search", "guided", "random", "evolution", "guided - random", "p", "d"],
        [
            [
                f"TOP-{one.num_trained}",
                f"{one.num_random_trainings:.0f}",
                f"{one.guided_regret * 100:.2f}",
                f"{one.random_regret * 100:.2f}",
                f"{one.evolution_regret * 100:.2f}",
                f"{one.difference.mean * 100:+.2f}",
                "-" if one.p_value is None else f"{one.p_value:.2g}",
                "-" if one.effect is None else f"{one.effect.d:+.2f}",
            ]
            for one in appraisal.comparisons
        ],
        "negative = better than random search; p after Welch and Holm, d is Cohen's",
    )
    console.print(
        Panel(
            "\n".join((f"[{ANSWER_STYLES[verdict.answer]}]{verdict.sentence}[/]", "", *verdict.details)),
            title="Verdict",
        )
    )
    console.print(f"Picture: {picture}", soft_wrap=True)


def _guides(appraisal: "Appraisal") -> str:
    return "for free: " + ", ".join(f"{name} {value:.2f}" for name, value in appraisal.guides.items())
