"""Appraisals simulated where the truth is known, by the very functions that the product calls.

Each part of the suite yields settings, such as one null at one number of super-nets. A setting has its own random
numbers, which follow from the seed and its name, so that it gives the same figures whatever was simulated before.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from shareornot.appraisal.beyond_baselines import compare_with_baselines
from shareornot.appraisal.budget_comparison import cautious_test
from shareornot.appraisal.rivals import ranked_regret
from shareornot.appraisal.truth import Truth
from shareornot.search import finish_times, guided_regret, random_search_runs, regret_at
from shareornot.statistics import (
    EffectSize,
    RivalRuns,
    feature_columns,
    mean_difference,
    standardized_difference,
    verdict_power,
)
from shareornot.statistics.feature_effects import StructureEffect, structure_effects
from shareornot.statistics.intervals import Interval
from shareornot.statistics.rank_residuals import rank_fractions
from shareornot.statistics.rival_tests import decisions

NUM_RUNS = 500
EFFECTS = {2: 6.0, 3: 3.4, 5: 1.7, 10: 1.0}
"""Effects whose power is compared, in standard deviations of random search."""
SEEDS, NOISE = 0.12, 0.8
"""How much super-nets differ in how well they rank, and how much they err on their own."""
POOLS = (
    ("own pools of 200", 200, False, 0.93, 0.98),
    ("one pool of 50", 50, True, 0.90, 1.0),
)
"""Name, size, whether super-nets share it, and the bar for coverage."""
PLANTED = 0.8
"""Planted bias in standard deviations of the rank residuals."""


@dataclass(frozen=True)
class Extent:
    """How much is simulated."""

    num: int = 500
    """Appraisals in each setting."""
    supernets: tuple[int, ...] = (2, 3, 5, 10)
    costs: tuple[float, ...] = (0.0, 1.0, 4.0, 16.0)
    """Costs of a super-net, in average trainings."""


@dataclass(frozen=True)
class Line:
    """A figure beside its bar."""

    space: str
    what: str
    num_supernets: int
    figure: float
    error: float
    least: float
    most: float

    @property
    def holds(self) -> bool:
        """Whether the figure keeps the bar, or misses it by chance."""
        return self.least - 2 * self.error <= self.figure <= self.most + 2 * self.error

    def __str__(self) -> str:
        bar = f"{self.least:.2f} to {self.most:.2f}"
        mark = "" if self.holds else "  BROKEN"
        return (
            f"{self.space:7} {self.what:66} n={self.num_supernets:<3} {self.figure:6.3f} +- {self.error:.3f}  "
            f"bar {bar}{mark}"
        )


@dataclass(frozen=True)
class Setting:
    """Appraisals of one kind; simulating them gives some figures."""

    name: str
    simulate: Callable[[np.random.Generator], list[Line]]


def random_numbers(seed: int, name: str) -> np.random.Generator:
    """Those of a setting."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def share(values: list[bool]) -> tuple[float, float]:
    """A share with its Monte Carlo error."""
    mean = float(np.mean(values))
    return mean, float(np.sqrt(max(mean * (1 - mean), 0.25 / len(values)) / len(values)))


class Ground:
    """A space with what the simulations take of it: random searches, and structures of some of its cells."""

    def __init__(self, truth: Truth, rng: np.random.Generator, num_cells: int) -> None:
        self.truth, self.table, self.name = truth, truth.table, truth.space
        self.cells = rng.choice(self.table.cells, min(num_cells, len(self.table.cells)), replace=False)
        self.accuracies = self.table.validation[self.cells]
        self.ranks = rank_fractions(self.accuracies)
        self.features = truth.architectures.features(self.cells)
        self.columns = feature_columns(self.features)
        self.mean_s = float(self.table.time_s[self.table.cells].mean())
        evaluations = min(80, len(self.table.cells))
        self.runs = random_search_runs(self.table.cells, rng, num_runs=4_000, num_evaluations=evaluations)
        self.grid_s = np.concatenate([np.linspace(0.2, 3, 57), np.linspace(3.1, 40, 370)]) * self.mean_s
        finish_s = finish_times(self.runs, self.table.time_s)
        self.random = regret_at(self.table, self.runs, finish_s, self.grid_s, unfinished="interpolated").regret

    def random_regrets(self, budget_s: float, rng: np.random.Generator, num_runs: int = NUM_RUNS) -> np.ndarray:
        """Regret of runs of random search at a budget, between two points of a fine grid."""
        chosen = rng.choice(len(self.random), num_runs, replace=False)
        after = min(int(np.searchsorted(self.grid_s, budget_s)), len(self.grid_s) - 1)
        before = max(after - 1, 0)
        width = self.grid_s[after] - self.grid_s[before]
        part = (budget_s - self.grid_s[before]) / width if width > 0 else 0.0
        both = self.random[chosen]
        return np.asarray((1 - part) * both[:, before] + part * both[:, after])


