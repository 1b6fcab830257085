"""Evolution against random search within version 2's budgets, by how the first population is drawn.

Within these budgets evolution trains fewer cells than its population has members, or hardly more: what version 2
compares with random search is the first population.

References: Pourchot et al. 2020, arXiv:2002.04289v2, section 4.2; Ying et al. 2019, arXiv:1902.09635.
"""

from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Int32

from shareornot.progress import Progress
from shareornot.reproduction.budgets import evolution_at, space_budgets
from shareornot.reproduction.evaluations import Evaluations
from shareornot.reproduction.published_tables import TABLES_V2
from shareornot.reproduction.truth import guiding_supernets, replay_ground
from shareornot.search import Answer, EvolutionSettings
from shareornot.search.evolution_settings import FirstPopulation
from shareornot.statistics import cohens_d, mean_difference
from shareornot.tables import BenchmarkTable

FIRST_POPULATIONS: tuple[FirstPopulation, ...] = get_args(FirstPopulation)


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstPopulationRow:
    """Evolution against random search in the same time, by how its first population is drawn."""

    space: str
    num_trained: int
    first_population: FirstPopulation
    printed_difference: float | None
    printed_d: float | None
    difference: float
    low: float | None
    high: float | None
    d: float
    num_trainings: float
    share_before_evolution: float | None
    """Share of the runs that had not trained more cells than the population has members, so that nothing had evolved;
    None if cells that take no training may join the first population, which is then complete earlier."""


def replay_first_populations(
    evaluations: Evaluations,
    table: BenchmarkTable,
    rng: np.random.Generator,
    progress: Progress,
    *,
    guide: str,
    num_runs: int,
    supernet_trainings: float,
    edge_flips: float,
    with_printed: bool,
) -> list[FirstPopulationRow]:
    """Evolution against random search at version 2's budgets, for every way to draw the first population.

    Arguments are those of `replay_version2`, and `edge_flips`, the expected number of edges that a mutation flips.
    """
    rows = []
    for space in evaluations.spaces:
        supernets = guiding_supernets(evaluations, guide, space)
        if not supernets:
            continue
        ground = replay_ground(evaluations, table, space)
        budgets = space_budgets(ground, supernets, rng, num_runs, supernet_trainings)
        for first in FIRST_POPULATIONS:
            curves = evolution_at(budgets, rng, num_runs, first, edge_flips)
            for column, k in enumerate(budgets.num_trained):
                method, random = curves.regret[:, column], budgets.random.regret[:, column]
                printed = TABLES_V2.get((space, k, "evolution")) if with_printed else None
                interval = mean_difference(method, random)
                finished = curves.num_finished[:, column]
                rows.append(
                    FirstPopulationRow(
                        space=space,
                        num_trained=k,
                        first_population=first,
                        printed_difference=printed.difference if printed else None,
                        printed_d=printed.d if printed else None,
                        difference=interval.mean,
                        low=interval.low,
                        high=interval.high,
                        d=cohens_d(method, random),
                        num_trainings=float(finished.mean()),
                        share_before_evolution=_share_before_evolution(first, finished),
                    )
                )
        progress.advance(1, space)
    return rows


def _share_before_evolution(first: FirstPopulation, num_finished: Int32[np.ndarray, " runs"]) -> float | None:
    settings = EvolutionSettings(first_population=first)
    all_trained = settings.accepted_first == {Answer.EVALUATED}
    return float((num_finished <= settings.population_size).mean()) if all_trained else None
