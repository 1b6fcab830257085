"""`shareornot replay`: the paper's tables and statements from published or own evaluations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json

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
        typer.Option(help="Section to replay; may be given several times. Default: all sections.", show_default=False),
    ] = None,
    guide: Annotated[
        str | None,
        typer.Option(
            help="Variant whose scores guide the searches. Default: BNS-FT or the only one.", show_default=False
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples for Table 1; 0 disables the bootstrap.")] = 400,
    redraws: Annotated[int, typer.Option(help="Random orders per super-net in version 1's comparison.")] = 2000,
    runs: Annotated[int, typer.Option(help="Runs of random search and of evolution in version 2's comparison.")] = 500,
    supernet_trainings: Annotated[
        float, typer.Option(help="Cost of a super-net and its scoring in version 2's comparison, in average trainings.")
    ] = 4.0,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for JSON, CSV and LaTeX.", file_okay=False, show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Re-analyse evaluations of super-nets: the paper's tables and statements, or the same analyses of your own.

    Example: shareornot replay published-supernets.parquet --section agreement
    """
    with user_errors():
        from shareornot.cli.show import show_json
        from shareornot.progress import progress_bar
        from shareornot.report.replay_columns import replay_to_json, write_replay
        from shareornot.reproduction.evaluations import read_evaluations
        from shareornot.reproduction.replay import SECTIONS, ReplaySettings, num_steps
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
        with progress_bar("Replaying", num_steps(read, settings)) as progress:
            found = replay_all(read, table, settings, progress)
        written = [] if out is None else write_replay(found, out)
        if as_json:
            show_json(replay_to_json(found))
        else:
            _show(found, written)


def _show(found: "Replay", written: list[Path]) -> None:
    """Print every table with its notes, then where the files are."""
    from rich.console import Console

    from shareornot.cli.show import show
    from shareornot.report.replay_columns import replay_tables

    console = Console(highlight=False)
    console.print(
        f"{found.num_supernets} super-nets, {found.num_evaluations:,} evaluations; {found.benchmark}: "
        f"{found.num_known:,} of {found.num_cells:,} cells known ({found.num_known / found.num_cells:.0%})\n",
        markup=False,
    )
    for table in replay_tables(found):
        show(table)
    for path in written:
        typer.echo(f"Wrote {path}")
