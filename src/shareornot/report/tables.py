"""The tables of a report, for all its chapters at once: full numbers in CSV and LaTeX, rounded ones on the page.

Differences are method minus random search in test regret, in points: negative = better than random search.
"""

import math
from collections.abc import Sequence
from typing import Any

from shareornot.appraisal.audit_words import group_in_words, structure_in_words
from shareornot.report.chapter import Chapter
from shareornot.reproduction.result_table import Column, ResultTable, Value
from shareornot.statistics import EffectSize, Interval

TABLE_KINDS = ("csv", "tex")
_WHERE = (Column("space", "space"), Column("variant", "variant"))


def report_tables(chapters: Sequence[Chapter]) -> tuple[ResultTable, ...]:
    """All tables that have a row."""
    tables = (
        agreement_table(chapters),
        ranking_table(chapters),
        differences_table(chapters),
        effects_table(chapters),
        groups_table(chapters),
        costs_table(chapters),
        ceiling_table(chapters),
    )
    return tuple(table for table in tables if table.rows)


def agreement_table(chapters: Sequence[Chapter]) -> ResultTable:
    """Spearman's correlation with Student's interval and the paper's (its Table 1)."""
    rows = []
    for chapter in chapters:
        found = chapter.appraisal
        rows.append(
            _where(chapter)
            | {
                "num_supernets": found.agreement.n,
                "num_diverged": sum(value is None for value in found.spearmans),
                "spearman": found.agreement.mean,
                "student_half_width": found.agreement.half_width,
                "paper_half_width": found.paper_agreement.half_width,
                "kendall_tau": found.quality.kendall_tau.mean,
                "ceiling": found.ceiling.ceiling if found.ceiling else None,
                "share_of_ceiling": found.share_of_ceiling,
            }
        )
    return ResultTable(
        name="agreement",
        title="Agreement of proxies with standalone accuracies",
        columns=(
            *_WHERE,
            Column("num_supernets", "super-nets"),
            Column("num_diverged", "diverged"),
            Column("spearman", "Spearman", 3),
            Column("student_half_width", "± (Student)", 3),
            Column("paper_half_width", "± (paper)", 3),
            Column("kendall_tau", "Kendall", 3),
            Column("ceiling", "ceiling", 3),
            Column("share_of_ceiling", "of the ceiling (%)", 0, 100.0),
        ),
        rows=tuple(rows),
        notes=(
            "Mean over super-nets that converged.",
            "± (Student): 95 % interval by Student's t.",
            "± (paper): 1.96 population standard deviations over the root of n, too narrow for few super-nets.",
        ),
    )


def ranking_table(chapters: Sequence[Chapter]) -> ResultTable:
    """How good the k best by proxy are."""
    rows = [
        _where(chapter)
        | {
            "k": top.k,
            "precision": top.precision.mean,
            "random_precision": top.random_precision,
            "best_rank": top.best_rank.mean,
            "random_best_rank": top.random_best_rank,
            "best_regret": top.best_regret.mean,
            "best_regret_half_width": top.best_regret.half_width,
            "random_best_regret": top.random_best_regret,
        }
        for chapter in chapters
        for top in chapter.appraisal.quality.top
    ]
    return ResultTable(
        name="top-of-the-ranking",
        title="The best by proxy, within the pool of each super-net",
        columns=(
            *_WHERE,
            Column("k", "k"),
            Column("precision", "truly in the top k (%)", 1, 100.0),
            Column("random_precision", "by chance (%)", 1, 100.0),
            Column("best_rank", "best true rank", 1),
            Column("random_best_rank", "by chance", 1),
            Column("best_regret", "regret (points)", 2, 100.0),
            Column("best_regret_half_width", "±", 2, 100.0),
            Column("random_best_regret", "by chance (points)", 2, 100.0),
        ),
        rows=tuple(rows),
        notes=(
            "Mean over super-nets; ±: 95 % interval by Student's t.",
            "Best true rank: of the k best by proxy, 1 is the best of the pool.",
            "Regret: what its standalone accuracy falls short of the best of the pool.",
        ),
    )


