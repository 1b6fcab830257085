"""The ground on which searches are replayed: a uniform sample of a space where the table holds only some of it."""

from dataclasses import replace

import numpy as np

from shareornot.appraisal.truth import search_table
from shareornot.errors import SettingsError
from shareornot.reproduction.evaluations import EvaluatedSupernet, Evaluations
from shareornot.search import SearchTable
from shareornot.spaces import open_space
from shareornot.statistics import diverged
from shareornot.tables import BenchmarkTable

DEFAULT_GUIDE = "BNS-FT"
"""Variant whose proxies guide the paper's searches."""


def replay_ground(evaluations: Evaluations, table: BenchmarkTable, space: str) -> SearchTable:
    """Search table of a space.

    The whole space where the table holds all of it. Else the cells that the super-nets of this space scored: pools are
    drawn uniformly, whereas the known cells of a partial table may not be, as those gathered from pools of several
    spaces hold too many of the cells that several spaces share. Regret is measured from the best known cell; as long as
    that is one constant, differences of regret do not depend on it.

    Args:
        evaluations: evaluations of super-nets.
        table: what training each cell alone gave.
        space: its name.
    """
    whole = search_table(table, open_space(space))
    if len(whole.cells) == int(whole.member.sum()):
        return whole
    known = np.zeros(len(whole.known), bool)
    known[evaluations.cells_of(space)] = True
    return replace(whole, known=known, optimum=whole.best_test)


def guiding_supernets(evaluations: Evaluations, variant: str, space: str) -> list[EvaluatedSupernet]:
    """The super-nets of one variant and space that can guide a search: those that did not diverge."""
    return [one for one in evaluations.of(variant, space) if not diverged(one.proxies)]


def choose_guide(evaluations: Evaluations, guide: str | None) -> str:
    """The variant whose proxies guide the searches.

    Raises:
        SettingsError: unknown, or not given where there are several and BNS-FT is not among them.
    """
    variants = evaluations.variants
    if guide is None:
        if len(variants) == 1:
            return variants[0]
        guide = DEFAULT_GUIDE
    for variant in variants:
        if variant.lower() == guide.lower():
            return variant
    raise SettingsError(
        f"guide: expected one of {', '.join(variants)}, got {guide!r}; name the variant whose proxies guide the search"
    )
