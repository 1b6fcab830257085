"""A user's scores, appraised, on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from shareornot.cli.show import show_appraisal, show_sentences, show_table, title_of

if TYPE_CHECKING:
    from shareornot.appraisal.user_scores import AppraisedScores, UserAppraisals


MOST_LISTED = 30
"""Pairs of space and variant whose agreement is shown; all are in agreement.csv."""


def show_user_scores(found: "UserAppraisals", folders: Sequence[Path]) -> None:
    """Show all about one space and variant, or the essence of several; the notes come first, the verdict last."""
    from shareornot.appraisal.audit_words import describe_audit

    if found.notes:
        show_sentences("Assumptions about all scores", found.notes)
    if len(found.agreements) > len(found):
        _show_agreements(found)
    if len(found) == 1:
        only = found[0]
        if only.audit is not None:
            show_sentences("Structures that the super-nets over- and under-rate", describe_audit(only.audit))
        picture = folders[0] / "appraisal.png"
        show_appraisal(only.appraisal, picture if picture.is_file() else None)
        return
    show_table(
        "Agreement and test regret in points after the same time",
        ["", "n", "Spearman", "k", "guided", "random", "change", "p"],
        [_row(one) for one in found],
        "n: super-nets. Spearman: mean ± half of Student's 95 % interval. k: how many of its best the guided search "
        "trains. Change: guided - random, negative = better than random search; p after Holm's correction.",
    )
    for one in found:
        audited = describe_audit(one.audit)[:2] if one.audit is not None else ()
        show_sentences(title_of(one.appraisal), [one.appraisal.verdict.sentence, *audited, *one.appraisal.notes])
    typer.echo(f"Numbers of each: {folders[0].parent}")


def _show_agreements(found: "UserAppraisals") -> None:
    """The agreement of every space and variant, of many the first."""
    from shareornot.appraisal.verdict import with_half_width

    shown = found.agreements[:MOST_LISTED]
    more = len(found.agreements) - len(shown)
    show_table(
        "Agreement of all spaces and variants",
        ["", "n", "scores", "Spearman"],
        [
            [
                ", ".join([one.space, *([one.variant] if one.variant else [])]),
                str(one.num_supernets),
                f"{one.num_scores:,}",
                with_half_width(one.spearman),
            ]
            for one in shown
        ],
        "n: super-nets. Spearman: mean ± half of Student's 95 % interval."
        + (f" {more:,} more are in agreement.csv." if more else ""),
    )


def _row(one: "AppraisedScores") -> list[str]:
    from shareornot.appraisal.verdict import with_half_width

    appraisal = one.appraisal
    budget = appraisal.comparisons[min(1, len(appraisal.comparisons) - 1)]
    return [
        ", ".join([appraisal.space, *([appraisal.variant] if appraisal.variant else [])]),
        str(appraisal.agreement.n),
        with_half_width(appraisal.agreement),
        str(budget.num_trained),
        f"{budget.guided_regret * 100:.2f}",
        f"{budget.random_regret * 100:.2f}",
        f"{budget.difference.mean * 100:+.2f}",
        "-" if budget.p_value is None else f"{budget.p_value:.2g}",
    ]
