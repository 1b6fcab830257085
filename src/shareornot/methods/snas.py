"""SNAS: all options weighted by a relaxed random choice, learnt together with the shared weights."""

from collections.abc import Callable

from shareornot.methods.contract import Setup
from shareornot.methods.differentiable import LEARNING_RATE, WEIGHT_DECAY, Annealed
from shareornot.supernet.training import Batch, Report, Step


def snas(
    setup: Setup,
    *,
    first_temperature: float = 1.0,
    last_temperature: float = 0.33,
    learning_rate: float = LEARNING_RATE,
    weight_decay: float = WEIGHT_DECAY,
) -> "SNAS":
    """Train a network that mixes all options by a relaxed random choice, on one training loss for all weights.

    z = softmax((log p + g) / t) for every decision, with Gumbel numbers g and a temperature t that falls linearly by
    epoch. Shared weights and architecture weights follow the gradient of the same training loss.

    Args:
        setup: a whole product space, and a super-net that can mix.
        first_temperature: t in the first epoch.
        last_temperature: t in the last epoch.
        learning_rate: learning rate of the architecture weights.
        weight_decay: weight decay of the architecture weights.

    References: Xie et al. 2019, arXiv:1812.09926, section 2.
    """
    temperatures = first_temperature, last_temperature
    return SNAS(setup, "snas", temperatures, learning_rate=learning_rate, weight_decay=weight_decay)


class SNAS(Annealed):
    """See `snas`."""

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:  # noqa: ARG002
        """Move all weights by the gradient of one loss."""
        loss = self.loss(self.relaxed(at.rng(), self.temperature(at)), train)
        loss.backward()  # type: ignore[no-untyped-call]
        logits = self.preferences.logits
        gradients = [vector.grad for vector in logits]
        for vector in logits:
            vector.grad = None
        self.adam.step(gradients)
        return self.move_weights(loss, at)
