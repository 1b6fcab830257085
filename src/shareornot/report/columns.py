"""The tables of a report: which numbers they show, under which titles, in which format.

Each table is a list of columns over the rows of `shareornot.appraisal.rows`. Terminal, page, CSV and LaTeX all take
their titles and units from here. Differences are method minus random search in test regret: negative = better.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.rows import (
    RATING_WORDS,
    Row,
    agreement_row,
    baseline_rows,
    best_rows,
    ceiling_row,
    cost_rows,
    effect_rows,
    group_rows,
    paired_rows,
    rival_rows,
    supernet_rows,
    top_rows,
)
from shareornot.report.method_table import method_table
from shareornot.report.table import Column, Format, Table, Tone
from shareornot.statistics import SIGNIFICANCE

MOST_BEST = 200
"""Architectures to train next in the table; the page shows the first `SHOWN_BEST`."""
SHOWN_BEST = 20
SMALL, LARGE = 0.2, 0.5
"""Cohen's d from which the paper colours lightly, and fully."""

CORRELATION = Format(3)
POINTS, DIFFERENCE = Format(2, "points"), Format(2, "points", signed=True)
RANK_POINTS = Format(0, "points", signed=True)
PERCENT, TENTHS_OF_PERCENT = Format(0, "percent"), Format(1, "percent")
EFFECT = Format(2, signed=True)
P_VALUE = Format(3, is_p=True)

WHERE = (Column("space", "space"), Column("variant", "variant"))


