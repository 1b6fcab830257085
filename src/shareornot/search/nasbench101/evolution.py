"""Regularized evolution on cells of NASBench-101, compiled."""

import numpy as np

from shareornot.search.contract import SearchRuns
from shareornot.search.evolution_settings import EvolutionSettings, winner_ranks
from shareornot.search.nasbench101.kernels import evolution_kernel
from shareornot.search.nasbench101.specification import Mutation, SpecificationSpace
from shareornot.search.random_stream import stream_states
from shareornot.search.table import Answer, Landscape
from shareornot.search.threads import run_in_blocks
from shareornot.spaces.nasbench101 import index_tables, unique_codes


def cell_mutation(settings: EvolutionSettings, space: SpecificationSpace) -> Mutation:
    """The tables that children are drawn from.

    Raises:
        SettingsError: more flips or changes expected than there are edges or interior vertices.
    """
    rate = settings.mutation_rate
    return Mutation.of(space, edge_flips=rate * settings.edge_flips, operation_changes=rate)


def cell_evolution_runs(
    landscape: Landscape,
    rng: np.random.Generator,
    settings: EvolutionSettings,
    num_runs: int,
    num_evaluations: int,
    max_proposals: int,
    num_threads: int | None,
) -> SearchRuns:
    """Runs with a stream of random numbers each; arguments as in `evolution.evolution_runs`."""
    space = SpecificationSpace.of_universe(len(landscape.answers))
    mutation = cell_mutation(settings, space)
    tables = index_tables()
    states = stream_states(rng, num_runs)
    evaluated = np.zeros((num_runs, num_evaluations), np.int32)
    num_evaluated = np.empty(num_runs, np.int32)
    unique_first = settings.first_population == "unique"

    def block(start: int, stop: int) -> None:
        evolution_kernel(
            states[start:stop],
            (tables.raw_table, tables.labels_in_place, tables.slots),
            (landscape.answers, landscape.scores),
            unique_codes()[landscape.candidates] if unique_first else np.empty(0, np.uint32),
            (space.edge_bits, space.num_labellings),
            mutation.thresholds,
            mutation.outcomes,
            mutation.changed,
            settings.population_size,
            winner_ranks(settings.population_size, settings.tournament_size),
            (_answer_bits(settings.accepted_first), _answer_bits(settings.accepted_later)),
            max_proposals,
            evaluated[start:stop],
            num_evaluated[start:stop],
        )

    run_in_blocks(block, num_runs, num_threads)
    return SearchRuns(cells=evaluated, num_evaluations=num_evaluated)


def _answer_bits(answers: frozenset[Answer]) -> int:
    """A set of answers as the bits of a number, for the kernel."""
    return sum(1 << answer for answer in answers)
