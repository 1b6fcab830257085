"""The guided search against every search that needs no super-net, in the same time.

Differences are guided minus rival in test regret: negative = the guided search is better. A rival's first training
always ends, and a training that runs when the budget ends counts by its share. Budgets in which not even an average
training ends are not compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.appraisal.rivals import Rival, RivalKind, is_shared_part, simulate_rivals
from shareornot.appraisal.truth import Truth
from shareornot.search import (
    CurveSummary,
    EvolutionSettings,
    SearchTable,
    evolution_runs,
    finish_times,
    guided_regret,
    guided_runs,
    local_search_runs,
    random_search_runs,
    regret_at,
    supernet_cost,
    time_grid,
)
from shareornot.search.contract import SearchRuns
from shareornot.statistics import (
    EffectSize,
    Interval,
    Significance,
    holm,
    mean_difference,
    probability_of_superiority,
    standardized_difference,
    student_interval,
    student_t_test,
    welch_t_test,
)
from shareornot.statistics.pools import distinct_cells
from shareornot.statistics.rival_tests import RivalRuns, decided, more_supernets, paired_p_value

MOST_EVALUATIONS = 4_000
"""Most evaluations of a run of random search, evolution or local search in the curves of regret against time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPool:
    """The scores of one super-net for the architectures of a pool."""

    name: str
    """Which super-net, such as its seed."""
    cells: Int32[np.ndarray, " cells"]
    """Unique indices, or rows of a list; a pool drawn with replacement holds some twice."""
    proxies: Float64[np.ndarray, " cells"]
    """Proxy accuracies, fractions; scores of any unit where a user brings them."""
    reliability: float | None = None
    """Reliability of the scores over validation images, from 0 to 1, if known."""
    learnt: bool = True
    """False if the training loss stayed at that of guessing."""
    own_choice: int | None = None
    """The architecture that the method itself returns, where it does."""
    own_preferences: Float64[np.ndarray, " cells"] | None = None
    """The method's own preference among the cells, where it has one."""

    @cached_property
    def num_distinct(self) -> int:
        """Number of different architectures among them."""
        return len(distinct_cells(self.cells))


@dataclass(frozen=True, kw_only=True, eq=False)
class SupernetCosts:
    """The cost of sharing, in average trainings of an architecture alone."""

    training: float
    """Epochs of the super-net times the cells in a step, over the epochs of a training alone; 0 if it is for free."""
    scoring: float = 0.0
    """Scoring one cell; 0 leaves it out, as the paper's first version does."""
    evaluation: float = 0.0
    """Evaluating what was trained alone, as a share of its training; 0 where the table's times include it."""
    time_s: Float64[np.ndarray, " universe"] | None = None
    """Training times of all cells, in seconds, in place of those of the table."""
    narrow_time_s: Float64[np.ndarray, " universe"] | None = None
    """Training times of all cells at the width of the super-net, in seconds; without them, a step of the super-net
    counts as one of a training alone, as in the paper's first version."""


@dataclass(frozen=True, kw_only=True)
class RivalComparison:
    """The guided search against one search that needs no super-net, at one budget."""

    name: str
    """`random search`, `evolution`, `local search`, or a free baseline such as `number of parameters`."""
    kind: RivalKind
    """`baseline`: a search that trains the architectures of the pool that the baseline rates highest."""
    regret: float
    """Mean test regret of the rival, a fraction."""
    difference: Interval
    """Guided minus rival, with the interval of the test; of a baseline paired by super-net."""
    p_value: float | None
    """P-value of the test of this rival at this budget, not corrected; None with a single super-net."""
    effect: EffectSize | None
    """The difference in standard deviations of random search; None with a single super-net."""
    superiority: float
    """Probability that a guided run has a smaller regret than one of the rival, ties counted half."""
    tested: bool
    """Whether the verdict tests this one: the best of random search, evolution and local search, and the best baseline,
    both chosen without using the super-nets."""


@dataclass(frozen=True, kw_only=True)
class BudgetComparison:
    """The guided search against its rivals in the time in which it trains its k best architectures."""

    num_trained: int
    """k."""
    budget_s: float
    """Time of the comparison, mean over super-nets, with training the super-net and scoring the pool; in seconds, or in
    average trainings if the appraisal's `time_unit` is trainings."""
    num_random_trainings: float
    """Average trainings that random search finishes in that time."""
    guided_regret: float
    """Mean test regret, a fraction."""
    random_regret: float
    evolution_regret: float | None
    """None if evolution cannot be played, as on a list of architectures; so are the three below."""
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
    """P-value as that of the guided search, corrected over the budgets on its own."""
    evolution_effect: EffectSize | None
    rivals: tuple[RivalComparison, ...] = ()
    """Random search first, then evolution and local search where they can be played, then every free baseline."""
    helped: bool = False
    """Whether the guided search is significantly better than both rivals that are `tested`."""
    hurt: bool = False
    """Whether it is significantly worse than one of them, corrected after Bonferroni for their number."""
    more_supernets: int | None = None
    """Number of further super-nets that decide with a probability of 80 %; None if decided, or if 1,000 are too few."""


