"""GDAS: a random choice of one option, with the gradient of the relaxed choice."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from shareornot.methods.contract import Setup
from shareornot.methods.differentiable import LEARNING_RATE, WEIGHT_DECAY, Annealed
from shareornot.supernet.training import Batch, Report, Step


def gdas(
    setup: Setup,
    *,
    first_temperature: float = 10.0,
    last_temperature: float = 0.1,
    learning_rate: float = LEARNING_RATE,
    weight_decay: float = WEIGHT_DECAY,
) -> "GDAS":
    """Train one randomly chosen option of each decision, whose probabilities follow the validation loss.

    A step draws h = softmax((log p + g) / t) with Gumbel numbers g, computes the option with the largest h alone, and
    lets the gradient flow as if its weight were h. It moves the shared weights by the training loss of one draw, then
    the architecture weights by the validation loss of another. Options that are not computed get no gradient of their
    own; they move because the numbers of h sum to 1.

    Args:
        setup: a whole product space, and a super-net that can mix.
        first_temperature: t in the first epoch; it falls linearly by epoch.
        last_temperature: t in the last epoch.
        learning_rate: learning rate of the architecture weights.
        weight_decay: weight decay of the architecture weights.

    References: Dong and Yang 2019, arXiv:1910.04465, section 3.2.
    """
    temperatures = first_temperature, last_temperature
    return GDAS(setup, "gdas", temperatures, learning_rate=learning_rate, weight_decay=weight_decay)


class GDAS(Annealed):
    """See `gdas`."""

    def hard(self, rng: np.random.Generator, t: float) -> list[Tensor]:
        """One-hot vectors of a draw, exact in their numbers, with the gradient of the relaxed vectors."""
        vectors = []
        for soft in self.relaxed(rng, t):
            one_hot = torch.zeros_like(soft)
            one_hot[soft.argmax()] = 1
            vectors.append(one_hot + (soft - soft.detach()))
        return vectors

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Move the shared weights, then the architecture weights."""
        rng, t = at.rng(), self.temperature(at)
        loss = self.loss([vector.detach() for vector in self.hard(rng, t)], train)
        loss.backward()  # type: ignore[no-untyped-call]
        report = self.move_weights(loss, at)
        held_out = self.loss(self.hard(rng, t), validation())
        self.adam.step(torch.autograd.grad(held_out, self.preferences.logits, allow_unused=True))
        return report