def uninformed(ground: Ground, rng: np.random.Generator, k: int, number: int, pool_size: int) -> list[np.ndarray]:
    """Guided searches by scores without information: regret, time without the super-net, and regret of a free rival.

    The rival ranks the same pool by other scores without information, for as long as the guided search at no cost.
    """
    found = np.empty((3, number))
    scores = rng.random(len(ground.table.member))
    for one in range(number):
        pool = rng.choice(ground.table.cells, min(pool_size, len(ground.table.cells)), replace=False)
        top = guided_regret(ground.table, pool, rng.random(len(pool)), rng, num_trained=[k])
        free = ranked_regret(ground.table, pool, scores, top.time_s, rng)
        found[:, one] = top.regret[0], top.time_s[0], free[0]
        scores = rng.permuted(scores)
    return list(found)


def verdicts(ground: Ground, extent: Extent, seed: int) -> Iterator[Setting]:
    """False verdicts: scores without information, at every cost; and guided searches as good as random search."""

    @cache
    def searches(k: int) -> list[np.ndarray]:
        rng = random_numbers(seed, f"{ground.name}, uninformed, TOP-{k}")
        return uninformed(ground, rng, k, 3 * extent.num, 150)

    def simulate(rng: np.random.Generator, k: int, cost: float, n: int) -> list[Line]:
        regret, time_s, free = searches(k)
        helped, hurt, equal = [], [], []
        for _ in range(extent.num):
            own = rng.choice(len(regret), n, replace=False)
            budget_s = float(time_s[own].mean()) + cost * ground.mean_s
            if budget_s < ground.mean_s:  # not compared
                helped.append(False)
                hurt.append(False)
                continue
            random = ground.random_regrets(budget_s, rng)
            rival = RivalRuns.of(random)
            decided = int(decisions(regret[own], [rival], [], rival))
            with_free = int(decisions(regret[own], [rival], [free[own]], rival)) if cost == 0 else decided
            helped.append(decided == -1)
            hurt.append(decided == 1 or with_free == 1)
            as_good = ground.random_regrets(budget_s, rng, n)
            equal.append(int(decisions(as_good, [rival], [], rival)) != 0)
        what = f"TOP-{k}, cost {cost:g}"
        lines = [Line(ground.name, f"false 'helped', {what}, scores at random", n, *share(helped), 0, 0.05)]
        if cost == 0:
            lines += [Line(ground.name, f"false 'did not pay', {what}, scores at random", n, *share(hurt), 0, 0.05)]
        if equal:
            lines += [Line(ground.name, f"any verdict, {what}, guided in law = random", n, *share(equal), 0, 0.05)]
        return lines

    for k, costs in ((1, (0.0,)), (10, extent.costs)):
        for cost in costs:
            for n in extent.supernets:
                yield Setting(f"verdicts, TOP-{k}, cost {cost:g}, n={n}", partial(simulate, k=k, cost=cost, n=n))


def powers(ground: Ground, extent: Extent, seed: int) -> Iterator[Setting]:
    """The power that is promised, against how often a guided search that is better by so much is seen."""
    bank = ground.random_regrets(14 * ground.mean_s, random_numbers(seed, f"{ground.name}, bank"), 4_000)

    def simulate(rng: np.random.Generator, n: int) -> list[Line]:
        effect = EFFECTS[n]
        promised = verdict_power(effect, n, rng, regrets=bank[:2_000], num_simulations=4_000)
        seen = []
        for _ in range(2 * extent.num):
            random = ground.random_regrets(14 * ground.mean_s, rng)
            rival = RivalRuns.of(random)
            guided = rng.choice(bank, n) - effect * float(bank.std())
            seen.append(int(decisions(guided, [rival], [], rival)) == -1)
        mean, error = share(seen)
        what = f"power seen - promised ({promised:.2f}) for d = {effect:g}"
        return [Line(ground.name, what, n, mean - promised, error, -0.05, 0.05)]

    for n in extent.supernets:
        yield Setting(f"powers, n={n}", partial(simulate, n=n))


