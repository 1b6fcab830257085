"""SNAS: all options weighted by a relaxed random choice, learnt together with the shared weights."""

from collections.abc import Callable

from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.contract import Setup
from shareornot.methods.differentiable import LEARNING_RATE, WEIGHT_DECAY, Differentiable, temperature
from shareornot.methods.preferences import gumbel
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
        learning_rate: of the architecture weights.
        weight_decay: of the architecture weights.

    References: Xie et al. 2019, arXiv:1812.09926, section 2.
    """
    if min(first_temperature, last_temperature) <= 0:
        raise SettingsError(
            f"method snas: expected temperatures above 0, got {first_temperature} and {last_temperature}"
        )
    return SNAS(setup, (first_temperature, last_temperature), learning_rate, weight_decay)


class SNAS(Differentiable):
    """See `snas`."""

    def __init__(
        self, setup: Setup, temperatures: tuple[float, float], learning_rate: float, weight_decay: float
    ) -> None:
        super().__init__(setup, "snas", learning_rate=learning_rate, weight_decay=weight_decay)
        self.temperatures = temperatures

    def relaxed(self, at: Step) -> list[Tensor]:
        """The relaxed choice of a step."""
        logits = self.preferences.logits
        noise = gumbel(at.rng(), logits)
        t = temperature(at, *self.temperatures)
        return [((vector.log_softmax(0) + one) / t).softmax(0) for vector, one in zip(logits, noise, strict=True)]

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:  # noqa: ARG002
        """Move all weights by the gradient of one loss."""
        loss = self.loss(self.relaxed(at), train)
        loss.backward()  # type: ignore[no-untyped-call]
        logits = self.preferences.logits
        gradients = [vector.grad for vector in logits]
        for vector in logits:
            vector.grad = None
        self.adam.step(gradients)
        return self.move_weights(loss, at)
