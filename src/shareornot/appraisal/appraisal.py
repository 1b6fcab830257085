"""The appraisal: did sharing weights help on this space, and can its scores be trusted?

Everything here is computed from arrays: the scored architectures of some super-nets of one space, and what training
each of them alone gave. Differences are method minus random search in test regret: negative = better than random
search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float64

from shareornot.appraisal.beyond_baselines import BeyondBaselines, compare_with_baselines
from shareornot.appraisal.budget_comparison import BudgetComparison, ScoredPool, SupernetCosts, compare_at_budgets
from shareornot.appraisal.own_word import OwnWord, own_sentences, own_word
from shareornot.appraisal.ranking_quality import RankingQuality, ranking_quality
from shareornot.appraisal.score_quality import quality_sentences
from shareornot.appraisal.truth import TimeUnit, Truth, benchmark_truth
from shareornot.appraisal.verdict import HEADLINE, Verdict, headline_comparison, judge
from shareornot.errors import SettingsError
from shareornot.search import CurveSummary
from shareornot.spaces import Space
from shareornot.statistics import (
    Interval,
    NoiseCeiling,
    noise_ceiling,
    paper_interval,
    share_of_ceiling,
    spearman,
)
from shareornot.tables import Table

NUM_RUNS = 500
"""Runs of random search and of evolution, as in the paper."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Appraisal:
    """All that an appraisal finds."""

    benchmark: str
    space: str
    variant: str | None
    """How the super-nets were trained, where that has a name."""
    num_cells: int
    """Cells of the space."""
    num_known: int
    """Cells of the space that the table holds."""
    architectures: Space
    """The family or list that numbers the architectures in the pools."""
    pools: tuple[ScoredPool, ...]
    proxy_unit: Literal["fraction", "any"]
    """Whether proxies are accuracies, fractions in [0, 1], or scores of which only the order counts."""
    standalone: tuple[Float64[np.ndarray, " _"], ...]
    """Mean standalone validation accuracy of the cells of each pool."""
    spearmans: tuple[float | None, ...]
    """Correlations of each super-net; None if it diverged."""
    agreement: Interval
    """Mean Spearman correlation with its interval for other seeds and other architectures, see `two_way_interval`."""
    paper_agreement: Interval
    """The same with the paper's interval, which is too narrow for few super-nets."""
    quality: RankingQuality
    """How good the best by proxy are."""
    ceiling: NoiseCeiling | None
    """The noise ceiling of the table on this space; None if no training was repeated."""
    share_of_ceiling: float | None
    """None without a ceiling, or where it is 0: then the table is nothing but noise."""
    baselines: dict[str, float]
    """Spearman's correlation of what costs nothing, such as parameters, operations, training time, over all that is
    known of the space; may be empty."""
    beyond_baselines: BeyondBaselines
    """Comparison of the scores with the free baselines on the scored architectures."""
    comparisons: tuple[BudgetComparison, ...]
    curves: dict[str, CurveSummary]
    """Test regret against time: `guided`, `random`, `evolution` and `local` where they can be played, and `baseline`,
    the search by the best free baseline."""
    time_unit: TimeUnit
    """Unit of the times in `comparisons` and `curves`."""
    verdict: Verdict
    notes: tuple[str, ...]
    """Notes about the data: assumptions, and values that were left out."""
    thing: str = "architecture"
    """What one of them is called."""
    own: OwnWord | None = None
    """Preferences and final choices of the methods; None if they have neither."""
    method: str | None = None
    """How the shared weights were trained, if known."""
    training_cost: float | None = None
    """Training cost of a super-net, in trainings of an average architecture alone; None if it is unknown."""


def appraise(
    table: Table,
    space: Space,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
    top: int | None = None,
    num_runs: int = NUM_RUNS,
    variant: str | None = None,
) -> Appraisal:
    """Judge the super-nets of one space of a benchmark.

    Args:
        table: what training each cell alone gave.
        space: space that the super-nets were trained on.
        pools: the scored cells of each super-net, all of which the table holds.
        costs: costs of a super-net.
        rng: source of the randomness of the searches.
        num_trained: k of the TOP-k comparisons.
        top: k of the comparison that the verdict is about, which is added to the others; by default 10, or the largest
            of `num_trained` below.
        num_runs: runs of random search, evolution and local search, at least 2.
        variant: how the super-nets were trained, where that has a name.

    Returns:
        Agreement, noise ceiling, baselines, comparisons at each budget and the verdict; accuracies and regrets are
        fractions.

    Raises:
        SettingsError: no super-net, one that scored cells unknown to the table, or all of them diverged.

    References: Pourchot et al. 2020, arXiv:2002.04289, sections 4 and 5.
    """
    truth = benchmark_truth(table, space, time_s=costs.time_s, variant=variant)
    return appraise_on(truth, pools, costs, rng, num_trained=num_trained, top=top, num_runs=num_runs)


