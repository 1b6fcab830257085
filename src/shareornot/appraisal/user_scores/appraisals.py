"""Appraise scores that a user brings, from any super-net on any search space; nothing is trained.

One row for each architecture and super-net, see `own_scores_columns` for the columns. Rows of each space and variant
are appraised by themselves; the architectures of a space are those of all its rows, with a proxy or without.

Example:
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> depth = rng.integers(1, 5, 200)
    >>> accuracy = 0.7 + 0.04 * depth + rng.normal(0, 0.02, 200)
    >>> scores = read_own_scores({
    ...     "architecture": [f"net {number}" for number in range(200)],
    ...     "proxy": accuracy + rng.normal(0, 0.05, 200),
    ...     "standalone": accuracy,
    ...     "depth": depth,
    ... })
    >>> (found,) = appraise_scores(scores)
    >>> round(found.appraisal.agreement.mean, 2)
    0.71
    >>> found.audit.bias.untested
    ()
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Int64

from shareornot.appraisal.appraisal import Appraisal, appraise_on
from shareornot.appraisal.audit import SpaceAudit, audit_on
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.truth import Truth
from shareornot.appraisal.user_scores.columns import OwnColumns, columns_of, count, read_columns
from shareornot.appraisal.user_scores.rows import OwnRows
from shareornot.appraisal.user_scores.truth import label, own_ground
from shareornot.appraisal.user_scores.units import AccuracyUnit
from shareornot.errors import DataError, SettingsError, ShareOrNotError
from shareornot.progress import Progress, Silent
from shareornot.statistics import diverged

SUPERNET_COST = 4.0
"""Average trainings that a super-net costs, by default: the paper's 432 epochs over 108."""
LEAST_FOR_AUDIT = 20
MOST_AUDITED = 20_000
"""Architectures of a space that the bias audit looks at: effects are known to a hundredth then."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredVariant:
    """The super-nets of one space and variant, and what they are judged on."""

    ground: Truth
    pools: tuple[ScoredPool, ...]
    proxy_unit: Literal["fraction", "any"]


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnScores:
    """Scores that were read and checked."""

    source: str
    """What to call them."""
    variants: tuple[ScoredVariant, ...]
    """For each space and variant, in the order of their first rows; at least one."""
    notes: tuple[str, ...]
    """What was assumed about all of them, and what was left out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AppraisedScores:
    """What was found about one space and variant."""

    appraisal: Appraisal
    audit: SpaceAudit | None
    """None where there are too few architectures or no features; a note of the appraisal says so."""


def read_own_scores(source: Any, *, unit: AccuracyUnit = "auto") -> OwnScores:
    """Read and check scores.

    Args:
        source: path of a CSV or Parquet file, a mapping of names to arrays, or a data frame.
        unit: of standalone and test accuracies; `auto` decides for each by its values, and a note says how.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, a column that is missing or of another type, too little to appraise.
        UnitError: accuracies in mixed units, or outside [0, 1] and [0, 100].
    """
    columns = read_columns(Path(source)) if isinstance(source, str | Path) else columns_of(source)
    notes = list(columns.notes)
    rows = OwnRows.of(columns, unit, notes)
    variants: list[ScoredVariant] = []
    refused: list[ShareOrNotError] = []
    for space in range(len(rows.spaces)):
        try:
            variants += _variants_of(columns, rows, space)
        except ShareOrNotError as error:
            refused.append(error)
    if not variants:
        raise refused[0]
    notes += [f"Left out: {error}." for error in refused]
    return OwnScores(source=columns.source, variants=tuple(variants), notes=tuple(notes))


def appraise_scores(
    scores: OwnScores,
    *,
    supernet_cost: float = SUPERNET_COST,
    scoring_cost: float = 0.0,
    seed: int = 0,
    num_trained: Sequence[int] = (1, 10, 20),
    progress: Progress | None = None,
) -> tuple[AppraisedScores, ...]:
    """Appraise and audit each space and variant.

    Args:
        scores: see `read_own_scores`.
        supernet_cost: what training the super-net costs, in average trainings of an architecture alone.
        scoring_cost: what scoring one architecture costs, in the same unit.
        seed: of what is random; the result of a space and variant does not depend on the others.
        num_trained: k of the TOP-k comparisons.
        progress: advances by 1 for each space and variant.

    Raises:
        SettingsError: a cost that is negative or not finite.
    """
    if not (0 <= supernet_cost < np.inf and 0 <= scoring_cost < np.inf):
        raise SettingsError(
            f"costs: expected finite numbers of at least 0, got {supernet_cost} and {scoring_cost}; "
            "give them in average trainings of an architecture alone"
        )
    progress = progress or Silent()
    found = []
    for one in scores.variants:
        found.append(_appraise(one, supernet_cost, scoring_cost, seed, num_trained))
        progress.advance()
    return tuple(found)


def _appraise(
    one: ScoredVariant, supernet_cost: float, scoring_cost: float, seed: int, num_trained: Sequence[int]
) -> AppraisedScores:
    costs = SupernetCosts(training=supernet_cost, scoring=scoring_cost)
    appraisal = appraise_on(
        one.ground, one.pools, costs, np.random.default_rng(seed), num_trained=num_trained, proxy_unit=one.proxy_unit
    )
    audit, notes = _audit(one, seed, num_trained)
    if _reversed(appraisal):
        notes.append("The higher the proxy, the worse: if proxies are losses or errors, change their sign.")
    price = f"A super-net counts as {supernet_cost:g} average trainings"
    price += f", scoring one {one.ground.thing} as {scoring_cost:g}." if scoring_cost else ", its scoring as nothing."
    return AppraisedScores(
        appraisal=replace(appraisal, notes=(*appraisal.notes, price, *notes)),
        audit=audit,
    )


