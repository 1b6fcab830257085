"""More about agreement than one rank correlation: other coefficients, the best cells, and the noise ceiling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from shareornot.appraisal.truth import search_table
from shareornot.reproduction.evaluations import EvaluatedSupernet, Evaluations
from shareornot.reproduction.truth import guiding_supernets
from shareornot.search import SearchTable, trivial_guides
from shareornot.spaces import open_space
from shareornot.statistics import (
    Agreement,
    agreement_within_top,
    best_regret_at_k,
    kendall_tau,
    noise_ceiling,
    pearson,
    precision_at_k,
    random_best_regret_at_k,
    share_of_ceiling,
    simulated_ceiling,
    sparse_kendall_tau,
    spearman,
    weighted_kendall_tau,
)
from shareornot.tables import BenchmarkTable

TOP_SHARE = 0.1
LEAST_CELLS = 10
"""Agreement among the best needs at least this number of cells."""
NUM_CHOSEN = 10
"""k of the regret of the best among the k that a super-net rates highest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QualityRow:
    """Means over the super-nets of one variant and space that converged."""

    variant: str
    space: str
    num_supernets: int
    spearman: float
    kendall: float
    pearson: float
    weighted_kendall: float
    sparse_kendall: float
    within_top: float | None
    """Spearman's correlation among the truly best tenth."""
    precision: float
    """Share of the tenth best by proxy that is among the truly best tenth; a random choice gets 0.1."""
    best_regret: float
    """Validation regret of the best of the ten best by proxy, from the best cell of the pool; a fraction."""
    random_best_regret: float
    """Exact expectation of the same for ten cells drawn at random; a fraction."""
    share_of_ceiling: float | None
    """Spearman's correlation over the highest that any score could reach; None if the table is nothing but noise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CeilingRow:
    """Noise ceiling and free baselines of a space."""

    space: str
    num_cells: int
    """Distinct evaluated cells, a uniform sample of the space."""
    single_run: float
    """Spearman's correlation between two runs of training alone."""
    one_against_others: float
    """Between one run and the mean of the others."""
    ceiling: float
    """The highest that any proxy could reach."""
    ceiling_top_10: float | None
    """The same among the truly best tenth; None if that is less than 10 cells."""
    ceiling_top_1: float | None
    num_parameters: float | None
    """Spearman's correlation of the number of parameters with standalone accuracy."""
    training_time: float | None


def replay_ceilings(evaluations: Evaluations, table: BenchmarkTable, rng: np.random.Generator) -> list[CeilingRow]:
    """Noise ceilings of all spaces, over the evaluated cells.

    Args:
        evaluations: evaluations of super-nets.
        table: what training each cell alone gave, at least twice.
        rng: source of the noise of simulated tables.
    """
    return [_ceiling(space, evaluations, table, rng) for space in evaluations.spaces]


def replay_quality(evaluations: Evaluations, table: BenchmarkTable, ceilings: Sequence[CeilingRow]) -> list[QualityRow]:
    """Coefficients and top-k figures of all variants and spaces.

    Args:
        evaluations: evaluations of super-nets; those that diverged are left out.
        table: what training each cell alone gave.
        ceilings: ceilings of all spaces.
    """
    highest = {row.space: row.ceiling for row in ceilings}
    rows = []
    for variant in evaluations.variants:
        for space in evaluations.spaces:
            good = guiding_supernets(evaluations, variant, space)
            if good:
                rows.append(_quality(good, table, highest[space]))
    return rows


def _quality(supernets: list[EvaluatedSupernet], table: BenchmarkTable, ceiling: float) -> QualityRow:
    accuracies = [table.query_many(one.cells, "validation_accuracy")[0] for one in supernets]
    pairs = [(one.proxies, truth) for one, truth in zip(supernets, accuracies, strict=True)]

    def mean_of(coefficient: Callable[[np.ndarray, np.ndarray], Agreement]) -> float:
        return float(np.mean([coefficient(proxies, truth).values for proxies, truth in pairs]))

    def mean_at(statistic: Callable[[np.ndarray, np.ndarray, int], float], share: float | None) -> float:
        sizes = [
            min(NUM_CHOSEN, len(truth)) if share is None else max(1, round(share * len(truth))) for _, truth in pairs
        ]
        return float(np.mean([statistic(proxies, truth, k) for (proxies, truth), k in zip(pairs, sizes, strict=True)]))

    within = [agreement_within_top(proxies, truth, share=TOP_SHARE).value for proxies, truth in pairs]
    correlation = mean_of(spearman)
    return QualityRow(
        variant=supernets[0].variant,
        space=supernets[0].space,
        num_supernets=len(supernets),
        spearman=correlation,
        kendall=mean_of(kendall_tau),
        pearson=mean_of(pearson),
        weighted_kendall=mean_of(weighted_kendall_tau),
        sparse_kendall=mean_of(sparse_kendall_tau),
        within_top=None if None in within else float(np.mean(np.array(within, np.float64))),
        precision=mean_at(precision_at_k, TOP_SHARE),
        best_regret=mean_at(best_regret_at_k, None),
        random_best_regret=mean_at(lambda _, truth, k: random_best_regret_at_k(truth, k), None),
        share_of_ceiling=share_of_ceiling(correlation, ceiling) if ceiling > 0 else None,
    )


def _ceiling(space: str, evaluations: Evaluations, table: BenchmarkTable, rng: np.random.Generator) -> CeilingRow:
    cells = evaluations.cells_of(space)
    rows, _ = table.rows_of(cells)
    runs: Float[np.ndarray, "cells runs"] = table.values("validation_accuracy")[rows].astype(np.float64)
    everywhere = noise_ceiling(runs, rng)

    def ceiling_among(share: float) -> float | None:
        return simulated_ceiling(runs, rng, share=share) if share * len(cells) >= LEAST_CELLS else None

    return CeilingRow(
        space=space,
        num_cells=len(cells),
        single_run=everywhere.single_run,
        one_against_others=everywhere.one_against_others,
        ceiling=everywhere.ceiling,
        ceiling_top_10=ceiling_among(TOP_SHARE),
        ceiling_top_1=ceiling_among(TOP_SHARE**2),
        **_free_guides(search_table(table, open_space(space)), cells),
    )


def _free_guides(landscape: SearchTable, cells: np.ndarray) -> dict[str, float | None]:
    guides, truth = trivial_guides(landscape), landscape.validation[cells]
    return {
        "num_parameters": spearman(guides["most_parameters"][cells], truth).value,
        "training_time": spearman(guides["longest_training"][cells], truth).value,
    }
