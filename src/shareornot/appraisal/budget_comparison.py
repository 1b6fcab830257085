"""The guided search against random search and evolution in the same time.

Differences are method minus random search in test regret: negative = better than random search.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.appraisal.truth import Truth
from shareornot.search import (
    ComparisonProtocol,
    CurveSummary,
    EvolutionSettings,
    compare_searches,
    evolution_runs,
    finish_times,
    guided_runs,
    random_search_runs,
    regret_at,
    supernet_cost,
    time_grid,
)
from shareornot.statistics import (
    EffectSize,
    Interval,
    Significance,
    cohens_d,
    holm,
    mean_difference,
    probability_of_superiority,
    student_t_test,
    welch_t_test,
)

MOST_EVALUATIONS = 4_000
"""Of a run of random search or evolution in the curves of regret against time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPool:
    """What one super-net says of the architectures of a pool."""

    name: str
    """Which super-net, such as its seed."""
    cells: Int32[np.ndarray, " cells"]
    """Unique indices, or rows of a list; a pool drawn with replacement holds some twice."""
    proxies: Float64[np.ndarray, " cells"]
    """Proxy accuracies, fractions; scores of any unit where a user brings them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SupernetCosts:
    """What sharing costs, in average trainings of a cell alone."""

    training: float
    """Epochs of the super-net times the cells in a step, over the epochs of a training alone."""
    scoring: float = 0.0
    """Scoring one cell; 0 leaves it out, as the paper's first version does."""
    time_s: Float64[np.ndarray, " universe"] | None = None
    """Training times of all cells, in seconds, in place of those of the table."""
    narrow_time_s: Float64[np.ndarray, " universe"] | None = None
    """Training times of all cells at the width of the super-net, in seconds; without them, a step of the super-net
    counts as one of a training alone, as in the paper's first version."""


@dataclass(frozen=True, kw_only=True)
class BudgetComparison:
    """Guided search against random search in the time in which the guided one trains its k best cells."""

    num_trained: int
    """k."""
    budget_s: float
    """That time, mean over super-nets, with training the super-net and scoring the pool; in seconds, or in average
    trainings where the appraisal's `time_unit` says so."""
    num_random_trainings: float
    """Average trainings that random search finishes in that time."""
    guided_regret: float
    """Mean test regret, a fraction."""
    random_regret: float
    evolution_regret: float | None
    """None where evolution cannot be played, as on a list of architectures; so are the three below."""
    difference: Interval
    """Guided minus random, with the interval of the test behind the p-value where there are at least two super-nets."""
    p_value: float | None
    """See `cautious_test`, corrected over the budgets after Holm; None with a single super-net."""
    effect: EffectSize | None
    superiority: float
    """Probability that a guided run has a smaller regret than a random one, ties counted half."""
    evolution_difference: Interval | None
    """Evolution minus random, with the interval of the test behind its p-value."""
    evolution_p_value: float | None
    """As that of the guided search, corrected over the budgets by itself."""
    evolution_effect: EffectSize | None


def compare_at_budgets(
    truth: Truth,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int],
    num_runs: int,
) -> tuple[tuple[BudgetComparison, ...], dict[str, CurveSummary]]:
    """Regret of the searches at the budgets of the guided one, and against time.

    Args:
        truth: where they search.
        pools: of super-nets that did not diverge.
        costs: of a super-net.
        rng: source of the randomness.
        num_trained: k of the TOP-k; those above the size of the smallest pool are left out.
        num_runs: of random search and of evolution.
    """
    table, several = truth.table, len(pools) > 1
    narrow_s = table.time_s if costs.narrow_time_s is None else costs.narrow_time_s
    pool_size = max(len(pool.cells) for pool in pools)
    cost = supernet_cost(
        table,
        epochs_ratio=costs.training,
        narrow_time_s=costs.narrow_time_s,
        num_scored=pool_size,
        scoring_s=costs.scoring * float(narrow_s[table.cells].mean()),
    )
    smallest_pool = min(len(np.unique(pool.cells)) for pool in pools)
    ks = tuple(k for k in num_trained if k <= smallest_pool)
    protocol = ComparisonProtocol(
        num_trained=ks,
        pool_size=pool_size,
        random_search_from="space",
        num_random_runs=num_runs,
        num_evolution_runs=num_runs if truth.evolution_table else 0,
        num_evaluations=_most_evaluations(table.time_s[table.cells], cost.total_s, max(ks)),
        unknown="redraw",
    )
    found = compare_searches(
        table,
        [pool.cells for pool in pools],
        [pool.proxies for pool in pools],
        rng,
        protocol=protocol,
        start_s=cost.total_s,
        evolution_table=truth.evolution_table,
    )
    guided = _Differences.of(found.guided, found.random) if several else None
    evolution = _Differences.of(found.evolution, found.random) if len(found.evolution) else None
    mean_s = float(table.time_s[table.cells].mean())
    comparisons = tuple(
        BudgetComparison(
            num_trained=int(k),
            budget_s=float(found.budget_s[:, c].mean()),
            num_random_trainings=float(found.budget_s[:, c].mean()) / mean_s,
            guided_regret=float(found.guided[:, c].mean()),
            random_regret=float(found.random[:, c].mean()),
            evolution_regret=None if evolution is None else float(found.evolution[:, c].mean()),
            difference=mean_difference(found.guided[:, c], found.random[:, c])
            if guided is None
            else guided.differences[c],
            p_value=None if guided is None else guided.p_values[c],
            effect=None if guided is None else guided.effects[c],
            superiority=probability_of_superiority(found.guided[:, c], found.random[:, c]),
            evolution_difference=None if evolution is None else evolution.differences[c],
            evolution_p_value=None if evolution is None else evolution.p_values[c],
            evolution_effect=None if evolution is None else evolution.effects[c],
        )
        for c, k in enumerate(found.num_trained)
    )
    return comparisons, _curves(truth, pools, cost.total_s, rng, num_runs)


