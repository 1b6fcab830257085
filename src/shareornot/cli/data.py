"""`shareornot data`: the data sets that others publish."""

from pathlib import Path
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.errors import SettingsError

app = typer.Typer(help="Get the data sets that others publish.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    pass


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="nasbench101 or cifar10.")],
    full: Annotated[bool, typer.Option("--full", help="nasbench101: with 4, 12, 36 and 108 epochs.")] = False,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A file that is there, instead of downloading: TFRecord, archive or Parquet."),
    ] = None,
) -> None:
    """Download a data set from its publisher, check it, and make it ready. Goes on where it broke off.

    It goes into the platform's user data folder, or into the folder that SHAREORNOT_DATA names.

    Example: shareornot data fetch nasbench101 --from nasbench_only108.tfrecord
    """
    with user_errors():
        from shareornot.progress import progress_bar

        if name == "nasbench101":
            from shareornot.tables import fetch_nasbench101, open_benchmark

            path = fetch_nasbench101(full=full, source=source, bars=progress_bar)
            table = open_benchmark(path)
            official = table.info.provenance.get("official")
            kind = "the published file" if official else "not the published file"
            typer.echo(f"{path}: {len(table):,} of {table.info.num_cells:,} cells, made from {kind}")
        elif name == "cifar10":
            from shareornot.images import fetch_cifar10

            typer.echo(f"{fetch_cifar10(source=source, bars=progress_bar)}: 50,000 training and 10,000 test images")
        else:
            raise SettingsError(f"data set: expected nasbench101 or cifar10, got {name!r}")