def intervals(ground: Ground, extent: Extent, seed: int) -> Iterator[Setting]:
    """Coverage of the intervals for correlations, of differences in regret, and of their standardized size."""

    @cache
    def truths(size: int) -> dict[str, float]:
        rng = random_numbers(seed, f"{ground.name}, truths, {size}")
        single = [_appraised(ground, rng, 1, size, shared=False) for _ in range(20 * extent.num)]
        return {what: float(np.mean([one[what].mean for one in single])) for what in single[0]}

    def simulate(rng: np.random.Generator, pools: tuple[str, int, bool, float, float], n: int) -> list[Line]:
        name, size, shared, least, most = pools
        kept = [_appraised(ground, rng, n, size, shared) for _ in range(extent.num)]
        return [
            Line(
                ground.name,
                f"cover, {what}, {name}",
                n,
                *share(_covers([one[what] for one in kept], truth)),
                least,
                most,
            )
            for what, truth in truths(size).items()
        ]

    for pools in POOLS:
        for n in extent.supernets:
            yield Setting(f"intervals, {pools[0]}, n={n}", partial(simulate, pools=pools, n=n))
    yield from _differences(ground, extent, seed)


def _covers(found: Sequence[Interval | EffectSize], truth: float) -> list[bool]:
    return [bool(one.low <= truth <= one.high) for one in found]  # type: ignore[operator]


def _appraised(ground: Ground, rng: np.random.Generator, n: int, size: int, shared: bool) -> dict[str, Interval]:
    """Intervals of one simulated appraisal; super-nets differ in how well they rank, and err on their own."""
    first = rng.choice(len(ground.cells), size, replace=False)
    pools = [first if shared else rng.choice(len(ground.cells), size, replace=False) for _ in range(n)]
    signal = (ground.ranks - 0.5) * np.sqrt(12)
    proxies = [(0.6 + SEEDS * rng.normal()) * signal[pool] + NOISE * rng.normal(size=size) for pool in pools]
    free = {"number of parameters": signal + rng.normal(size=len(signal)) * 1.2}
    free["number of operations"] = free["number of parameters"] + 0.3 * rng.normal(size=len(signal))
    found = compare_with_baselines([pool.astype(np.int32) for pool in pools], proxies, ground.accuracies, free, rng)
    assert found.partial_given_all
    assert found.at_equal_size
    return {
        "Spearman": found.agreement,
        "difference to a baseline": found.differences["number of parameters"],
        "partial, all baselines": found.partial_given_all,
        "at equal size": found.at_equal_size,
    }


def _differences(ground: Ground, extent: Extent, seed: int) -> Iterator[Setting]:
    """Differences of guided searches with the law of random search, shifted, and with less and with more spread."""
    random = ground.random_regrets(14 * ground.mean_s, random_numbers(seed, f"{ground.name}, bank"), 4_000)
    std, mean = float(random.std()), float(random.mean())
    laws: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
        "law of random search": lambda rng, n: rng.choice(random, n) - 0.5 * std,
        "spread x 0.2": lambda rng, n: mean + std * (0.2 * rng.normal(size=n) - 0.5),
        "spread x 4.7": lambda rng, n: mean + std * (4.7 * rng.normal(size=n) - 0.5),
    }

    def simulate(rng: np.random.Generator, law: str, n: int) -> list[Line]:
        found, sizes = [], []
        for _ in range(extent.num):
            guided, runs = laws[law](rng, n), rng.choice(random, NUM_RUNS, replace=False)
            interval = mean_difference(guided, runs, equal_variances=cautious_test(guided, runs).test == "student")
            found.append(interval)
            sizes.append(standardized_difference(interval, float(runs.std(ddof=1))))
        # by intention the test is cautious where the guided search spreads no more than random search
        bars = 0.93, (0.98 if law == "spread x 4.7" else 1.0)
        return [
            Line(ground.name, f"cover, difference in regret, {law}", n, *share(_covers(found, -0.5 * std)), *bars),
            Line(ground.name, f"cover, d of it, {law}", n, *share(_covers(sizes, -0.5)), *bars),
        ]

    for law in laws:
        for n in extent.supernets:
            yield Setting(f"intervals, {law}, n={n}", partial(simulate, law=law, n=n))


Proxy = Callable[[Ground, np.random.Generator, np.ndarray, np.ndarray], np.ndarray]


def _noisy(ground: Ground, rng: np.random.Generator, pool: np.ndarray, _common: np.ndarray) -> np.ndarray:
    return np.asarray(ground.ranks[pool] + 0.2 * rng.normal(size=len(pool)))


def _common_noise(ground: Ground, rng: np.random.Generator, pool: np.ndarray, common: np.ndarray) -> np.ndarray:
    return np.asarray(_noisy(ground, rng, pool, common) + 0.2 * common[pool])


def _saturating(ground: Ground, rng: np.random.Generator, pool: np.ndarray, _common: np.ndarray) -> np.ndarray:
    return np.asarray(np.minimum(ground.ranks[pool], 0.4) + 0.1 * rng.normal(size=len(pool)))


def _liking(ground: Ground, rng: np.random.Generator, pool: np.ndarray, common: np.ndarray) -> np.ndarray:
    liked = ground.columns[0].values[pool]
    return np.asarray(_noisy(ground, rng, pool, common) + 0.2 * rng.normal() * np.nan_to_num(liked))


