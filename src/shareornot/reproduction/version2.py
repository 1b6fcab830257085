"""Replay of version 2's comparison: many runs of random search, of evolution and of the guided search in the same time.

Version 2 measured times on its own machines, trained thirty super-nets a space and scored 10,000 cells with each, and
published none of these. What can be replayed is the comparison with the super-nets and times at hand; what random
search had trained by the printed budgets can be inferred from the printed spread.

References: Pourchot et al. 2020, arXiv:2002.04289v2, section 4.2 and Table 2, appendix Table 1.
"""

from dataclasses import dataclass

import numpy as np

from shareornot.progress import Progress
from shareornot.reproduction.budgets import SpaceBudgets, evolution_at, space_budgets
from shareornot.reproduction.evaluations import Evaluations
from shareornot.reproduction.published_tables import METHODS, NUM_RUNS_V2, TABLES_V2, Method, PrintedDifference
from shareornot.reproduction.truth import guiding_supernets, replay_ground
from shareornot.search import RegretCurves, SearchTable, expected_random_regret
from shareornot.search.evolution_settings import FirstPopulation
from shareornot.statistics import (
    cohens_d,
    mean_difference,
    probability_of_superiority,
    student_t_test,
    superiority_from_d,
    welch_t_test,
)
from shareornot.tables import BenchmarkTable

MATCHING_FIRST: FirstPopulation = "raw-in-space"
"""The first population with which evolution comes near what is printed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version2Row:
    """A method against random search in the same time; test regrets as fractions, negative = better."""

    space: str
    num_trained: int
    """k of TOP-k, whose mean time is the budget of all."""
    method: Method
    printed_difference: float | None
    printed_half_width: float | None
    printed_d: float | None
    difference: float
    low: float | None
    """Welch's 95 % interval."""
    high: float | None
    d: float
    student_p: float
    welch_p: float
    superiority: float
    """Share of pairs of runs in which the method has the smaller regret, ties counted half."""
    superiority_from_d: float
    """What Cohen's d would make of it for normal regrets of equal spread."""
    same_sign: bool | None
    """Whether it has the sign of the printed difference; None if nothing is printed."""
    within_printed: bool | None
    """Whether ours lies in the printed interval."""
    num_method: int
    num_random: int
    num_trainings: float
    """Trainings that the method finishes by the budget, on average."""
    num_random_trainings: float
    implied_random_trainings: int | None
    """Trainings of random search whose exact spread is what the printed figures imply; from the guided search's."""
    known_share: float
    """Share of the space's cells on which the searches are played."""


def replay_version2(
    evaluations: Evaluations,
    table: BenchmarkTable,
    rng: np.random.Generator,
    progress: Progress,
    *,
    guide: str,
    num_runs: int,
    supernet_trainings: float,
    with_printed: bool,
) -> list[Version2Row]:
    """Version 2's comparison on all spaces that have at least two super-nets to guide.

    Args:
        evaluations: evaluations of super-nets; those that diverged are left out.
        table: what training each cell alone gave.
        rng: source of the searches.
        progress: advances by one per space.
        guide: the variant whose proxies guide.
        num_runs: runs of random search and of evolution.
        supernet_trainings: what a super-net and its scoring cost, in average trainings of the space.
        with_printed: whether the paper's figures are for this benchmark.
    """
    rows: list[Version2Row] = []
    for space in evaluations.spaces:
        supernets = guiding_supernets(evaluations, guide, space)
        if len(supernets) >= 2:
            ground = replay_ground(evaluations, table, space)
            budgets = space_budgets(ground, supernets, rng, num_runs, supernet_trainings)
            evolution = evolution_at(budgets, rng, num_runs, MATCHING_FIRST)
            for column, k in enumerate(budgets.num_trained):
                for method in METHODS:
                    printed = TABLES_V2.get((space, k, method)) if with_printed else None
                    rows.append(_row(space, method, column, budgets, evolution, printed))
            progress.advance(1, space)
    return rows


def implied_std(printed: PrintedDifference) -> float:
    """Standard deviation of random search's regret that a printed row of the guided search implies.

    The pooled variance is (difference / d)^2, and the interval of the difference gives the sum of both squared
    standard errors: two equations for two variances.

    Args:
        printed: difference, interval and d of 30 guided and 500 random runs.

    Returns:
        A fraction; 0 where the printed figures, rounded as they are, leave no variance.
    """
    num_method, num_random = NUM_RUNS_V2["guided"], NUM_RUNS_V2["random"]
    pooled = (printed.difference / printed.d) ** 2 * (num_method + num_random - 2)
    squared_error = (printed.half_width / 1.96) ** 2
    # pooled = (n1 - 1) v1 + (n2 - 1) v2, squared_error = v1 / n1 + v2 / n2; solve for v2
    variance = (pooled - (num_method - 1) * num_method * squared_error) / (
        num_random - 1 - (num_method - 1) * num_method / num_random
    )
    return float(np.sqrt(max(variance, 0.0)))


def implied_trainings(ground: SearchTable, std: float, *, most: int = 60) -> int:
    """Evaluations after which random search's exact spread from run to run is nearest to a given one.

    Args:
        ground: what is searched.
        std: standard deviation of the regret, a fraction.
        most: evaluations that are considered.
    """
    counts = range(1, min(most, len(ground.cells)) + 1)
    return int(np.abs(expected_random_regret(ground, counts).std - std).argmin()) + 1


def _row(
    space: str,
    method: Method,
    column: int,
    budgets: SpaceBudgets,
    evolution: RegretCurves,
    printed: PrintedDifference | None,
) -> Version2Row:
    k = budgets.num_trained[column]
    random = budgets.random.regret[:, column]
    own = budgets.guided[:, column] if method == "guided" else evolution.regret[:, column]
    num_trainings = float(k) if method == "guided" else float(evolution.num_finished[:, column].mean())
    interval = mean_difference(own, random)
    effect = cohens_d(own, random)
    implied = None
    if printed and method == "guided":
        implied = implied_trainings(budgets.ground, implied_std(printed))
    return Version2Row(
        space=space,
        num_trained=k,
        method=method,
        printed_difference=printed.difference if printed else None,
        printed_half_width=printed.half_width if printed else None,
        printed_d=printed.d if printed else None,
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        d=effect,
        student_p=student_t_test(own, random).p_value,
        welch_p=welch_t_test(own, random).p_value,
        superiority=probability_of_superiority(own, random),
        superiority_from_d=superiority_from_d(effect),
        same_sign=(interval.mean < 0) == (printed.difference < 0) if printed else None,
        within_printed=abs(interval.mean - printed.difference) <= printed.half_width if printed else None,
        num_method=len(own),
        num_random=len(random),
        num_trainings=num_trainings,
        num_random_trainings=float(budgets.random.num_finished[:, column].mean()),
        implied_random_trainings=implied,
        known_share=len(budgets.ground.cells) / int(budgets.ground.member.sum()),
    )
