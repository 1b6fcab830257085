"""How regularized evolution runs.

The paper names population, tournament and mutation rate. What else decides a run is explicit here: how the first
population is drawn, whether children outside the space join the population with score 0 or are drawn again, and how
many edges a mutation flips. (Whether a repeated architecture takes time again is the clock's business: see
`regret.finish_times`.)

References: Real et al. 2019, arXiv:1802.01548; Ying et al. 2019, arXiv:1902.09635, section 4.2.1 and appendix S3;
Pourchot et al. 2020, section 4.2.
"""

from dataclasses import dataclass
from math import comb
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float64

from shareornot.errors import SettingsError
from shareornot.search.table import Answer

FirstPopulation = Literal["unique", "raw", "raw-in-space", "raw-score-zero"]
OutsideChildren = Literal["score-zero", "redraw"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvolutionSettings:
    """How regularized evolution runs; the defaults are the protocol of NASBench-101.

    Raises:
        SettingsError: a setting out of range or unknown.
    """

    population_size: int = 50
    tournament_size: int = 10
    """Members drawn without replacement, of which the best becomes the parent; of equals the youngest."""
    mutation_rate: float = 1.0
    """Expected number of operations that a try to mutate a cell of NASBench-101 changes. Other spaces have one mutation
    of their own, `Space.mutate`, and take 1."""
    edge_flips: float = 1.0
    """Expected number of edges that a try flips in a cell of NASBench-101, for each unit of the mutation rate; other
    spaces take 1. The text of NASBench-101 has one edge in expectation; the notebook published with it flips each edge
    with probability 1/7, which is 3."""
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
                f"got a tournament of {self.tournament_size} among {self.population_size}; choose a smaller tournament"
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
