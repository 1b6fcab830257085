"""`shareornot benchmark`: benchmarks that we make ourselves."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.group import Group
from shareornot.errors import SettingsError

if TYPE_CHECKING:
    from shareornot.tables import Table

app = typer.Typer(cls=Group, help="Make a benchmark of standalone trainings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="digits or digits-201.")],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The table to write; default: digits.arrow or digits-201.arrow here.",
            show_default=False,
        ),
    ] = None,
    parts: Annotated[
        Path | None,
        typer.Option(
            help="Folder for finished trainings, from which an interrupted build resumes; default: beside the table."
        ),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Number of trainings to run in parallel; default: one per CPU core.")
    ] = None,
) -> None:
    """Train architectures alone, three times each, on scikit-learn's digits.

    This is how the two tables that come with the package were made. digits holds the cells of NASBench-101 with at most
    5 vertices, which takes about 40 minutes of processor time; digits-201 the distinct architectures of NAS-Bench-201,
    which takes about three hours of it. Ctrl-C loses at most the trainings that run; the same command resumes. The
    table that is written can be named in place of that of the package, as in --benchmark my-digits.arrow.

    Example: shareornot benchmark build digits --out my-digits.arrow
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.studies.digits201_benchmark import build_digits201
        from shareornot.studies.digits_benchmark import build_digits

        table: Table
        out = out or Path(f"{name}.arrow")
        folder = parts or out.with_suffix(".parts")
        if name == "digits":
            table = build_digits(out, folder, num_processes=processes, bars=progress_bar)
        elif name == "digits-201":
            table = build_digits201(out, folder, num_processes=processes, bars=progress_bar)
        else:
            raise SettingsError(
                f"benchmark: expected digits or digits-201, got {name!r}; get other tables with: shareornot data fetch"
            )
        num_runs = table.values("validation_accuracy").shape[1]
        typer.echo(f"{out}: {len(table):,} architectures, {num_runs} trainings each")
