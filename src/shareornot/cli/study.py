"""`shareornot study`: studies of many super-nets, described in a file, kept in a folder."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import FAILED, user_errors
from shareornot.cli.group import Group
from shareornot.cli.options import Device, Json
from shareornot.cli.page import typed_command
from shareornot.cli.show_study import show_cost, show_end, show_missing, show_status
from shareornot.errors import MissingDataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shareornot.progress import Progress
    from shareornot.studies import Job, StudySettings

app = typer.Typer(cls=Group, help="Run studies of many super-nets, each described in one file.", no_args_is_help=True)
RESULTS = Path("shareornot-results")
MANY = 500
"""Finished jobs whose check is worth a line."""

FileOrFolder = Annotated[Path, typer.Argument(help="Study file, or the folder of a study.")]
Into = Annotated[
    Path | None, typer.Option("--folder", help="Folder for the results; default: shareornot-results/NAME.")
]
Set = Annotated[
    list[str] | None, typer.Option("--set", help="Override a setting, as in training.epochs=20; may be repeated.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--processes",
        min=0,
        help="Number of worker processes (0 = run in this process). Default: one per CPU core on digits, otherwise "
        "one, or one per GPU. "
        "Several processes per GPU share it.",
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Run on the Ray cluster at this address; local starts a cluster on this machine."
    ),
]


@app.command()
def presets(as_json: Json = False) -> None:
    """List the presets that a study can start from.

    Example: shareornot study presets
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.studies.study_file import describe_presets

        described = describe_presets()
        if as_json:
            show_json(described)
            return
        for name, words in described.items():
            typer.echo(f"{name}\n    {words}")
        typer.echo("\nStart from one with: shareornot study new my-study.toml --preset digits")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    preset: Annotated[
        str, typer.Option(help="What the file starts from; shareornot study presets describes them.")
    ] = "digits",
) -> None:
    """Write a study file with comments, which you can edit and run.

    Example: shareornot study new my-study.toml --preset laptop-cifar10
    """
    with user_errors():
        from shareornot.studies import new_study

        new_study(file, preset)
        typer.echo(f"Wrote: {file}\nNext: shareornot study plan {shlex.quote(str(file))}")


