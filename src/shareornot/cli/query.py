"""`shareornot query`."""

from dataclasses import asdict
from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Benchmark, Json


def query(
    cell: Annotated[
        str, typer.Argument(help="Unique index, official hash, or text like '011001000;input,conv3x3-bn-relu,output'.")
    ],
    benchmark: Benchmark = "nasbench101",
    run: Annotated[int | None, typer.Option(min=0, help="One run; default: the mean over runs.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Budget; default: the largest.")] = None,
    halfway: Annotated[bool, typer.Option("--halfway", help="Half-way through the training, not at its end.")] = False,
    as_json: Json = False,
) -> None:
    """Look one cell up: what training it alone gave.

    Example: shareornot query 00005c142e6f48ac74fdcf73e3439874
    """
    with user_errors():
        from shareornot.cli.show import show_json, show_table
        from shareornot.spaces.nasbench101 import Cell
        from shareornot.tables import open_benchmark

        table = open_benchmark(benchmark)
        asked: str | int | Cell = cell
        if ";" in cell:
            asked = Cell.parse(cell)
        elif len(cell) < 32 and cell.isdecimal():
            asked = int(cell)
        found = table.query(asked, run=run, budget=epochs, when="halfway" if halfway else "final")
        if as_json:
            show_json(asdict(found))
            return
        which = "mean over runs" if run is None else f"run {run}"
        rows = [
            [name.replace("_", " "), f"{value:,}" if isinstance(value, int) else f"{value:.6g}"]
            for name, value in asdict(found).items()
        ]
        show_table(f"{table.info.name}, {which}", ["", "value"], rows, "accuracies are fractions, times in seconds")
