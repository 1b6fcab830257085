"""The searches of one space in the time in which the guided search trains its k best cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shareornot.reproduction.evaluations import EvaluatedSupernet
from shareornot.search import (
    EvolutionSettings,
    RegretCurves,
    SearchTable,
    evolution_runs,
    finish_times,
    guided_regret,
    random_search_runs_at,
    regret_at,
    supernet_cost,
)
from shareornot.search.evolution_settings import FirstPopulation

NUM_TRAINED = (1, 10, 20)
_MOST_EVALUATIONS = 10_000
_MOST_PROPOSALS = 50_000_000
"""Raw specifications fall inside a sample of a small space once in thousands; a run may try that often."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SpaceBudgets:
    """The searches of one space at common budgets, ascending."""

    ground: SearchTable
    num_trained: tuple[int, ...]
    """k of TOP-k."""
    time_s: Float64[np.ndarray, " budgets"]
    """Mean over super-nets of the time in which the guided search trains its k best, in seconds."""
    guided: Float64[np.ndarray, "supernets budgets"]
    """Test regret of the guided search of each super-net, a fraction."""
    random: RegretCurves
    """Runs of random search."""


def space_budgets(
    ground: SearchTable,
    supernets: Sequence[EvaluatedSupernet],
    rng: np.random.Generator,
    num_runs: int,
    supernet_trainings: float,
) -> SpaceBudgets:
    """Run the guided search of each super-net, and random search as long as that takes on average.

    Args:
        ground: what is searched.
        supernets: super-nets that converged, with pools inside the ground.
        rng: source of the searches.
        num_runs: runs of random search.
        supernet_trainings: what a super-net and its scoring cost, in average trainings of the ground.
    """
    smallest = min(len(np.unique(one.cells)) for one in supernets)
    ks = tuple(k for k in NUM_TRAINED if k <= smallest)
    start_s = supernet_cost(ground, epochs_ratio=supernet_trainings).total_s
    found = [guided_regret(ground, one.cells, one.proxies, rng, num_trained=ks, start_s=start_s) for one in supernets]
    time_s = np.stack([one.time_s for one in found]).mean(axis=0)
    return SpaceBudgets(
        ground=ground,
        num_trained=ks,
        time_s=time_s,
        guided=np.stack([one.regret for one in found]),
        random=random_search_runs_at(ground, ground.cells, time_s, rng, num_runs=num_runs),
    )


def evolution_at(
    budgets: SpaceBudgets,
    rng: np.random.Generator,
    num_runs: int,
    first_population: FirstPopulation,
    edge_flips: float = 1.0,
) -> RegretCurves:
    """Run regularized evolution among the cells of the ground, read at the budgets.

    Args:
        budgets: when to read.
        rng: source of the randomness.
        num_runs: independent runs.
        first_population: how the first population is drawn.
        edge_flips: expected number of edges that a mutation flips.
    """
    landscape = budgets.ground.landscape(unknown="redraw")
    cheapest_s = float(landscape.price_s[landscape.candidates].min())
    runs = evolution_runs(
        landscape,
        rng,
        settings=EvolutionSettings(first_population=first_population, edge_flips=edge_flips),
        num_runs=num_runs,
        num_evaluations=min(_MOST_EVALUATIONS, int(budgets.time_s.max() / max(cheapest_s, 1e-9)) + 1),
        max_proposals=_MOST_PROPOSALS,
    )
    return regret_at(budgets.ground, runs, finish_times(runs, landscape.price_s), budgets.time_s)
