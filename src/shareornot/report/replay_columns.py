"""The tables of a replay: which numbers they show, under which titles, and what a reader must know.

The paper's tables have its headings and the printed figures beside ours. For evaluations on another table than
NASBench-101 nothing is printed: then the titles say what is computed, and the empty columns are left out.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shareornot.report.columns import CORRELATION, DIFFERENCE, EFFECT, P_VALUE, PERCENT, POINTS
from shareornot.report.table import Column, Format, Table
from shareornot.reproduction.published_tables import METHODS
from shareornot.reproduction.replay import Replay
from shareornot.reproduction.version1 import SUPERNET_TRAININGS
from shareornot.reproduction.version2 import MATCHING_FIRST
from shareornot.storage import atomic_write

SIGN = "Differences are method minus random search in test regret, in points (accuracy x 100): negative = better."
FOUR_DIGITS_P = Format(4, is_p=True)
_VARIANT, _SPACE, _TOP = Column("variant", "variant"), Column("space", "space"), Column("num_trained", "TOP")


def replay_tables(found: Replay) -> list[Table]:
    """The tables of all replayed sections, in the order in which they were asked for."""
    makers: dict[str, tuple[Callable[[Replay], Table | None], ...]] = {
        "agreement": (_agreement, _without_copies, _copies, _diverged),
        "quality": (_quality, _ceilings),
        "claims": (_sizes, _claims, _consistency),
        "version-1": (_version1,),
        "version-2": (_version2,),
        "first-population": (_first_populations,),
    }
    made = [make(found) for section in found.settings.sections for make in makers[section]]
    return [table for table in made if table is not None]


def replay_to_json(found: Replay) -> dict[str, Any]:
    """All rows in full and in the units of the project: accuracies, regrets and shares are fractions."""
    return {
        "settings": asdict(found.settings),
        "benchmark": {"name": found.benchmark, "num_known": found.num_known, "num_cells": found.num_cells},
        "evaluations": {"num_supernets": found.num_supernets, "num_evaluations": found.num_evaluations},
        "tables": [table.to_json() for table in replay_tables(found)],
    }


def write_replay(found: Replay, folder: Path) -> list[Path]:
    """Write `replay.json`, and each table as CSV with all fields and as LaTeX as shown.

    Returns:
        The files, each of them whole.

    Raises:
        OSError: the folder cannot be written.
    """
    contents = {"replay.json": json.dumps(replay_to_json(found), indent=2, allow_nan=False) + "\n"}
    for table in replay_tables(found):
        contents[f"{table.name}.csv"] = table.to_csv()
        contents[f"{table.name}.tex"] = table.to_latex()
    for name, text in contents.items():
        with atomic_write(folder / name) as file:
            file.write(text.encode("utf-8", "replace"))
    return [folder / name for name in contents]


def _table(
    name: str, title: str, columns: Iterable[Column], rows: Iterable[Any], notes: Iterable[str | None] = ()
) -> Table:
    kept = tuple(note for note in notes if note)
    return Table(name=name, title=title, columns=tuple(columns), rows=tuple(rows), notes=kept)


def _agreement(found: Replay) -> Table | None:
    """Table 1 beside ours."""
    if found.agreement is None:
        return None
    right = sum(row.as_printed == "yes" for row in found.agreement)
    num_printed = sum(bool(row.as_printed) for row in found.agreement)
    title = "Spearman's correlation with standalone accuracy"
    return _table(
        "table-1",
        f"Table 1: {title}" if found.with_printed else title,
        (
            _VARIANT,
            _SPACE,
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


def _without_copies(found: Replay) -> Table | None:
    """The figures of Table 1 that copied evaluations change."""
    return (
        None
        if found.agreement is None
        else _table(
            "without-copies",
            "Table 1 without copied evaluations" if found.with_printed else "Agreement without copied evaluations",
            (
                _VARIANT,
                _SPACE,
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


def _copies(found: Replay) -> Table | None:
    """Super-nets with the same evaluations."""
    return (
        None
        if found.copies is None
        else _table(
            "copies",
            "Super-nets with identical evaluations",
            (Column("first", "super-net"), Column("second", "its copy"), Column("num_evaluations", "evaluations")),
            found.copies,
        )
    )


def _diverged(found: Replay) -> Table | None:
    """Super-nets that rank nothing."""
    return (
        None
        if found.diverged is None
        else _table(
            "diverged",
            "Super-nets that did not converge",
            (Column("name", "super-net"), Column("proxies", "scores")),
            found.diverged,
        )
    )


def _quality(found: Replay) -> Table | None:
    """Other coefficients, and the best cells."""
    return (
        None
        if found.quality is None
        else _table(
            "quality",
            "Agreement in other terms",
            (
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
                Column("best_regret", "best regret at 10", POINTS),
                Column("random_best_regret", "random", POINTS),
                Column("share_of_ceiling", "of ceiling, %", PERCENT),
            ),
            found.quality,
            ("Means over the super-nets that converged; validation regret in points, from the best cell of the pool.",),
        )
    )


def _ceilings(found: Replay) -> Table | None:
    """How far agreement can go."""
    return (
        None
        if found.ceilings is None
        else _table(
            "ceilings",
            "Noise ceilings",
            (
                _SPACE,
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


def _sizes(found: Replay) -> Table | None:
    """Agreement against the size of the space."""
    return (
        None
        if found.sizes is None
        else _table(
            "size-correlation",
            "Spearman's correlation of agreement with the size of the space",
            (
                _VARIANT,
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


def _claims(found: Replay) -> Table | None:
    """Statements against formulas."""
    return (
        None
        if found.claims is None
        else _table(
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


def _consistency(found: Replay) -> Table | None:
    """Version 2's printed rows against the tests that they could come from."""
    rows = found.consistency
    if rows is None:
        return None
    only = {test: sum(row.p_agrees_with == test for row in rows) for test in ("Welch", "Student", "neither")}
    return _table(
        "consistency",
        "Version 2: do the printed figures fit together?",
        (
            _SPACE,
            _TOP,
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


def _version1(found: Replay) -> Table | None:
    """Version 1's Table 2 over random orders."""
    rows = found.version1
    if rows is None:
        return None
    shares = [row.share_printed for row in rows if row.share_printed is not None]
    return _table(
        "version-1",
        "Version 1, Table 2, over random orders"
        if found.with_printed
        else "Guided search against random orders of the pools (protocol of version 1)",
        (
            _SPACE,
            _TOP,
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


def _version2(found: Replay) -> Table | None:
    """Version 2's tables beside ours."""
    return (
        None
        if found.version2 is None
        else _table(
            "version-2",
            "Version 2, Table 2 and appendix Table 1"
            if found.with_printed
            else "Guided search and evolution against random search (protocol of version 2)",
            (
                _SPACE,
                _TOP,
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
    told = []
    for method in METHODS:
        own = [row for row in rows if row.method == method]
        same, within = sum(bool(row.same_sign) for row in own), sum(bool(row.within_printed) for row in own)
        told.append(
            f"{method}: {same} of {len(own)} differences have the printed sign, {within} lie in the printed interval."
        )
    return [
        *told,
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


def _first_populations(found: Replay) -> Table | None:
    """Evolution by its first population."""
    return (
        None
        if found.first_populations is None
        else _table(
            "first-population",
            "Evolution by its first population",
            (
                _SPACE,
                _TOP,
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
