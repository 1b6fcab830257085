"""The base of DARTS, SNAS and GDAS: one relaxed network, whose architecture weights follow gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.methods.adam import Adam
from shareornot.methods.contract import Scorer, Setup
from shareornot.methods.preferences import Preferences, part_of, prefixed
from shareornot.methods.refusals import mixing_refused
from shareornot.methods.single_path import with_clipping
from shareornot.supernet.contract import MixedSuperNet, used_regions
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.settings import EvaluationSettings
from shareornot.supernet.training import Batch, Report, Step

Weights = Sequence[Tensor]
"""A vector for each decision, which weighs its options."""

LEARNING_RATE, BETAS, WEIGHT_DECAY = 3e-4, (0.5, 0.999), 1e-3
"""Of Adam on architecture weights, as in the authors' code of DARTS and in that of NAS-Bench-201."""


class Differentiable:
    """A mixed super-net, its architecture weights, and an optimizer for each.

    Gradients of the shared weights are clipped at a norm of 5 unless the optimizer says otherwise.

    Args:
        setup: a whole product space, and a super-net that can mix its options.
        method: name of the method, for messages.
        learning_rate: of the architecture weights.
        weight_decay: of the architecture weights.

    Raises:
        SettingsError: the space is no product, or the network cannot mix.
    """

    def __init__(
        self, setup: Setup, method: str, *, learning_rate: float = LEARNING_RATE, weight_decay: float = WEIGHT_DECAY
    ) -> None:
        if learning_rate <= 0 or weight_decay < 0:
            raise SettingsError(
                f"method {method}: expected learning_rate above 0 and weight_decay from 0, got {learning_rate} and "
                f"{weight_decay}"
            )
        self.preferences = Preferences(setup, method)
        if not isinstance(setup.network, MixedSuperNet):
            raise mixing_refused(method, setup.space)
        if setup.training.paths_per_step != 1:
            raise SettingsError(
                f"method {method}: expected paths_per_step of 1, as all options are trained together, got "
                f"{setup.training.paths_per_step}"
            )
        self.network: MixedSuperNet = setup.network
        self.adam = Adam(self.preferences.logits, learning_rate, betas=BETAS, weight_decay=weight_decay)
        self.optimizer = PartialOptimizer(
            dict(setup.network.named_parameters()), with_clipping(setup).training.optimizer
        )

    def loss(self, weights: Weights, batch: Batch) -> Float[Tensor, ""]:
        """Cross-entropy of a mixture."""
        self.network.mix(weights)
        return F.cross_entropy(self.network(batch.images), batch.labels)

    def move_weights(self, loss: Tensor, at: Step) -> Report:
        """Move the shared weights by the gradients that a loss has left behind."""
        self.optimizer.step(used_regions(self.network), at.learning_rate)
        return Report(loss.detach())

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """One step; see the methods."""
        raise NotImplementedError

    def scorer(self) -> Scorer | None:
        """The log-probability of an architecture under softmax of the architecture weights."""
        return self.preferences

    def own_choice(self, images: ImageSet, evaluation: EvaluationSettings, rng: np.random.Generator) -> int:  # noqa: ARG002
        """The option with the largest weight of each decision."""
        return self.preferences.best()

    def state_dict(self) -> dict[str, Tensor]:
        """Architecture weights and the state of both optimizers."""
        return prefixed(
            {
                "preferences": self.preferences.state_dict(),
                "adam": self.adam.state_dict(),
                "optimizer": self.optimizer.state_dict(),
            }
        )

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint."""
        self.preferences.load_state_dict(part_of(state, "preferences"))
        self.adam.load_state_dict(part_of(state, "adam"))
        self.optimizer.load_state_dict(part_of(state, "optimizer"))


def temperature(at: Step, first: float, last: float) -> float:
    """Linear by epoch, from the first epoch to the last."""
    return first + (last - first) * at.epoch / max(at.num_epochs - 1, 1)