def _many_likings(ground: Ground, rng: np.random.Generator, pool: np.ndarray, common: np.ndarray) -> np.ndarray:
    scores = _noisy(ground, rng, pool, common)
    for column in ground.columns:
        values = np.nan_to_num(column.values[pool])
        scores += 0.05 * rng.normal() * values / max(float(values.std()), 0.1)
    return scores


NULLS: tuple[tuple[str, Proxy, bool, float], ...] = (
    ("independent noise, own pools", _noisy, False, 0.05),
    ("common noise, own pools", _common_noise, False, 0.05),
    ("common noise, one pool", _common_noise, True, 0.05),
    ("saturating, own pools", _saturating, False, 0.05),
    ("saturating, one pool", _saturating, True, 0.05),
    ("one liking that varies with the seed", _liking, False, 0.10),
    ("many likings that vary with the seed", _many_likings, False, 0.10),
)


def audits(ground: Ground, extent: Extent, seed: int) -> Iterator[Setting]:  # noqa: ARG001 (as the other parts)
    """Claims about structures where there is no bias, and how often a planted bias is found."""
    size = min(300, len(ground.cells))
    planted = ground.columns[0].name

    def simulate(rng: np.random.Generator, null: tuple[str, Proxy, bool, float], n: int) -> list[Line]:
        name, proxy, shared, most = null
        claims, covered = [], []
        for _ in range(extent.num):
            effects = _audited(ground, rng, n, size, proxy, shared)
            claims.append(any(one.rating in ("over-rated", "under-rated") for one in effects))
            found = [one.at_equal_accuracy for one in effects if one.name == planted]
            if found and not name.startswith("satur"):
                covered.append(bool(found[0].low <= 0 <= found[0].high))
        lines = [Line(ground.name, f"any claim, {name}", n, *share(claims), 0, most)]
        if covered:
            what = f"cover, d at equal accuracy, {name}"
            lines += [Line(ground.name, what, n, *share(covered), 0.93, 1.0 if shared else 0.98)]
        return lines

    def find(rng: np.random.Generator, n: int) -> list[Line]:
        proxy = _planted(_strength(ground, rng))
        found = []
        for _ in range(extent.num):
            effects = _audited(ground, rng, n, size, proxy, shared=False)
            found.append(any(one.name == planted and one.rating == "over-rated" for one in effects))
        least = 0.8 if n >= 3 else 0.0
        return [Line(ground.name, f"planted bias of d = {PLANTED} in '{planted}' found", n, *share(found), least, 1)]

    for null in NULLS:
        for n in extent.supernets:
            yield Setting(f"audits, {null[0]}, n={n}", partial(simulate, null=null, n=n))
    for n in sorted({3, *extent.supernets}):
        yield Setting(f"audits, planted, n={n}", partial(find, n=n))


def _planted(add: float) -> Proxy:
    def proxy(ground: Ground, rng: np.random.Generator, pool: np.ndarray, common: np.ndarray) -> np.ndarray:
        return np.asarray(_noisy(ground, rng, pool, common) + add * np.nan_to_num(ground.columns[0].values[pool]))

    return proxy


def _strength(ground: Ground, rng: np.random.Generator) -> float:
    """What to add to the scores of a structure for a d of 0.8 in the rank residuals, mean over 20 draws of noise."""
    pool = np.arange(len(ground.cells))
    has = np.nan_to_num(ground.columns[0].values) == 1
    noises = [_noisy(ground, rng, pool, np.empty(0)) for _ in range(20)]

    def mean_d(add: float) -> float:
        residuals = [rank_fractions(noise + add * has) - ground.ranks for noise in noises]
        return float(np.mean([(one[has].mean() - one[~has].mean()) / one.std() for one in residuals]))

    low, high = 0.0, 2.0
    for _ in range(20):
        add = (low + high) / 2
        low, high = (add, high) if mean_d(add) < PLANTED else (low, add)
    return add


def _audited(
    ground: Ground, rng: np.random.Generator, n: int, size: int, proxy: Proxy, shared: bool
) -> tuple[StructureEffect, ...]:
    first = rng.choice(len(ground.cells), size, replace=False)
    common = rng.normal(size=len(ground.cells))
    pools, ranks, truths = [], [], []
    for _ in range(n):
        pool = first if shared else rng.choice(len(ground.cells), size, replace=False)
        pools.append(pool)
        ranks.append(rank_fractions(proxy(ground, rng, pool, common)))
        truths.append(rank_fractions(ground.accuracies[pool]))
    return structure_effects(ground.columns, pools, ranks, truths, confidence=0.95)[0]


PARTS = {"verdicts": verdicts, "powers": powers, "intervals": intervals, "audits": audits}
