"""The bias audit: which structures do super-nets over- and under-rate, and what are the scores without that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Integer

from shareornot.errors import DataError
from shareornot.statistics.agreement import diverged
from shareornot.statistics.feature_columns import FeatureColumn, feature_columns
from shareornot.statistics.feature_effects import StructureEffect, structure_effects
from shareornot.statistics.levels import CONFIDENCE
from shareornot.statistics.pools import first_evaluations
from shareornot.statistics.rank_residuals import rank_fractions
from shareornot.statistics.small_tree import Leaf, SmallTree, grow_tree

MIN_CELLS = 20
"""Distinct cells of a super-net that ranks and groups take."""
NUM_FOLDS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """One of the conditions that describe a group of cells."""

    feature: str
    level: str | None
    """Which word, for a feature in words."""
    above: float | None
    """The threshold, for a number."""
    holds: bool

    def __str__(self) -> str:
        if self.above is not None:
            return f"{self.feature} {'>' if self.holds else '<='} {self.above:g}"
        structure = self.feature if self.level is None else f"{self.feature} = {self.level}"
        return structure if self.holds else f"not {structure}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RatedGroup:
    """Cells that the tree puts together."""

    conditions: tuple[Condition, ...]
    """None for a group of all cells."""
    share: float
    """Share of the scores."""
    residual: float
    """Mean rank residual, a fraction; positive = over-rated."""
    at_equal_accuracy: float
    """The same between cells of equal standalone rank, which removes the effect of noise."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class AuditedScores:
    """The scores of one super-net, with and without the bias that the tree explains."""

    supernet: int
    """Which of the super-nets given."""
    cells: Int[np.ndarray, " distinct"]
    """Rows of the distinct cells of its pool, in their order of evaluation."""
    ranks: Float[np.ndarray, " distinct"]
    """Rank fractions of the proxies."""
    residuals: Float[np.ndarray, " distinct"]
    """Rank residuals."""
    unbiased: Float[np.ndarray, " distinct"]
    """Ranks less the group's rating at equal accuracy, which a tree grown on other cells predicts."""
    corrected: Float[np.ndarray, " distinct"]
    """Ranks less all of the residual that a tree grown on other cells predicts. This takes the noise's dislike of good
    structures back too, so these scores contain the mean standalone accuracy of each group."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class BiasAudit:
    """Which structures super-nets over- and under-rate."""

    effects: tuple[StructureEffect, ...]
    """Effects of each structure that could be tested, the largest first."""
    untested: tuple[str, ...]
    """Structures that too few cells have, or too few have not, in half of the super-nets or more."""
    groups: tuple[RatedGroup, ...]
    """The readable model: the leaves of a shallow tree, the most over-rated first."""
    explained_share: float
    """Share of the variance of the rank residuals that trees predict on cells held out; below zero by chance alone."""
    linear_share: float
    """The same for least squares on all structures at once, which explain more than a few readable groups."""
    scores: tuple[AuditedScores, ...]
    """Scores of each super-net that converged."""
    diverged: tuple[int, ...]
    """Super-nets left out: their proxies are constant or not finite."""


def audit_bias(
    proxies: Sequence[Float[np.ndarray, " _"]] | Float[np.ndarray, "supernets cells"],
    accuracies: Float[np.ndarray, " cells"],
    features: Mapping[str, np.ndarray],
    rng: np.random.Generator,
    *,
    pools: Sequence[Integer[np.ndarray, " _"]] | None = None,
    max_depth: int = 3,
    confidence: float = CONFIDENCE,
) -> BiasAudit:
    """Find the structures that super-nets of one space over- and under-rate.

    A cell that a pool holds more than once counts once, with its first score. Held-out cells are held out of all
    super-nets' pools at once.

    Args:
        proxies: scores by each super-net, any unit.
        accuracies: standalone accuracy of each cell, any unit.
        features: features of each cell, see `feature_columns`.
        rng: chooses which cells are held out together.
        pools: for each super-net the rows of the cells that it scored; by default all, in order.
        max_depth: questions that describe a group of cells, at most.
        confidence: confidence of intervals.

    Returns:
        Effects of all structures, groups of cells with their ratings, and the share of variance that each explains.

    Raises:
        DataError: fewer than 20 distinct cells in a pool, no super-net that converged, accuracies that are constant or
            not finite, no feature, or arrays that do not fit together.
        SettingsError: `confidence` is outside (0, 1) or `max_depth` below 0.

    References: Pourchot et al. 2020, arXiv:2002.04289, section 5.3 (biases found by eye).
    """
    pools = [np.arange(len(accuracies)) for _ in proxies] if pools is None else pools
    _check(proxies, accuracies, features, pools)
    left_out = tuple(number for number, values in enumerate(proxies) if diverged(values))
    kept = [number for number in range(len(proxies)) if number not in left_out]
    if not kept:
        raise DataError(
            "proxies: expected a super-net that ranks its cells, got constant or non-finite ones from all "
            f"{len(proxies)}: their training diverged; lower the learning rate"
        )
    columns = feature_columns(features)
    firsts = {number: first_evaluations(np.asarray(pools[number])) for number in kept}
    cells = [np.asarray(pools[number])[firsts[number]] for number in kept]
    ranks = [rank_fractions(np.asarray(proxies[number])[firsts[number]]) for number in kept]
    truths = [rank_fractions(accuracies[own]) for own in cells]
    effects, untested = structure_effects(columns, cells, ranks, truths, confidence=confidence)
    matrix = np.stack([column.values for column in columns], axis=1)
    rows, rank, truth = np.concatenate(cells), np.concatenate(ranks), np.concatenate(truths)
    tree, offsets = _fit(matrix, rows, rank, truth, max_depth)
    residual = rank - truth
    distinct, which = np.unique(rows, return_inverse=True)
    fold = rng.permutation(np.arange(len(distinct)) % NUM_FOLDS)[which]
    predicted, offset = _cross_fit(matrix, rows, rank, truth, fold, max_depth)
    ends = np.cumsum([len(own) for own in cells])[:-1]
    return BiasAudit(
        effects=effects,
        untested=untested,
        groups=_groups(tree, offsets, columns),
        explained_share=_explained(residual, predicted),
        linear_share=_explained(residual, _linear_cross_fit(matrix, rows, residual, fold)),
        scores=tuple(
            AuditedScores(supernet=number, cells=own, ranks=r, residuals=e, unbiased=u, corrected=c)
            for number, own, r, e, u, c in zip(
                kept,
                cells,
                ranks,
                np.split(residual, ends),
                np.split(rank - offset, ends),
                np.split(rank - predicted, ends),
                strict=True,
            )
        ),
        diverged=left_out,
    )


def _check(
    proxies: Sequence[np.ndarray] | np.ndarray,
    accuracies: np.ndarray,
    features: Mapping[str, np.ndarray],
    pools: Sequence[np.ndarray],
) -> None:
    if not len(proxies) or [len(pool) for pool in pools] != [len(values) for values in proxies]:
        raise DataError(
            "proxies: expected at least one super-net, with a proxy for each cell of its pool, "
            f"got {[len(values) for values in proxies]} proxies for pools of {[len(pool) for pool in pools]}"
        )
    if not features or {len(values) for values in features.values()} != {len(accuracies)}:
        raise DataError(
            f"features: expected at least one, with a value for each of {len(accuracies)} cells, "
            f"got lengths {sorted({len(values) for values in features.values()})}"
        )
    for number, pool in enumerate(pools):
        if len(np.unique(pool)) < MIN_CELLS:
            raise DataError(
                f"super-net {number}: expected at least {MIN_CELLS} distinct cells, got {len(np.unique(pool))}; "
                "score more cells"
            )
        if not np.isfinite(accuracies[pool]).all() or np.ptp(accuracies[pool]) == 0:
            raise DataError(
                f"super-net {number}: expected accuracies that are finite and differ, got others; "
                "leave out the cells that the table does not hold"
            )


def _fit(
    matrix: np.ndarray, rows: np.ndarray, rank: np.ndarray, truth: np.ndarray, max_depth: int
) -> tuple[SmallTree, Float[np.ndarray, " leaves"]]:
    """A tree of the rank residuals, and for each leaf its rating at equal accuracy, of mean 0 over the rows.

    The latter is the leaf's level in the model rank = level + slope x truth, one slope for all leaves: least squares.
    """
    tree = grow_tree(matrix, rank - truth, places=rows, max_depth=max_depth)
    leaf = tree.leaf_of(matrix)[rows]
    sizes = np.bincount(leaf, minlength=len(tree.leaves))
    means, truths = (np.bincount(leaf, weights=side, minlength=len(sizes)) / sizes for side in (rank, truth))
    inside = truth - truths[leaf]
    squares = float(inside @ inside)
    slope = float(inside @ rank) / squares if squares else 0.0
    levels = means - slope * truths
    return tree, levels - np.average(levels, weights=sizes)


def _cross_fit(
    matrix: np.ndarray,
    rows: np.ndarray,
    rank: np.ndarray,
    truth: np.ndarray,
    fold: np.ndarray,
    max_depth: int,
) -> tuple[Float[np.ndarray, " scores"], Float[np.ndarray, " scores"]]:
    """Residual of each score and rating at equal accuracy that a tree grown on other cells predicts."""
    predicted, offset = np.empty(len(rows)), np.empty(len(rows))
    for number in range(NUM_FOLDS):
        held_out = fold == number
        tree, offsets = _fit(matrix, rows[~held_out], rank[~held_out], truth[~held_out], max_depth)
        leaf = tree.leaf_of(matrix)[rows[held_out]]
        predicted[held_out] = np.array([one.value for one in tree.leaves])[leaf]
        offset[held_out] = offsets[leaf]
    return predicted, offset


def _linear_cross_fit(
    matrix: np.ndarray, rows: np.ndarray, residual: np.ndarray, fold: np.ndarray
) -> Float[np.ndarray, " scores"]:
    """Residual of each score that least squares on all structures, fitted to other cells, predict.

    Where a structure does not apply it counts as absent, and one more column marks that.
    """
    missing = np.isnan(matrix)
    columns = np.concatenate([np.nan_to_num(matrix), missing[:, missing.any(axis=0)]], axis=1)
    spread = columns.std(axis=0)
    columns = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1)
    design = np.concatenate([np.ones((len(matrix), 1)), columns], axis=1)
    predicted = np.empty(len(rows))
    for number in range(NUM_FOLDS):
        held_out = fold == number
        own = rows[~held_out]  # of many scores of a cell, their number and sum suffice
        counts = np.bincount(own, minlength=len(design))
        sums = np.bincount(own, weights=residual[~held_out], minlength=len(design))
        products = design.T @ (design * counts[:, None])
        weights = np.linalg.pinv(products, rcond=1e-9, hermitian=True) @ (design.T @ sums)
        predicted[held_out] = (design @ weights)[rows[held_out]]
    return predicted


def _explained(residual: np.ndarray, predicted: np.ndarray) -> float:
    """Share of the variance of the residuals that predictions explain."""
    squares = float(((residual - residual.mean()) ** 2).sum())
    return 1 - float(((residual - predicted) ** 2).sum()) / squares if squares else 0.0


def _groups(
    tree: SmallTree, offsets: Float[np.ndarray, " leaves"], columns: Sequence[FeatureColumn]
) -> tuple[RatedGroup, ...]:
    """The leaves in words, the most over-rated first."""
    num_rows = sum(leaf.num_rows for leaf in tree.leaves)
    groups = [
        RatedGroup(
            conditions=_conditions(leaf, columns),
            share=leaf.num_rows / num_rows,
            residual=leaf.value,
            at_equal_accuracy=float(offset),
        )
        for leaf, offset in zip(tree.leaves, offsets, strict=True)
    ]
    return tuple(sorted(groups, key=lambda group: -group.residual))


def _conditions(leaf: Leaf, columns: Sequence[FeatureColumn]) -> tuple[Condition, ...]:
    """The answers on the way to a leaf, without those that others imply."""
    questions = [(columns[question.column], question.threshold, answer) for question, answer in leaf.answers]
    has_level = {column.feature for column, _, answer in questions if column.level is not None and answer}
    kept: dict[tuple[str, bool], Condition] = {}
    for column, threshold, holds in questions:
        if column.level is not None and column.feature in has_level and not holds:
            continue
        above = None
        if column.is_number:  # integers are named themselves, for others the threshold between them
            whole = bool((column.values[column.applies] % 1 == 0).all())
            above = float(np.floor(threshold)) if whole else threshold
        # a number's last question about the same side is the narrowest
        kept[column.name, holds] = Condition(feature=column.feature, level=column.level, above=above, holds=holds)
    return tuple(kept.values())
