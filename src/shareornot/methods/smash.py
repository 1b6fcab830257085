"""SMASH: a hyper-network writes the weights of every architecture, and it alone learns."""

from collections.abc import Callable

import numpy as np

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.methods.contract import Setup
from shareornot.methods.refusals import hyper_units_missing
from shareornot.methods.rsws import until_stopped
from shareornot.methods.single_path import SinglePath
from shareornot.methods.uniform import draw_uniformly
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.hyper import HyperSuperNet
from shareornot.supernet.settings import EvaluationSettings


def smash(setup: Setup, *, num_candidates: int = 500, num_perturbed: int = 100) -> "SMASH":
    """Train a network that writes the weights of one architecture per step, each with the same probability.

    A hyper-network emits the weights of the convolutions from an encoding of the architecture. Random architectures are
    scored with the weights that it emits, and of each of the best a random neighbour is scored too; the method returns
    the best of all.

    Args:
        setup: a super-net with a hyper-network, see the setting `network.hyper_units`.
        num_candidates: random architectures that are scored for the choice.
        num_perturbed: the best of them, of which a neighbour is scored too.

    References: Brock et al. 2017, arXiv:1708.05344, sections 3 and 4.
    """
    if not 1 <= num_perturbed <= num_candidates:
        raise SettingsError(
            f"method smash: expected num_perturbed from 1 to num_candidates, got {num_perturbed} and {num_candidates}"
        )
    if not isinstance(setup.network, HyperSuperNet):
        raise hyper_units_missing("smash")
    return SMASH(setup, num_candidates, num_perturbed)


class SMASH(SinglePath):
    """See `smash`."""

    def __init__(self, setup: Setup, num_candidates: int, num_perturbed: int) -> None:
        super().__init__(setup, draw_uniformly(setup.architectures))
        self.setup, self.num_candidates, self.num_perturbed = setup, num_candidates, num_perturbed

    def own_choice(
        self,
        images: ImageSet,
        evaluation: EvaluationSettings,
        rng: np.random.Generator,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> int:
        """The best of random architectures and of neighbours of the best of them, on the validation images."""
        known, evaluator = self.setup.architectures, Evaluator(self.network, images, evaluation)
        candidates = rng.choice(known, min(self.num_candidates, len(known)), False)
        scores = np.array(list(until_stopped(evaluator.scores(candidates), should_stop)))
        best = candidates[np.argsort(-scores, kind="stable")[: self.num_perturbed]]
        neighbours = self.setup.space.mutate(best, rng)
        neighbours = neighbours[np.isin(neighbours, known)]
        more = np.array(list(until_stopped(evaluator.scores(neighbours), should_stop)))
        return int(np.concatenate([candidates, neighbours])[np.concatenate([scores, more]).argmax()])
