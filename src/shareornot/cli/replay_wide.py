"""`shareornot replay` of a wide table: a column of scores for each super-net."""

from collections.abc import Sequence
from pathlib import Path

import typer

from shareornot.appraisal.user_scores.columns import Columns
from shareornot.errors import MissingDataError
from shareornot.reproduction.wide.index import in_order_of, index_of_names, read_index, where
from shareornot.reproduction.wide.replay import WideReplay, WideSettings, num_steps, replay_wide
from shareornot.reproduction.wide.scores import baseline_columns, wide_scores


def replay_wide_table(
    columns: Columns,
    settings: WideSettings,
    *,
    benchmark: str | None,
    index: Path | None,
    settings_columns: Sequence[str],
    conditions: Sequence[str],
    supernets: Sequence[str],
    baselines: Path,
    baseline_names: Sequence[str],
    repeats: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Replay a wide table, and show the results."""
    from shareornot.cli.show import show_json
    from shareornot.progress import progress_bar
    from shareornot.report.wide_columns import wide_to_json, write_wide
    from shareornot.tables import open_table

    table = open_table(_family(columns) if benchmark is None else benchmark)
    known = None if index is None else where(read_index(index, settings_columns), conditions)
    scores = wide_scores(columns, table, supernets=supernets or (() if known is None else known.names))
    if known is None:
        known = where(index_of_names(scores.names), conditions)
        if len(known.names) < len(scores.names):
            scores = wide_scores(columns, table, supernets=known.names)
    free = baseline_columns(baselines, baseline_names, table, scores.architectures) if baseline_names else {}
    with progress_bar("Replaying", num_steps(scores, settings)) as progress:
        found = replay_wide(
            scores,
            in_order_of(known, scores.names),
            table,
            settings,
            progress,
            baselines=free,
            repeats=None if repeats is None else open_table(repeats),
        )
    written = [] if out is None else write_wide(found, out)
    if as_json:
        show_json(wide_to_json(found))
    else:
        _show(found, written)


def _family(columns: Columns) -> str:
    """Name of the family of the architectures, which is that of its table.

    Raises:
        MissingDataError: the texts are of no known family.
    """
    from shareornot.spaces import list_architectures

    texts = [text for text in columns.named[_architecture(columns)].slice(0, 1).to_pylist() if text]
    kind = list_architectures([str(text) for text in texts]).kind if texts else None
    if kind is None:
        raise MissingDataError(
            f"{columns.source}: expected architectures of a known family, or a table of them; name it: --benchmark NAME"
        )
    return kind.family


def _architecture(columns: Columns) -> str:
    from shareornot.appraisal.user_scores.column_names import normalized

    return next(name for name in columns.named if normalized(name) == "architecture")


def _show(found: WideReplay, written: list[Path]) -> None:
    """Print every table with its notes, then where the files are."""
    from rich.console import Console

    from shareornot.cli.show import show, show_sentences
    from shareornot.report.wide_columns import wide_tables

    Console(highlight=False).print(
        f"{found.num_supernets} super-nets in {len(found.groups)} settings, {found.num_architectures:,} architectures "
        f"each; {found.benchmark}: {found.metric}\n",
        markup=False,
    )
    for table in wide_tables(found):
        show(table)
    if found.notes:
        show_sentences("Notes on the data", found.notes)
    for path in written:
        typer.echo(f"Wrote {path}")
