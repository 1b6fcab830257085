"""Measures of each super-net of a wide table over a whole space: agreement, agreement among the best, and a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int32

from shareornot.appraisal.truth import Truth
from shareornot.progress import Progress
from shareornot.search import guided_regret
from shareornot.statistics import (
    PoolRanks,
    agreement_in_chosen_top,
    agreement_within_top,
    kendall_tau,
    rank_statistics,
    spearman,
)

Scores = Float64[np.ndarray, "supernets architectures"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Ground:
    """What scores are judged on. All columns are in the order of the scored architectures."""

    architectures: Int32[np.ndarray, " architectures"]
    """Numbers in the family."""
    truth: Truth
    baselines: Mapping[str, Float64[np.ndarray, " architectures"]]
    """What costs nothing, the size first."""
    repeats: Float64[np.ndarray, "repeated runs"] | None
    """Single trainings of the architectures of `repeated`; None if there are fewer than two of each."""
    repeated: Int32[np.ndarray, " repeated"]
    """Places of the architectures with all single trainings."""

    @property
    def accuracies(self) -> Float64[np.ndarray, " architectures"]:
        """Mean standalone accuracies, fractions."""
        return np.asarray(self.truth.table.validation[self.architectures])


@dataclass(frozen=True, kw_only=True, eq=False)
class Measures:
    """One number per super-net or baseline for each of these; columns of `regret` are budgets."""

    kendall: Float64[np.ndarray, " supernets"]
    spearman: Float64[np.ndarray, " supernets"]
    given_size: Float64[np.ndarray, " supernets"]
    """Partial Spearman correlation given the size; NaN without baselines, as the next two."""
    given_all: Float64[np.ndarray, " supernets"]
    """Given all baselines together."""
    at_equal_size: Float64[np.ndarray, " supernets"]
    """Mean Spearman correlation within strata of about equal size."""
    top_kendall: Float64[np.ndarray, " supernets"]
    """Among the best by mean accuracy, whose noise judges too."""
    unjudged_kendall: Float64[np.ndarray, " supernets"]
    """Among the best by a training that does not judge; NaN without repeated trainings, as the next."""
    unjudged_spearman: Float64[np.ndarray, " supernets"]
    regret: Float64[np.ndarray, "supernets budgets"]
    """Test regret of training the k best, a fraction."""
    time_s: Float64[np.ndarray, " budgets"]
    """When they are trained, mean over super-nets, with the cost of the super-net."""


def measure(
    scores: Scores,
    ground: Ground,
    rng: np.random.Generator,
    progress: Progress,
    *,
    num_trained: Sequence[int],
    top_share: float,
    start_s: float,
) -> Measures:
    """Compute everything for some super-nets, or for baselines.

    Args:
        scores: scores in any unit, finite and not constant.
        ground: what they are judged on.
        rng: breaks ties of searches.
        progress: advances by one for each super-net.
        num_trained: k of the TOP-k searches.
        top_share: fraction of the architectures that are the best.
        start_s: cost of a super-net, in the unit of the truth's times.
    """
    accuracies = ground.accuracies
    free = np.stack(list(ground.baselines.values())) if ground.baselines else np.empty((0, accuracies.size))
    pool = PoolRanks.of(accuracies, free)
    rows = []
    for own in scores:
        found = rank_statistics(own, pool)
        top_k = guided_regret(
            ground.truth.table, ground.architectures, own, rng, num_trained=num_trained, start_s=start_s
        )
        rows.append((found, top_k, kendall_tau(own, accuracies).value))
        progress.advance(1)

    def partial(name: str) -> Float64[np.ndarray, " supernets"]:
        values = [getattr(found, name) for found, _, _ in rows]
        return np.array([np.nan if value is None else value for value in values])

    top = agreement_within_top(scores, accuracies, share=top_share, coefficient=kendall_tau)
    unjudged = np.full((2, len(scores)), np.nan)
    if ground.repeats is not None:
        own_scores = scores[:, ground.repeated]
        unjudged = np.stack(
            [
                agreement_in_chosen_top(own_scores, ground.repeats, top_share, coefficient)
                for coefficient in (kendall_tau, spearman)
            ]
        )
    return Measures(
        kendall=np.array([tau for _, _, tau in rows]),
        spearman=np.array([found.agreement for found, _, _ in rows]),
        given_size=partial("partial_given_size"),
        given_all=partial("partial_given_all"),
        at_equal_size=partial("at_equal_size"),
        top_kendall=np.where(top.defined, top.values, np.nan),
        unjudged_kendall=unjudged[0],
        unjudged_spearman=unjudged[1],
        regret=np.stack([top_k.regret for _, top_k, _ in rows]),
        time_s=np.mean([top_k.time_s for _, top_k, _ in rows], axis=0),
    )
