"""`shareornot audit`: which structures super-nets over- and under-rate, and what that costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json, Open

if TYPE_CHECKING:
    from shareornot.appraisal.audit import SpaceAudit

NUM_SHOWN = 12


def audit(
    scores: Annotated[
        Path,
        typer.Argument(help="Folder of scored super-nets, or a long table (Parquet or CSV) in the format of `replay`."),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(help="Benchmark table, by name or path. Default: that of the super-nets, or nasbench101."),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Space to audit (long table only). Default: all.", show_default=False)
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(help="Variant to audit (long table). Default: BNS-FT or the only one.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed for the cross-validation folds and for breaking ties.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for pictures and JSON.", file_okay=False, show_default=False)
    ] = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Report which structures super-nets over- and under-rate, and what that costs a search.

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
    """Print all tables of one space, or the sentences of several."""
    from shareornot.appraisal.audit_words import describe_audit
    from shareornot.cli.show import show, show_sentences
    from shareornot.report.columns import audit_tables

    if len(audits) == 1:
        for table in audit_tables(audits[0], NUM_SHOWN):
            show(table)
    for one in audits:
        show_sentences(_title(one), describe_audit(one))
    if len(audits) > 1:
        typer.echo("Show the tables of one of them: --space NAME")
    for picture in pictures:
        typer.echo(f"Picture: {picture}")


def _title(one: "SpaceAudit") -> str:
    variant = f", {one.variant}" if one.variant else ""
    count, lost = len(one.bias.scores), len(one.bias.diverged)
    return (
        f"{one.space}{variant}: {one.num_scores:,} scores by {count} super-net{'s' * (count > 1)}"
        f"{f', {lost} diverged and left out' if lost else ''}"
    )
