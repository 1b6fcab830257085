"""Comparison of super-net scores with free baselines, such as the number of parameters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.statistics import Interval, PoolRanks, RankStatistics, blocks_of, rank_statistics, two_way_interval
from shareornot.statistics.pools import distinct_cells, places_among

MANY = 5_000
"""Number of architectures from which chance among them is small, and fewer blocks measure it well enough."""
BLOCKS = 20, 10
"""Blocks that the jackknife leaves out, of few and of many architectures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BeyondBaselines:
    """Agreement of the scores beside that of free baselines on the same architectures.

    Intervals cover other seeds and other architectures, see `two_way_interval`; with one super-net there is none.
    """

    agreement: Interval
    """Spearman's correlation of scores and standalone accuracies, mean over super-nets."""
    differences: dict[str, Interval]
    """Correlation of the scores minus that of each free baseline on the same architectures: positive = the scores rank
    better."""
    size: str | None
    """The baseline that stands for size, such as `number of parameters`; None without baselines."""
    partial_given_size: Interval | None
    """Partial Spearman correlation given the size; None without baselines, as the two below."""
    partial_given_all: Interval | None
    """Given all free baselines together."""
    at_equal_size: Interval | None
    """Mean Spearman correlation within strata of about equal size."""

    @property
    def best(self) -> str | None:
        """The free baseline that ranks these architectures best; None without any."""
        return min(self.differences, key=lambda name: self.differences[name].mean) if self.differences else None


def compare_with_baselines(
    pools: Sequence[Int32[np.ndarray, " _"]],
    proxies: Sequence[Float64[np.ndarray, " _"]],
    accuracies: Float64[np.ndarray, " rows"],
    baselines: dict[str, Float64[np.ndarray, " rows"]],
    rng: np.random.Generator,
) -> BeyondBaselines:
    """Compare the scores of super-nets that did not diverge with free baselines.

    Args:
        pools: architectures of each super-net, rows; repeated ones count as often as they are there.
        proxies: their scores, any unit, finite.
        accuracies: standalone accuracies of all rows, any unit.
        baselines: baselines of all rows, the size first; those that do not vary or are not finite among the pools are
            left out.
        rng: chooses which architectures the jackknife leaves out together.
    """
    distinct = distinct_cells(np.concatenate(pools))
    names = [
        name
        for name, values in baselines.items()
        if np.isfinite(values[distinct]).all() and all(np.ptp(values[pool]) > 0 for pool in pools)
    ]
    free = np.stack([baselines[name] for name in names]) if names else np.empty((0, len(accuracies)))
    few, many = BLOCKS
    block_of = blocks_of(len(distinct), rng, num_blocks=few if len(distinct) <= MANY else many)
    blocks = [block_of[places_among(distinct, pool)] for pool in pools]

    one_pool = all(np.array_equal(pool, pools[0]) for pool in pools)

    def over_pools(left_out: int | None) -> list[RankStatistics]:
        found, ranks = [], None
        for pool, scores, block in zip(pools, proxies, blocks, strict=True):
            kept = slice(None) if left_out is None else block != left_out
            rows = pool[kept]
            if ranks is None or not one_pool:
                ranks = PoolRanks.of(accuracies[rows], free[:, rows])
            found.append(rank_statistics(scores[kept], ranks))
        return found

    whole = over_pools(None)
    values = np.array([one.flat() for one in whole])
    parts = (
        np.array([[one.flat() for one in over_pools(block)] for block in range(int(block_of.max()) + 1)])
        if len(pools) > 1
        else values[None]
    )

    def interval(column: int, bounds: tuple[float, float]) -> Interval:
        return two_way_interval(values[:, column], parts[:, :, column], bounds=bounds)

    num = len(names)
    partial = [interval(1 + num + number, (-1.0, 1.0)) for number in range(3)] if num else [None] * 3
    return BeyondBaselines(
        agreement=interval(0, (-1.0, 1.0)),
        differences={name: interval(1 + number, (-2.0, 2.0)) for number, name in enumerate(names)},
        size=names[0] if names else None,
        partial_given_size=partial[0],
        partial_given_all=partial[1],
        at_equal_size=partial[2],
    )
