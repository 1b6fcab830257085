"""The appraisal: did sharing weights help on this space, and can its scores be trusted?

Everything here is computed from arrays: the scored cells of some super-nets of one space, and the table of what
training each cell alone gave. Differences are method minus random search in test regret: negative = better than random
search.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.benchmarks import BenchmarkTable, Space
from shareornot.errors import SettingsError
from shareornot.search import (
    ComparisonProtocol,
    CurveSummary,
    EvolutionSettings,
    SearchRuns,
    SearchTable,
    compare_searches,
    evolution_runs,
    finish_times,
    guided_runs,
    random_search_runs,
    regret_at,
    supernet_cost,
    time_grid,
    trivial_guides,
)
from shareornot.statistics import (
    EffectSize,
    Interval,
    NoiseCeiling,
    Significance,
    cohens_d,
    holm,
    mean_difference,
    noise_ceiling,
    paper_interval,
    probability_of_superiority,
    share_of_ceiling,
    spearman,
    student_interval,
    student_t_test,
    welch_t_test,
)
from shareornot.study.landscape import search_table

Answer = Literal["helped", "hurt", "undecided"]
SIGNIFICANCE = 0.05
NUM_RUNS = 500
"""Runs of random search and of evolution, as in the paper."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredPool:
    """What one super-net says of the cells of a pool."""

    name: str
    """Which super-net, such as its seed."""
    cells: Int32[np.ndarray, " cells"]
    """Unique indices; a pool drawn with replacement holds some twice."""
    proxies: Float64[np.ndarray, " cells"]
    """Proxy accuracies, fractions."""


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
    """That time, mean over super-nets, with training the super-net and scoring the pool."""
    num_random_trainings: float
    """Average trainings that random search finishes in that time."""
    guided_regret: float
    """Mean test regret, a fraction."""
    random_regret: float
    evolution_regret: float
    difference: Interval
    """Guided minus random, with the interval of the test behind the p-value where there are at least two super-nets."""
    p_value: float | None
    """See `cautious_test`, corrected over the budgets after Holm; None with a single super-net."""
    effect: EffectSize | None
    superiority: float
    """Probability that a guided run has a smaller regret than a random one, ties counted half."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The answer in words."""

    answer: Answer
    sentence: str
    details: tuple[str, ...]
    """Further sentences, each with a number that carries the answer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Appraisal:
    """All that an appraisal finds."""

    benchmark: str
    space: str
    num_cells: int
    """Cells of the space."""
    num_known: int
    """Cells of the space that the table holds."""
    pools: tuple[ScoredPool, ...]
    standalone: tuple[Float64[np.ndarray, " cells"], ...]
    """Mean standalone validation accuracy of the cells of each pool."""
    spearmans: tuple[float | None, ...]
    """Of each super-net; None where it diverged."""
    agreement: Interval
    """Mean Spearman correlation with Student's interval over super-nets."""
    paper_agreement: Interval
    """The same with the paper's interval, which is too narrow for few super-nets."""
    ceiling: NoiseCeiling
    """How far any proxy could agree with this table on this space."""
    share_of_ceiling: float
    guides: dict[str, float]
    """Spearman's correlation of what costs nothing: parameters, operations, training time."""
    comparisons: tuple[BudgetComparison, ...]
    curves: dict[str, CurveSummary]
    """Test regret against time, for `guided`, `random` and `evolution`."""
    verdict: Verdict


