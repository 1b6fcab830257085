"""`shareornot audit`: which structures super-nets over- and under-rate, and what that costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json, Open

if TYPE_CHECKING:
    from rich.console import Console

    from shareornot.appraisal.audit import SpaceAudit

STYLES = {"over-rated": "dark_orange3", "under-rated": "blue", "not beyond noise": "dim", "none": "dim"}
SHORT = {"over-rated": "over", "under-rated": "under", "not beyond noise": "noise?", "none": ""}
NUM_SHOWN = 12


def audit(
    scores: Annotated[
        Path,
        typer.Argument(help="Folder of scored super-nets, or a long table (Parquet or CSV) as `replay` reads it."),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(help="Benchmark table, by name or path; default: the super-nets' own, or nasbench101."),
    ] = None,
    space: Annotated[str | None, typer.Option(help="Of a long table, this space alone.", show_default=False)] = None,
    variant: Annotated[
        str | None, typer.Option(help="Of a long table; default: BNS-FT or the only one.", show_default=False)
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of which cells are held out together, and of ties.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for pictures and JSON.", file_okay=False, show_default=False)
    ] = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Say which structures super-nets over- and under-rate, and what that costs a search.

    A rank residual is the rank of the proxy minus that of the standalone accuracy. Needs no PyTorch.

    Example: shareornot audit results/a4 --out results/a4/audit
    """
    with user_errors():
        from shareornot.errors import SettingsError

        if open_it and out is None:
            raise SettingsError("--open: expected --out FOLDER with it, for the pictures; got none")
        audits = _make(scores, benchmark, space, variant, seed)
        pictures = []
        if out is not None:
            from shareornot.report.audit_files import write_audit

            pictures = write_audit(out, audits)
        if as_json:
            from shareornot.cli.show import show_json
            from shareornot.report.audit_files import audit_to_json

            show_json([audit_to_json(one) for one in audits])
        else:
            _show(audits, pictures)
        if open_it:
            typer.launch(str(pictures[0]))


def _make(
    scores: Path, benchmark: str | None, space: str | None, variant: str | None, seed: int
) -> "Sequence[SpaceAudit]":
    from shareornot.errors import SettingsError
    from shareornot.reproduction.audit import audit_evaluations
    from shareornot.reproduction.evaluations import read_evaluations
    from shareornot.studies.supernets import audit_supernets
    from shareornot.tables import open_benchmark

    if not scores.is_dir():
        table = open_benchmark(benchmark or "nasbench101")
        return audit_evaluations(read_evaluations(scores, table), table, space=space, variant=variant, seed=seed)
    if space is not None or variant is not None:
        raise SettingsError("--space, --variant: expected with a long table only, got a folder, which has one of each")
    return [audit_supernets(scores, benchmark=benchmark, seed=seed)]


def _show(audits: "Sequence[SpaceAudit]", pictures: Sequence[Path]) -> None:
    """All about one space, or the essence of several."""
    from rich.console import Console

    from shareornot.appraisal.audit_words import describe_audit

    console = Console()
    if len(audits) == 1:
        _show_effects(console, audits[0])
        _show_groups(console, audits[0])
        _show_costs(console, audits[0])
    for one in audits:
        console.print()
        console.print(_title(one), style="bold", highlight=False, markup=False)
        for sentence in describe_audit(one):
            console.print(f"- {sentence}", highlight=False, markup=False)
    if len(audits) > 1:
        console.print("\nAll about one of them: --space NAME", highlight=False, markup=False)
    for picture in pictures:
        console.print(f"Picture: {picture}", soft_wrap=True, highlight=False, markup=False)


def _title(one: "SpaceAudit") -> str:
    variant = f", {one.variant}" if one.variant else ""
    count, lost = len(one.bias.scores), len(one.bias.diverged)
    return (
        f"{one.space}{variant}: {one.num_scores:,} scores by {count} super-net{'s' * (count > 1)}"
        f"{f', {lost} diverged and left out' if lost else ''}"
    )


def _show_effects(console: "Console", one: "SpaceAudit") -> None:
    """A row for each structure, the largest effect on top."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from shareornot.appraisal.audit_words import structure_in_words

    effects = one.bias.effects
    shown = [effect for effect in effects if effect.rating != "none"][:NUM_SHOWN] or effects[:3]
    table = Table(
        title="Which structures are misjudged (Cohen's d of the rank residual)",
        title_justify="left",
        caption="* per standard deviation. interval: 95 %. same: super-nets with that sign. equal: d between cells of "
        "equal standalone accuracy; noise?: not shown there. p after Benjamini-Hochberg "
        f"over {len(effects)} structures; {len(effects) - len(shown)} more with --json.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    table.add_column("structure")
    for heading in ("d", "interval", "same", "equal", "p", "rated"):
        table.add_column(heading, justify="right", no_wrap=True)
    for effect in shown:
        table.add_row(
            escape(structure_in_words(effect.name)) + "*" * effect.is_number,
            f"{effect.effect.d:+.2f}",
            f"{effect.effect.low:+.2f}, {effect.effect.high:+.2f}",
            f"{effect.num_same_sign}/{len(effect.each)}",
            f"{effect.at_equal_accuracy.d:+.2f}",
            "<0.001" if effect.corrected_p < 0.001 else f"{effect.corrected_p:.3f}",
            SHORT[effect.rating],
            style=STYLES[effect.rating],
        )
    console.print(table)


def _show_groups(console: "Console", one: "SpaceAudit") -> None:
    """The tree, leaf by leaf."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from shareornot.appraisal.audit_words import group_in_words

    table = Table(
        title="Who is misjudged: groups of cells, the most over-rated first (points of rank)",
        title_justify="left",
        caption="points: mean rank residual. equal: at equal standalone accuracy.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    table.add_column("cells with")
    for heading in ("cells", "points", "equal"):
        table.add_column(heading, justify="right", no_wrap=True)
    for group in one.bias.groups:
        table.add_row(
            escape(group_in_words(group)),
            f"{group.share * 100:.0f} %",
            f"{group.residual * 100:+.0f}",
            f"{group.at_equal_accuracy * 100:+.0f}",
        )
    console.print(table)


def _show_costs(console: "Console", one: "SpaceAudit") -> None:
    """Regret with and without the bias."""
    from rich import box
    from rich.table import Table

    table = Table(
        title="What it costs: test regret of the guided search, in points",
        title_justify="left",
        caption="without bias: ranks less each group's rating at equal accuracy, from trees grown on other cells. "
        "corrected: less its whole residual, which tells how good each group is. interval: 95 %, p after Holm.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    table.add_column("")
    for heading in ("as scored", "without bias", "change", "interval", "p", "corrected"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cost in one.costs:
        low, high = cost.difference.low, cost.difference.high
        table.add_row(
            f"TOP-{cost.num_trained}",
            f"{cost.as_scored * 100:.2f}",
            f"{cost.unbiased * 100:.2f}",
            f"{cost.difference.mean * 100:+.2f}",
            "-" if low is None or high is None else f"{low * 100:+.2f}, {high * 100:+.2f}",
            "-" if cost.p_value is None else f"{cost.p_value:.2f}",
            f"{cost.corrected * 100:.2f}",
        )
    console.print(table)
