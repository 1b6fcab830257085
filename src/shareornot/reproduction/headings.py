"""The tables of a replay: which figures they show, under which headings, and what a reader must know."""

from collections.abc import Sequence

from shareornot.reproduction.agreement import AgreementRow, Copy, Diverged
from shareornot.reproduction.claims import Claim, ConsistencyRow, SizeRow
from shareornot.reproduction.first_population import FirstPopulationRow
from shareornot.reproduction.published_tables import METHODS
from shareornot.reproduction.quality import CeilingRow, QualityRow
from shareornot.reproduction.result_table import Column, ResultTable
from shareornot.reproduction.version1 import SUPERNET_TRAININGS, Version1Row
from shareornot.reproduction.version2 import MATCHING_FIRST, Version2Row

SIGN = "Differences are method minus random search in test regret, in points (accuracy x 100): negative = better."
_VARIANT, _SPACE, _TOP = Column("variant", "variant"), Column("space", "space"), Column("num_trained", "TOP")


def agreement_table(rows: Sequence[AgreementRow]) -> ResultTable:
    """Table 1 beside ours."""
    right = sum(row.as_printed == "yes" for row in rows)
    printed = [row for row in rows if row.as_printed]
    notes = [
        "The paper's ± is 1.96 x population standard deviation / sqrt(n); Student's is wider by 1.58 at n = 5.",
        (
            f"{sum(row.num_repeats for row in rows):,} evaluations are of cells that the same pool held already; pools "
            f"drawn with replacement have {sum(row.expected_repeats for row in rows):,.0f} on average, others none."
        ),
    ]
    if printed:
        notes.insert(0, f"{right} of {len(printed)} entries round to what is printed in mean, ± and asterisk.")
    columns = (
        _VARIANT,
        _SPACE,
        Column("num_supernets", "super-nets"),
        Column("num_diverged", "diverged"),
        Column("printed_mean", "printed"),
        Column("printed_half_width", "±"),
        Column("mean", "ours", digits=3),
        Column("paper_half_width", "± paper's", digits=3),
        Column("student_half_width", "± Student's", digits=3),
        Column("bootstrap_low", "bootstrap from", digits=3),
        Column("bootstrap_high", "to", digits=3),
        Column("as_printed", "as printed"),
        Column("num_repeats", "repeats"),
        Column("expected_repeats", "expected", digits=0),
        Column("mean_distinct", "ours, no repeats", digits=3),
    )
    return ResultTable.of("table-1", "Table 1: Spearman's correlation with standalone accuracy", columns, rows, notes)


def without_copies_table(rows: Sequence[AgreementRow]) -> ResultTable:
    """The figures of Table 1 that copied evaluations change."""
    columns = (
        _VARIANT,
        _SPACE,
        Column("num_copies", "copies"),
        Column("printed_mean", "printed"),
        Column("printed_half_width", "±"),
        Column("mean", "with copies", digits=3),
        Column("paper_half_width", "± paper's", digits=3),
        Column("student_half_width", "± Student's", digits=3),
        Column("mean_without_copies", "without", digits=3),
        Column("paper_half_width_without_copies", "± paper's", digits=3),
        Column("student_half_width_without_copies", "± Student's", digits=3),
    )
    changed = [row for row in rows if row.num_copies]
    return ResultTable.of("without-copies", "Table 1 without copied evaluations", columns, changed)


def copies_table(rows: Sequence[Copy]) -> ResultTable:
    """Super-nets with the same evaluations."""
    columns = (Column("first", "super-net"), Column("second", "its copy"), Column("num_evaluations", "evaluations"))
    return ResultTable.of("copies", "Super-nets with identical evaluations", columns, rows)


def diverged_table(rows: Sequence[Diverged]) -> ResultTable:
    """Super-nets that rank nothing."""
    columns = (Column("name", "super-net"), Column("proxies", "proxies"))
    return ResultTable.of("diverged", "Super-nets that did not converge", columns, rows)


def quality_table(rows: Sequence[QualityRow]) -> ResultTable:
    """Other coefficients, and the best cells."""
    columns = (
        _VARIANT,
        _SPACE,
        Column("num_supernets", "super-nets"),
        Column("spearman", "Spearman"),
        Column("kendall", "Kendall"),
        Column("pearson", "Pearson"),
        Column("weighted_kendall", "weighted Kendall"),
        Column("sparse_kendall", "sparse Kendall"),
        Column("within_top", "Spearman in top 10 %"),
        Column("precision", "precision at 10 %"),
        Column("best_regret", "best regret at 10", scale=100.0),
        Column("random_best_regret", "random", scale=100.0),
        Column("share_of_ceiling", "% of ceiling", digits=0, scale=100.0),
    )
    notes = ["Means over super-nets that converged; validation regret in points, from the best cell of the pool."]
    return ResultTable.of("quality", "Agreement in other terms", columns, rows, notes)


