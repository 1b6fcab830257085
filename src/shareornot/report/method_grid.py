"""The matrix at the top of a page of several methods: a row for each method, a column for each space."""

import re
from collections.abc import Sequence
from typing import Any

from shareornot.appraisal.method_comparison import MethodRow, method_rows
from shareornot.report.chapter import Chapter, names_in_order
from shareornot.report.summary import p_in_words, points
from shareornot.text import MINUS


def method_grid(chapters: Sequence[Chapter]) -> dict[str, Any] | None:
    """What the template needs of the matrix; None where all chapters are of one method.

    Rows come in the order of their best Spearman correlation.
    """
    rows = method_rows(chapters)
    if not rows:
        return None
    spaces = names_in_order([row.space for row in rows])
    words = _short_names([row.variant for row in rows])
    best: dict[str, float] = {}
    for row in rows:
        name = words[row.variant]
        best[name] = max(best.get(name, -2.0), row.spearman)
    cells = {(words[row.variant], row.space): _cell(row, chapters[row.chapter].title) for row in rows}
    order = sorted(best, key=lambda name: -best[name])
    return {"spaces": spaces, "rows": [(name, [cells.get((name, space)) for space in spaces]) for name in order]}


def _short_names(variants: Sequence[str]) -> dict[str, str]:
    """The experiment in brackets at the end of a variant, where that distinguishes all variants of a space."""
    short = {one: found.group(1) if (found := re.search(r"\(([^()]+)\)$", one)) else one for one in variants}
    return short if len(set(short.values())) == len(short) else {one: one for one in variants}


def _cell(row: MethodRow, title: str) -> dict[str, Any]:
    """The texts of one cell: the mean is the large one, the facts are pairs of a label and a value."""
    half = "" if row.spearman_half_width is None else f"± {row.spearman_half_width:.2f}"
    facts = []
    if row.difference is not None:
        facts.append((f"{MINUS} uniform", f"{row.difference:+.2f}, {p_in_words(row.p_value)}".replace("-", MINUS)))
    if row.share_of_ceiling is not None:
        facts.append(("of the ceiling", f"{row.share_of_ceiling * 100:.0f}\u00a0%"))
    if row.given_size is not None:
        facts.append(("given size", f"{row.given_size:.2f}".replace("-", MINUS)))
    facts += [
        ("TOP-k regret", points(row.guided_regret, signed=False)),
        ("random search", points(row.random_regret, signed=False)),
    ]
    if row.own_regret is not None:
        facts.append(("own choice", points(row.own_regret, signed=False)))
    if row.training_cost is not None:
        facts.append(("trainings", f"{row.training_cost:.1f}"))
    return {
        "number": row.chapter,
        "title": title,
        "share": round(min(max(row.spearman, 0.0), 1.0), 3),
        "mean": f"{row.spearman:.2f}".replace("-", MINUS),
        "half": half,
        "facts": facts,
        "differs": row.differs,
    }