def cautious_test(
    guided: Float64[np.ndarray, " supernets"], random: Float64[np.ndarray, " random_runs"]
) -> Significance:
    """The one of Student's and Welch's t-test that has the larger p-value.

    Few super-nets may end with the same cell by luck. Welch's test then takes their variance, near zero, for the truth,
    and finds significance where there is none; Student's, which shares the variance of the many random runs, does not.
    Where super-nets spread more widely than random runs it is the other way round.

    Args:
        guided: test regret of each super-net's search, at least 2.
        random: test regret of the runs of random search, at least 2.
    """
    return max(welch_t_test(guided, random), student_t_test(guided, random), key=lambda test: test.p_value)


def _most_evaluations(price_s: Float64[np.ndarray, " known"], start_s: float, num_trained: int) -> int:
    """Evaluations that fit into a budget of the guided search, where evolution takes the cheapest again and again."""
    longest_s = start_s + float(np.sort(price_s)[-num_trained:].sum())
    cheapest_s = float(price_s.min())
    most = min(10_000, 20 * len(price_s))
    return most if cheapest_s * most <= longest_s else int(longest_s / cheapest_s) + 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Differences:
    """A method against random search, at each budget."""

    differences: tuple[Interval, ...]
    p_values: tuple[float, ...]
    effects: tuple[EffectSize, ...]

    @classmethod
    def of(
        cls, method: Float64[np.ndarray, "runs budgets"], random: Float64[np.ndarray, "random_runs budgets"]
    ) -> "_Differences":
        pairs = list(zip(method.T, random.T, strict=True))
        tests = [cautious_test(*pair) for pair in pairs]
        return cls(
            differences=tuple(
                mean_difference(*pair, equal_variances=test.test == "student")
                for pair, test in zip(pairs, tests, strict=True)
            ),
            p_values=tuple(holm(np.array([test.p_value for test in tests])).tolist()),
            effects=tuple(cohens_d(*pair) for pair in pairs),
        )


def _curves(
    truth: Truth, pools: Sequence[ScoredPool], start_s: float, rng: np.random.Generator, num_runs: int
) -> dict[str, CurveSummary]:
    """Regret against time with bands, on a common grid that ends when all super-nets have trained their pools."""
    table = truth.table
    guided = guided_runs([pool.cells for pool in pools], [pool.proxies for pool in pools], rng)
    guided_s = finish_times(guided, table.time_s, start_s=start_s)
    num_evaluations = min(len(table.cells), MOST_EVALUATIONS)
    random = random_search_runs(table.cells, rng, num_runs=num_runs, num_evaluations=num_evaluations)
    random_s = finish_times(random, table.time_s)
    grid = time_grid(guided_s, random_s, num_times=150)
    curves = {"random": regret_at(table, random, random_s, grid).summarize()}
    if truth.evolution_table:
        playing_field = truth.evolution_table.landscape(unknown="redraw")
        evolution = evolution_runs(
            playing_field, rng, settings=EvolutionSettings(), num_runs=num_runs, num_evaluations=num_evaluations
        )
        evolution_s = finish_times(evolution, playing_field.price_s)
        curves["evolution"] = regret_at(truth.evolution_table, evolution, evolution_s, grid).summarize()
    curves["guided"] = regret_at(table, guided, guided_s, grid).summarize()
    return curves
