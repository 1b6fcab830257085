"""Replay of version 1's comparison: guided against random search on the same pools, over all random orders.

Version 1 drew one random order for each of five super-nets and tested five pairs of regrets. Drawing other orders shows
how much of its verdicts was the luck of those. With the table's training times a budget is no number of evaluations, so
orders are simulated; were all trainings equally long, everything could be computed, and is, beside it.

The printed p-values identify the test: each is half the two-sided p-value of the normal approximation to
Wilcoxon's signed-rank test, hence one-sided in the direction of the data, with 5 pairs, or 4 where one pair tied.

References: Pourchot et al. 2020, arXiv:2002.04289v1, sections 4.2 and 5.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64, Integer
from scipy import stats

from shareornot.progress import Progress
from shareornot.reproduction.agreement import rounds_to
from shareornot.reproduction.evaluations import EvaluatedSupernet, Evaluations
from shareornot.reproduction.published_tables import TABLE_2_V1, Verdict
from shareornot.reproduction.truth import guiding_supernets, replay_ground
from shareornot.search import (
    SearchTable,
    expected_random_regret,
    guided_regret,
    random_search_runs_at,
    supernet_cost,
)
from shareornot.search.budgets import TopK
from shareornot.statistics import SIGNIFICANCE, incumbent_probabilities, smallest_wilcoxon_p
from shareornot.tables import BenchmarkTable

NUM_TRAINED = (1, 10, 100)
SUPERNET_TRAININGS = 4
"""What a super-net costs, in average trainings of the space."""

Differences = Float[np.ndarray, "draws supernets"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Version1Row:
    """Guided minus random search in test regret, fractions, for one space and k; negative = better."""

    space: str
    num_trained: int
    """k of TOP-k."""
    num_supernets: int
    num_random_trainings: float
    """Trainings that random search finishes in the same time, on average."""
    printed_verdict: Verdict | None
    printed_p: float | None
    printed_rank_sum: str
    """Wilcoxon's smaller rank sum and the number of pairs from which the printed p-value follows."""
    guided_regret: float
    random_regret: float
    """Over all simulated orders."""
    difference: float
    """Expected over orders, mean over super-nets."""
    redraw_std: float
    """Standard deviation of the mean difference from one redraw of all orders to the next."""
    redraw_low: float
    """2.5 % of the redraws give a smaller mean difference."""
    redraw_high: float
    exact_difference: float
    """Expected over all orders if all trainings were equally long; nothing simulated."""
    superiority: float
    """Exact probability that the guided search beats a random order, ties counted half, if all were equally long."""
    share_better: float
    """Share of the redraws that version 1's test calls better."""
    share_worse: float
    share_none: float
    share_printed: float | None
    """Share of the redraws with the printed verdict."""
    least_exact_p: float
    """The least two-sided p-value that Wilcoxon's exact test can give for this number of pairs."""


def replay_version1(
    evaluations: Evaluations,
    table: BenchmarkTable,
    rng: np.random.Generator,
    progress: Progress,
    *,
    guide: str,
    num_redraws: int,
    with_printed: bool,
) -> list[Version1Row]:
    """Version 1's comparison on all spaces, over many redraws of the random orders.

    Super-nets that diverged are left out. Version 1 kept them: its p-value of 0.02 on A_FULL^NRES takes five pairs.

    Args:
        evaluations: evaluations of super-nets.
        table: what training each cell alone gave.
        rng: source of the orders, and of the order of cells with equal proxies.
        progress: advances by one per super-net.
        guide: the variant whose proxies guide.
        num_redraws: random orders for each super-net.
        with_printed: whether the paper's figures are for this benchmark.
    """
    rows: list[Version1Row] = []
    for space in evaluations.spaces:
        supernets = guiding_supernets(evaluations, guide, space)
        if supernets:
            ground = replay_ground(evaluations, table, space)
            rows += _rows(space, supernets, ground, rng, progress, num_redraws, with_printed=with_printed)
    return rows


def one_sided_p(differences: Differences) -> Float64[np.ndarray, " draws"]:
    """P-values as version 1 prints them: one-sided in the direction of the data, by the normal approximation.

    Pairs without a difference are dropped, equal sizes share their ranks; 1 where nothing is left.

    Args:
        differences: differences of each pair.
    """
    return np.asarray(stats.norm.cdf(_standardized(differences)[0]))


def verdicts(differences: Differences) -> tuple[Bool[np.ndarray, " draws"], Bool[np.ndarray, " draws"]]:
    """Whether version 1's test calls each draw better, and whether it calls it worse, at the 5 % level."""
    z, is_better = _standardized(differences)
    significant = stats.norm.cdf(z) < SIGNIFICANCE
    return significant & is_better, significant & ~is_better


