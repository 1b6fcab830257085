"""`shareornot benchmark`: benchmarks that we make ourselves."""

from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.errors import SettingsError

app = typer.Typer(help="Make a benchmark of standalone trainings.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def build(
    name: Annotated[str, typer.Argument(help="digits.")],
    out: Annotated[Path, typer.Option(help="The table to write.")] = Path("digits.arrow"),
    parts: Annotated[
        Path | None, typer.Option(help="Folder of finished trainings, to go on from; default: beside the table.")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="Trainings at a time; default: one a core.")] = None,
) -> None:
    """Train every cell with at most 5 vertices alone, three times, on the digits: about an hour on two cores.

    Ctrl-C loses at most the trainings that run; the same command resumes.

    Example: shareornot benchmark build digits --out my-digits.arrow
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.studies.digits_benchmark import build_digits

        if name != "digits":
            raise SettingsError(f"benchmark: expected digits, got {name!r}; others are fetched: shareornot data fetch")
        folder = parts or out.with_suffix(".parts")
        table = build_digits(out, folder, num_processes=processes, bars=progress_bar)
        typer.echo(f"{out}: {len(table):,} cells, {table.info.num_runs} trainings each")
