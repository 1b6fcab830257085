"""Random search with weight sharing: uniform training, and a search that scores 1,000 architectures in two stages."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from shareornot.errors import Interrupted, SettingsError
from shareornot.images import ImageSet
from shareornot.methods.contract import Setup
from shareornot.methods.single_path import SinglePath, with_clipping
from shareornot.methods.uniform import draw_uniformly
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.settings import EvaluationSettings


def rsws(
    setup: Setup, *, num_candidates: int = 1_000, num_batches: int = 10, num_finalists: int = 10
) -> "RandomSearchWithSharing":
    """Train one architecture per step uniformly with clipped gradients, then search at random with the shared weights.

    Args:
        setup: network, space and settings; gradients are clipped at a norm of 5 unless the optimizer sets another norm.
        num_candidates: random architectures that are scored on a few validation batches.
        num_batches: how many batches.
        num_finalists: the best of them, which are scored on all validation images.

    References: Li and Talwalkar 2019, arXiv:1902.07638, section 3.
    """
    if not 1 <= num_finalists <= num_candidates or num_batches < 1:
        raise SettingsError(
            "method rsws: expected num_batches from 1 and num_finalists from 1 to num_candidates, got "
            f"{num_batches}, {num_finalists} and {num_candidates}"
        )
    return RandomSearchWithSharing(with_clipping(setup), num_candidates, num_batches, num_finalists)


class RandomSearchWithSharing(SinglePath):
    """See `rsws`."""

    def __init__(self, setup: Setup, num_candidates: int, num_batches: int, num_finalists: int) -> None:
        super().__init__(setup, draw_uniformly(setup.architectures))
        self.setup = setup
        self.num_candidates, self.num_batches, self.num_finalists = num_candidates, num_batches, num_finalists

    def own_choice(
        self,
        images: ImageSet,
        evaluation: EvaluationSettings,
        rng: np.random.Generator,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """The best of the finalists on all validation images."""
        candidates = rng.choice(
            self.setup.architectures, min(self.num_candidates, len(self.setup.architectures)), False
        )
        num_images = min(self.num_batches * self.setup.training.batch_size, len(images.validation_images))
        which = rng.choice(len(images.validation_images), num_images, replace=False)
        few = replace(
            images, validation_images=images.validation_images[which], validation_labels=images.validation_labels[which]
        )
        evaluation = replace(evaluation, num_images="all")  # of those few, and of all
        first = np.array(list(until_stopped(Evaluator(self.network, few, evaluation).scores(candidates), should_stop)))
        finalists = candidates[np.argsort(-first, kind="stable")[: self.num_finalists]]
        whole = Evaluator(self.network, images, evaluation)
        final = np.array(list(until_stopped(whole.scores(finalists), should_stop)))
        return int(finalists[final.argmax()])


def until_stopped(scores: Iterator[float], should_stop: Callable[[], bool]) -> Iterator[float]:
    """The same scores.

    Raises:
        Interrupted: `should_stop` turned true between two of them.
    """
    for score in scores:
        yield score
        if should_stop():
            raise Interrupted("method: stopped while it was choosing an architecture; the choice begins again")
