"""`shareornot spaces`."""

from typing import Annotated

import typer

from shareornot.cli.errors import user_errors
from shareornot.cli.options import Benchmark, Json


def spaces(
    benchmark: Benchmark = "nasbench101",
    space: Annotated[
        list[str] | None, typer.Option(help="Only this space; conditions such as 'depth>=3' make a new one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the spaces of a benchmark: their size, their best cells, and how far noise lets any proxy go.

    One run: how well a single training ranks the mean of the others. Ceiling: the highest Spearman correlation with
    the mean over all runs that any proxy can reach.

    Example: shareornot spaces --benchmark digits
    """
    with user_errors():
        from shareornot.cli.show import show_json, show_table
        from shareornot.tables import open_benchmark
        from shareornot.tables.space_table import describe_spaces

        table = open_benchmark(benchmark)
        described = describe_spaces(table, space)
        if as_json:
            show_json([one.as_dict() for one in described])
            return
        show_table(
            f"{table.info.name}: {len(table):,} of {table.info.num_cells:,} cells known",
            ["space", "cells", "known", "best val.", "best test", "mean time", "one run", "ceiling"],
            [
                [
                    one.name,
                    f"{one.num_cells:,}",
                    f"{one.num_known:,}",
                    f"{one.best_validation_accuracy:.2%}",
                    f"{one.best_test_accuracy:.2%}",
                    _seconds(one.mean_training_time_s),
                    f"{one.one_run_against_others:.3f}" if one.one_run_against_others is not None else "-",
                    f"{one.ceiling:.3f}" if one.ceiling is not None else "-",
                ]
                for one in described
            ],
            "one run, ceiling: Spearman's correlations of validation accuracies",
        )


def _seconds(time_s: float) -> str:
    """Three digits, or all before the point."""
    return f"{time_s:,.0f} s" if time_s >= 100 else f"{time_s:.3g} s"