@dataclass(frozen=True, kw_only=True, eq=False)
class BudgetComparisons:
    """What `compare_at_budgets` finds."""

    comparisons: tuple[BudgetComparison, ...]
    curves: dict[str, CurveSummary]
    """Test regret against time: `random`, `evolution`, `local`, `baseline` (the best free one) and `guided`."""
    notes: tuple[str, ...]
    """Notes about the comparison."""


def compare_at_budgets(
    truth: Truth,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int],
    num_runs: int,
) -> BudgetComparisons:
    """Regret of the searches at the budgets of the guided one, and against time.

    Args:
        truth: accuracies among which they search.
        pools: pools of super-nets that did not diverge.
        costs: costs of a super-net.
        rng: source of the randomness.
        num_trained: k of the TOP-k; those above the size of the smallest pool are left out.
        num_runs: number of runs of random search, evolution and local search.

    Returns:
        One comparison per budget, and the curves of all searches against time in seconds; regrets are fractions.
    """
    table = _with_evaluation(truth.table, costs.evaluation)
    moving = None if truth.evolution_table is None else _with_evaluation(truth.evolution_table, costs.evaluation)
    distinct = [distinct_cells(pool.cells) for pool in pools]
    start_s = _cost_s(truth.table, costs, max(len(pool.cells) for pool in pools))
    ks = sorted({k for k in num_trained if k <= min(map(len, distinct))}) or [1]
    top = [guided_regret(table, pool.cells, pool.proxies, rng, num_trained=ks, start_s=start_s) for pool in pools]
    budget_s = np.stack([one.time_s for one in top])
    mean_s = float(table.time_s[table.cells].mean())
    long_enough = budget_s.mean(axis=0) >= mean_s * (1 - 1e-9)
    long_enough[-1] = True
    notes = []
    if not long_enough.all():
        left_out = ", ".join(f"TOP-{k}" for k, enough in zip(ks, long_enough, strict=True) if not enough)
        notes.append(f"{left_out}: not compared, since not even an average training ends in that time.")
    ks = [k for k, enough in zip(ks, long_enough, strict=True) if enough]
    budget_s = budget_s[:, long_enough]
    guided = np.stack([one.regret for one in top])[:, long_enough]
    if is_shared_part(table, distinct):
        notes.append(
            f"All super-nets scored the same {len(distinct[0]):,} {truth.thing}s: the rivals search among these, and "
            "the tests apply to other seeds on this pool."
        )
    rivals = simulate_rivals(table, truth.baselines, distinct, budget_s, rng, num_runs=num_runs, evolution_table=moving)
    comparisons = [
        _at_budget(guided[:, column], rivals, column, int(k), budget_s[:, column], mean_s, rng)
        for column, k in enumerate(ks)
    ]
    best = [one.name for one in comparisons[-1].rivals if one.tested and one.kind == "baseline"]
    curves = _curves(table, moving, pools, truth.baselines[best[0]] if best else None, start_s, rng, num_runs)
    return BudgetComparisons(comparisons=_with_holm(comparisons, guided, rivals), curves=curves, notes=tuple(notes))


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


def _with_evaluation(table: SearchTable, share: float) -> SearchTable:
    """The table with training times that include the evaluation of the trained network."""
    return replace(table, time_s=table.time_s * (1 + share)) if share else table


def _cost_s(table: SearchTable, costs: SupernetCosts, num_scored: int) -> float:
    """Time that the guided search takes before its first training."""
    narrow_s = table.time_s if costs.narrow_time_s is None else costs.narrow_time_s
    scoring_s = costs.scoring * float(narrow_s[table.cells].mean())
    if costs.training == 0:
        return num_scored * scoring_s
    return supernet_cost(
        table,
        epochs_ratio=costs.training,
        narrow_time_s=costs.narrow_time_s,
        num_scored=num_scored,
        scoring_s=scoring_s,
    ).total_s