def differences_table(chapters: Sequence[Chapter]) -> ResultTable:
    """Regret of the guided search and of evolution against random search (the paper's Tables 2 and 3)."""
    rows = [
        _where(chapter)
        | {
            "num_trained": one.num_trained,
            "num_random_trainings": one.num_random_trainings,
            "guided_regret": one.guided_regret,
            "random_regret": one.random_regret,
            "evolution_regret": one.evolution_regret,
            **_compared("guided", one.difference, one.p_value, one.effect),
            "guided_superiority": one.superiority,
            **_compared("evolution", one.evolution_difference, one.evolution_p_value, one.evolution_effect),
        }
        for chapter in chapters
        for one in chapter.appraisal.comparisons
    ]
    return ResultTable(
        name="differences",
        title="Test regret in the same time",
        columns=(
            *_WHERE,
            Column("num_trained", "TOP-k"),
            Column("guided_regret", "guided", 2, 100.0),
            Column("random_regret", "random", 2, 100.0),
            Column("evolution_regret", "evolution", 2, 100.0),
            *_compared_columns("guided", "guided \u2212 random"),
            *_compared_columns("evolution", "evolution \u2212 random"),
        ),
        rows=tuple(rows),
        notes=(
            "Regrets and differences in points, negative = better than random search.",
            "TOP-k: the guided search has trained its k best cells.",
            "±: 95 % interval.",
            "p: the larger of Student's and Welch's tests, after Holm's correction over the budgets.",
            "d: Cohen's.",
        ),
    )


def effects_table(chapters: Sequence[Chapter]) -> ResultTable:
    """Which structures the super-nets over- and under-rate."""
    rows = [
        _where(chapter)
        | {
            "structure": structure_in_words(effect.name),
            "per": "standard deviation" if effect.is_number else "with against without",
            "share": effect.share,
            "points": effect.points,
            "d": effect.effect.d,
            "low": effect.effect.low,
            "high": effect.effect.high,
            "num_same_sign": effect.num_same_sign,
            "num_supernets": len(effect.each),
            "d_at_equal_accuracy": effect.at_equal_accuracy.d,
            "corrected_p": effect.corrected_p,
            "rating": effect.rating,
        }
        for chapter in chapters
        if chapter.audit
        for effect in chapter.audit.bias.effects
    ]
    return ResultTable(
        name="bias-effects",
        title="Which structures are misjudged",
        columns=(
            *_WHERE,
            Column("structure", "structure"),
            Column("points", "points of rank", 0, 100.0),
            Column("d", "d"),
            Column("low", "from"),
            Column("high", "to"),
            Column("num_same_sign", "same sign"),
            Column("num_supernets", "of"),
            Column("d_at_equal_accuracy", "d, equal accuracy"),
            Column("corrected_p", "p", 3),
            Column("rating", "rated"),
        ),
        rows=tuple(rows),
        notes=(
            "Rank residual = rank of the proxy minus rank of the standalone accuracy.",
            "d: Cohen's, cells with the structure against cells without, or per standard deviation of a number.",
            "From, to: 95 % interval over super-nets.",
            "Equal accuracy: between cells of equal standalone rank.",
            "p: after Benjamini and Hochberg.",
        ),
    )


def groups_table(chapters: Sequence[Chapter]) -> ResultTable:
    """The leaves of the small tree."""
    rows = [
        _where(chapter)
        | {
            "cells": group_in_words(group),
            "share": group.share,
            "residual": group.residual,
            "at_equal_accuracy": group.at_equal_accuracy,
        }
        for chapter in chapters
        if chapter.audit
        for group in chapter.audit.bias.groups
    ]
    return ResultTable(
        name="bias-groups",
        title="Who is misjudged, the most over-rated first",
        columns=(
            *_WHERE,
            Column("cells", "cells with"),
            Column("share", "share (%)", 0, 100.0),
            Column("residual", "points of rank", 0, 100.0),
            Column("at_equal_accuracy", "at equal accuracy", 0, 100.0),
        ),
        rows=tuple(rows),
        notes=("Groups of a small tree; points: mean rank residual.",),
    )