def appraise_on(
    truth: Truth,
    pools: Sequence[ScoredPool],
    costs: SupernetCosts,
    rng: np.random.Generator,
    *,
    num_trained: Sequence[int] = (1, 10, 20),
    top: int | None = None,
    num_runs: int = NUM_RUNS,
    proxy_unit: Literal["fraction", "any"] = "fraction",
) -> Appraisal:
    """Judge super-nets by the known accuracies of their architectures.

    Args:
        truth: what is known besides the scores.
        pools: the scored architectures of each super-net, all of which have a known accuracy.
        costs: costs of a super-net.
        rng: source of the randomness of the searches.
        num_trained: k of the TOP-k comparisons.
        top: k of the comparison that the verdict is about, which is added to the others; by default 10, or the largest
            of `num_trained` below.
        num_runs: runs of random search, evolution and local search, at least 2.
        proxy_unit: whether proxies are fractions.

    Returns:
        The appraisal, as `appraise` gives it.

    Raises:
        SettingsError: no super-net, one that scored an architecture without a known accuracy, or all of them diverged.
    """
    check_pools(truth, pools)
    if num_runs < 2 or (top is not None and top < 1):
        raise SettingsError(
            f"appraisal: expected at least 2 runs of random search and a top of at least 1, got {num_runs} and {top}"
        )
    values = truth.table
    standalone = tuple(values.validation[pool.cells] for pool in pools)
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
    correlations = np.array([value for value in spearmans if value is not None])
    beyond = compare_with_baselines(
        [pool.cells for pool in good], [pool.proxies for pool in good], values.validation, dict(truth.baselines), rng
    )
    ceiling = None if truth.runs is None else noise_ceiling(truth.runs, rng)
    ks = sorted({*num_trained, *([] if top is None else [top])})
    found = compare_at_budgets(truth, searchable_pools(truth, good), costs, rng, num_trained=ks, num_runs=num_runs)
    verdict = judge(
        found.comparisons,
        beyond,
        ceiling,
        top=top or HEADLINE,
        num_diverged=len(pools) - len(good),
        thing=truth.thing,
    )
    own = own_word(truth, pools, converged)
    headline = headline_comparison(found.comparisons, top or HEADLINE)
    details = (*verdict.details, *quality_sentences(good, beyond.agreement.mean))
    details += tuple(own_sentences(own, headline.random_regret, truth.thing))
    return Appraisal(
        benchmark=truth.benchmark,
        space=truth.space,
        variant=truth.variant,
        num_cells=int(values.member.sum()),
        num_known=int(truth.comparable.sum()),
        architectures=truth.architectures,
        pools=tuple(pools),
        proxy_unit=proxy_unit,
        standalone=standalone,
        spearmans=spearmans,
        agreement=beyond.agreement,
        paper_agreement=paper_interval(correlations),
        quality=ranking_quality(
            [pool.proxies for pool in good], [standalone[number] for number in converged], num_trained
        ),
        ceiling=ceiling,
        share_of_ceiling=share_of_ceiling(beyond.agreement.mean, ceiling.ceiling)
        if ceiling and ceiling.ceiling > 0
        else None,
        baselines=_baseline_agreement(truth),
        beyond_baselines=beyond,
        comparisons=found.comparisons,
        curves=found.curves,
        time_unit=truth.time_unit,
        verdict=replace(verdict, details=details),
        notes=(*truth.notes, *found.notes),
        thing=truth.thing,
        own=own,
    )


def check_pools(truth: Truth, pools: Sequence[ScoredPool]) -> None:
    """Raise if a pool contains an architecture without a known accuracy.

    Raises:
        SettingsError: no pool, or one that holds others.
    """
    if not pools:
        raise SettingsError("super-nets: expected at least one with scored cells, got none")
    comparable = np.flatnonzero(truth.comparable)
    for pool in pools:
        outside = pool.cells[~np.isin(pool.cells, comparable)]
        if len(outside):
            raise SettingsError(
                f"super-net {pool.name}: expected cells of {truth.space} that {truth.benchmark} holds, "
                f"got {len(outside)} others, such as {outside[0]}; score the pool again"
            )


def searchable_pools(truth: Truth, pools: Sequence[ScoredPool]) -> list[ScoredPool]:
    """The pools without architectures that no search can train, such as those without a test accuracy."""
    if truth.compared is None:
        return list(pools)
    known = truth.table.known
    return [
        ScoredPool(name=pool.name, cells=pool.cells[known[pool.cells]], proxies=pool.proxies[known[pool.cells]])
        for pool in pools
    ]


def _baseline_agreement(truth: Truth) -> dict[str, float]:
    """Spearman's correlation of each free baseline with standalone accuracy, where known; 0 for a constant."""
    known = np.flatnonzero(truth.comparable)
    accuracies = truth.table.validation[known]
    found = {name: spearman(values[known], accuracies).value for name, values in truth.baselines.items()}
    return {name: 0.0 if value is None else value for name, value in found.items()}
