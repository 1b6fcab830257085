"""Appraise scores that a user brings, from any super-net on any search space; nothing is trained.

Rows of each space and variant are appraised by themselves; the architectures of a space are those of all its rows, with
a proxy or without. See docs/own-scores.md for the columns.

Example:
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> depth = rng.integers(1, 5, 200)
    >>> accuracy = 0.7 + 0.04 * depth + rng.normal(0, 0.02, 200)
    >>> (found,) = appraise_scores({
    ...     "architecture": [f"net {number}" for number in range(200)],
    ...     "proxy": accuracy + rng.normal(0, 0.05, 200),
    ...     "standalone": accuracy,
    ...     "depth": depth,
    ... })
    >>> round(found.appraisal.agreement.mean, 2)
    0.71
    >>> found.audit.bias.untested
    ()
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from shareornot.appraisal.appraisal import NUM_RUNS, Appraisal, appraise_on
from shareornot.appraisal.audit import SpaceAudit, audit_on
from shareornot.appraisal.budget_comparison import ScoredPool, SupernetCosts
from shareornot.appraisal.user_scores.agreements import ScoreAgreement, agreement_of
from shareornot.appraisal.user_scores.memory import release_memory
from shareornot.appraisal.user_scores.results import AppraisedScores, UserAppraisals
from shareornot.appraisal.user_scores.scores import ScoredVariant, UserScores, read_user_scores
from shareornot.errors import DataError, SettingsError
from shareornot.progress import Progress, Silent
from shareornot.statistics import diverged
from shareornot.statistics.pools import distinct_cells

SUPERNET_COST = 4.0
"""Average trainings that a super-net costs, by default: the paper's 432 epochs over 108."""
LEAST_FOR_AUDIT = 20
MOST_AUDITED = 20_000
"""Architectures of a space that the bias audit looks at: effects are known to a hundredth then."""
MOST_CHAPTERS = 20
"""Pairs of space and variant whose searches are simulated, unless all are requested."""
MOST_SUPERNETS = 200
"""Super-nets of a pair whose searches are simulated, unless all are requested."""
MOST_SCORES = 400_000
"""Scores of a pair with several super-nets, likewise: super-nets are added while the total is below this."""


def appraise_scores(
    source: Any,
    *,
    supernet_cost: float | None = None,
    scoring_cost: float | None = None,
    seed: int = 0,
    num_trained: Sequence[int] = (1, 10, 20),
    top: int | None = None,
    num_runs: int | None = None,
    everything: bool = False,
    progress: Progress | None = None,
    each: Callable[[AppraisedScores], None] | None = None,
    keep_finished: bool = False,
    **options: Any,
) -> UserAppraisals:
    """Appraise and audit each space and variant.

    Args:
        source: `UserScores`, or whatever `read_user_scores` reads: a file, a data frame, a mapping.
        supernet_cost: what training the super-net costs, in average trainings of an architecture alone; by default what
            the file states, else 4.
        scoring_cost: what scoring one architecture costs, in the same unit; by default what the file states, else 0.
        seed: random seed; the result of a space and variant does not depend on the others.
        num_trained: k of the TOP-k comparisons.
        top: k of the comparison that the verdict is about, fixed beforehand; by default 10.
        num_runs: runs of random search, evolution and local search, by default 500.
        everything: simulate searches for all; by default for the first 20 pairs of space and variant and the first 200
            super-nets of each, or as many as have 400,000 scores, and agreement alone for the rest.
        progress: advances by 1 for each space and variant that is appraised: by a half once its searches are simulated,
            by a quarter once it is audited, and by a quarter after `each`.
        each: is called with each appraisal as soon as it is finished.
        keep_finished: whether an interruption (Ctrl-C) returns the appraisals that are finished, where there are any,
            with a note; by default it is raised.
        **options: options of `read_user_scores`, such as `unit` and `lower_is_better`.

    Returns:
        One appraisal for each space and variant, and the notes on how the source was read.

    Raises:
        SettingsError: a cost that is negative or not finite.
        DataError, UnitError: see `read_user_scores`.
    """
    for cost in (supernet_cost, scoring_cost):
        if cost is not None and not 0 <= cost < np.inf:
            raise SettingsError(
                f"costs: expected finite numbers of at least 0, got {supernet_cost} and {scoring_cost}; "
                "give them in average trainings of an architecture alone"
            )
    if isinstance(source, UserScores) and options:
        raise SettingsError(f"{', '.join(options)}: expected with scores that are still to be read; give them there")
    scores = source if isinstance(source, UserScores) else read_user_scores(source, **options)
    progress = progress or Silent()
    agreements = tuple(agreement_of(one) for one in scores.variants)
    chosen = scores.variants if everything else scores.variants[:MOST_CHAPTERS]
    found: list[AppraisedScores] = []
    try:
        for one, agreement in zip(chosen, agreements, strict=False):
            appraised = _appraise(
                one,
                agreement,
                supernet_cost,
                scoring_cost,
                seed,
                num_trained,
                top,
                num_runs=NUM_RUNS if num_runs is None else num_runs,
                everything=everything,
                progress=progress,
            )
            if each is not None:
                each(appraised)
            found.append(appraised)
            release_memory(sum(len(pool.cells) for pool in one.pools))
            progress.advance(0.25)
    except KeyboardInterrupt:
        if not (keep_finished and found):
            raise
    notes = scores.notes
    if len(found) < len(scores.variants):
        how = "All: --all." if len(found) == len(chosen) else "The appraisal was interrupted."
        note = (
            f"Searches, figures and audits are those of the first {len(found)} of {len(scores.variants):,} pairs of "
            f"space and variant; the agreement is that of all. {how}"
        )
        notes = (*notes, note)
    return UserAppraisals(found=tuple(found), agreements=agreements, notes=notes, interrupted=len(found) < len(chosen))


