"""Regularized evolution: tournaments in a population whose oldest member dies.

The paper names population, tournament and mutation rate. What else decides a run is explicit here: how the first
population is drawn, whether children outside the space join the population with score 0 or are drawn again, and how
many edges a mutation flips. (Whether a repeated cell takes time again is the clock's business: see
`regret.finish_times`.)

References: Real et al. 2019, arXiv:1802.01548; Ying et al. 2019, arXiv:1902.09635, section 4.2.1 and appendix S3;
Pourchot et al. 2020, section 4.2.
"""

from collections import deque
from dataclasses import dataclass
from math import comb
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64

from shareornot.errors import SettingsError
from shareornot.search.contract import PROPOSALS_PER_EVALUATION, SearchRuns
from shareornot.search.kernels import evolution_kernel
from shareornot.search.random_stream import RandomStream, stream_states
from shareornot.search.specification import Mutation, SpecificationSpace
from shareornot.search.table import Answer, Landscape
from shareornot.search.threads import run_in_blocks
from shareornot.spaces.nasbench101 import index_tables, unique_codes

FirstPopulation = Literal["unique", "raw", "raw-in-space", "raw-score-zero"]
OutsideChildren = Literal["score-zero", "redraw"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvolutionSettings:
    """How regularized evolution runs; the defaults are those of DESIGN's protocol.

    Raises:
        SettingsError: a setting out of range or unknown.
    """

    population_size: int = 50
    tournament_size: int = 10
    """Members drawn without replacement, of which the best becomes the parent; of equals the youngest."""
    mutation_rate: float = 1.0
    """Expected number of operations that a try to mutate changes."""
    edge_flips: float = 1.0
    """Expected number of edges that a try flips, for each unit of the mutation rate. The text of NASBench-101 has one
    edge in expectation; the notebook published with it flips each edge with probability 1/7, which is 3."""
    first_population: FirstPopulation = "unique"
    """`unique`: uniform over the unique cells of the space, with replacement. The others draw raw matrices and
    operations, of which popular cells have more: `raw` draws again until the specification is a cell, and a cell
    outside the space counts 0; `raw-in-space` draws again until it is inside the space; `raw-score-zero` keeps
    whatever comes, and what is no cell counts 0 as well."""
    outside_children: OutsideChildren = "score-zero"
    """Children outside the space join the population with score 0, or the parent is mutated again (`redraw`)."""

    def __post_init__(self) -> None:
        if not 1 <= self.tournament_size <= self.population_size:
            raise SettingsError(
                "tournament_size: expected 1 to the population size, "
                f"got a tournament of {self.tournament_size} among {self.population_size}; draw fewer members"
            )
        if self.mutation_rate <= 0 or self.edge_flips <= 0:
            raise SettingsError(
                f"mutation_rate, edge_flips: expected above 0, got {self.mutation_rate} and {self.edge_flips}; "
                "1 changes one operation and flips one edge in expectation"
            )
        for name, choices in (("first_population", FirstPopulation), ("outside_children", OutsideChildren)):
            if getattr(self, name) not in get_args(choices):
                raise SettingsError(f"{name}: expected one of {get_args(choices)}, got {getattr(self, name)!r}")

    @property
    def accepted_first(self) -> frozenset[Answer]:
        """The answers with which a specification joins the first population."""
        match self.first_population:
            case "raw-score-zero":
                return frozenset({Answer.NO_CELL, Answer.OUTSIDE, Answer.EVALUATED})
            case "raw":
                return frozenset({Answer.OUTSIDE, Answer.EVALUATED})
            case _:
                return frozenset({Answer.EVALUATED})

    @property
    def accepted_later(self) -> frozenset[Answer]:
        """The answers with which a child joins the population."""
        outside = {Answer.OUTSIDE} if self.outside_children == "score-zero" else set()
        return frozenset({Answer.EVALUATED, *outside})

    def mutation(self, space: SpecificationSpace) -> Mutation:
        """The tables that children are drawn from.

        Raises:
            SettingsError: more flips or changes expected than there are edges or interior vertices.
        """
        return Mutation.of(space, edge_flips=self.mutation_rate * self.edge_flips, operation_changes=self.mutation_rate)


class RegularizedEvolution:
    """Regularized evolution, one proposal at a time; the plain twin of `evolution_runs`.

    Args:
        landscape: tells the universe, and the cells from which a `unique` first population is drawn.
        settings: how evolution runs.
        stream: source of the randomness.
    """

    def __init__(self, landscape: Landscape, settings: EvolutionSettings, stream: RandomStream) -> None:
        self._settings = settings
        self._stream = stream
        self._candidates = landscape.candidates
        self._space = SpecificationSpace.up_to(landscape.max_vertices)
        self._mutation = settings.mutation(self._space)
        self._rank_distribution = winner_ranks(settings.population_size, settings.tournament_size)
        self._members: deque[tuple[int, float]] = deque()
        self._parent: int | None = None

    def propose(self) -> int:
        """A random specification until the first population is complete, then a child of a tournament's winner."""
        if len(self._members) < self._settings.population_size:
            if self._settings.first_population == "unique":
                return int(unique_codes()[self._candidates[self._stream.below(len(self._candidates))]])
            return self._space.draw(self._stream)
        if self._parent is None:
            self._parent = self._tournament()
        return self._mutation.apply(self._parent, self._stream)

    def learn(self, code: int, answer: Answer, score: float) -> None:
        """Take the proposal into the population, where it replaces the oldest member, or leave it."""
        if len(self._members) < self._settings.population_size:
            if answer in self._settings.accepted_first:
                self._members.append((code, score))
        elif answer in self._settings.accepted_later:
            self._members.popleft()
            self._members.append((code, score))
            self._parent = None

    def _tournament(self) -> int:
        """Specification of the winner, whose rank among all members is drawn."""
        uniform = self._stream.uniform()
        rank = next(rank for rank, probability in enumerate(self._rank_distribution) if uniform < probability)
        youngest_first = reversed(self._members)
        return sorted(youngest_first, key=lambda member: -member[1])[rank][0]  # a stable sort: of equals the youngest


def winner_ranks(population_size: int, tournament_size: int) -> Float64[np.ndarray, " ranks"]:
    """Distribution function of the rank, 0 the best, of a tournament's winner in the population.

    Members enter without replacement, so the winner is of rank r or better unless all entrants are among the others.
    Drawing the rank is the same as drawing the entrants and comparing them, and takes one random number.

    Args:
        population_size: members.
        tournament_size: entrants, at most as many.

    Returns:
        Probability that the rank is at most 0, 1, ...; the last is exactly 1.
    """
    num_ranks = population_size - tournament_size + 1
    ways = comb(population_size, tournament_size)
    return np.array([1 - comb(population_size - rank - 1, tournament_size) / ways for rank in range(num_ranks)])


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
    """Many runs of regularized evolution at once, compiled.

    Args:
        landscape: what the search is told.
        rng: source of the randomness, one stream a run.
        settings: how evolution runs, by default `EvolutionSettings()`.
        num_runs: independent runs.
        num_evaluations: evaluations in each; specifications outside the space do not count.
        max_proposals: a run ends after so many proposals, by default 1,000 for each evaluation.
        num_threads: threads that share the runs, by default one a core; results do not depend on it.

    Raises:
        SettingsError: fewer than one run or evaluation, or a run that evaluated nothing within `max_proposals`.
    """
    if min(num_runs, num_evaluations) < 1:
        raise SettingsError(f"evolution: expected at least 1 run and evaluation, got {num_runs} and {num_evaluations}")
    settings = settings or EvolutionSettings()
    space = SpecificationSpace.up_to(landscape.max_vertices)
    mutation = settings.mutation(space)
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
            PROPOSALS_PER_EVALUATION * num_evaluations if max_proposals is None else max_proposals,
            evaluated[start:stop],
            num_evaluated[start:stop],
        )

    run_in_blocks(block, num_runs, num_threads)
    return SearchRuns(cells=evaluated, num_evaluations=num_evaluated)


def _answer_bits(answers: frozenset[Answer]) -> int:
    """A set of answers as the bits of a number, for the kernel."""
    return sum(1 << answer for answer in answers)