def rank_sums_of(p_value: float, *, num_pairs: int = 5) -> list[tuple[int, int]]:
    """The rank sums from which a printed p-value follows, without ties among the sizes.

    Args:
        p_value: as printed, two decimals.
        num_pairs: pairs at most; one may have tied and been dropped.

    Returns:
        Wilcoxon's smaller rank sum and the number of pairs that differed, all that round to the printed value.
    """
    return [
        (smaller, pairs)
        for pairs in (num_pairs, num_pairs - 1)
        for smaller in range(pairs * (pairs + 1) // 4 + 1)
        if rounds_to(_signed_rank_p(smaller, pairs), p_value)
    ]


def _signed_rank_p(smaller: int, pairs: int) -> float:
    """One-sided p-value of a rank sum by the normal approximation, without ties."""
    deviation = np.sqrt(pairs * (pairs + 1) * (2 * pairs + 1) / 24)
    return float(stats.norm.cdf((smaller - pairs * (pairs + 1) / 4) / deviation))


def _standardized(differences: Differences) -> tuple[Float64[np.ndarray, " draws"], Bool[np.ndarray, " draws"]]:
    """Standardized smaller rank sum, infinite if no pair differs, and whether that is the sum of the positive."""
    differences = np.round(differences, 12)  # 0.3 - 0.2 and 0.2 - 0.1 are a tie
    differs = differences != 0
    num_tied = (~differs).sum(axis=-1, keepdims=True)
    # zeros share the lowest ranks, so those of the others are too high by their number
    ranks = np.where(differs, stats.rankdata(np.abs(differences), axis=-1) - num_tied, 0.0)
    positive, total = (ranks * (differences > 0)).sum(axis=-1), ranks.sum(axis=-1)
    deviation = np.sqrt((ranks**2).sum(axis=-1)) / 2
    smaller = np.minimum(positive, total - positive)
    z = np.full(total.shape, np.inf)
    np.divide(smaller - total / 2, deviation, out=z, where=deviation > 0)
    return z, positive < total / 2


def _rows(
    space: str,
    supernets: Sequence[EvaluatedSupernet],
    ground: SearchTable,
    rng: np.random.Generator,
    progress: Progress,
    num_redraws: int,
    *,
    with_printed: bool,
) -> list[Version1Row]:
    ks = [k for k in NUM_TRAINED if k <= min(len(np.unique(one.cells)) for one in supernets)]
    start_s = supernet_cost(ground, epochs_ratio=float(SUPERNET_TRAININGS)).total_s
    guided, simulated, exact = [], [], []
    for one in supernets:
        pool = np.unique(one.cells)
        found = guided_regret(ground, one.cells, one.proxies, rng, num_trained=ks, start_s=start_s)
        guided.append(found.regret)
        simulated.append(random_search_runs_at(ground, pool, found.time_s, rng, num_runs=num_redraws))
        exact.append([_exact(ground, pool, found, column) for column in range(len(ks))])
        progress.advance(1, one.name)
    random = np.stack([curves.regret for curves in simulated], axis=1)  # redraws x super-nets x budgets
    num_finished = np.stack([curves.num_finished for curves in simulated], axis=1)
    own, exact_all = np.stack(guided), np.array(exact)
    rows = []
    for column, k in enumerate(ks):
        differences = own[:, column] - random[:, :, column]
        means = differences.mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        better, worse = verdicts(differences)
        shares = {"better": float(better.mean()), "worse": float(worse.mean())}
        shares["none"] = float((~better & ~worse).mean())
        printed = TABLE_2_V1.get((space, k)) if with_printed else None
        rows.append(
            Version1Row(
                space=space,
                num_trained=k,
                num_supernets=len(supernets),
                num_random_trainings=float(num_finished[:, :, column].mean()),
                printed_verdict=printed.verdict if printed else None,
                printed_p=printed.p_value if printed else None,
                printed_rank_sum=_rank_sum_text(printed.p_value) if printed else "",
                guided_regret=float(own[:, column].mean()),
                random_regret=float(random[:, :, column].mean()),
                difference=float(means.mean()),
                redraw_std=float(means.std()),
                redraw_low=float(low),
                redraw_high=float(high),
                exact_difference=float(exact_all[:, column, 0].mean()),
                superiority=float(exact_all[:, column, 1].mean()),
                share_better=shares["better"],
                share_worse=shares["worse"],
                share_none=shares["none"],
                share_printed=shares[printed.verdict] if printed else None,
                least_exact_p=smallest_wilcoxon_p(len(supernets)),
            )
        )
    return rows


def _exact(ground: SearchTable, pool: Integer[np.ndarray, " pool"], guided: TopK, column: int) -> tuple[float, float]:
    """Expected difference, and probability to beat a random order, if all trainings were equally long."""
    count = min(SUPERNET_TRAININGS + int(guided.num_trained[column]), len(pool))
    own = float(guided.regret[column])
    probability = incumbent_probabilities(ground.validation[pool], count)
    regret = ground.best_test - ground.test[pool]
    superiority = float(probability @ ((regret > own) + 0.5 * (regret == own)))
    return own - float(expected_random_regret(ground, [count], pool=pool).mean[0]), superiority


def _rank_sum_text(p_value: float) -> str:
    return " or ".join(f"W = {smaller}, n = {pairs}" for smaller, pairs in rank_sums_of(p_value))