@app.command()
def plan(
    study: FileOrFolder,
    folder: Into = None,
    overrides: Set = None,
    measure: Annotated[
        bool,
        typer.Option("--measure/--no-measure", help="Measure the speed of each network, about 10 seconds per network."),
    ] = True,
    each: Annotated[bool, typer.Option("--each", help="List each job.")] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Estimate the jobs, time, memory and disk space that a study needs.

    Example: shareornot study plan my-study.toml --set training.epochs=20
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.progress import progress_bar
        from shareornot.studies import Store, plan_jobs
        from shareornot.studies.cost import study_cost
        from shareornot.studies.data_hashes import DataHashes

        settings, into = _settings(study, folder, overrides)
        jobs = plan_jobs(settings, DataHashes())
        finished = Store(into).finished(one.name for one in jobs)
        cost = study_cost(jobs, finished, device=device, measure=measure, bars=progress_bar)
        if as_json:
            show_json({"name": settings.name, "folder": str(into), **cost.as_dict()})
        else:
            show_cost(settings.name, into, cost, each=each)


@app.command()
def run(
    study: FileOrFolder,
    folder: Into = None,
    overrides: Set = None,
    processes: Workers = None,
    ray: Ray = None,
    device: Device = "auto",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the jobs without running them.")] = False,
) -> None:
    """Run the unfinished jobs of a study.

    Finished jobs are not repeated. Ctrl-C saves and stops within seconds.

    Example: shareornot study run my-study.toml --processes 2
    """
    with user_errors():
        settings, into = _settings(study, folder, overrides)
        if dry_run:
            show_missing(settings, into)
            return
        _run(settings, into, processes, ray, device)


@app.command()
def resume(
    study: FileOrFolder,
    processes: Workers = None,
    ray: Ray = None,
    device: Device = "auto",
) -> None:
    """Resume a study; jobs that failed are tried again.

    Example: shareornot study resume shareornot-results/digits
    """
    with user_errors():
        from shareornot.studies import read_study

        folder = _folder_of_run(study)
        _run(read_study(folder), folder, processes, ray, device)


@app.command()
def status(study: FileOrFolder, as_json: Json = False) -> None:
    """Report the progress of a study, whether or not it is running.

    The exit code is 1 where a job has failed.

    Example: shareornot study status shareornot-results/digits
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.studies import study_status

        found = study_status(_folder_of_run(study))
        if as_json:
            show_json(found.as_dict())
        else:
            show_status(found)
        if found.number("failed"):
            raise typer.Exit(FAILED)


@app.command()
def report(
    study: FileOrFolder,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the page, figures and tables; default: FOLDER/report.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the page when it is written.")] = False,
) -> None:
    """Write the page, figures and tables of all finished chapters.

    Example: shareornot study report shareornot-results/digits
    """
    with user_errors():
        from shareornot.cli.study_report import write_study_report

        folder = _folder_of_run(study)
        page = write_study_report(folder, out or folder / "report", typed_command())
        typer.echo(f"Page: {page}")
        if open_it:
            typer.launch(str(page))


@app.command()
def export(
    study: FileOrFolder,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default: FOLDER/export.")] = None,
) -> None:
    """Write everything that is finished as Parquet files.

    evaluations.parquet is what replay reads, scores.parquet what appraise reads.

    Example: shareornot study export shareornot-results/digits
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.studies.export import export_study

        folder = _folder_of_run(study)
        files = export_study(folder, out or folder / "export", progress_bar)
        typer.echo("\n".join(f"Wrote: {file}" for file in files))


def _settings(study: Path, folder: Path | None, overrides: list[str] | None) -> "tuple[StudySettings, Path]":
    """The settings of a file or folder, and the folder that holds the results."""
    from shareornot.studies import read_study

    settings = read_study(study, overrides or ())
    return settings, folder or (study if study.is_dir() else RESULTS / settings.name)


def _folder_of_run(study: Path) -> Path:
    """The folder with the results of a study that was run: the folder itself, or that of the study in a file.

    Raises:
        MissingDataError: the study was not run there.
        SettingsError: the file is no study.
    """
    folder = _settings(study, None, None)[1] if study.is_file() else study
    if not (folder / "study.toml").is_file():
        remedy = f"shareornot study run {study if study.is_file() else 'FILE'}"
        raise MissingDataError(f"{folder}: expected the folder of a study, found none; run one with: {remedy}")
    return folder


def _run(settings: "StudySettings", folder: Path, processes: int | None, ray: str | None, device: str) -> None:
    """Run, watch, and report how it ended."""
    from contextlib import contextmanager

    from shareornot.progress import Silent
    from shareornot.studies import Store, run_study
    from shareornot.studies.execution import LOG_NAME, watch_run
    from shareornot.studies.interruption import polite_interruption
    from shareornot.studies.places import choose_place

    place = choose_place(settings.images, device, processes, ray=ray)
    store = Store(folder)

    def log_of(name: str) -> Path:
        return store.path(name) / LOG_NAME

    with (
        polite_interruption() as should_stop,
        watch_run(log_of, should_stop=should_stop) as view,
    ):

        @contextmanager
        def announced(what: str, total: float | int) -> "Iterator[Progress]":
            if total > MANY:
                view.print_line(f"{what} ...")  # a bar of its own would be in the way of the view
            yield Silent()

        def announce(jobs: "Sequence[Job]", finished: set[str]) -> None:
            view.expect({one.name: f"{one.kind} {one.label}" for one in jobs}, finished)

        ended = run_study(
            folder,
            settings,
            place.executor,
            device=place.device,
            watch=view.watch,
            should_stop=should_stop,
            on_plan=announce,
            on_set_aside=lambda aside: view.print_line(f"damaged: {aside}"),
            resources=place.resources,
            bars=announced,
        )
    show_end(ended, folder)
