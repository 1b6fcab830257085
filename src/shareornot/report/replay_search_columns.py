"""The tables of a replay about searches: both versions of the paper's comparison with random search."""

from shareornot.report.columns import DIFFERENCE, EFFECT, P_VALUE, PERCENT, POINTS
from shareornot.report.replay_table import FOUR_DIGITS_P, SIGN, SPACE, TOP, table_of
from shareornot.report.table import Column, Format, Table
from shareornot.reproduction.published_tables import METHODS
from shareornot.reproduction.replay import Replay
from shareornot.reproduction.version1 import SUPERNET_TRAININGS
from shareornot.reproduction.version2 import MATCHING_FIRST


def version1_table(found: Replay) -> Table | None:
    """Version 1's Table 2 over random orders."""
    rows = found.version1
    if rows is None:
        return None
    shares = [row.share_printed for row in rows if row.share_printed is not None]
    return table_of(
        "version-1",
        "Version 1, Table 2, over random orders"
        if found.with_printed
        else "Guided search against random orders of the pools (protocol of version 1)",
        (
            SPACE,
            TOP,
            Column("num_supernets", "super-nets"),
            Column("num_random_trainings", "random trains", Format(1)),
            Column("printed_verdict", "printed"),
            Column("printed_p", "p"),
            Column("printed_rank_sum", "which is"),
            Column("difference", "difference", DIFFERENCE),
            Column("redraw_std", "std of redraws", POINTS),
            Column("redraw_low", "2.5 %", DIFFERENCE),
            Column("redraw_high", "97.5 %", DIFFERENCE),
            Column("exact_difference", "exact, equal times", DIFFERENCE),
            Column("superiority", "guided wins, %", PERCENT),
            Column("share_better", "better, %", PERCENT),
            Column("share_worse", "worse, %", PERCENT),
            Column("share_none", "none, %", PERCENT),
            Column("share_printed", "as printed, %", PERCENT),
            Column("least_exact_p", "least exact p", FOUR_DIGITS_P),
            Column("guided_regret", "", POINTS),
            Column("random_regret", "", POINTS),
        ),
        rows,
        (
            SIGN,
            (
                f"Guided by {found.guide}; a super-net costs {SUPERNET_TRAININGS} average trainings; "
                f"{found.settings.num_redraws:,} random orders of each super-net's own pool, of which a redraw takes "
                "one each; the training that runs at the end of a budget is ignored."
            ),
            (
                "Verdicts of redraws are those of version 1's test: Wilcoxon by the normal approximation, one-sided in "
                "the direction of the data, at 5 %. No two-sided exact p-value can be below the last column."
            ),
            "`exact, equal times` and `guided wins` are over all orders, were all trainings equally long.",
            f"A redraw gives {sum(shares):.1f} of the {len(shares)} printed verdicts on average." if shares else None,
        ),
    )


def version2_table(found: Replay) -> Table | None:
    """Version 2's tables beside ours."""
    return (
        None
        if found.version2 is None
        else table_of(
            "version-2",
            "Version 2, Table 2 and appendix Table 1"
            if found.with_printed
            else "Guided search and evolution against random search (protocol of version 2)",
            (
                SPACE,
                TOP,
                Column("method", "method"),
                Column("printed_difference", "printed", DIFFERENCE),
                Column("printed_half_width", "±", POINTS),
                Column("printed_d", "d", EFFECT),
                Column("difference", "ours" if found.with_printed else "difference", DIFFERENCE),
                Column("low", "from", DIFFERENCE),
                Column("high", "to", DIFFERENCE),
                Column("d", "d", EFFECT),
                Column("student_p", "Student p", P_VALUE),
                Column("welch_p", "Welch p", P_VALUE),
                Column("superiority", "wins, %", PERCENT),
                Column("superiority_from_d", "", PERCENT),
                Column("same_sign", "same sign"),
                Column("within_printed", "within printed"),
                Column("num_method", "runs"),
                Column("num_random", ""),
                Column("num_trainings", "trains", Format(1)),
                Column("num_random_trainings", "random trains", Format(1)),
                Column("implied_random_trainings", "implied"),
                Column("known_share", "known, %", PERCENT),
            ),
            found.version2,
            (
                SIGN,
                (
                    f"Guided by {found.guide}; a super-net and its scoring cost "
                    f"{found.settings.supernet_trainings:g} average trainings."
                ),
                *(_version2_notes(found) if found.with_printed else ()),
            ),
        )
    )


def _version2_notes(found: Replay) -> list[str]:
    rows = [row for row in found.version2 or () if row.same_sign is not None]
    if not rows:
        return []
    sentences = []
    for method in METHODS:
        own = [row for row in rows if row.method == method]
        same, within = sum(bool(row.same_sign) for row in own), sum(bool(row.within_printed) for row in own)
        sentences.append(
            f"{method}: {same} of {len(own)} differences have the printed sign, {within} lie in the printed interval."
        )
    return [
        *sentences,
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


def first_populations_table(found: Replay) -> Table | None:
    """Evolution by its first population."""
    return (
        None
        if found.first_populations is None
        else table_of(
            "first-population",
            "Evolution by its first population",
            (
                SPACE,
                TOP,
                Column("first_population", "first population"),
                Column("printed_difference", "printed", DIFFERENCE),
                Column("printed_d", "d", EFFECT),
                Column("difference", "ours" if found.with_printed else "difference", DIFFERENCE),
                Column("low", "from", DIFFERENCE),
                Column("high", "to", DIFFERENCE),
                Column("d", "d", EFFECT),
                Column("num_trainings", "trains", Format(1)),
                Column("share_before_evolution", "not yet evolving, %", PERCENT),
            ),
            found.first_populations,
            (
                SIGN,
                (
                    "`unique`: cells of the space, all equally likely. `raw`: random matrices, drawn again until "
                    "they are cells; those outside the space join with score 0. `raw-in-space`: drawn again until "
                    "inside the space. `raw-score-zero`: whatever comes joins, with score 0 if it is no "
                    "cell of the space."
                ),
                "Not yet evolving: runs whose first population was not complete, so that no cell had a parent.",
            ),
        )
    )