def ceilings_table(rows: Sequence[CeilingRow]) -> ResultTable:
    """How far agreement can go."""
    columns = (
        _SPACE,
        Column("num_cells", "cells"),
        Column("single_run", "run against run", digits=3),
        Column("one_against_others", "run against the others", digits=3),
        Column("ceiling", "ceiling", digits=3),
        Column("ceiling_top_10", "in top 10 %", digits=3),
        Column("ceiling_top_1", "in top 1 %", digits=3),
        Column("num_parameters", "number of parameters", digits=3),
        Column("training_time", "training time", digits=3),
    )
    notes = ["Spearman's correlations over the evaluated cells of each space; the last two come for free."]
    return ResultTable.of("ceilings", "Noise ceilings", columns, rows, notes)


def sizes_table(rows: Sequence[SizeRow]) -> ResultTable:
    """Agreement against the size of the space."""
    columns = (
        _VARIANT,
        Column("source", "agreement"),
        Column("num_spaces", "spaces"),
        Column("printed", "printed"),
        Column("printed_p", "p"),
        Column("correlation", "ours", digits=3),
        Column("asymptotic_p", "p by t", digits=4),
        Column("exact_p", "exact p", digits=4),
    )
    title = "Spearman's correlation of agreement with the size of the space"
    return ResultTable.of("size-correlation", title, columns, rows)


def claims_table(rows: Sequence[Claim]) -> ResultTable:
    """Statements against formulas."""
    columns = (
        Column("claim", "statement"),
        Column("printed", "printed"),
        Column("computed", "computed", digits=3),
        Column("as_printed", "as printed"),
        Column("remark", "remark"),
    )
    return ResultTable.of(
        "claims", "Statements that follow from a formula or from the paper's own tables", columns, rows
    )


def consistency_table(rows: Sequence[ConsistencyRow]) -> ResultTable:
    """Version 2's printed rows against the tests they could come from."""
    columns = (
        _SPACE,
        _TOP,
        Column("method", "method"),
        Column("printed_difference", "difference", scale=100.0),
        Column("printed_half_width", "±", scale=100.0),
        Column("student_half_width", "± from d", scale=100.0),
        Column("printed_d", "d"),
        Column("printed_p", "p"),
        Column("student_p_low", "Student p from", digits=3),
        Column("student_p_high", "to", digits=3),
        Column("welch_p_low", "Welch p from", digits=3),
        Column("welch_p_high", "to", digits=3),
        Column("p_agrees_with", "p is of"),
    )
    against = [row for row in rows if row.p_agrees_with == "Welch"]
    notes = [
        SIGN,
        (
            f"The text names Student's test; {len(against)} of {len(rows)} printed p-values can only be Welch's, "
            f"{sum(row.p_agrees_with == 'Student' for row in rows)} only Student's, "
            f"{sum(row.p_agrees_with == 'neither' for row in rows)} neither."
        ),
    ]
    return ResultTable.of("consistency", "Version 2: do the printed figures fit together?", columns, rows, notes)


def version1_table(rows: Sequence[Version1Row], guide: str, num_redraws: int) -> ResultTable:
    """Version 1's Table 2 over random orders."""
    columns = (
        _SPACE,
        _TOP,
        Column("num_supernets", "super-nets"),
        Column("num_random_trainings", "random trains", digits=1),
        Column("printed_verdict", "printed"),
        Column("printed_p", "p"),
        Column("printed_rank_sum", "which is"),
        Column("difference", "difference", scale=100.0),
        Column("redraw_std", "std of redraws", scale=100.0),
        Column("redraw_low", "2.5 %", scale=100.0),
        Column("redraw_high", "97.5 %", scale=100.0),
        Column("exact_difference", "exact, equal times", scale=100.0),
        Column("superiority", "guided wins, %", digits=0, scale=100.0),
        Column("share_better", "better, %", digits=0, scale=100.0),
        Column("share_worse", "worse, %", digits=0, scale=100.0),
        Column("share_none", "none, %", digits=0, scale=100.0),
        Column("share_printed", "as printed, %", digits=0, scale=100.0),
        Column("least_exact_p", "least exact p", digits=4),
    )
    notes = [
        SIGN,
        (
            f"Guided by {guide}; a super-net costs {SUPERNET_TRAININGS} average trainings; {num_redraws:,} random "
            "orders of each super-net's own pool, of which a redraw takes one each; the training that runs at the end "
            "of a budget is ignored."
        ),
        (
            "Verdicts of redraws are those of version 1's test: Wilcoxon by the normal approximation, one-sided in the "
            "direction of the data, at 5 %. No two-sided exact p-value can be below the last column."
        ),
        "`exact, equal times` and `guided wins` are over all orders, were all trainings equally long.",
    ]
    shares = [row.share_printed for row in rows if row.share_printed is not None]
    if shares:
        notes.append(f"A redraw gives {sum(shares):.1f} of the {len(shares)} printed verdicts on average.")
    return ResultTable.of("version-1", "Version 1, Table 2, over random orders", columns, rows, notes)


