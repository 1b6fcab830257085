"""The numbers of a chapter as flat rows, for tables, Parquet files and the page.

Accuracies, regrets, shares and differences are fractions, times have the appraisal's `time_unit`, and a difference is
method minus random search in test regret: negative = better than random search.
"""

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64, Int64

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.audit_words import group_in_words, structure_in_words
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.own_word import OwnWord
from shareornot.statistics import EffectSize, Interval
from shareornot.statistics.pools import distinct_cells, places_among
from shareornot.statistics.rank_residuals import rank_fractions

Value: TypeAlias = str | int | float | bool | None
Row: TypeAlias = dict[str, Value]


RATING_WORDS = {
    "over-rated": "over-rated",
    "under-rated": "under-rated",
    "not beyond noise": "explained by noise",
    "none": "not significant",
}
"""`explained by noise`: significant, but not between architectures of equal accuracy."""


def agreement_row(found: Appraisal) -> Row:
    """Agreement of the scores with standalone accuracies, and the conclusions."""
    helped, trust, own = found.verdict.helped, found.verdict.trust, found.own
    return {
        "num_supernets": len(found.pools),
        "num_diverged": found.spearmans.count(None),
        "num_cells_scored": max(len(pool.cells) for pool in found.pools),
        "spearman": found.agreement.mean,
        "spearman_low": found.agreement.low,
        "spearman_high": found.agreement.high,
        "spearman_half_width": found.agreement.half_width,
        "spearman_paper_half_width": found.paper_agreement.half_width,
        "kendall_tau": found.quality.kendall_tau.mean,
        "noise_ceiling": None if found.ceiling is None else found.ceiling.ceiling,
        "share_of_ceiling": found.share_of_ceiling,
        "answer": helped.answer,
        "verdict": helped.sentence,
        "headline_num_trained": helped.num_trained,
        "more_supernets": helped.more_supernets,
        "trust": trust.answer,
        "trust_verdict": trust.sentence,
        **_interval("own_regret", own.regret if own else None),
        **_interval("own_spearman", own.preference if own else None),
    }


def supernet_rows(found: Appraisal) -> list[Row]:
    """One row per super-net."""
    own = found.own or OwnWord.nothing(len(found.pools))
    return [
        {
            "name": pool.name,
            "num_scored": len(pool.cells),
            "num_distinct": pool.num_distinct,
            "spearman": value,
            "diverged": value is None,
            "learnt": pool.learnt,
            "reliability": pool.reliability,
            "lowest_score": _finite(pool.proxies.min()),
            "highest_score": _finite(pool.proxies.max()),
            "own_spearman": preference,
            "own_regret": regret,
            "own_choice": None if choice is None else found.architectures.texts(np.array([choice]))[0],
        }
        for pool, value, choice, regret, preference in zip(
            found.pools, found.spearmans, own.choices, own.regrets, own.preferences, strict=True
        )
    ]


def comparison_rows(found: Appraisal) -> list[Row]:
    """The guided search and evolution against random search, one row per budget."""
    return [
        {
            "num_trained": one.num_trained,
            "budget": one.budget_s,
            "num_random_trainings": one.num_random_trainings,
            "guided_regret": one.guided_regret,
            "random_regret": one.random_regret,
            "evolution_regret": one.evolution_regret,
            **_compared("guided", one.difference, one.p_value, one.effect),
            "guided_superiority": one.superiority,
            **_compared("evolution", one.evolution_difference, one.evolution_p_value, one.evolution_effect),
            "helped": one.helped,
            "hurt": one.hurt,
            "more_supernets": one.more_supernets,
        }
        for one in found.comparisons
    ]


def rival_rows(found: Appraisal) -> list[Row]:
    """The guided search against every search that needs no super-net, one row per budget and rival."""
    return [
        {
            "num_trained": one.num_trained,
            "budget": one.budget_s,
            "num_random_trainings": one.num_random_trainings,
            "rival": rival.name,
            "kind": rival.kind,
            "guided_regret": one.guided_regret,
            "rival_regret": rival.regret,
            "difference": rival.difference.mean,
            "difference_low": rival.difference.low,
            "difference_high": rival.difference.high,
            "half_width": rival.difference.half_width,
            "p_value": rival.p_value,
            "d": _finite(rival.effect.d) if rival.effect else None,
            "superiority": rival.superiority,
            "tested": rival.tested,
        }
        for one in found.comparisons
        for rival in one.rivals
    ]


