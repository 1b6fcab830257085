"""Sentences of a verdict about the quality of scores: the noise of a finite validation set, and failed trainings."""

from collections.abc import Sequence

import numpy as np

from shareornot.appraisal.budget_comparison import ScoredPool
from shareornot.statistics.split_half import QUESTIONABLE


def quality_sentences(pools: Sequence[ScoredPool], spearman: float) -> tuple[str, ...]:
    """Notes about the quality of the scores.

    A correlation with scores of reliability r is attenuated by the root of r, whatever the super-net is worth.

    Args:
        pools: pools of super-nets that did not diverge; their reliability may be unknown.
        spearman: mean correlation of their scores with standalone accuracies.

    Returns:
        None, one or two sentences.

    References: Spearman 1904, American Journal of Psychology 15, for the attenuation.
    """
    sentences = []
    known = np.array([pool.reliability for pool in pools if pool.reliability is not None])
    if len(known):
        mean = float(known.mean())
        lead = f"The scores have a reliability of {mean:.2f} over validation images"
        if len(known) > 1:
            lead += f" (lowest {known.min():.2f})"
        if mean > 0:
            lead += (
                f": the noise of a finite validation set attenuates the correlation by {100 - 100 * mean**0.5:.0f} %, "
                f"and without it the mean would be about {min(spearman / mean**0.5, 1):.2f}"
            )
        remedy = "; score more validation images" if known.min() < QUESTIONABLE else ""
        sentences.append(f"{lead}{remedy}.")
    idle = [pool.name for pool in pools if not pool.learnt]
    if idle:
        sentences.append(
            f"{', '.join(idle)} learnt nothing: the training loss stayed at that of guessing, so the figures "
            f"do not describe {'these super-nets' if len(idle) > 1 else 'this super-net'} once trained."
        )
    return tuple(sentences)
