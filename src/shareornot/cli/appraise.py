"""`shareornot appraise`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import (
    Baselines,
    Features,
    Ignored,
    Json,
    LowerIsBetter,
    Open,
    Proxies,
    Standalone,
    Unit,
    given,
)

FILE_SUFFIXES = {".csv", ".tsv", ".txt", ".parquet", ".pq", ".json", ".jsonl", ".xlsx", ".npz", ".arrow", ".feather"}
"""File suffixes by which an argument is taken for a score file even if it does not exist."""


def appraise(
    scores: Annotated[
        Path,
        typer.Argument(help="Folder of super-nets, or a file of scores; - reads the file from standard input."),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulated searches.")] = 0,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Number k of best-scored architectures to train in the comparison that the verdict uses; default: 10.",
            show_default=False,
        ),
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(
            help="Folder: file of training times written by measure-times; default: the times of the benchmark.",
            show_default=False,
        ),
    ] = None,
    supernet_times: Annotated[
        Path | None,
        typer.Option(
            help="Folder: the same at the width of the super-net; default: the times of standalone training.",
            show_default=False,
        ),
    ] = None,
    supernet_cost: Annotated[
        float | None,
        typer.Option(
            help="File: cost of training the super-net, in units of the average standalone training time; default: 4.",
            show_default=False,
        ),
    ] = None,
    scoring_cost: Annotated[
        float | None,
        typer.Option(help="File: cost of scoring one architecture, in the same unit; default: 0.", show_default=False),
    ] = None,
    unit: Unit = None,
    lower_is_better: LowerIsBetter = None,
    proxy: Proxies = None,
    standalone: Standalone = None,
    feature: Features = None,
    ignore: Ignored = None,
    baseline: Baselines = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="File without standalone accuracies: the table in which to look them up; default: nasbench101.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--all",
            help="File: simulate searches for every space and super-net instead of the first 20 spaces and 200 "
            "super-nets.",
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results; default: the folder of super-nets, or the name of the file followed by "
            "-appraisal.",
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
    open_it: Open = False,
) -> None:
    """Report whether the scores of super-nets can be trusted and whether sharing helped.

    SCORES is a folder of super-nets that were trained and scored here, with a chapter for each way of scoring, or a
    file of scores from any super-net on any search space: CSV in any dialect, JSON, Parquet, Arrow, .xlsx or .npz, also
    compressed. With --out, nothing is written into a folder of super-nets.

    A file has one row for each architecture and super-net, and the columns architecture (any text), proxy (the score,
    any unit, higher is better) and standalone (accuracy alone; standalone_0, standalone_1, ... where trainings were
    repeated). Optional: supernet (which one), cost (seconds of training alone), test or test_0, ... (regret is
    measured in these), space and variant (appraised one by one). Other columns of numbers, truth values and words are
    structural features, unless their name or content indicates something else; a note lists how each column was read.
    Texts of NASBench-101 and NAS-Bench-201 need no features.

    Writes one page with all of it, report.html, and beside it figures (SVG, PDF), tables (CSV, LaTeX), appraisal.json,
    scores.parquet and regret.parquet. Needs no PyTorch.

    Example: shareornot appraise my-scores.csv --supernet-cost 10
    """
    # On several cores, NumPy's threads wait for one another longer than they compute: the wall time is the same on one.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is loaded, which is later
    with user_errors():
        reading = given(
            unit=unit,
            lower_is_better=lower_is_better,
            proxy=proxy,
            standalone=standalone,
            feature=feature,
            ignore=ignore,
            baseline=baseline,
            benchmark=benchmark,
        )
        costs = {"supernet_cost": supernet_cost, "scoring_cost": scoring_cost}
        for_folders = {"times": times, "supernet_times": supernet_times}
        if scores.is_dir():
            _refuse_ordinary_folder(scores)
            _refuse({**costs, **reading, "all": everything or None}, "a file of scores", "a folder")
            from shareornot.cli.appraise_folder import appraise_folder

            appraise_folder(scores, out, seed, top, times, supernet_times, as_json=as_json, open_it=open_it)
            return
        _refuse_missing(scores)
        _refuse(for_folders, "a folder of super-nets", "a file, which has its own costs")
        from shareornot.cli.appraise_file import appraise_file

        appraise_file(
            scores,
            reading,
            seed=seed,
            top=top,
            costs=costs,
            everything=everything,
            out=out,
            as_json=as_json,
            open_it=open_it,
        )


def _refuse_missing(path: Path) -> None:
    """Raise an error that lists what was expected at a path that does not exist."""
    from shareornot.errors import MissingDataError

    if str(path) == "-" or path.exists():
        return
    if path.suffix.lower() in FILE_SUFFIXES:
        raise MissingDataError(f"{path}: expected a file of scores, found none; check the path")
    raise MissingDataError(
        f"{path}: expected a file of scores or a folder of super-nets, found neither; check the path, or "
        f"train some with: shareornot train {path}"
    )


def _refuse_ordinary_folder(folder: Path) -> None:
    """Suggest the file that may be meant where a folder holds files and no super-net."""
    from shareornot.errors import DataError

    if (folder / "study.toml").exists() or any(folder.glob("seed-*/settings.json")):
        return
    files = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in FILE_SUFFIXES)
    if files:
        raise DataError(
            f"{folder}: expected a file of scores or a folder of super-nets, got a folder with files such as "
            f"{files[0]}; name the file: {folder / files[0]}"
        )


def _refuse(options: Mapping[str, object], expected: str, got: str) -> None:
    """Refuse options that mean nothing here."""
    from shareornot.errors import SettingsError

    unsuitable = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if unsuitable:
        raise SettingsError(f"{', '.join(unsuitable)}: expected {expected}, got {got}; leave the option out")