def version2_table(rows: Sequence[Version2Row], guide: str, supernet_trainings: float) -> ResultTable:
    """Version 2's tables beside ours."""
    columns = (
        _SPACE,
        _TOP,
        Column("method", "method"),
        Column("printed_difference", "printed", scale=100.0),
        Column("printed_half_width", "±", scale=100.0),
        Column("printed_d", "d"),
        Column("difference", "ours", scale=100.0),
        Column("low", "from", scale=100.0),
        Column("high", "to", scale=100.0),
        Column("d", "d"),
        Column("student_p", "Student p", digits=3),
        Column("welch_p", "Welch p", digits=3),
        Column("superiority", "wins, %", digits=0, scale=100.0),
        Column("same_sign", "same sign"),
        Column("within_printed", "within printed"),
        Column("num_method", "runs"),
        Column("num_trainings", "trains", digits=1),
        Column("num_random_trainings", "random trains", digits=1),
        Column("implied_random_trainings", "implied"),
        Column("known_share", "known, %", digits=0, scale=100.0),
    )
    notes = [SIGN, f"Guided by {guide}; a super-net and its scoring cost {supernet_trainings:g} average trainings."]
    with_printed = [row for row in rows if row.same_sign is not None]
    if with_printed:
        counts = {
            method: [
                sum(bool(getattr(row, what)) for row in with_printed if row.method == method)
                for what in ("same_sign", "within_printed")
            ]
            for method in METHODS
        }
        half = len(with_printed) // 2
        notes += [
            *(
                f"{method}: {same} of {half} differences have the printed sign, {within} lie in the printed interval."
                for method, (same, within) in counts.items()
            ),
            (
                "Not comparable: printed are 30 super-nets with pools of 10,000 cells, of which none is published, and "
                "times measured on two K80, unpublished too; ours are the super-nets, pools and table times at hand."
            ),
            (
                "Searches are played on the cells scored by any super-net of the space, a uniform sample of it; so is "
                "`known`. Which cell is best does not matter: it cancels in differences."
            ),
            f"Evolution draws its first population {MATCHING_FIRST}, see the section first-population.",
            "`implied`: trainings of random search whose exact spread fits the printed difference, interval and d.",
        ]
    return ResultTable.of("version-2", "Version 2, Table 2 and appendix Table 1", columns, rows, notes)


def first_population_table(rows: Sequence[FirstPopulationRow]) -> ResultTable:
    """Evolution by its first population."""
    columns = (
        _SPACE,
        _TOP,
        Column("first_population", "first population"),
        Column("printed_difference", "printed", scale=100.0),
        Column("printed_d", "d"),
        Column("difference", "ours", scale=100.0),
        Column("low", "from", scale=100.0),
        Column("high", "to", scale=100.0),
        Column("d", "d"),
        Column("num_trainings", "trains", digits=1),
        Column("share_before_evolution", "not yet evolving, %", digits=0, scale=100.0),
    )
    notes = [
        SIGN,
        (
            "`unique`: cells of the space, all equally likely. `raw`: random matrices, drawn again until they are "
            "cells; those outside the space join with score 0. `raw-in-space`: drawn again until inside the space. "
            "`raw-score-zero`: whatever comes joins, with score 0 if it is no cell of the space."
        ),
        "Not yet evolving: runs whose first population was not complete, so that no cell had a parent.",
    ]
    return ResultTable.of("first-population", "Evolution by its first population", columns, rows, notes)