def _reversed(appraisal: Appraisal) -> bool:
    """Whether high proxies go with low accuracies, for certain."""
    agreement = appraisal.agreement
    if agreement.high is not None:
        return agreement.mean < -0.1 and agreement.high < 0
    num_scores = min(len(pool.cells) for pool in appraisal.pools)
    return agreement.mean * math.sqrt(num_scores - 1) < -3  # three standard deviations of chance


def _audit(one: ScoredVariant, seed: int, num_trained: Sequence[int]) -> tuple[SpaceAudit | None, list[str]]:
    """The bias audit, or why there is none."""
    rng = np.random.default_rng(seed)
    scored = np.unique(np.concatenate([pool.cells for pool in one.pools]))
    notes = []
    pools = list(one.pools)
    if len(scored) > MOST_AUDITED:
        kept = np.sort(rng.choice(scored, MOST_AUDITED, replace=False))
        pools = [_part(pool, np.isin(pool.cells, kept)) for pool in pools]
        notes.append(f"The bias audit looks at {MOST_AUDITED:,} {one.ground.thing}s drawn at random.")
    enough = [pool for pool in pools if len(np.unique(pool.cells)) >= LEAST_FOR_AUDIT]
    if not any(not diverged(pool.proxies) for pool in enough):
        return None, [f"The bias audit needs a super-net with at least {LEAST_FOR_AUDIT} scored {one.ground.thing}s."]
    if not one.ground.architectures.features(scored[:1]):
        return None, ["The bias audit needs structural features: add columns that tell of the architectures."]
    try:
        return audit_on(one.ground, enough, rng, num_trained=num_trained), notes
    except DataError as error:
        return None, [f"No bias audit: {error}."]


def _part(pool: ScoredPool, kept: Bool[np.ndarray, " cells"]) -> ScoredPool:
    return ScoredPool(name=pool.name, cells=pool.cells[kept], proxies=pool.proxies[kept])


def _variants_of(columns: OwnColumns, rows: OwnRows, space: int) -> list[ScoredVariant]:
    """The variants of one space, on the same ground.

    Raises:
        DataError: too little to appraise.
    """
    own = np.flatnonzero(rows.space == space)
    ground, local = own_ground(columns, rows, own, rows.spaces[space])
    known = np.zeros(len(ground.table.member), bool)
    known[ground.table.cells] = True
    scored = ~np.isnan(rows.proxy[own])
    problems, found = [], []
    for variant in dict.fromkeys(rows.variant[own][scored].tolist()):
        inside = scored & (rows.variant[own] == variant)
        unknown = int(np.count_nonzero(inside & ~known[local]))
        notes = []
        if unknown:
            notes.append(f"Left out: {count(unknown, 'score')} of {ground.thing}s without a standalone accuracy.")
        chosen = np.flatnonzero(inside & known[local])
        pools = _pools(rows, own[chosen], local[chosen], notes, ground)
        good = [pool for pool in pools if not diverged(pool.proxies)]
        called = rows.variants[variant]
        name = label(columns.source, rows.spaces[space], called)
        if not good:
            problems.append(
                f"{name}: expected a super-net that ranks at least 2 {ground.thing}s with different standalone "
                "accuracies, got none: proxies are constant, not finite or missing"
            )
            continue
        finite = np.concatenate([pool.proxies for pool in good])
        is_fraction = bool(finite.min() >= 0 and finite.max() <= 1)
        found.append(
            ScoredVariant(
                ground=replace(ground, variant=called, notes=(*ground.notes, *notes)),
                pools=tuple(pools),
                proxy_unit="fraction" if is_fraction else "any",
            )
        )
    if not found:
        raise DataError(
            problems[0]
            if problems
            else f"{label(columns.source, rows.spaces[space], None)}: expected proxies, got none; score architectures"
        )
    first = found[0]
    found[0] = replace(first, ground=replace(first.ground, notes=(*first.ground.notes, *problems)))
    return found


def _pools(
    rows: OwnRows,
    own: Int64[np.ndarray, " scores"],
    local: Int64[np.ndarray, " scores"],
    notes: list[str],
    ground: Truth,
) -> list[ScoredPool]:
    """The scores of each super-net that has at least two to compare, and notes on the others."""
    pools = []
    num_repeated = 0
    too_few: list[str] = []
    numbers = np.unique(rows.supernet[own]).tolist()
    for number in sorted(numbers, key=lambda one: _natural(rows.supernets[one])):
        mine = rows.supernet[own] == number
        cells = local[mine].astype(np.int32)
        name = rows.supernets[number]
        if np.ptp(ground.table.validation[cells]) == 0:
            too_few.append(name)
            continue
        num_repeated += len(cells) - len(np.unique(cells))
        pools.append(ScoredPool(name=name, cells=cells, proxies=rows.proxy[own][mine]))
    if too_few:
        notes.append(
            f"Left out: {', '.join(too_few[:10])}, without two {ground.thing}s of different standalone accuracy."
        )
    if num_repeated:
        notes.append(
            f"{count(num_repeated, 'row')} of {ground.thing}s that the same super-net had scored already: counted as "
            "often as they are there in the agreement, and once in searches and in the audit."
        )
    return pools


def _natural(name: str) -> tuple[int, str]:
    """Sorts numbers as numbers, by their length first."""
    return (len(name), name) if name.isdecimal() else (1_000_000, name)
