"""Both protocols of the paper: guided search, random search and evolution in the same time, ready for statistics."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64, Int64, Integer

from shareornot.errors import SettingsError
from shareornot.search.budgets import guided_regret, random_search_runs_at
from shareornot.search.evolution import evolution_runs
from shareornot.search.evolution_settings import EvolutionSettings
from shareornot.search.regret import Repeats, Unfinished, finish_times, regret_at
from shareornot.search.table import SearchTable, UnknownCells

Pools = Sequence[Integer[np.ndarray, " _"]]
Scores = Sequence[Float[np.ndarray, " _"]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ComparisonProtocol:
    """Settings of a comparison of searches."""

    num_trained: tuple[int, ...]
    """How many of its best cells the guided search trains: TOP-k for each of these."""
    pool_size: int
    """Cells that each super-net scores."""
    random_search_from: Literal["pool", "space"]
    """`pool`: each super-net is paired with random orders of its own pool, at its own budget. `space`: independent
    runs on the whole space, at the mean budget of the super-nets."""
    num_random_runs: int
    """Number for each super-net with `pool`, in all with `space`."""
    num_evolution_runs: int = 0
    """Runs of regularized evolution at the mean budget; 0 leaves it out."""
    num_evaluations: int = 10_000
    """Evaluations after which evolution stops."""
    evolution: EvolutionSettings = field(default_factory=EvolutionSettings)
    unfinished: Unfinished = "ignored"
    repeats: Repeats = "charged"
    """Whether evolution pays for a cell again."""
    unknown: UnknownCells = "outside"
    """How evolution meets cells that a partial table does not hold."""
    epochs_ratio: float = 4.0
    """Epochs of a super-net for each epoch of a cell trained alone, for `supernet_cost`."""


PAPER_V1 = ComparisonProtocol(num_trained=(1, 10, 100), pool_size=1_000, random_search_from="pool", num_random_runs=1)
"""Version 1: five super-nets, each with one random order of its own pool of 1,000 cells.

The times are the table's, the super-net costs four average trainings, and scoring is left out. To see how much one
order decides, take many: `replace(PAPER_V1, num_random_runs=1000)`.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Regret of each search in the same time, fractions, a column for each k."""

    num_trained: Int64[np.ndarray, " budgets"]
    budget_s: Float64[np.ndarray, "supernets budgets"]
    """When each super-net's search had trained its k best."""
    guided: Float64[np.ndarray, "supernets budgets"]
    random: Float64[np.ndarray, "random_runs budgets"]
    """Regrets of random search; with random orders of the pools, the runs of the first super-net come first, then those
    of the second, ..."""
    evolution: Float64[np.ndarray, "evolution_runs budgets"]
    """No rows where evolution was left out."""


def compare_searches(
    table: SearchTable,
    pools: Pools,
    scores: Scores,
    rng: np.random.Generator,
    *,
    protocol: ComparisonProtocol,
    start_s: float,
    evolution_table: SearchTable | None = None,
) -> Comparison:
    """Run the searches of a protocol, and read their regret at the budgets of the guided search.

    Args:
        table: values and training times.
        pools: unique indices of the cells that each super-net scored.
        scores: their scores, the higher the better.
        rng: source of the randomness.
        protocol: what is compared with what.
        start_s: what a super-net costs, with scoring if it counts; see `supernet_cost`.
        evolution_table: the same values over all cells, where `table` is a list; by default `table`.

    Returns:
        Regret of each super-net and each run of a rival at each budget, as fractions.

    Raises:
        SettingsError: no super-net, or pools and scores of different lengths.
    """
    if not len(pools) or [len(pool) for pool in pools] != [len(values) for values in scores]:
        raise SettingsError(
            "pools: expected at least one super-net, with a score for each cell of its pool, "
            f"got {len(pools)} pools and {len(scores)} arrays of scores; give one array of scores for each pool"
        )
    ks = protocol.num_trained
    guided = [
        guided_regret(table, pool, values, rng, num_trained=ks, start_s=start_s)
        for pool, values in zip(pools, scores, strict=True)
    ]
    budget_s = np.stack([result.time_s for result in guided])
    common_s = budget_s.mean(axis=0)
    if protocol.random_search_from == "pool":
        grounds = [(np.unique(pool), budgets) for pool, budgets in zip(pools, budget_s, strict=True)]
    else:
        grounds = [(table.cells, common_s)]
    random = [
        random_search_runs_at(
            table, cells, budgets, rng, num_runs=protocol.num_random_runs, unfinished=protocol.unfinished
        ).regret
        for cells, budgets in grounds
    ]
    return Comparison(
        num_trained=np.array(ks, np.int64),
        budget_s=budget_s,
        guided=np.stack([result.regret for result in guided]),
        random=np.concatenate(random),
        evolution=_evolution_regret(evolution_table or table, common_s, rng, protocol),
    )


def _evolution_regret(
    table: SearchTable,
    budget_s: Float64[np.ndarray, " budgets"],
    rng: np.random.Generator,
    protocol: ComparisonProtocol,
) -> Float64[np.ndarray, "runs budgets"]:
    """Regret of runs of regularized evolution at common budgets."""
    if not protocol.num_evolution_runs:
        return np.empty((0, len(budget_s)))
    landscape = table.landscape(unknown=protocol.unknown)
    runs = evolution_runs(
        landscape,
        rng,
        settings=protocol.evolution,
        num_runs=protocol.num_evolution_runs,
        num_evaluations=protocol.num_evaluations,
    )
    finish_s = finish_times(runs, landscape.price_s, repeats=protocol.repeats)
    return regret_at(table, runs, finish_s, budget_s, unfinished=protocol.unfinished).regret