def appraise(
    table: BenchmarkTable,
    space: Space,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
) -> Appraisal:
    """Judge the super-nets of one space.

    Args:
        table: what training each cell alone gave.
        space: that the super-nets were trained on.
        pools: the scored cells of each super-net, all of which the table holds.
        costs: of a super-net.
        rng: source of the randomness of the searches.
        num_trained: k of the TOP-k comparisons.

    Raises:
        SettingsError: no super-net, one that scored cells unknown to the table, or all of them diverged.

    References: Pourchot et al. 2020, arXiv:2002.04289, sections 4 and 5.
    """
    if not pools:
        raise SettingsError("super-nets: expected at least one with scored cells, got none")
    landscape = search_table(table, space, time_s=costs.time_s)
    for pool in pools:
        inside = np.isin(pool.cells, landscape.cells)
        if not inside.all():
            raise SettingsError(
                f"super-net {pool.name}: expected cells of {space.name} that {table.info.name} holds, "
                f"got {int((~inside).sum())} others, such as {int(pool.cells[~inside][0])}; score the pool again"
            )
    standalone = tuple(landscape.validation[pool.cells] for pool in pools)
    spearmans = tuple(
        spearman(pool.proxies, accuracies).value for pool, accuracies in zip(pools, standalone, strict=True)
    )
    converged = [number for number, value in enumerate(spearmans) if value is not None]
    if not converged:
        raise SettingsError(
            "super-nets: expected one that ranks its cells, got constant or non-finite proxies from all "
            f"{len(pools)}: their training diverged; lower the learning rate"
        )
    good = [pools[number] for number in converged]
    values = np.array([value for value in spearmans if value is not None])
    agreement = student_interval(values)
    rows, _ = table.rows_of(landscape.cells)
    ceiling = noise_ceiling(table.values("validation_accuracy")[rows].astype(np.float64), rng)
    guides = _guide_agreement(landscape)
    comparisons, curves = _compare(landscape, good, costs, rng, num_trained)
    return Appraisal(
        benchmark=table.info.name,
        space=space.name,
        num_cells=int(landscape.member.sum()),
        num_known=len(landscape.cells),
        pools=tuple(pools),
        standalone=standalone,
        spearmans=spearmans,
        agreement=agreement,
        paper_agreement=paper_interval(values),
        ceiling=ceiling,
        share_of_ceiling=share_of_ceiling(agreement.mean, ceiling.ceiling),
        guides=guides,
        comparisons=comparisons,
        curves=curves,
        verdict=judge(agreement, ceiling, guides, comparisons, num_diverged=len(pools) - len(good)),
    )


def judge(
    agreement: Interval,
    ceiling: NoiseCeiling,
    guides: dict[str, float],
    comparisons: Sequence[BudgetComparison],
    *,
    num_diverged: int,
) -> Verdict:
    """Put the numbers into words.

    Sharing helped where the guided search ends significantly closer to the best cell than random search in the same
    time at some budget and nowhere further from it, and hurt where it is the other way round.
    """
    significant = [one for one in comparisons if one.p_value is not None and one.p_value < SIGNIFICANCE]
    signs = {one.difference.mean < 0 for one in significant}
    answer: Answer = "undecided" if len(signs) != 1 else "helped" if signs == {True} else "hurt"
    told = max(significant, key=lambda one: abs(one.difference.mean)) if significant else _most_precise(comparisons)
    points = abs(told.difference.mean) * 100
    direction = "closer to" if told.difference.mean < 0 else "further from"
    test = "with one super-net no test is possible" if told.p_value is None else f"p = {told.p_value:.2g}"
    lead = {
        "helped": "Sharing weights helped",
        "hurt": "Sharing weights did not pay",
        "undecided": "Whether sharing weights helped is undecided",
    }[answer]
    sentence = (
        f"{lead}: after training its {_best(told.num_trained)}, the guided search is "
        f"{points:.2f} points {direction} the best cell {'than' if points else 'as'} random search in the same time "
        f"({_range(told.difference)}{test})."
    )
    guide = max(guides, key=lambda name: guides[name])
    comparison = "better" if agreement.mean > guides[guide] else "no better"
    ranking = (
        f"Over {_count(agreement.n, 'super-net')}, the scores rank the cells with a Spearman correlation of "
        f"{with_half_width(agreement)}; noise in the table allows {ceiling.ceiling:.2f}. "
        f"That is {comparison} than the {guide}, which comes for free and reaches {guides[guide]:.2f}."
    )
    price = (
        f"In the time of the super-net, of its scoring and of {_count(told.num_trained, 'training')}, random search "
        f"trains {told.num_random_trainings:.0f} cells."
    )
    details = [ranking, price]
    if num_diverged:
        details.append(f"Training diverged for {_count(num_diverged, 'super-net')}, left out of all figures.")
    return Verdict(answer=answer, sentence=sentence, details=tuple(details))


def with_half_width(correlation: Interval) -> str:
    """A mean correlation and what is printed after +-, as far as a correlation can go."""
    half = correlation.half_width
    if half is None:
        return f"{correlation.mean:.2f}"
    return f"{correlation.mean:.2f} ± {half:.2f}" if half < 1 else f"{correlation.mean:.2f} ± 1 or more"


def _most_precise(comparisons: Sequence[BudgetComparison]) -> BudgetComparison:
    """The one with the narrowest interval, or with the most trainings where there are no intervals."""
    return min(comparisons, key=lambda one: (one.difference.half_width or 0.0, -one.num_trained))


