"""`shareornot replay`: the paper's tables and statements from published or own evaluations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors

if TYPE_CHECKING:
    from shareornot.reproduction.replay import Replay


def replay(
    evaluations: Annotated[
        Path,
        typer.Argument(
            help="Long table, Parquet or CSV: variant, space, seed, cell (or module_hash or architecture), "
            "proxy_validation_accuracy; position if rows are out of order."
        ),
    ],
    benchmark: Annotated[str, typer.Option(help="Benchmark table, by name or path.")] = "nasbench101",
    section: Annotated[
        list[str] | None,
        typer.Option(help="Replay this alone; may be given several times. Everything if left out.", show_default=False),
    ] = None,
    guide: Annotated[
        str | None,
        typer.Option(help="Variant whose proxies guide the searches; BNS-FT or the only one.", show_default=False),
    ] = None,
    resamples: Annotated[int, typer.Option(help="Of the bootstrap of Table 1; 0 leaves it out.")] = 400,
    redraws: Annotated[int, typer.Option(help="Random orders for each super-net, version 1.")] = 2000,
    runs: Annotated[int, typer.Option(help="Runs of random search and of evolution, version 2.")] = 500,
    supernet_trainings: Annotated[
        float, typer.Option(help="Cost of a super-net and its scoring in average trainings, version 2.")
    ] = 4.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for JSON, CSV and LaTeX.", file_okay=False, show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")] = False,
) -> None:
    """Replay the paper's tables and statements from published or own evaluations of super-nets.

    Example: shareornot replay published-supernets.parquet --section agreement
    """
    with user_errors():
        from shareornot.progress import progress_bar
        from shareornot.reproduction.evaluations import read_evaluations
        from shareornot.reproduction.replay import SECTIONS, ReplaySettings, num_steps, write_replay
        from shareornot.reproduction.replay import replay as replay_all
        from shareornot.tables import open_benchmark

        settings = ReplaySettings(
            sections=SECTIONS if section is None else tuple(dict.fromkeys(section)),
            guide=guide,
            num_resamples=resamples,
            num_redraws=redraws,
            num_runs=runs,
            supernet_trainings=supernet_trainings,
            seed=seed,
        )
        table = open_benchmark(benchmark)
        read = read_evaluations(evaluations, table)
        with progress_bar("replaying", num_steps(read, settings)) as progress:
            found = replay_all(read, table, settings, progress)
        written = [] if out is None else write_replay(found, out)
        if json:
            import json as json_module

            print(json_module.dumps(found.to_json(), allow_nan=False))  # noqa: T201
        else:
            _show(found, written)


def _show(found: "Replay", written: list[Path]) -> None:
    """Print every table with its notes, then where the files are."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=240)  # a pipe has no width; do not fold the columns into what a terminal would have
    console.print(
        f"{found.num_supernets} super-nets, {found.num_evaluations:,} evaluations; {escape(found.benchmark)}: "
        f"{found.num_known:,} of {found.num_cells:,} cells known ({found.num_known / found.num_cells:.0%})"
    )
    for result in found.tables:
        shown = Table(title=escape(result.title), title_justify="left")
        for place, column in enumerate(result.columns):
            is_number = any(isinstance(row[column.key], (int, float)) for row in result.rows)
            shown.add_column(escape(column.heading), justify="right" if is_number and place else "left")
        for texts in result.texts():
            shown.add_row(*map(escape, texts))
        console.print()
        console.print(shown if result.rows else f"{escape(result.title)}: none")
        for note in result.notes:
            console.print(f"  {note}", markup=False, highlight=False)
    for path in written:
        console.print(f"wrote {path}", markup=False, highlight=False)
