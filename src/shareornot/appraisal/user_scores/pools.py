"""The scores of each super-net: in order, finite, and each super-net once."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.appraisal.user_scores.score_table import ScoreTable
from shareornot.appraisal.user_scores.wording import count, listed
from shareornot.statistics import diverged
from shareornot.statistics.ranks import average_ranks

LARGEST, SMALLEST = 1e200, 1e-200
"""Sizes of proxies that figures and sums can cope with; others are replaced by their ranks."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SpaceScores:
    """The scores of one space."""

    row: Int64[np.ndarray, " scores"]
    """Row of the file."""
    architecture: Int64[np.ndarray, " scores"]
    """Number of the architecture in the space."""
    variant: Int64[np.ndarray, " scores"]
    supernet: Int64[np.ndarray, " scores"]
    proxy: Float64[np.ndarray, " scores"]


def pools_of_variant(
    scores: SpaceScores,
    table: ScoreTable,
    known: Bool[np.ndarray, " architectures"],
    validation: Float64[np.ndarray, " architectures"],
    thing: str,
) -> tuple[list[ScoredPool], list[str]]:
    """The scores of each super-net of one variant that has at least two to compare, and notes on what was left out.

    Args:
        scores: scores of the variant, without missing ones, except of super-nets that gave none at all.
        table: table of all scores.
        known: architectures with a standalone accuracy.
        validation: validation accuracy.
        thing: what messages call an architecture.
    """
    notes: list[str] = []
    kept = known[scores.architecture]
    unknown = int(np.count_nonzero(~kept & ~np.isnan(scores.proxy)))
    if unknown:
        notes.append(f"Left out: {count(unknown, 'score')} of {thing}s without a standalone accuracy.")
    infinite = np.isinf(scores.proxy)
    if infinite.any():
        first = int(np.flatnonzero(infinite)[0])
        notes.append(
            f"{count(int(infinite.sum()), 'infinite score')}, the first in "
            f"{table.columns.row(int(scores.row[first]))}: minus infinity ranks last, infinity first."
        )
    order = np.flatnonzero(kept)
    order = order[np.argsort(scores.supernet[order], kind="stable")]
    numbers, starts = np.unique(scores.supernet[order], return_index=True)
    pools: list[ScoredPool] = []
    too_few: list[str] = []
    num_repeated = num_ranked = 0
    for number, own in zip(numbers.tolist(), np.split(order, starts[1:]), strict=True):
        name = table.supernets[number]
        cells = scores.architecture[own].astype(np.int32)
        if np.ptp(validation[cells]) == 0:
            too_few.append(name)
            continue
        proxies, ranked = finite_scores(scores.proxy[own])
        num_ranked += ranked
        pools.append(ScoredPool(name=name, cells=cells, proxies=proxies))
        num_repeated += len(cells) - pools[-1].num_distinct
    pools.sort(key=lambda pool: _natural(pool.name))
    pools, copies = _without_copies(pools)
    if too_few:
        notes.append(f"Left out: {listed(too_few)}, without two {thing}s of different standalone accuracy.")
    if copies:
        notes.append(f"Counted once: {listed(copies, 5)}, a copy score by score.")
    if num_ranked:
        notes.append(
            f"The proxies of {count(num_ranked, 'super-net')} are too large, too small or too close together to be "
            "drawn: their ranks stand for them, since only their order counts."
        )
    if num_repeated:
        notes.append(
            f"{count(num_repeated, 'row')} of {thing}s that the same super-net had scored already: counted as "
            "often as they are there in the agreement, and once in searches and in the audit."
        )
    return pools, notes


def finite_scores(proxies: Float64[np.ndarray, " scores"]) -> tuple[Float64[np.ndarray, " scores"], bool]:
    """Scores in the same order, all finite and of a size that can be drawn; and whether ranks stand for them.

    Infinite scores become a little smaller or larger than the others. Scores of which no two finite ones differ stay as
    they are: their super-net diverged.
    """
    finite = proxies[np.isfinite(proxies)]
    if not finite.size or finite.min() == finite.max() or np.isnan(proxies).any():
        return proxies, False
    low, high = float(finite.min()), float(finite.max())
    largest = max(abs(low), abs(high))
    if largest > LARGEST or largest < SMALLEST or high - low < 1e-10 * largest or high - low < SMALLEST:
        return average_ranks(proxies), True
    margin = (high - low) / 20
    bounded = np.where(np.isneginf(proxies), low - margin, np.where(np.isposinf(proxies), high + margin, proxies))
    return np.asarray(bounded), False


def _without_copies(pools: Sequence[ScoredPool]) -> tuple[list[ScoredPool], list[str]]:
    """The pools without those whose scores are those of an earlier one, and which those were."""
    if len(pools) < 2:
        return list(pools), []
    seen: dict[bytes, str] = {}
    kept, copies = [], []
    for pool in pools:
        order = np.lexsort((pool.proxies, pool.cells))
        key = hashlib.sha256(pool.cells[order].tobytes() + pool.proxies[order].tobytes()).digest()
        if key in seen and not diverged(pool.proxies) and len(pool.cells) > 2:
            copies.append(f"{pool.name} of {seen[key]}")
        else:
            seen.setdefault(key, pool.name)
            kept.append(pool)
    return kept, copies


def _natural(name: str) -> tuple[object, ...]:
    """Sorts numbers in names as numbers."""
    parts = re.split(r"(\d{1,18})", name)
    return (not name[:1].isdigit(), *((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts))
