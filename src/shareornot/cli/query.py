"""`shareornot query`."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import AnyBenchmark, Json
from shareornot.errors import CellError, SettingsError, UnknownCellError

if TYPE_CHECKING:
    from shareornot.spaces import LabelledGraph, Space
    from shareornot.tables import ArchitectureTable, BenchmarkTable


def query(
    architecture: Annotated[
        str,
        typer.Argument(
            help="Text of the architecture, such as '011001000;input,conv3x3-bn-relu,output', its number, or the "
            "official hash of a cell."
        ),
    ],
    benchmark: AnyBenchmark = "nasbench101",
    run: Annotated[
        int | None, typer.Option(min=0, help="Number of the training run to show; default: the mean over runs.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Number of epochs of the training to show; default: the largest.")
    ] = None,
    halfway: Annotated[
        bool, typer.Option("--halfway", help="Show the values half-way through training instead of at its end.")
    ] = False,
    draw: Annotated[bool, typer.Option("--draw", help="Draw the architecture, one line for each vertex.")] = False,
    as_json: Json = False,
) -> None:
    """Show one architecture and the results of its standalone training.

    Example: shareornot query 00005c142e6f48ac74fdcf73e3439874
    """
    with user_errors():
        from shareornot.cli.show import show_json, show_table
        from shareornot.tables import ArchitectureTable, BenchmarkTable, open_table

        table = open_table(benchmark)
        if isinstance(table, BenchmarkTable):
            number, values = _of_cell(table, architecture, run, epochs, halfway)
        else:
            assert isinstance(table, ArchitectureTable)
            if halfway:
                raise SettingsError(
                    f"table {table.name}: this table has no values half-way through training; leave out --halfway"
                )
            table = table if epochs is None else table.select(epochs=epochs)
            number, values = _of_architecture(table, architecture, run)
        structure = _structure(table.space, number)
        graph = table.space.graph(number)
        if as_json:
            drawn = {"graph": None if graph is None else asdict(graph)} if draw else {}
            show_json({**structure, **values, **drawn})
            return
        which = "mean over runs" if run is None else f"run {run}"
        texts = [[name.replace("_", " "), _in_words(name, value)] for name, value in {**structure, **values}.items()]
        show_table(f"{table.name}, {which}", ["", "value"], texts, "times in seconds")
        if draw:
            typer.echo(
                "No drawing: this space does not define the graph of an architecture."
                if graph is None
                else _drawing(graph)
            )


def _of_cell(
    table: "BenchmarkTable", text: str, run: int | None, epochs: int | None, halfway: bool
) -> tuple[int, dict[str, Any]]:
    """Number and results of a cell of NASBench-101."""
    from shareornot.spaces.nasbench101 import Cell

    cell: str | int | Cell = text
    if ";" in text:
        cell = Cell.parse(text)
    elif len(text) < 32 and text.isdecimal():
        cell = int(text)
    elif not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise CellError(
            "architecture: expected a cell such as '011001000;input,conv3x3-bn-relu,output', its number, or its "
            f"official hash of 32 hexadecimal digits, got {text[:80]!r}"
        )
    found = table.query(cell, run=run, budget=epochs, when="halfway" if halfway else "final")
    number = table.number_of(cell)
    return number, {"official_hash": Cell.from_index(number).official_hash(), **asdict(found)}


def _of_architecture(table: "ArchitectureTable", text: str, run: int | None) -> tuple[int, dict[str, Any]]:
    """Number and results of an architecture of any family."""
    import numpy as np

    from shareornot.errors import ArchitectureError
    from shareornot.tables.contract import mean_over_runs

    try:
        (number,) = table.space.parse([text]).tolist()
    except ArchitectureError:
        if not (text.isdecimal() and int(text) < len(table.space)):
            raise
        number = int(text)
    rows, known = table.rows_of(np.array([number]))
    if not known[0]:
        raise UnknownCellError(f"architecture {number}: not among the {len(table):,} of the table {table.name}")
    values: dict[str, Any] = {}
    for column in table.info.columns:
        own = table.select(data_set=column.data_set, epochs=column.epochs).values(column.metric)[rows]
        if run is not None and run >= own.shape[1]:
            raise SettingsError(f"run: expected 0 to {own.shape[1] - 1}, got {run}; leave it out for the mean")
        value = float(mean_over_runs(own)[0] if run is None else own[0, run])
        name = column.metric if len(table.settings) == 1 else f"{column.metric} on {column.setting}"
        values[name] = None if np.isnan(value) else value
    return number, values


def _structure(space: "Space", number: int) -> dict[str, Any]:
    """What is known of an architecture without training it."""
    import numpy as np

    one = np.array([number])
    found: dict[str, Any] = {"architecture": space.texts(one)[0], "number": number}
    for name, values in {**space.features(one), **space.sizes(one)}.items():
        value = values[0].item()
        found[name] = None if value in ("",) or value != value else value
    return found


def _in_words(name: str, value: Any) -> str:
    """Accuracies in percent, as `spaces` shows them; `--json` has fractions."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() if name.endswith("accuracy"):
            return f"{value * 100:.2f} %"
        case float():
            return f"{value:,.0f}" if value.is_integer() and value > 1 else f"{value:.6g}"
    return str(value)


def _drawing(graph: "LabelledGraph") -> str:
    """A line for each vertex, with the vertices from which edges lead to it."""
    lines = []
    for place, word in enumerate(graph.vertices):
        sources = [
            f"{name + ' of ' if name else ''}{source}" for source, target, name in graph.edges if target == place
        ]
        lines.append(f"{place}  {word}{'  <-  ' + ', '.join(sources) if sources else ''}")
    return "\n".join(lines)
