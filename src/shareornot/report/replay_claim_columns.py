"""The tables of a replay about the paper's statements: do they follow from its own figures?"""

from shareornot.report.columns import CORRELATION, DIFFERENCE, EFFECT, P_VALUE, POINTS
from shareornot.report.replay_table import FOUR_DIGITS_P, SIGN, SPACE, TOP, VARIANT, table_of
from shareornot.report.table import Column, Table
from shareornot.reproduction.replay import Replay


def sizes_table(found: Replay) -> Table | None:
    """Agreement against the size of the space."""
    return (
        None
        if found.sizes is None
        else table_of(
            "size-correlation",
            "Spearman's correlation of agreement with the size of the space",
            (
                VARIANT,
                Column("source", "agreement"),
                Column("num_spaces", "spaces"),
                Column("printed", "printed"),
                Column("printed_p", "p"),
                Column("correlation", "ours" if found.with_printed else "correlation", CORRELATION),
                Column("asymptotic_p", "p by t", FOUR_DIGITS_P),
                Column("exact_p", "exact p", FOUR_DIGITS_P),
            ),
            found.sizes,
        )
    )


def claims_table(found: Replay) -> Table | None:
    """Statements against formulas."""
    return (
        None
        if found.claims is None
        else table_of(
            "claims",
            "Statements that follow from a formula or from the paper's own tables",
            (
                Column("claim", "statement"),
                Column("printed", "printed"),
                Column("computed", "computed", CORRELATION),
                Column("as_printed", "as printed"),
                Column("remark", "remark"),
            ),
            found.claims,
        )
    )


def consistency_table(found: Replay) -> Table | None:
    """Version 2's printed rows against the tests that they could come from."""
    rows = found.consistency
    if rows is None:
        return None
    only = {test: sum(row.p_agrees_with == test for row in rows) for test in ("Welch", "Student", "neither")}
    return table_of(
        "consistency",
        "Version 2: do the printed figures fit together?",
        (
            SPACE,
            TOP,
            Column("method", "method"),
            Column("printed_difference", "difference", DIFFERENCE),
            Column("printed_half_width", "±", POINTS),
            Column("student_half_width", "± from d", POINTS),
            Column("printed_d", "d", EFFECT),
            Column("printed_p", "p"),
            Column("student_p_low", "Student p from", P_VALUE),
            Column("student_p_high", "to", P_VALUE),
            Column("welch_p_low", "Welch p from", P_VALUE),
            Column("welch_p_high", "to", P_VALUE),
            Column("p_agrees_with", "p is of"),
        ),
        rows,
        (
            SIGN,
            (
                f"The text names Student's test; {only['Welch']} of {len(rows)} printed p-values can only be Welch's, "
                f"{only['Student']} only Student's, {only['neither']} neither."
            ),
        ),
    )
