"""Agreement among the best architectures, chosen by trainings that do not judge.

The best by a noisy mean are partly the luckiest: among them, the noise that chose an architecture also judges its
score, and even another training of the same architectures agrees with that mean far less than over the whole space.
Here one training chooses the best, and another one judges the scores. A third one gives what a score can be compared
with: how far a training of each architecture itself agrees with the judge among the chosen.

References: Efron 2011, "Tweedie's formula and selection bias" (on what choosing the largest does).
"""

import math
from collections.abc import Iterator
from itertools import permutations

import numpy as np
from jaxtyping import Bool, Float

from shareornot.errors import DataError
from shareornot.statistics.agreement import Coefficient, kendall_tau, spearman, within_top

Runs = Float[np.ndarray, "architectures runs"]


def agreement_in_chosen_top(
    scores: Float[np.ndarray, "supernets architectures"],
    runs: Runs,
    share: float,
    coefficient: Coefficient = kendall_tau,
) -> Float[np.ndarray, " supernets"]:
    """Agreement of scores with a training, among the best by another training; mean over all ordered pairs.

    Args:
        scores: scores of each super-net, any unit.
        runs: accuracies of repeated trainings of the same architectures, at least two; any unit, none missing.
        share: fraction of the architectures that are chosen, in (0, 1].
        coefficient: what is computed among the chosen.

    Returns:
        One number per super-net, NaN if its scores are constant among the chosen of every pair.

    Raises:
        DataError: fewer than two trainings.
        SettingsError: `share` is outside (0, 1].
    """
    _check(runs, 2, "one that chooses and one that judges")
    values = [
        coefficient(scores[:, top], runs[top, judge])
        for chooser, top in _chosen(runs, share)
        for judge in range(runs.shape[1])
        if judge != chooser
    ]
    defined = np.array([np.where(one.defined, one.values, 0.0) for one in values]).sum(axis=0)
    counts = np.array([one.defined for one in values]).sum(axis=0)
    return np.asarray(np.divide(defined, counts, out=np.full(len(scores), np.nan), where=counts > 0))


def training_in_chosen_top(runs: Runs, share: float, coefficient: Coefficient = kendall_tau) -> float:
    """Agreement of a training with another one, among the best by a third; mean over all ordered triples.

    Args:
        runs: accuracies of repeated trainings, at least three; any unit, none missing.
        share: fraction of the architectures that are chosen, in (0, 1].
        coefficient: what is computed among the chosen.

    Returns:
        The mean coefficient, in [-1, 1].

    Raises:
        DataError: fewer than three trainings, or trainings that are constant among the chosen.
        SettingsError: `share` is outside (0, 1].
    """
    _check(runs, 3, "one that chooses, one that judges and one that is judged")
    values = []
    for chooser, top in _chosen(runs, share):
        others = [run for run in range(runs.shape[1]) if run != chooser]
        values += [coefficient(runs[top, one], runs[top, two]).value for one, two in permutations(others, 2)]
    defined = [value for value in values if value is not None]
    if not defined:
        raise DataError("runs: expected trainings that differ among the best, got constant ones; take a larger share")
    return float(np.mean(defined))


def ceiling_in_chosen_top(runs: Runs, share: float) -> float:
    """Highest Spearman correlation of any score with a training, among the best by another training.

    The square root of `training_in_chosen_top`: the trainings that judge and are judged have independent noise, as
    neither chose, so a score without noise agrees with one of them by the root of their agreement.

    Args:
        runs: accuracies of repeated trainings, at least three; any unit, none missing.
        share: fraction of the architectures that are chosen, in (0, 1].

    Returns:
        The ceiling, in [0, 1].

    Raises:
        DataError: fewer than three trainings, or trainings that are constant among the chosen.
        SettingsError: `share` is outside (0, 1].

    References: Spearman 1904, "The proof and measurement of association between two things" (attenuation).
    """
    return math.sqrt(max(training_in_chosen_top(runs, share, spearman), 0.0))


def _chosen(runs: Runs, share: float) -> Iterator[tuple[int, Bool[np.ndarray, " architectures"]]]:
    for chooser in range(runs.shape[1]):
        yield chooser, within_top(runs[:, chooser], share)


def _check(runs: Runs, least: int, what_for: str) -> None:
    if runs.shape[1] < least:
        raise DataError(f"runs: expected at least {least} trainings, {what_for}, got {runs.shape[1]}; repeat trainings")