def costs_table(chapters: Sequence[Chapter]) -> ResultTable:
    """What the bias costs the guided search."""
    rows = [
        _where(chapter)
        | {
            "num_trained": cost.num_trained,
            "as_scored": cost.as_scored,
            "unbiased": cost.unbiased,
            "difference": cost.difference.mean,
            "half_width": cost.difference.half_width,
            "p_value": cost.p_value,
            "corrected": cost.corrected,
        }
        for chapter in chapters
        if chapter.audit
        for cost in chapter.audit.costs
    ]
    return ResultTable(
        name="bias-costs",
        title="What the bias costs: test regret of the guided search",
        columns=(
            *_WHERE,
            Column("num_trained", "TOP-k"),
            Column("as_scored", "as scored", 2, 100.0),
            Column("unbiased", "without bias", 2, 100.0),
            Column("difference", "change", 2, 100.0),
            Column("half_width", "±", 2, 100.0),
            Column("p_value", "p", 3),
            Column("corrected", "corrected", 2, 100.0),
        ),
        rows=tuple(rows),
        notes=(
            "Points.",
            "Without bias: ranks less each group's rating at equal accuracy, from trees grown on other cells.",
            "Corrected: less its whole residual, which tells how good each group is.",
            "p: after Holm.",
        ),
    )


def ceiling_table(chapters: Sequence[Chapter]) -> ResultTable:
    """How far any proxy could agree with noisy standalone accuracies; space by space, for variants share it."""
    first = {chapter.appraisal.space: chapter.appraisal for chapter in reversed(chapters)}
    spaces = dict.fromkeys(chapter.appraisal.space for chapter in chapters)
    rows: list[dict[str, Value]] = [
        {
            "space": space,
            "num_cells": ceiling.num_cells,
            "single_run": ceiling.single_run,
            "one_against_others": ceiling.one_against_others,
            "ceiling": ceiling.ceiling,
        }
        for space in spaces
        if (ceiling := first[space].ceiling)
    ]
    return ResultTable(
        name="noise-ceiling",
        title="How far any proxy could agree with the table (Spearman)",
        columns=(
            Column("space", "space"),
            Column("num_cells", "cells"),
            Column("single_run", "two single runs", 3),
            Column("one_against_others", "one run, mean of the others", 3),
            Column("ceiling", "ceiling", 3),
        ),
        rows=tuple(rows),
        notes=(
            "The ceiling is what the true accuracy itself would reach, with the noise of training left in the table.",
        ),
    )


def _where(chapter: Chapter) -> dict[str, Value]:
    return {"space": chapter.appraisal.space, "variant": chapter.variant}


def _compared(
    name: str, difference: Interval | None, p_value: float | None, effect: EffectSize | None
) -> dict[str, Value]:
    """A method against random search; words for an effect of samples that do not vary."""
    d: Any = effect.d if effect else None
    return {
        f"{name}_difference": difference.mean if difference else None,
        f"{name}_half_width": difference.half_width if difference else None,
        f"{name}_p_value": p_value,
        f"{name}_d": str(d) if d is not None and not math.isfinite(d) else d,
    }


def _compared_columns(name: str, heading: str) -> tuple[Column, ...]:
    return (
        Column(f"{name}_difference", heading, 2, 100.0),
        Column(f"{name}_half_width", "±", 2, 100.0),
        Column(f"{name}_p_value", "p", 3),
        Column(f"{name}_d", "d", 2),
    )
