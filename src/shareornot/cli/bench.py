"""`shareornot bench`."""

from typing import Annotated, Literal

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json


def bench(
    what: Annotated[Literal["cells", "search", "supernet", "study"], typer.Argument(help="What to measure.")],
    space: Annotated[str, typer.Option(help="supernet: the space.")] = "A_FULL",
    repeats: Annotated[int, typer.Option(min=1, help="Measurements, of which the median is shown.")] = 5,
    device: Annotated[str, typer.Option(help="supernet: cpu, cuda or auto.")] = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="supernet: threads of PyTorch; default: all cores.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure the speed on this machine: medians, spreads, versions.

    Example: shareornot bench search
    """
    with user_errors():
        from shareornot.cli.show import show_json, show_table
        from shareornot.study.speed import measure_speed

        report = measure_speed(what, space=space, num_repeats=repeats, device=device, num_threads=threads)
        if as_json:
            show_json(report.as_dict())
            return
        rows = [
            [one.what, one.unit, _digits(one.median), _digits(one.low), _digits(one.high)] for one in report.measures
        ]
        show_table(f"Speed of {what}", ["", "unit", "median", "lowest", "highest"], rows, report.machine)


def _digits(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
