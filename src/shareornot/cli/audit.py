"""`shareornot audit`: which structures super-nets over- and under-rate, and what that costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Features, Ignored, Json, LowerIsBetter, Open, Proxies, Standalone, Unit, given

if TYPE_CHECKING:
    from shareornot.appraisal.audit import SpaceAudit
    from shareornot.appraisal.user_scores.options import ReadingOptions
    from shareornot.appraisal.user_scores.score_table import ScoreTable

NUM_SHOWN = 12


def audit(
    scores: Annotated[
        Path,
        typer.Argument(help="Folder of scored super-nets, or a file of scores as `appraise` and `replay` read it."),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="Table of standalone accuracies, by name or path. Default: the table of the super-nets; for a file, "
            "its own "
            "accuracies, or nasbench101.",
            show_default=False,
        ),
    ] = None,
    space: Annotated[
        str | None, typer.Option(help="Space to audit (file only). Default: all.", show_default=False)
    ] = None,
    variant: Annotated[
        str | None,
        typer.Option(
            help="Variant to audit (file only). Default: all; for a file without accuracies, BNS-FT or the only one.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed for the cross-validation folds and for breaking ties.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for pictures and JSON.", file_okay=False, show_default=False)
    ] = None,
    unit: Unit = None,
    lower_is_better: LowerIsBetter = None,
    proxy: Proxies = None,
    standalone: Standalone = None,
    feature: Features = None,
    ignore: Ignored = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Report which structures super-nets over- and under-rate, and how much that costs a search.

    A rank residual is the rank of the proxy minus that of the standalone accuracy. Needs no PyTorch.

    Example: shareornot audit results/a4 --out results/a4/audit
    """
    with user_errors():
        from shareornot.errors import SettingsError

        if open_it and out is None:
            raise SettingsError("--open: expected --out FOLDER with it, for the pictures; got none")
        reading = given(
            unit=unit,
            lower_is_better=lower_is_better,
            proxy=proxy,
            standalone=standalone,
            feature=feature,
            ignore=ignore,
        )
        audits = _make(scores, benchmark, space, variant, seed, reading)
        pictures = []
        if out is not None:
            from shareornot.cli.page import NO_PAGE
            from shareornot.report.audit_files import write_audit
            from shareornot.report.page_extra import has_page_extra

            pictures = write_audit(out, audits, pictures=has_page_extra())
            if not pictures:
                typer.echo(NO_PAGE, err=True)
        if as_json:
            from shareornot.cli.show import show_json
            from shareornot.report.audit_files import audit_to_json

            show_json([audit_to_json(one) for one in audits])
        else:
            _show(audits, pictures)
        if open_it and pictures:
            typer.launch(str(pictures[0]))


def _make(
    scores: Path,
    benchmark: str | None,
    space: str | None,
    variant: str | None,
    seed: int,
    reading: Mapping[str, Any],
) -> "Sequence[SpaceAudit]":
    """The audits of a folder, of a table of evaluations of NASBench-101, or of scores that come with accuracies."""
    from shareornot.appraisal.user_scores.options import reading_options
    from shareornot.appraisal.user_scores.reading import read_columns
    from shareornot.appraisal.user_scores.score_table import score_table
    from shareornot.errors import SettingsError
    from shareornot.reproduction.audit import audit_evaluations
    from shareornot.reproduction.evaluations import evaluations_of_table
    from shareornot.studies.supernets import audit_supernets
    from shareornot.tables import BenchmarkTable, open_table

    if scores.is_dir():
        if space is not None or variant is not None or reading:
            raise SettingsError(
                "--space, --variant and the options of score files apply only to a file of scores, got a folder; leave "
                "them out"
            )
        return audit_supernets(scores, benchmark=benchmark, seed=seed)
    options = reading_options(**reading, benchmark=benchmark)
    rows = score_table(read_columns(scores), options)
    if rows.standalone is None:
        table = open_table(benchmark or "nasbench101")
        if isinstance(table, BenchmarkTable):
            evaluations = evaluations_of_table(rows, table)
            return audit_evaluations(evaluations, table, space=space, variant=variant, seed=seed)
    return _audits_of_scores(rows, options, space, variant, seed)


def _audits_of_scores(
    rows: "ScoreTable", options: "ReadingOptions", space: str | None, variant: str | None, seed: int
) -> "Sequence[SpaceAudit]":
    """The audits of the spaces and variants of a file, as far as there are enough architectures and features.

    Raises:
        DataError: there are not.
        SettingsError: no such space or variant.
    """
    from shareornot.appraisal.user_scores import audit_scores
    from shareornot.appraisal.user_scores.scores import scores_of_table
    from shareornot.errors import DataError, SettingsError

    read = scores_of_table(rows, options)
    chosen = [
        one
        for one in read.variants
        if space in (None, one.truth.space) and (variant is None or variant == one.truth.variant)
    ]
    if not chosen:
        there = sorted({f"{one.truth.space}, {one.truth.variant or 'no variant'}" for one in read.variants})
        raise SettingsError(f"--space, --variant: expected one of {'; '.join(there[:20])}, got {space} and {variant}")
    found, reasons = [], []
    for one in chosen:
        audit, notes = audit_scores(one, seed)
        found += [audit] if audit is not None else []
        reasons += notes
    if not found:
        raise DataError(f"{read.source}: {reasons[0]}")
    return found


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
        typer.echo("Use --space NAME to show the tables of one space.")
    for picture in pictures:
        typer.echo(f"Picture: {picture}")


def _title(one: "SpaceAudit") -> str:
    variant = f", {one.variant}" if one.variant else ""
    count, lost = len(one.bias.scores), len(one.bias.diverged)
    return (
        f"{one.space}{variant}: {one.num_scores:,} scores by {count} super-net{'s' * (count > 1)}"
        f"{f', {lost} diverged and left out' if lost else ''}"
    )
