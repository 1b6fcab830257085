"""The base of DARTS, SNAS and GDAS: one relaxed network, whose architecture weights follow gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.adam import Adam
from shareornot.methods.contract import Setup
from shareornot.methods.learnt_preferences import LearntPreferences
from shareornot.methods.preferences import gumbel
from shareornot.methods.refusals import mixing_refused
from shareornot.methods.single_path import with_clipping
from shareornot.supernet.contract import MixedSuperNet, used_regions
from shareornot.supernet.training import Batch, Report, Step

Weights = Sequence[Tensor]
"""A vector for each decision, which weighs its options."""

LEARNING_RATE, BETAS, WEIGHT_DECAY = 3e-4, (0.5, 0.999), 1e-3
"""Settings of Adam on architecture weights, as in the authors' code of DARTS and in that of NAS-Bench-201."""


class Differentiable(LearntPreferences):
    """A mixed super-net, its architecture weights, and an optimizer for each.

    Gradients of the shared weights are clipped at a norm of 5 unless the optimizer sets another norm.

    Args:
        setup: a whole product space, and a super-net that can mix its options.
        method: name of the method, for messages.
        learning_rate: learning rate of the architecture weights.
        weight_decay: weight decay of the architecture weights.

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
        super().__init__(
            with_clipping(setup),
            method,
            lambda logits: Adam(logits, learning_rate, betas=BETAS, weight_decay=weight_decay),
        )
        if not isinstance(setup.network, MixedSuperNet):
            raise mixing_refused(method, setup.space)
        if setup.training.paths_per_step != 1:
            raise SettingsError(
                f"method {method}: expected paths_per_step of 1, because all options are trained together, got "
                f"{setup.training.paths_per_step}"
            )
        self.mixed: MixedSuperNet = setup.network

    def loss(self, weights: Weights, batch: Batch) -> Float[Tensor, ""]:
        """Cross-entropy of a mixture."""
        self.mixed.mix(weights)
        return F.cross_entropy(self.mixed(batch.images), batch.labels)

    def move_weights(self, loss: Tensor, at: Step) -> Report:
        """Move the shared weights by the gradients that a loss has left behind."""
        self.optimizer.step(used_regions(self.network), at.learning_rate)
        return Report(loss.detach())

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """One step; see the methods."""
        raise NotImplementedError


class Annealed(Differentiable):
    """The base of SNAS and GDAS: Gumbel noise on the log-probabilities, at a temperature that falls linearly by epoch.

    Args:
        setup: as for `Differentiable`.
        method: name of the method, for messages.
        temperatures: temperatures of the first epoch and of the last.
        learning_rate: learning rate of the architecture weights.
        weight_decay: weight decay of the architecture weights.

    Raises:
        SettingsError: as `Differentiable`, or a temperature that is not above 0.
    """

    def __init__(
        self,
        setup: Setup,
        method: str,
        temperatures: tuple[float, float],
        *,
        learning_rate: float = LEARNING_RATE,
        weight_decay: float = WEIGHT_DECAY,
    ) -> None:
        if min(temperatures) <= 0:
            first, last = temperatures
            raise SettingsError(f"method {method}: expected temperatures above 0, got {first} and {last}")
        super().__init__(setup, method, learning_rate=learning_rate, weight_decay=weight_decay)
        self.temperatures = temperatures

    def temperature(self, at: Step) -> float:
        """Temperature of an epoch, linear from the first epoch to the last."""
        first, last = self.temperatures
        return first + (last - first) * at.epoch / max(at.num_epochs - 1, 1)

    def relaxed(self, rng: np.random.Generator, t: float) -> list[Tensor]:
        """A draw: softmax((log p + Gumbel numbers) / t) for each decision."""
        logits = self.preferences.logits
        return [
            ((vector.log_softmax(0) + noise) / t).softmax(0)
            for vector, noise in zip(logits, gumbel(rng, logits), strict=True)
        ]
