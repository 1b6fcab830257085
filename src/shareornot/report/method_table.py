"""The table of a study of several methods: every method on every space, against uniform sampling."""

from collections.abc import Sequence

from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.method_comparison import method_rows
from shareornot.report.table import Column, Format, Table

METHODS = (
    Column("space", "space"),
    Column("variant", "method"),
    Column("spearman", "Spearman", Format(3)),
    Column("spearman_half_width", "±", Format(3)),
    Column("difference", "\u2212 uniform", Format(3, signed=True)),
    Column("p_value", "p", Format(3, is_p=True)),
    Column("share_of_ceiling", "of the ceiling (%)", Format(0, "percent")),
    Column("given_size", "given size", Format(3)),
    Column("guided_regret", "TOP-k regret", Format(2, "points")),
    Column("random_regret", "random search's", Format(2, "points")),
    Column("own_regret", "own choice's", Format(2, "points")),
    Column("own_spearman", "own preference", Format(3)),
    Column("training_cost", "cost in trainings", Format(1)),
    Column("method", ""),
)


def method_table(chapters: Sequence[Chapter]) -> Table:
    """Methods beside each other; without rows where all chapters are of one method."""
    return Table(
        name="methods",
        title="Methods, the best Spearman correlation of each space first",
        columns=METHODS,
        rows=tuple(method_rows(chapters)),
        notes=(
            "Minus uniform: mean difference of Spearman correlations to uniform sampling with the same seeds.",
            "p: Student's paired t-test over seeds, corrected after Holm over the methods of the space.",
            "Given size: partial correlation given the number of parameters.",
            "Regret (points): after training the k best by score, k that of the verdict; random search at equal cost.",
            "Own choice: the architecture that the method itself returns.",
            "Own preference: Spearman's correlation of the method's own ranking, such as log p.",
            "Cost: training the super-net, in trainings of an average architecture alone.",
        ),
    )
