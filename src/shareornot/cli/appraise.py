"""`shareornot appraise`."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json, Open

FILE_SUFFIXES = {".csv", ".tsv", ".txt", ".parquet", ".pq"}
"""Of what is meant to be a file, also where it is missing."""


def appraise(
    scores: Annotated[Path, typer.Argument(help="Folder of super-nets, or a CSV or Parquet file of scores.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated searches.")] = 0,
    times: Annotated[
        Path | None,
        typer.Option(
            help="Folder: measured training times, see measure-times; default: the benchmark's.", show_default=False
        ),
    ] = None,
    supernet_times: Annotated[
        Path | None,
        typer.Option(
            help="Folder: measured times at the super-net's width; default: as for a cell alone.", show_default=False
        ),
    ] = None,
    supernet_cost: Annotated[
        float | None,
        typer.Option(help="File: cost of a super-net, in average trainings alone; default: 4.", show_default=False),
    ] = None,
    scoring_cost: Annotated[
        float | None,
        typer.Option(help="File: cost of scoring one architecture, likewise; default: 0.", show_default=False),
    ] = None,
    unit: Annotated[
        Literal["auto", "fraction", "percent"] | None,
        typer.Option(help="File: unit of standalone accuracies; default: auto.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File: folder for the results; default: its name and -appraisal.", file_okay=False, show_default=False
        ),
    ] = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Judge scored super-nets: can their scores be trusted, did sharing help?

    Of a folder of super-nets, trained and scored here, or of a file of scores from any super-net on any search space.

    A file has one row for each architecture and super-net, and the columns architecture (any text), proxy (the score,
    any unit, higher is better) and standalone (accuracy alone; standalone_0, standalone_1, ... where trainings were
    repeated). Optional: supernet (which one), cost (seconds of training alone), test or test_0, ... (regret is
    measured in these), space and variant (appraised one by one). All other columns of numbers, truth values and words
    are structural features; cells of NASBench-101 and texts of NAS-Bench-201 tell theirs by themselves.

    Writes one page with all of it, report.html, and beside it figures (SVG, PDF), tables (CSV, LaTeX), appraisal.json,
    scores.parquet and regret.parquet. Needs no PyTorch.

    Example: shareornot appraise my-scores.csv --supernet-cost 10
    """
    with user_errors():
        for_files = {"--supernet-cost": supernet_cost, "--scoring-cost": scoring_cost, "--unit": unit, "--out": out}
        for_folders = {"--times": times, "--supernet-times": supernet_times}
        if scores.is_file() or scores.suffix.lower() in FILE_SUFFIXES:
            _refuse(for_folders, "a folder of super-nets", "a file, which has its own costs")
            _appraise_file(scores, seed, supernet_cost, scoring_cost, unit, out, as_json=as_json, open_it=open_it)
            return
        _refuse(for_files, "a file of scores", "a folder, whose settings say all that" if scores.exists() else "none")
        _appraise_folder(scores, seed, times, supernet_times, as_json=as_json, open_it=open_it)


def _refuse(options: Mapping[str, object], expected: str, got: str) -> None:
    """Options that mean nothing here."""
    from shareornot.errors import SettingsError

    given = [name for name, value in options.items() if value is not None]
    if given:
        raise SettingsError(f"{', '.join(given)}: expected {expected}, got {got}; leave the option out")


def _appraise_folder(
    folder: Path, seed: int, times: Path | None, supernet_times: Path | None, *, as_json: bool, open_it: bool
) -> None:
    from shareornot.cli.page import publish, typed_command
    from shareornot.cli.show import show_appraisal, show_json
    from shareornot.errors import DataError
    from shareornot.report import to_json, write_report
    from shareornot.report.chapter import Chapter
    from shareornot.studies.provenance import make_provenance
    from shareornot.studies.supernets import appraise_supernets, audit_supernets, settings_used
    from shareornot.tables import benchmark_path

    started_s = time.monotonic()
    appraisal = appraise_supernets(folder, seed=seed, times=times, supernet_times=supernet_times)
    try:
        audit = audit_supernets(folder, seed=seed)
    except DataError:  # too few cells for an audit, which an appraisal does without
        audit = None
    picture = write_report(folder, appraisal)
    if as_json:
        show_json(to_json(appraisal))
    else:
        show_appraisal(appraisal, picture)
    settings = settings_used(folder)
    provenance = make_provenance(
        f"Weight sharing on {appraisal.space} of {appraisal.benchmark}",
        command=typed_command(),
        seeds=[seed],
        settings=settings,
        data_files={Path(settings["benchmark"]).name: benchmark_path(settings["benchmark"])},
        duration_s=time.monotonic() - started_s,
    )
    publish(folder, [Chapter(appraisal=appraisal, audit=audit)], provenance, quiet=as_json, open_it=open_it)


def _appraise_file(
    path: Path,
    seed: int,
    supernet_cost: float | None,
    scoring_cost: float | None,
    unit: Literal["auto", "fraction", "percent"] | None,
    out: Path | None,
    *,
    as_json: bool,
    open_it: bool,
) -> None:
    from shareornot.appraisal.user_scores import SUPERNET_COST, appraise_scores, read_own_scores
    from shareornot.cli.page import publish, typed_command
    from shareornot.cli.show import show_json
    from shareornot.cli.show_own_scores import show_own_scores
    from shareornot.progress import progress_bar
    from shareornot.report.chapter import Chapter
    from shareornot.report.own_scores_files import own_scores_to_json, write_own_scores
    from shareornot.studies.provenance import make_provenance

    started_s = time.monotonic()
    scores = read_own_scores(path, unit=unit or "auto")
    with progress_bar("Simulating searches", len(scores.variants)) as progress:
        found = appraise_scores(
            scores,
            supernet_cost=SUPERNET_COST if supernet_cost is None else supernet_cost,
            scoring_cost=scoring_cost or 0.0,
            seed=seed,
            progress=progress,
        )
    folder = out or path.with_name(f"{path.stem}-appraisal")
    folders = write_own_scores(folder, found, scores.notes)
    if as_json:
        show_json(own_scores_to_json(found, scores.notes))
    else:
        show_own_scores(found, scores.notes, folders)
    provenance = make_provenance(
        f"Scores in {path.name}",
        command=typed_command(),
        seeds=[seed],
        settings={
            "supernet_cost": SUPERNET_COST if supernet_cost is None else supernet_cost,
            "scoring_cost": scoring_cost or 0.0,
        },
        data_files={path.name: path},
        duration_s=time.monotonic() - started_s,
        notes=scores.notes,
    )
    chapters = [Chapter(appraisal=one.appraisal, audit=one.audit) for one in found]
    publish(folder, chapters, provenance, quiet=as_json, open_it=open_it)
