"""`shareornot bench`."""

import json
from pathlib import Path
from textwrap import fill
from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json


def bench(
    what: Annotated[
        Literal["cells", "search", "supernet", "standalone", "study"], typer.Argument(help="What to measure.")
    ],
    space: Annotated[str, typer.Option(help="supernet: the space.")] = "A_FULL",
    repeats: Annotated[int, typer.Option(min=1, help="Measurements, of which the median is shown.")] = 5,
    images: Annotated[
        Literal["cifar10", "digits"], typer.Option(help="supernet: the paper's setting, or that of the demo.")
    ] = "cifar10",
    device: Annotated[str, typer.Option(help="supernet: cpu, cuda or auto.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of PyTorch; default: all cores, 1 on digits and alone.")
    ] = None,
    supernets: Annotated[
        int, typer.Option(min=1, help="supernet: so many trained side by side by the masked engine.")
    ] = 4,
    out: Annotated[Path | None, typer.Option(help="File that gets the result as JSON too.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the speed on this machine: medians, spreads, versions.

    Example: shareornot bench supernet --space A4 --supernets 8 --out speed.json
    """
    with user_errors():
        from shareornot.cli.show import show_json, show_table
        from shareornot.progress import progress_bar
        from shareornot.storage import atomic_write
        from shareornot.studies.speed import measure_speed

        report = measure_speed(
            what,
            space=space,
            images=images,
            num_repeats=repeats,
            device=device,
            num_threads=threads,
            num_supernets=supernets,
            bars=progress_bar,
        )
        if out is not None:
            with atomic_write(out) as file:
                file.write(json.dumps(report.as_dict(), indent=2).encode() + b"\n")
        if as_json:
            show_json(report.as_dict())
            return
        rows = [
            [one.what, one.unit, _digits(one.median), _digits(one.low), _digits(one.high)] for one in report.measures
        ]
        show_table(f"Speed of {what}", ["", "unit", "median", "lowest", "highest"], rows, report.machine)
        for note in report.notes:
            typer.echo(fill(note, 80))
        typer.echo(f"Measured {report.date}.")


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