def _appraise(
    one: ScoredVariant,
    agreement: ScoreAgreement,
    supernet_cost: float | None,
    scoring_cost: float | None,
    seed: int,
    num_trained: Sequence[int],
    top: int | None,
    *,
    num_runs: int,
    everything: bool,
    progress: Progress,
) -> AppraisedScores:
    notes = []
    kept = one.pools if everything else _first_good(one.pools)
    if len(kept) < len(one.pools):
        notes.append(
            f"Appraised are the first {len(kept)} of {len(one.pools):,} super-nets, which have "
            f"{sum(len(pool.cells) for pool in kept):,} scores; the mean Spearman correlation of all super-nets is "
            f"{agreement.spearman.mean:.3f}. All: --all."
        )
        one = replace(one, pools=kept)
    training = next(cost for cost in (supernet_cost, one.supernet_cost, SUPERNET_COST) if cost is not None)
    scoring = next(cost for cost in (scoring_cost, one.scoring_cost, 0.0) if cost is not None)
    costs = SupernetCosts(training=training, scoring=scoring)
    appraisal = appraise_on(
        one.truth,
        one.pools,
        costs,
        np.random.default_rng(seed),
        num_trained=num_trained,
        top=top,
        num_runs=num_runs,
        proxy_unit=one.proxy_unit,
    )
    release_memory(sum(len(pool.cells) for pool in one.pools))
    progress.advance(0.5)
    audit, audit_notes = audit_scores(one, seed, num_trained)
    progress.advance(0.25)
    price = f"A super-net counts as {training:g} average trainings"
    price += f", scoring one {one.truth.thing} as {scoring:g}." if scoring else ", its scoring as nothing."
    return AppraisedScores(
        appraisal=replace(appraisal, notes=(*appraisal.notes, price, *notes, *audit_notes, *_direction(appraisal))),
        audit=audit,
    )


def _first_good(pools: Sequence[ScoredPool]) -> tuple[ScoredPool, ...]:
    """The first super-nets, as many as are appraised, one of which did not diverge."""
    num_scores = np.cumsum([len(pool.cells) for pool in pools])
    num_kept = max(1, int(np.searchsorted(num_scores, MOST_SCORES, side="right")))
    first = tuple(pools[: min(num_kept, MOST_SUPERNETS)])
    if any(not diverged(pool.proxies) for pool in first):
        return first
    return (*first[:-1], next(pool for pool in pools if not diverged(pool.proxies)))


def _direction(appraisal: Appraisal) -> list[str]:
    """What seems to be the wrong way round, where high proxies go with low accuracies for certain."""
    middle = float(np.median(np.concatenate(appraisal.standalone)))
    errors = (
        f"Standalone values such as {middle:.3g} look like errors or losses rather than accuracies: if lower is "
        "better, use --lower-is-better standalone."
    )
    if _reversed(appraisal):
        if middle < 0.5:
            return [errors]
        return ["The higher the proxy, the worse: if proxies are losses or errors, use --lower-is-better proxy."]
    return [errors] if middle < 0.1 else []


def _reversed(appraisal: Appraisal) -> bool:
    """Whether high proxies go with low accuracies, for certain."""
    agreement = appraisal.agreement
    if agreement.high is not None:
        return agreement.mean < -0.1 and agreement.high < 0
    num_scores = min(len(pool.cells) for pool in appraisal.pools)
    return agreement.mean * math.sqrt(num_scores - 1) < -3  # three standard deviations of chance


def audit_scores(
    one: ScoredVariant, seed: int, num_trained: Sequence[int] = (1, 10, 20)
) -> tuple[SpaceAudit | None, list[str]]:
    """The bias audit of one space and variant, or a note why there is none.

    Args:
        one: the scores.
        seed: random seed.
        num_trained: k of the TOP-k searches.
    """
    rng = np.random.default_rng(seed)
    thing = one.truth.thing
    scored = distinct_cells(np.concatenate([pool.cells for pool in one.pools]))
    notes = []
    pools = list(one.pools)
    if len(scored) > MOST_AUDITED:
        kept = np.sort(rng.choice(scored, MOST_AUDITED, replace=False))
        pools = [_part(pool, np.isin(pool.cells, kept)) for pool in pools]
        notes.append(f"The bias audit looks at {MOST_AUDITED:,} {thing}s drawn at random.")
    enough = [pool for pool in pools if pool.num_distinct >= LEAST_FOR_AUDIT]
    if not any(not diverged(pool.proxies) for pool in enough):
        return None, [f"The bias audit needs a super-net with at least {LEAST_FOR_AUDIT} scored {thing}s."]
    if not one.truth.architectures.features(scored[:1]):
        return None, ["The bias audit needs structural features: add columns that describe the architectures."]
    try:
        return audit_on(one.truth, enough, rng, num_trained=num_trained), notes
    except DataError as error:
        return None, [f"No bias audit: {error}."]


def _part(pool: ScoredPool, kept: Bool[np.ndarray, " cells"]) -> ScoredPool:
    return ScoredPool(name=pool.name, cells=pool.cells[kept], proxies=pool.proxies[kept])
