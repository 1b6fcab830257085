"""Regularized evolution: tournaments in a population whose oldest member dies; many runs at once, on any space.

On NASBench-101 the runs are compiled, see `nasbench101.evolution`. On other spaces they advance in step, one proposal
of every run together, by the mutation of the space; tournaments are compiled.

References: Real et al. 2019, "Regularized Evolution for Image Classifier Architecture Search", arXiv:1802.01548.
"""

import numpy as np
from jaxtyping import Bool

from shareornot.errors import SettingsError
from shareornot.search.contract import PROPOSALS_PER_EVALUATION, SearchRuns
from shareornot.search.evolution_settings import EvolutionSettings
from shareornot.search.kernels import tournament_kernel
from shareornot.search.nasbench101.evolution import cell_evolution_runs
from shareornot.search.table import Answer, Landscape
from shareornot.spaces import Space
from shareornot.spaces.nasbench101 import NASBench101


def evolution_runs(
    landscape: Landscape,
    rng: np.random.Generator,
    *,
    settings: EvolutionSettings | None = None,
    num_runs: int = 500,
    num_evaluations: int = 10_000,
    max_proposals: int | None = None,
    num_threads: int | None = None,
) -> SearchRuns:
    """Many runs of regularized evolution at once.

    Args:
        landscape: what the search observes.
        rng: source of the randomness.
        settings: how evolution runs, by default `EvolutionSettings()`.
        num_runs: independent runs.
        num_evaluations: evaluations in each; architectures outside the space do not count.
        max_proposals: a run ends after this number of proposals, by default 1,000 for each evaluation.
        num_threads: threads that share compiled runs, by default one per core; results do not depend on it.

    Returns:
        The evaluated architectures of each run, in the order of their evaluation.

    Raises:
        SettingsError: fewer than one run or evaluation, a run that evaluated nothing within `max_proposals`, a list
            without neighbours, or settings that the space does not have.
    """
    if min(num_runs, num_evaluations) < 1:
        raise SettingsError(f"evolution: expected at least 1 run and evaluation, got {num_runs} and {num_evaluations}")
    settings = settings or EvolutionSettings()
    if max_proposals is None:
        max_proposals = PROPOSALS_PER_EVALUATION * num_evaluations
    space = landscape.searchable_space
    if isinstance(space, NASBench101):
        return cell_evolution_runs(landscape, rng, settings, num_runs, num_evaluations, max_proposals, num_threads)
    if settings.first_population != "unique" or (settings.mutation_rate, settings.edge_flips) != (1.0, 1.0):
        raise SettingsError(
            f"evolution on {space.name}: expected the first population 'unique' and rates of 1, as the space has one "
            f"mutation of its own, got {settings.first_population!r}, {settings.mutation_rate} and "
            f"{settings.edge_flips}; other values are for nasbench101"
        )
    return evolution_by_mutation(landscape, space, rng, settings, num_runs, num_evaluations, max_proposals)


def evolution_by_mutation(
    landscape: Landscape,
    space: Space,
    rng: np.random.Generator,
    settings: EvolutionSettings,
    num_runs: int,
    num_evaluations: int,
    max_proposals: int,
) -> SearchRuns:
    """Runs that advance in step; arguments as in `evolution_runs`, and a space that mutates architectures."""
    size = settings.population_size
    members = np.zeros((num_runs, size), np.int64)
    scores = np.full((num_runs, size), -np.inf)
    births = np.zeros((num_runs, size), np.int64)
    num_births = np.zeros(num_runs, np.int64)
    parents = np.full(num_runs, -1, np.int64)
    evaluated = np.zeros((num_runs, num_evaluations), np.int32)
    counts = np.zeros(num_runs, np.int32)
    accepts = np.array([answer in settings.accepted_later for answer in Answer])
    for _ in range(max_proposals):
        active = np.flatnonzero(counts < num_evaluations)
        if not active.size:
            break
        first = num_births[active] < size
        waiting = active[~first & (parents[active] < 0)]
        draws = rng.random((len(waiting), size))
        parents[waiting] = members[waiting, tournament_kernel(draws, waiting, scores, births, settings.tournament_size)]
        proposals = np.empty(len(active), np.int64)
        proposals[first] = rng.choice(landscape.candidates, int(first.sum()))
        proposals[~first] = space.mutate(parents[active[~first]], rng)
        answers = landscape.answers_to(proposals)
        is_evaluated = answers == Answer.EVALUATED
        runs = active[is_evaluated]
        evaluated[runs, counts[runs]] = proposals[is_evaluated]
        counts[runs] += 1
        joins: Bool[np.ndarray, " active"] = np.where(first, is_evaluated, accepts[answers])
        born = active[joins]
        slots = num_births[born] % size
        members[born, slots] = proposals[joins]
        scores[born, slots] = landscape.scores[proposals[joins]]
        births[born, slots] = num_births[born]
        num_births[born] += 1
        parents[born] = -1
    return SearchRuns(cells=evaluated, num_evaluations=counts)