def _at_budget(
    guided: Float64[np.ndarray, " supernets"],
    rivals: Sequence[Rival],
    column: int,
    num_trained: int,
    budget_s: Float64[np.ndarray, " supernets"],
    mean_s: float,
    rng: np.random.Generator,
) -> BudgetComparison:
    """All rivals at one budget; p-values of random search and evolution are not corrected over the budgets yet."""
    several = len(guided) > 1
    random = rivals[0].regret[:, column]
    spread = RivalRuns.of(random)
    tested = [
        min(group, key=lambda one: float(one.expected[column]))
        for group in ([one for one in rivals if not one.paired], [one for one in rivals if one.paired])
        if group
    ]
    found = tuple(_against(guided, one, column, spread, tested=one in tested) for one in rivals)
    chosen = [one for one in found if one.tested]
    better = worse = False
    if several:
        p_values = np.array([1.0 if one.p_value is None else one.p_value for one in chosen])
        helped, hurt = decided(p_values, np.array([one.difference.mean for one in chosen]))
        better, worse = bool(helped), bool(hurt)
    more = None
    if not (better or worse):
        independent = [RivalRuns.of(one.regret[:, column]) for one in tested if not one.paired]
        paired = [one.regret[:, column] for one in tested if one.paired]
        more = more_supernets(guided, independent, paired, spread, rng)
    evolution = next((one.regret[:, column] for one in rivals if one.kind == "evolution"), None)
    other = None if evolution is None else cautious_test(evolution, random)
    evolution_difference = (
        None
        if evolution is None or other is None
        else mean_difference(evolution, random, equal_variances=other.test == "student")
    )
    return BudgetComparison(
        num_trained=num_trained,
        budget_s=float(budget_s.mean()),
        num_random_trainings=float(budget_s.mean()) / mean_s if mean_s else 0.0,
        guided_regret=float(guided.mean()),
        random_regret=found[0].regret,
        evolution_regret=None if evolution is None else float(evolution.mean()),
        difference=found[0].difference,
        p_value=found[0].p_value,
        effect=found[0].effect,
        superiority=found[0].superiority,
        evolution_difference=evolution_difference,
        evolution_p_value=None if other is None else other.p_value,
        evolution_effect=None
        if evolution_difference is None
        else standardized_difference(evolution_difference, spread.std),
        rivals=found,
        helped=better,
        hurt=worse,
        more_supernets=more,
    )


def _against(
    guided: Float64[np.ndarray, " supernets"], rival: Rival, column: int, spread: RivalRuns, *, tested: bool
) -> RivalComparison:
    """The guided search against one rival."""
    regret = rival.regret[:, column]
    several = len(guided) > 1
    if rival.paired:
        differences = guided - regret
        interval = replace(student_interval(differences, bounds=(-1.0, 1.0)), method="paired")
        p_value = float(paired_p_value(guided, regret, spread)) if several else None
        superiority = float(np.mean((differences < 0) + 0.5 * (differences == 0)))
    else:
        test = cautious_test(guided, regret) if several else None
        interval = mean_difference(
            guided, regret, equal_variances=test is not None and test.test == "student", bounds=(-1.0, 1.0)
        )
        p_value = None if test is None else test.p_value
        superiority = probability_of_superiority(guided, regret)
    return RivalComparison(
        name=rival.name,
        kind=rival.kind,
        regret=float(regret.mean()),
        difference=interval,
        p_value=p_value,
        effect=standardized_difference(interval, spread.std) if several else None,
        superiority=superiority,
        tested=tested,
    )


def _with_holm(
    comparisons: Sequence[BudgetComparison],
    guided: Float64[np.ndarray, "supernets budgets"],
    rivals: Sequence[Rival],
) -> tuple[BudgetComparison, ...]:
    """P-values against random search corrected over the budgets."""
    if len(guided) > 1:
        corrected = holm(np.array([one.p_value for one in comparisons], np.float64)).tolist()
        comparisons = [replace(one, p_value=p) for one, p in zip(comparisons, corrected, strict=True)]
    if any(one.kind == "evolution" for one in rivals):
        corrected = holm(np.array([one.evolution_p_value for one in comparisons], np.float64)).tolist()
        comparisons = [replace(one, evolution_p_value=p) for one, p in zip(comparisons, corrected, strict=True)]
    return tuple(comparisons)


def _curves(
    table: SearchTable,
    moving: SearchTable | None,
    pools: Sequence[ScoredPool],
    baseline: Float64[np.ndarray, " rows"] | None,
    start_s: float,
    rng: np.random.Generator,
    num_runs: int,
) -> dict[str, CurveSummary]:
    """Regret against time with bands, on a common grid that ends when all super-nets have trained their pools."""
    guided = guided_runs([pool.cells for pool in pools], [pool.proxies for pool in pools], rng)
    guided_s = finish_times(guided, table.time_s, start_s=start_s)
    num_evaluations = min(len(table.cells), MOST_EVALUATIONS)
    random = random_search_runs(table.cells, rng, num_runs=num_runs, num_evaluations=num_evaluations)
    random_s = finish_times(random, table.time_s)
    grid = time_grid(guided_s, random_s, num_times=150)
    curves = {"random": regret_at(table, random, random_s, grid).summarize()}

    def moved(place: SearchTable, runs: SearchRuns, price_s: Float64[np.ndarray, " rows"]) -> CurveSummary:
        return regret_at(place, runs, finish_times(runs, price_s), grid).summarize()

    if moving is not None:
        playing_field = moving.landscape(unknown="redraw")
        price_s = playing_field.price_s
        evolution = evolution_runs(
            playing_field, rng, settings=EvolutionSettings(), num_runs=num_runs, num_evaluations=num_evaluations
        )
        curves["evolution"] = moved(moving, evolution, price_s)
        local = local_search_runs(playing_field, rng, num_runs=num_runs, num_evaluations=num_evaluations)
        curves["local"] = moved(moving, local, price_s)
    if baseline is not None:
        free = guided_runs([pool.cells for pool in pools], [baseline[pool.cells] for pool in pools], rng)
        curves["baseline"] = moved(table, free, table.time_s)
    curves["guided"] = regret_at(table, guided, guided_s, grid).summarize()
    return curves
