"""The tables of a replay about agreement: the paper's Table 1, other coefficients, and noise ceilings."""

from shareornot.report.columns import CORRELATION, PERCENT, POINTS
from shareornot.report.replay_table import SPACE, VARIANT, table_of
from shareornot.report.table import Column, Format, Table
from shareornot.reproduction.replay import Replay


def agreement_table(found: Replay) -> Table | None:
    """Table 1 beside ours."""
    if found.agreement is None:
        return None
    right = sum(row.as_printed == "yes" for row in found.agreement)
    num_printed = sum(bool(row.as_printed) for row in found.agreement)
    title = "Spearman's correlation with standalone accuracy"
    return table_of(
        "table-1",
        f"Table 1: {title}" if found.with_printed else title,
        (
            VARIANT,
            SPACE,
            Column("num_supernets", "super-nets"),
            Column("num_diverged", "diverged"),
            Column("printed_mean", "printed"),
            Column("printed_half_width", "±"),
            Column("mean", "ours" if found.with_printed else "Spearman", CORRELATION),
            Column("paper_half_width", "± paper's", CORRELATION),
            Column("student_half_width", "± Student's", CORRELATION),
            Column("bootstrap_low", "bootstrap from", CORRELATION),
            Column("bootstrap_high", "to", CORRELATION),
            Column("as_printed", "as printed"),
            Column("num_repeats", "repeats"),
            Column("expected_repeats", "expected", Format(0)),
            Column("mean_distinct", "without repeats", CORRELATION),
            Column("printed_diverged", ""),
        ),
        found.agreement,
        (
            f"{right} of {num_printed} entries round to what is printed in mean, ± and asterisk."
            if num_printed
            else None,
            "The paper's ± is 1.96 x population standard deviation / sqrt(n); Student's is wider by 1.58 at n = 5.",
            (
                f"{sum(row.num_repeats for row in found.agreement):,} evaluations are of cells that the same pool held "
                "already; pools drawn with replacement have "
                f"{sum(row.expected_repeats for row in found.agreement):,.0f} on average, others none."
            ),
        ),
    )


def without_copies_table(found: Replay) -> Table | None:
    """The figures of Table 1 that copied evaluations change."""
    return (
        None
        if found.agreement is None
        else table_of(
            "without-copies",
            "Table 1 without copied evaluations" if found.with_printed else "Agreement without copied evaluations",
            (
                VARIANT,
                SPACE,
                Column("num_copies", "copies"),
                Column("printed_mean", "printed"),
                Column("printed_half_width", "±"),
                Column("mean", "with copies", CORRELATION),
                Column("paper_half_width", "± paper's", CORRELATION),
                Column("student_half_width", "± Student's", CORRELATION),
                Column("mean_without_copies", "without", CORRELATION),
                Column("paper_half_width_without_copies", "± paper's", CORRELATION),
                Column("student_half_width_without_copies", "± Student's", CORRELATION),
            ),
            (row for row in found.agreement if row.num_copies),
        )
    )


def copies_table(found: Replay) -> Table | None:
    """Super-nets with the same evaluations."""
    return (
        None
        if found.copies is None
        else table_of(
            "copies",
            "Super-nets with identical evaluations",
            (Column("first", "super-net"), Column("second", "its copy"), Column("num_evaluations", "evaluations")),
            found.copies,
        )
    )


def diverged_table(found: Replay) -> Table | None:
    """Super-nets that rank nothing."""
    return (
        None
        if found.diverged is None
        else table_of(
            "diverged",
            "Super-nets that did not converge",
            (Column("name", "super-net"), Column("proxies", "scores")),
            found.diverged,
        )
    )


def quality_table(found: Replay) -> Table | None:
    """Other coefficients, and the best cells."""
    return (
        None
        if found.quality is None
        else table_of(
            "quality",
            "Agreement in other terms",
            (
                VARIANT,
                SPACE,
                Column("num_supernets", "super-nets"),
                Column("spearman", "Spearman"),
                Column("kendall", "Kendall"),
                Column("pearson", "Pearson"),
                Column("weighted_kendall", "weighted Kendall"),
                Column("sparse_kendall", "sparse Kendall"),
                Column("within_top", "Spearman in top 10 %"),
                Column("precision", "precision at 10 %"),
                Column("best_regret", "best regret at 10", POINTS),
                Column("random_best_regret", "random", POINTS),
                Column("share_of_ceiling", "of ceiling, %", PERCENT),
            ),
            found.quality,
            ("Means over the super-nets that converged; validation regret in points, from the best cell of the pool.",),
        )
    )


def ceilings_table(found: Replay) -> Table | None:
    """Noise ceilings of the spaces."""
    return (
        None
        if found.ceilings is None
        else table_of(
            "ceilings",
            "Noise ceilings",
            (
                SPACE,
                Column("num_cells", "cells"),
                Column("single_run", "run against run", CORRELATION),
                Column("one_against_others", "run against the others", CORRELATION),
                Column("ceiling", "ceiling", CORRELATION),
                Column("ceiling_top_10", "in top 10 %", CORRELATION),
                Column("ceiling_top_1", "in top 1 %", CORRELATION),
                Column("num_parameters", "number of parameters", CORRELATION),
                Column("training_time", "training time", CORRELATION),
            ),
            found.ceilings,
            ("Spearman's correlations over the evaluated cells of each space; the last two cost nothing.",),
        )
    )