def baseline_rows(found: Appraisal) -> list[Row]:
    """The scores beside each baseline that needs no training, on the architectures that were scored."""
    return [
        {
            "baseline": name,
            "spearman": found.baselines.get(name),
            "difference": difference.mean,
            "difference_low": difference.low,
            "difference_high": difference.high,
        }
        for name, difference in found.beyond_baselines.differences.items()
    ]


def best_rows(found: Appraisal, most: int) -> list[Row]:
    """The architectures to train next: the best by score of all super-nets that converged.

    Super-nets score in units of their own, so an architecture is rated by its rank in the pool of each super-net that
    scored it: the share of the pool that it beats, as a mean over these super-nets.

    Args:
        found: appraisal with at least one super-net that converged.
        most: how many.
    """
    good = [pool for pool, value in zip(found.pools, found.spearmans, strict=True) if value is not None]
    scored = np.concatenate([pool.cells for pool in good])
    cells = distinct_cells(scored)
    positions = places_among(cells, scored)
    counts = np.bincount(positions, minlength=len(cells))
    ranks = np.concatenate([rank_fractions(pool.proxies) for pool in good])
    mean_rank = np.bincount(positions, ranks, minlength=len(cells)) / counts
    truths = np.concatenate(
        [truth for truth, value in zip(found.standalone, found.spearmans, strict=True) if value is not None]
    )
    standalone = np.bincount(positions, truths, minlength=len(cells)) / counts
    best = _highest(mean_rank, most)
    known = np.sort(standalone[np.isfinite(standalone)])
    num_better = len(known) - np.searchsorted(known, standalone[best], side="right")
    names = found.architectures.texts(cells[best])
    return [
        {
            "place": place + 1,
            "architecture": name,
            "rank_by_score": float(mean_rank[row]),
            "num_supernets": int(counts[row]),
            "standalone": _finite(standalone[row]),
            "true_rank": int(num_better[place]) + 1 if math.isfinite(standalone[row]) else None,
            "num_ranked": len(known),
        }
        for place, (row, name) in enumerate(zip(best.tolist(), names, strict=True))
    ]


def _highest(values: Float64[np.ndarray, " rows"], most: int) -> Int64[np.ndarray, " highest"]:
    """Positions of the highest values, descending, of equal ones the first."""
    if most < len(values):
        last = np.partition(values, len(values) - most)[len(values) - most]
        among = np.flatnonzero(values >= last)
    else:
        among = np.arange(len(values))
    return among[np.argsort(-values[among], kind="stable")][:most]


def paired_rows(chapter: Chapter) -> list[Row]:
    """The comparisons of the paper's first version, one row per budget."""
    return [
        {
            "num_trained": one.num_trained,
            "guided_regret": one.guided_regret,
            "random_regret": one.random_regret,
            **_compared("guided", one.difference, one.test.p_value, None),
        }
        for one in chapter.pairs
    ]


def top_rows(found: Appraisal) -> list[Row]:
    """How good the k best by score are, beside k drawn at random; one row per k."""
    return [
        {
            "k": top.k,
            "precision": top.precision.mean,
            "random_precision": top.random_precision,
            "best_rank": top.best_rank.mean,
            "random_best_rank": top.random_best_rank,
            "best_regret": top.best_regret.mean,
            "best_regret_half_width": top.best_regret.half_width,
            "random_best_regret": top.random_best_regret,
        }
        for top in found.quality.top
    ]


def ceiling_row(found: Appraisal) -> Row | None:
    """The noise ceiling of the table; None if no training was repeated."""
    ceiling = found.ceiling
    if ceiling is None:
        return None
    return {
        "num_cells": ceiling.num_cells,
        "single_run": ceiling.single_run,
        "one_against_others": ceiling.one_against_others,
        "ceiling": ceiling.ceiling,
    }


