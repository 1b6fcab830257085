"""`shareornot spaces`."""

from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import AnyBenchmark, Json
from shareornot.errors import SettingsError


def spaces(
    benchmark: AnyBenchmark = "nasbench101",
    space: Annotated[
        list[str] | None,
        typer.Option(help="Show this space only; conditions such as 'depth>=3' define a new space. May be repeated."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every space of every family, for which no table is needed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the spaces of a benchmark with their sizes, best cells and noise ceilings.

    One run: how well a single training ranks the mean of the others. Ceiling: the highest Spearman correlation with
    the mean over all runs that any proxy can reach.

    With --all: how many architectures each space has, how many are distinct, what it is a product of, and which share
    of uniform choices give the 1 % of its architectures that are drawn most.

    Example: shareornot spaces --benchmark digits
    """
    with user_errors():
        if every:
            _show_all(space, as_json)
        else:
            _show_spaces_of(benchmark, space, as_json)


def _show_spaces_of(benchmark: str, space: list[str] | None, as_json: bool) -> None:
    from shareornot.cli.show import show_json, show_table
    from shareornot.tables import open_table
    from shareornot.tables.space_table import describe_spaces

    table = open_table(benchmark)
    described = describe_spaces(table, space)
    if as_json:
        show_json([one.as_dict() for one in described])
        return
    things, size = ("cells", "cells") if table.space.family == "nasbench101" else ("architectures", "size")
    show_table(
        f"{table.name}: {len(table):,} of {table.num_architectures:,} {things} known",
        ["space", size, "known", "best val.", "best test", "mean time", "one run", "ceiling"],
        [
            [
                one.name,
                f"{one.num_cells:,}",
                f"{one.num_known:,}",
                _percent(one.best_validation_accuracy),
                _percent(one.best_test_accuracy),
                "-" if one.mean_training_time_s is None else _seconds(one.mean_training_time_s),
                f"{one.one_run_against_others:.3f}" if one.one_run_against_others is not None else "-",
                f"{one.ceiling:.3f}" if one.ceiling is not None else "-",
            ]
            for one in described
        ],
        "one run, ceiling: Spearman's correlations of validation accuracies",
    )


def _show_all(names: list[str] | None, as_json: bool) -> None:
    from shareornot.cli.show import show_json, show_table
    from shareornot.plugins import plugin_names
    from shareornot.spaces import built_in_spaces, open_space, overview

    if names:
        raise SettingsError("--all and --space exclude each other; leave one of them out")
    listed = [*built_in_spaces(), *map(open_space, plugin_names("spaces"))]
    found = [overview(one) for one in listed]
    if as_json:
        show_json([one.as_dict() for one in found])
        return
    show_table(
        "all spaces",
        ["space", "family", "size", "distinct", "product of", "top 1 %"],
        [
            [
                one.name,
                one.family,
                f"{one.num_architectures:,}",
                f"{one.num_distinct:,}",
                one.product or "-",
                "-" if one.most_drawn_share is None else f"{one.most_drawn_share * 100:.0f} %",
            ]
            for one in found
        ],
        "top 1 %: share of uniform choices that yield the most frequent 1 % of architectures",
    )


def _percent(fraction: float | None) -> str:
    return "-" if fraction is None else f"{fraction * 100:.2f} %"


def _seconds(time_s: float) -> str:
    """Three digits, or all before the point."""
    return f"{time_s:,.0f} s" if time_s >= 100 else f"{time_s:.3g} s"