def _guide_agreement(landscape: SearchTable) -> dict[str, float]:
    """Spearman's correlation of the trivial guides with standalone accuracy, over the known cells of the space."""
    words = {
        "number of parameters": "most_parameters",
        "number of operations": "most_flops",
        "training time": "longest_training",
    }
    scores = trivial_guides(landscape)
    accuracies = landscape.validation[landscape.cells]
    found = {name: spearman(scores[key][landscape.cells], accuracies).value for name, key in words.items()}
    return {name: 0.0 if value is None else value for name, value in found.items()}


def _compare(
    landscape: SearchTable,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    num_trained: Sequence[int],
) -> tuple[tuple[BudgetComparison, ...], dict[str, CurveSummary]]:
    """Regret of the searches at the budgets of the guided one, and against time."""
    mean_s = float(landscape.time_s[landscape.cells].mean())
    narrow_s = landscape.time_s if costs.narrow_time_s is None else costs.narrow_time_s
    pool_size = max(len(pool.cells) for pool in pools)
    cost = supernet_cost(
        landscape,
        epochs_ratio=costs.training,
        narrow_time_s=costs.narrow_time_s,
        num_scored=pool_size,
        scoring_s=costs.scoring * float(narrow_s[landscape.cells].mean()),
    )
    smallest_pool = min(len(np.unique(pool.cells)) for pool in pools)
    protocol = ComparisonProtocol(
        num_trained=tuple(k for k in num_trained if k <= smallest_pool),
        pool_size=pool_size,
        random_search_from="space",
        num_random_runs=NUM_RUNS,
        num_evolution_runs=NUM_RUNS,
        num_evaluations=min(10_000, 20 * len(landscape.cells)),
    )
    found = compare_searches(
        landscape,
        [pool.cells for pool in pools],
        [pool.proxies for pool in pools],
        rng,
        protocol=protocol,
        start_s=cost.total_s,
    )
    several = len(pools) > 1
    columns = range(len(found.num_trained))
    tests = [cautious_test(found.guided[:, c], found.random[:, c]) for c in columns] if several else []
    corrected = holm(np.array([test.p_value for test in tests])) if several else None
    comparisons = tuple(
        BudgetComparison(
            num_trained=int(found.num_trained[c]),
            budget_s=float(found.budget_s[:, c].mean()),
            num_random_trainings=float(found.budget_s[:, c].mean()) / mean_s,
            guided_regret=float(found.guided[:, c].mean()),
            random_regret=float(found.random[:, c].mean()),
            evolution_regret=float(found.evolution[:, c].mean()),
            difference=mean_difference(
                found.guided[:, c], found.random[:, c], equal_variances=several and tests[c].test == "student"
            ),
            p_value=None if corrected is None else float(corrected[c]),
            effect=cohens_d(found.guided[:, c], found.random[:, c]) if several else None,
            superiority=probability_of_superiority(found.guided[:, c], found.random[:, c]),
        )
        for c in columns
    )
    return comparisons, _curves(landscape, pools, cost.total_s, rng)


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


def _curves(
    landscape: SearchTable, pools: Sequence[ScoredPool], start_s: float, rng: np.random.Generator
) -> dict[str, CurveSummary]:
    """Regret against time with bands, on a common grid that ends when all super-nets have trained their pools."""
    guided = guided_runs([pool.cells for pool in pools], [pool.proxies for pool in pools], rng)
    guided_s = finish_times(guided, landscape.time_s, start_s=start_s)
    num_evaluations = min(len(landscape.cells), 4_000)
    random = random_search_runs(landscape.cells, rng, num_runs=NUM_RUNS, num_evaluations=num_evaluations)
    random_s = finish_times(random, landscape.time_s)
    playing_field = landscape.landscape(unknown="redraw")
    evolution = evolution_runs(
        playing_field, rng, settings=EvolutionSettings(), num_runs=NUM_RUNS, num_evaluations=num_evaluations
    )
    evolution_s = finish_times(evolution, playing_field.price_s)
    grid = time_grid(guided_s, random_s, num_times=150)
    runs: dict[str, tuple[SearchRuns, np.ndarray]] = {
        "random": (random, random_s),
        "evolution": (evolution, evolution_s),
        "guided": (guided, guided_s),
    }
    return {
        name: regret_at(landscape, made, finish_s, grid).summarize()
        for name, (made, finish_s) in runs.items()
        if len(made.cells) > 1
    }


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"


def _best(number: int) -> str:
    return "best cell" if number == 1 else f"{number} best cells"


def _range(difference: Interval) -> str:
    if difference.low is None or difference.high is None:
        return ""
    return f"95 % interval of the difference {difference.low * 100:+.2f} to {difference.high * 100:+.2f} points, "