def effect_rows(audit: SpaceAudit) -> list[Row]:
    """How each structure is rated, the largest effect first."""
    return [
        {
            "structure": structure_in_words(effect.feature, effect.level),
            "per": "standard deviation" if effect.is_number else "with against without",
            "share": effect.share,
            "points": effect.points,
            "d": effect.effect.d,
            "low": effect.effect.low,
            "high": effect.effect.high,
            "num_same_sign": effect.num_same_sign,
            "num_supernets": len(effect.each),
            "d_at_equal_accuracy": effect.at_equal_accuracy.d,
            "corrected_p_of_rating": effect.corrected_p_of_rating,
            "rating": RATING_WORDS[effect.rating],
        }
        for effect in audit.bias.effects
    ]


def group_rows(audit: SpaceAudit) -> list[Row]:
    """The groups of the small tree, the most over-rated first."""
    return [
        {
            "group": group_in_words(group),
            "share": group.share,
            "residual": group.residual,
            "at_equal_accuracy": group.at_equal_accuracy,
        }
        for group in audit.bias.groups
    ]


def cost_rows(audit: SpaceAudit) -> list[Row]:
    """Cost of the bias for the guided search, one row per budget."""
    return [
        {
            "num_trained": cost.num_trained,
            "as_scored": cost.as_scored,
            "unbiased": cost.unbiased,
            "difference": cost.difference.mean,
            "difference_low": cost.difference.low,
            "difference_high": cost.difference.high,
            "half_width": cost.difference.half_width,
            "p_value": cost.p_value,
            "corrected": cost.corrected,
        }
        for cost in audit.costs
    ]


def score_columns(found: Appraisal) -> dict[str, Any]:
    """Every score of every super-net beside the standalone accuracy, as columns of equal length."""
    sizes = [len(pool.cells) for pool in found.pools]
    cells = np.concatenate([pool.cells for pool in found.pools])
    supernets = _repeated([pool.name for pool in found.pools], np.repeat(np.arange(len(sizes)), sizes))
    proxies = np.concatenate([pool.proxies for pool in found.pools])
    standalone = np.concatenate(found.standalone)
    if found.architectures.family != "nasbench101":
        distinct = distinct_cells(cells)
        names = _repeated(found.architectures.texts(distinct), places_among(distinct, cells))
        return {"supernet": supernets, "architecture": names, "proxy": proxies, "standalone": standalone}
    return {
        "supernet": supernets,
        "cell": cells,
        "proxy_validation_accuracy": proxies,
        "standalone_validation_accuracy": standalone,
    }


def _repeated(texts: Sequence[str], places: Int64[np.ndarray, " rows"]) -> pa.Array:
    """The text of each row, without a Python object for each."""
    return pa.array(texts, pa.string()).take(pa.array(places))


def curve_columns(found: Appraisal) -> dict[str, Any]:
    """Regret of every search against time, as columns of equal length."""
    curves = found.curves
    return {
        "search": np.repeat(list(curves), [len(curve.time_s) for curve in curves.values()]),
        **{
            name: np.concatenate([getattr(curve, name) for curve in curves.values()])
            for name in ("time_s", "mean", "low", "high")
        },
    }


def _compared(name: str, difference: Interval | None, p_value: float | None, effect: EffectSize | None) -> Row:
    """A method against random search."""
    return {
        f"{name}_difference": difference.mean if difference else None,
        f"{name}_low": difference.low if difference else None,
        f"{name}_high": difference.high if difference else None,
        f"{name}_half_width": difference.half_width if difference else None,
        f"{name}_p_value": p_value,
        f"{name}_d": _finite(effect.d) if effect else None,
    }


def _interval(name: str, interval: Interval | None) -> Row:
    """A mean with both ends of its interval."""
    return {
        name: interval.mean if interval else None,
        f"{name}_low": interval.low if interval else None,
        f"{name}_high": interval.high if interval else None,
    }


def _finite(value: float) -> float | None:
    """None for an infinite effect, such as that of samples that do not vary."""
    return float(value) if math.isfinite(value) else None
