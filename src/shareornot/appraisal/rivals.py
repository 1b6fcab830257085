"""The searches that need no super-net, in the time of the guided search.

Random search, regularized evolution and local search are simulated many times. A *free baseline*, such as the number of
parameters, costs nothing: the search that it guides trains the architectures of a pool that it rates highest, from the
first second on. It runs on the pool of each super-net, so that it is compared in pairs; which baseline is the best is
decided on other pools, drawn from the space, so that chance does not decide it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.search import (
    EvolutionSettings,
    SearchTable,
    evolution_runs,
    finish_times,
    guided_runs,
    local_search_runs,
    random_search_runs_at,
    regret_at,
)
from shareornot.search.contract import SearchRuns
from shareornot.statistics.pools import distinct_cells

RivalKind = Literal["random search", "evolution", "local search", "baseline"]

RANDOM_SEARCH, EVOLUTION, LOCAL_SEARCH = "random search", "evolution", "local search"
NUM_TIE_ORDERS = 8
"""Orders over which the search by a baseline is averaged where architectures of a pool tie."""
NUM_TRIAL_POOLS = 32
"""Pools on which the best baseline is found."""
MOST_EVALUATIONS = 10_000
"""Most evaluations of a run of evolution or local search."""

Budgets = Float64[np.ndarray, " budgets"]
Regrets = Float64[np.ndarray, "runs budgets"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Rival:
    """Regret of a search without a super-net at each budget."""

    name: str
    """`random search`, `evolution`, `local search`, or the name of the baseline."""
    kind: RivalKind
    regret: Regrets
    """Test regret, fractions: a row for each run, or, of a baseline, for each super-net."""
    expected: Budgets
    """Mean regret: over the runs, or, of a baseline, over pools of the same size that no super-net scored."""

    @property
    def paired(self) -> bool:
        """Whether rows belong to super-nets."""
        return self.kind == "baseline"


def simulate_rivals(
    table: SearchTable,
    baselines: Mapping[str, Float64[np.ndarray, " rows"]],
    pools: Sequence[Int32[np.ndarray, " _"]],
    budget_s: Float64[np.ndarray, "supernets budgets"],
    rng: np.random.Generator,
    *,
    num_runs: int,
    evolution_table: SearchTable | None,
) -> tuple[Rival, ...]:
    """Play all searches that need no super-net; random search comes first.

    Super-nets that all scored one pool that is a part of the space are compared with searches on that very pool, since
    its luck is theirs too. Evolution and local search, which move through the whole space, are left out then.

    Args:
        table: values and training times, with the price of evaluating what was trained.
        baselines: scores of all rows that cost nothing, the higher the better.
        pools: distinct architectures of each super-net.
        budget_s: when each super-net's search had trained its k best, ascending in each row.
        rng: source of the randomness.
        num_runs: number of runs of random search, evolution and local search.
        evolution_table: where evolution and local search move; None if they cannot be played.
    """
    common_s = budget_s.mean(axis=0)
    confined = is_shared_part(table, pools)
    ground = distinct_cells(pools[0]) if confined else table.cells
    random = random_search_runs_at(table, ground, common_s, rng, num_runs=num_runs, unfinished="interpolated").regret
    rivals = [Rival(name=RANDOM_SEARCH, kind="random search", regret=random, expected=random.mean(axis=0))]
    if evolution_table is not None and not confined:
        rivals += _moving_rivals(evolution_table, common_s, rng, num_runs)
    known = {
        name: values
        for name, values in baselines.items()
        if np.isfinite(values[table.cells]).all() and np.ptp(values[table.cells]) > 0
    }
    size = max(len(pool) for pool in pools)
    if confined or size >= len(table.cells):
        trials = [ground]
    else:
        trials = [rng.choice(table.cells, size, replace=False) for _ in range(NUM_TRIAL_POOLS)]
    for name, values in known.items():
        own = [ranked_regret(table, pool, values, budgets, rng) for pool, budgets in zip(pools, budget_s, strict=True)]
        expected = np.mean([ranked_regret(table, pool, values, common_s, rng) for pool in trials], axis=0)
        rivals.append(Rival(name=name, kind="baseline", regret=np.stack(own), expected=expected))
    return tuple(rivals)


def is_shared_part(table: SearchTable, pools: Sequence[Int32[np.ndarray, " _"]]) -> bool:
    """Whether several super-nets all scored the same architectures, and not the whole space.

    Args:
        table: defines the space.
        pools: distinct architectures of each super-net.
    """
    if len(pools) < 2:
        return False
    first = distinct_cells(pools[0])
    return len(first) < len(table.cells) and all(np.array_equal(first, distinct_cells(pool)) for pool in pools[1:])


def ranked_regret(
    table: SearchTable,
    pool: Int32[np.ndarray, " pool"],
    scores: Float64[np.ndarray, " rows"],
    budget_s: Budgets,
    rng: np.random.Generator,
) -> Budgets:
    """Regret of training the highest-rated architectures of a pool, one after the other, from the first second on.

    Args:
        table: values and training times.
        pool: distinct architectures.
        scores: scores of all rows, the higher the better.
        budget_s: ascending.
        rng: breaks ties.

    Returns:
        Test regret at each budget, a fraction; a training that runs at that time counts by its share, and architectures
        that tie are trained in each of several random orders, whose mean is taken.
    """
    own = scores[pool]
    ascending = np.sort(own)
    num_orders = NUM_TIE_ORDERS if (ascending[1:] == ascending[:-1]).any() else 1
    times_s = np.sort(table.time_s[pool])
    most = min(int(np.searchsorted(np.cumsum(times_s), budget_s[-1], side="right")) + 2, len(pool))
    runs = guided_runs([pool] * num_orders, [own] * num_orders, rng, num_evaluations=most)
    found = regret_at(table, runs, finish_times(runs, table.time_s), budget_s, unfinished="interpolated")
    return np.asarray(found.regret.mean(axis=0))


def _moving_rivals(table: SearchTable, budget_s: Budgets, rng: np.random.Generator, num_runs: int) -> list[Rival]:
    """Evolution and local search."""
    landscape = table.landscape(unknown="redraw")
    price_s = np.sort(table.time_s[table.cells])
    cheapest_s, mean_s = float(price_s[0]), float(price_s.mean())
    longest_s = float(budget_s[-1])
    # evolution may take the cheapest again and again; a run that ends before its budget keeps what it had
    most = int(longest_s / max(cheapest_s, mean_s / 20)) + 2 if mean_s > 0 else MOST_EVALUATIONS
    most = min(most, MOST_EVALUATIONS, 20 * len(price_s))

    def rival(kind: Literal["evolution", "local search"], runs: SearchRuns) -> Rival:
        finish_s = finish_times(runs, landscape.price_s)
        regret = regret_at(table, runs, finish_s, budget_s, unfinished="interpolated").regret
        return Rival(name=kind, kind=kind, regret=regret, expected=regret.mean(axis=0))

    return [
        rival(
            "evolution",
            evolution_runs(landscape, rng, settings=EvolutionSettings(), num_runs=num_runs, num_evaluations=most),
        ),
        rival("local search", local_search_runs(landscape, rng, num_runs=num_runs, num_evaluations=most)),
    ]
