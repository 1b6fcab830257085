"""`shareornot replay`: published or own evaluations of super-nets, re-analysed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Json
from shareornot.errors import SettingsError

if TYPE_CHECKING:
    from shareornot.appraisal.user_scores.columns import Columns
    from shareornot.reproduction.replay import Replay, ReplaySettings

NASBENCH101 = "nasbench101"


def replay(
    evaluations: Annotated[
        Path,
        typer.Argument(
            help="CSV or Parquet. Long table: the columns variant, space, seed, cell (or module_hash or architecture) "
            "and proxy_validation_accuracy, and position if the rows are not in order. Wide table: the column "
            "architecture and a column of scores per super-net."
        ),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="Benchmark table, by name or path. Default: nasbench101, or the family of a wide table's "
            "architectures.",
            show_default=False,
        ),
    ] = None,
    section: Annotated[
        list[str] | None,
        typer.Option(help="Section to replay; may be given several times. Default: all sections.", show_default=False),
    ] = None,
    guide: Annotated[
        str | None,
        typer.Option(
            help="Long table: variant whose scores guide the searches. Default: BNS-FT or the only one.",
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[
        int, typer.Option(help="Long table: bootstrap resamples for Table 1; 0 disables the bootstrap.")
    ] = 400,
    redraws: Annotated[
        int, typer.Option(help="Long table: random orders per super-net in version 1's comparison.")
    ] = 2000,
    runs: Annotated[int, typer.Option(help="Runs of random search, evolution and local search.")] = 500,
    supernet_trainings: Annotated[
        float, typer.Option(help="Cost of a super-net and its scoring, in average trainings.")
    ] = 4.0,
    edge_flips: Annotated[
        float,
        typer.Option(help="Section first-population: expected number of edges that a mutation of evolution flips."),
    ] = 1.0,
    index: Annotated[
        Path | None,
        typer.Option(
            help="Wide table: file with a row for each super-net, with the columns supernet, seed, and how it was "
            "trained. Default: taken from the names of the columns.",
            show_default=False,
        ),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            help="Wide table: column of the index with a setting of the training; may be repeated. Default: "
            "all columns of texts, truth values or whole numbers.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Wide table: only super-nets with this setting, such as epochs=1000; may be repeated.",
            show_default=False,
        ),
    ] = None,
    supernet: Annotated[
        list[str] | None,
        typer.Option(help="Wide table: column of a super-net, or a pattern; may be repeated.", show_default=False),
    ] = None,
    baselines: Annotated[
        Path | None,
        typer.Option(
            help="Wide table: file with the columns of --baseline. Default: the wide table.", show_default=False
        ),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            help="Wide table: column of a baseline that costs nothing, such as a zero-cost score; may be repeated.",
            show_default=False,
        ),
    ] = None,
    repeats: Annotated[
        str | None,
        typer.Option(
            help="Wide table: benchmark table with single trainings, for the ceiling among the best. Default: the "
            "benchmark table.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[float, typer.Option(help="Wide table: share of the architectures that are the best.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Output folder for JSON, CSV and LaTeX.", file_okay=False, show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Re-analyse evaluations of super-nets: the paper's tables and statements, or the same analyses of your own.

    A long table has one row per super-net and cell of NASBench-101. A wide table has one row per architecture of any
    space and one column per super-net.

    Example: shareornot replay published-supernets.parquet --section agreement
    """
    with user_errors():
        from shareornot.appraisal.user_scores.reading import read_columns
        from shareornot.reproduction.wide.scores import is_wide

        columns = read_columns(evaluations)
        if is_wide(columns):
            from shareornot.cli.replay_wide import replay_wide_table
            from shareornot.reproduction.wide.replay import DEFAULT_SECTIONS, WideSettings

            if guide is not None:
                raise SettingsError("--guide: expected a long table with variants, got a wide one; use --where")
            replay_wide_table(
                columns,
                WideSettings(
                    sections=DEFAULT_SECTIONS if section is None else tuple(dict.fromkeys(section)),
                    top_share=top,
                    num_runs=runs,
                    supernet_trainings=supernet_trainings,
                    seed=seed,
                ),
                benchmark=benchmark,
                index=index,
                settings_columns=setting or (),
                conditions=where or (),
                supernets=supernet or (),
                baselines=baselines or evaluations,
                baseline_names=baseline or (),
                repeats=repeats,
                out=out,
                as_json=as_json,
            )
            return
        if index or setting or where or supernet or baselines or baseline or repeats:
            raise SettingsError(
                "--index, --setting, --where, --supernet, --baselines, --baseline and --repeats: expected a wide table "
                f"with the column architecture and no column of proxies, got {columns.source}"
            )
        from shareornot.reproduction.replay import SECTIONS, ReplaySettings

        settings = ReplaySettings(
            sections=SECTIONS if section is None else tuple(dict.fromkeys(section)),
            guide=guide,
            num_resamples=resamples,
            num_redraws=redraws,
            num_runs=runs,
            supernet_trainings=supernet_trainings,
            edge_flips=edge_flips,
            seed=seed,
        )
        _replay_long_table(columns, settings, benchmark or NASBENCH101, out, as_json=as_json)


def _replay_long_table(
    columns: "Columns", settings: "ReplaySettings", benchmark: str, out: Path | None, *, as_json: bool
) -> None:
    from shareornot.appraisal.user_scores.options import ReadingOptions
    from shareornot.appraisal.user_scores.score_table import score_table
    from shareornot.cli.show import show_json
    from shareornot.progress import progress_bar
    from shareornot.report.replay_columns import replay_to_json, write_replay
    from shareornot.reproduction.evaluations import evaluations_of_table
    from shareornot.reproduction.replay import num_steps
    from shareornot.reproduction.replay import replay as replay_all
    from shareornot.tables import open_benchmark

    table = open_benchmark(benchmark)
    read = evaluations_of_table(score_table(columns, ReadingOptions()), table)
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
        f"{found.num_known:,} of {found.num_cells:,} cells known ({100 * found.num_known / found.num_cells:.0f} %)\n",
        markup=False,
    )
    for table in replay_tables(found):
        show(table)
    for path in written:
        typer.echo(f"Wrote {path}")