@dataclass(frozen=True, kw_only=True, slots=True)
class TableOfChapters:
    """A table that every chapter has rows of."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Chapter], Sequence[Row]]
    notes: tuple[str, ...] = ()

    def of(self, chapters: Sequence[Chapter], where: Sequence[Column] = WHERE) -> Table:
        """The table of some chapters.

        Args:
            chapters: chapters whose rows are shown, one after the other.
            where: the columns that distinguish chapters; none for a single chapter.
        """
        rows = [
            {"space": chapter.appraisal.space, "variant": chapter.variant, **row}
            for chapter in chapters
            for row in self.rows(chapter)
        ]
        columns = (*where, *self.columns)
        return Table(name=self.name, title=self.title, columns=columns, rows=tuple(rows), notes=self.notes)


def compared(name: str, title: str) -> tuple[Column, ...]:
    """The columns of a method against random search."""
    return (
        Column(f"{name}_difference", title, DIFFERENCE),
        Column(f"{name}_half_width", "±", POINTS),
        Column(f"{name}_low", "", DIFFERENCE),
        Column(f"{name}_high", "", DIFFERENCE),
        Column(f"{name}_p_value", "p", P_VALUE),
        Column(f"{name}_d", "d", EFFECT),
    )


AGREEMENT = TableOfChapters(
    name="agreement",
    title="Agreement of scores with standalone accuracies",
    columns=(
        Column("num_supernets", "super-nets"),
        Column("num_diverged", "diverged"),
        Column("num_cells_scored", ""),
        Column("spearman", "Spearman", CORRELATION),
        Column("spearman_half_width", "± (Student)", CORRELATION),
        Column("spearman_low", "", CORRELATION),
        Column("spearman_high", "", CORRELATION),
        Column("spearman_paper_half_width", "± (paper)", CORRELATION),
        Column("kendall_tau", "Kendall", CORRELATION),
        Column("noise_ceiling", "ceiling", CORRELATION),
        Column("share_of_ceiling", "of the ceiling (%)", PERCENT),
        Column("answer", "sharing"),
        Column("trust", "scores"),
        Column("verdict", ""),
        Column("headline_num_trained", ""),
        Column("more_supernets", "more super-nets"),
        Column("trust_verdict", ""),
        Column("own_spearman", "own preference", CORRELATION),
        Column("own_spearman_low", "", CORRELATION),
        Column("own_spearman_high", "", CORRELATION),
        Column("own_regret", "own choice, regret (points)", POINTS),
        Column("own_regret_low", "", POINTS),
        Column("own_regret_high", "", POINTS),
    ),
    rows=lambda chapter: [agreement_row(chapter.appraisal)],
    notes=(
        "Mean over the super-nets that converged.",
        "± (Student): 95 % interval by Student's t, widened where super-nets share architectures.",
        "± (paper): 1.96 population standard deviations over the root of n, too narrow for few super-nets.",
        "Own preference: Spearman's correlation of the method's own ranking, such as log p.",
        "Own choice: the architecture that the method itself returns.",
    ),
)

SUPERNETS = TableOfChapters(
    name="supernets",
    title="Super-nets",
    columns=(
        Column("name", "super-net"),
        Column("num_scored", "scored"),
        Column("num_distinct", "distinct"),
        Column("spearman", "Spearman", CORRELATION),
        Column("diverged", "diverged"),
        Column("learnt", "learnt", Format(no="no")),
        Column("reliability", "reliability", CORRELATION),
        Column("lowest_score", "lowest score", Format(4)),
        Column("highest_score", "highest score", Format(4)),
        Column("own_spearman", "own preference", CORRELATION),
        Column("own_regret", "own choice, regret (points)", POINTS),
        Column("own_choice", "own choice"),
    ),
    rows=lambda chapter: supernet_rows(chapter.appraisal),
    notes=(
        "Spearman: correlation of the super-net's scores with standalone validation accuracy.",
        "Diverged: the scores are constant or not finite; the super-net is left out of all other figures.",
        "Learnt: whether the training loss fell below that of guessing; the figures are shown in either case.",
        "Reliability: correlation of scores between two halves of the validation images, corrected for length.",
        "Own preference: Spearman's correlation of the method's own ranking, such as log p.",
        "Own choice: the architecture that the method itself returns.",
    ),
)

TOP = TableOfChapters(
    name="top-of-the-ranking",
    title="Architectures with the best scores in the pool of each super-net",
    columns=(
        Column("k", "k"),
        Column("precision", "truly in the top k (%)", TENTHS_OF_PERCENT),
        Column("random_precision", "by chance (%)", TENTHS_OF_PERCENT),
        Column("best_rank", "best true rank", Format(1)),
        Column("random_best_rank", "by chance", Format(1)),
        Column("best_regret", "regret (points)", POINTS),
        Column("best_regret_half_width", "±", POINTS),
        Column("random_best_regret", "by chance (points)", POINTS),
    ),
    rows=lambda chapter: top_rows(chapter.appraisal),
    notes=(
        "Mean over super-nets; ±: 95 % interval by Student's t.",
        "Best true rank: of the k best by score, where 1 is the best of the pool.",
        "Regret: difference in standalone validation accuracy to the best architecture of the pool.",
    ),
)

DIFFERENCES = TableOfChapters(
    name="differences",
    title="Test regret of the guided search and of its rivals at equal cost (points)",
    columns=(
        Column("num_trained", "TOP-k"),
        Column("rival", "rival"),
        Column("guided_regret", "guided", POINTS),
        Column("rival_regret", "rival's", POINTS),
        Column("difference", "guided \u2212 rival", DIFFERENCE),
        Column("half_width", "±", POINTS),
        Column("p_value", "p", P_VALUE),
        Column("d", "d", EFFECT),
        Column("tested", "tested"),
        Column("superiority", "wins (%)", PERCENT),
        Column("num_random_trainings", "trainings", Format(0)),
        Column("kind", ""),
        Column("budget", ""),
        Column("difference_low", "", DIFFERENCE),
        Column("difference_high", "", DIFFERENCE),
    ),
    rows=lambda chapter: rival_rows(chapter.appraisal),
    notes=(
        "A negative difference means that the guided search ends closer to the best architecture.",
        "TOP-k: the guided search has trained its k best architectures.",
        "Trainings: number of average trainings at the same cost, including super-net and scoring.",
        "Rivals need no super-net; a baseline trains the architectures that it ranks highest.",
        "±: 95 % interval; p: of this row's test alone; d: in standard deviations of random search.",
        "Tested: the rivals that the verdict uses, chosen without using the super-nets.",
        "Wins: probability that the guided search has the smaller regret.",
    ),
)

BASELINES = TableOfChapters(
    name="baselines",
    title="Scores beside baselines that need no training (Spearman)",
    columns=(
        Column("baseline", "baseline"),
        Column("spearman", "in the whole space", CORRELATION),
        Column("difference", "scores \u2212 baseline", Format(3, signed=True)),
        Column("difference_low", "from", Format(3, signed=True)),
        Column("difference_high", "to", Format(3, signed=True)),
    ),
    rows=lambda chapter: baseline_rows(chapter.appraisal),
    notes=(
        "A positive difference means that the scores rank better, on the architectures that were scored.",
        "From, to: 95 % interval for other seeds and other architectures.",
    ),
)

BEST = TableOfChapters(
    name="architectures-to-train",
    title="Architectures to train next, best scores first",
    columns=(
        Column("place", "place"),
        Column("architecture", "architecture"),
        Column("rank_by_score", "beats by score (%)", TENTHS_OF_PERCENT),
        Column("num_supernets", "super-nets"),
        Column("standalone", "standalone (%)", Format(2, "percent")),
        Column("true_rank", "true rank"),
        Column("num_ranked", "of"),
    ),
    rows=lambda chapter: best_rows(chapter.appraisal, MOST_BEST),
    notes=(
        "Beats by score: share of the pool that the architecture beats, mean over the super-nets that scored it.",
        "True rank: by standalone validation accuracy, among all architectures that were scored.",
    ),
)

PAIRED = TableOfChapters(
    name="paired-differences",
    title="Test regret, each super-net against one random order of its own pool (points)",
    columns=(
        Column("num_trained", "TOP-k"),
        Column("guided_regret", "guided", POINTS),
        Column("random_regret", "random", POINTS),
        *compared("guided", "guided \u2212 random")[:-1],
    ),
    rows=paired_rows,
    notes=("±: 95 % interval by Student's t, paired by super-net.", "p: Wilcoxon's signed-rank test, exact."),
)

EFFECTS = TableOfChapters(
    name="bias-effects",
    title="Over- and under-rated structures",
    columns=(
        Column("structure", "structure"),
        Column("per", ""),
        Column("share", "", PERCENT),
        Column("points", "points of rank", RANK_POINTS),
        Column("d", "d", EFFECT),
        Column("low", "from", EFFECT),
        Column("high", "to", EFFECT),
        Column("num_same_sign", "same sign"),
        Column("num_supernets", "of"),
        Column("d_at_equal_accuracy", "d, equal accuracy", EFFECT),
        Column("corrected_p_of_rating", "p", P_VALUE),
        Column("rating", "rated"),
    ),
    rows=lambda chapter: effect_rows(chapter.audit) if chapter.audit else [],
    notes=(
        "Rank residual: rank by score minus rank by standalone accuracy; positive = over-rated.",
        "Points and d: architectures with the structure against those without, or per standard deviation of a number.",
        "d: in standard deviations of the rank residuals of all architectures.",
        "From, to: 95 % interval over super-nets.",
        "Equal accuracy: between architectures of equal standalone rank.",
        "p: of a rating, by both effects together, after Benjamini and Hochberg.",
    ),
)

GROUPS = TableOfChapters(
    name="bias-groups",
    title="Over- and under-rated groups, most over-rated first",
    columns=(
        Column("group", "architectures with"),
        Column("share", "share (%)", PERCENT),
        Column("residual", "points of rank", RANK_POINTS),
        Column("at_equal_accuracy", "at equal accuracy", RANK_POINTS),
    ),
    rows=lambda chapter: group_rows(chapter.audit) if chapter.audit else [],
    notes=("Groups of a small tree; points: mean rank residual.",),
)

COSTS = TableOfChapters(
    name="bias-costs",
    title="Cost of the bias: test regret of the guided search (points)",
    columns=(
        Column("num_trained", "TOP-k"),
        Column("as_scored", "as scored", POINTS),
        Column("unbiased", "without bias", POINTS),
        Column("difference", "change", DIFFERENCE),
        Column("half_width", "±", POINTS),
        Column("difference_low", "", DIFFERENCE),
        Column("difference_high", "", DIFFERENCE),
        Column("p_value", "p", P_VALUE),
        Column("corrected", "corrected", POINTS),
    ),
    rows=lambda chapter: cost_rows(chapter.audit) if chapter.audit else [],
    notes=(
        "Without bias: ranks less each group's rating at equal accuracy, from trees grown on other architectures.",
        "Corrected: ranks less the whole residual of each group, which includes how good the group is.",
        "±: 95 % interval; p: after Holm.",
    ),
)

CEILING = TableOfChapters(
    name="noise-ceiling",
    title="Highest Spearman correlation that scores can reach with this table",
    columns=(
        Column("num_cells", "architectures"),
        Column("single_run", "two single runs", CORRELATION),
        Column("one_against_others", "one run, mean of the others", CORRELATION),
        Column("ceiling", "ceiling", CORRELATION),
    ),
    rows=lambda chapter: [row] if (row := ceiling_row(chapter.appraisal)) else [],
    notes=("The ceiling is the correlation of the true accuracy with the noisy accuracies of the table.",),
)

TABLES = (AGREEMENT, BASELINES, SUPERNETS, TOP, BEST, DIFFERENCES, PAIRED, EFFECTS, GROUPS, COSTS, CEILING)


def report_tables(chapters: Sequence[Chapter]) -> tuple[Table, ...]:
    """All tables that have a row; the noise ceiling once per space, because variants share it."""
    methods = method_table(chapters)
    return ((methods,) if methods.rows else ()) + tuple(
        table for kind in TABLES if (table := ceiling_table(chapters) if kind is CEILING else kind.of(chapters)).rows
    )


def ceiling_table(chapters: Sequence[Chapter]) -> Table:
    """The noise ceiling of each space."""
    return CEILING.of(list(_first_of_each_space(chapters)), WHERE[:1])


def _first_of_each_space(chapters: Sequence[Chapter]) -> Iterator[Chapter]:
    seen: set[str] = set()
    for chapter in chapters:
        if chapter.appraisal.space not in seen:
            seen.add(chapter.appraisal.space)
            yield chapter


def audit_tables(audit: SpaceAudit, num_effects: int) -> tuple[Table, ...]:
    """The tables of one audit: its structures as far as any is rated, its groups and the cost of the bias.

    Args:
        audit: what to show.
        num_effects: structures at most.
    """
    effects = effect_rows(audit)
    rated = [row for row in effects if row["rating"] != RATING_WORDS["none"]][:num_effects] or effects[:3]
    notes = (*EFFECTS.notes, f"{len(effects) - len(rated)} more structures with --json.")
    return (
        Table(name=EFFECTS.name, title=EFFECTS.title, columns=EFFECTS.columns, rows=tuple(rated), notes=notes),
        *(
            Table(name=kind.name, title=kind.title, columns=kind.columns, rows=tuple(rows), notes=kind.notes)
            for kind, rows in ((GROUPS, group_rows(audit)), (COSTS, cost_rows(audit)))
        ),
    )


def tone_of_difference(row: Row, name: str) -> Tone:
    """Colour as in the paper's Tables 2 and 3: by Cohen's d, nothing where it is small or not significant.

    References: Pourchot et al. 2020, arXiv:2002.04289, caption of Table 2.
    """
    p_value, difference, d = row["p_value"], row["difference"], row["d"]
    if name not in ("difference", "half_width", "p_value", "d"):
        return ""
    if not isinstance(p_value, float) or not isinstance(difference, float) or p_value >= SIGNIFICANCE:
        return ""
    size = abs(d) if isinstance(d, float) else math.inf  # samples that do not vary have no finite effect size
    if size < SMALL:
        return ""
    if size < LARGE:
        return "less" if difference < 0 else "more"
    return "much-less" if difference < 0 else "much-more"


def tone_of_rating(row: Row, name: str) -> Tone:
    """Over- and under-rated structures."""
    if name not in ("d", "rating"):
        return ""
    ratings: dict[Any, Tone] = {"over-rated": "over", "under-rated": "under"}
    return ratings.get(row["rating"], "")
