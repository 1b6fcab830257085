"""DARTS: all options weighted by a softmax, whose weights follow the validation loss."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.contract import Setup
from shareornot.methods.differentiable import LEARNING_RATE, WEIGHT_DECAY, Differentiable
from shareornot.supernet.training import Batch, Report, Step

RADIUS = 0.01
"""Radius of the finite difference of the second order, divided by the norm of the direction."""


def darts(
    setup: Setup,
    *,
    second_order: bool = False,
    learning_rate: float = LEARNING_RATE,
    weight_decay: float = WEIGHT_DECAY,
) -> "DARTS":
    """Train a network that mixes all options, and the weights of the mixture on validation images.

    The output of a decision is the sum of its options, weighted by the softmax of its architecture weights. A step
    moves the architecture weights by the gradient of the validation loss, then the shared weights by that of the
    training loss. In the second order, the gradient of the architecture weights looks one step of the shared weights
    ahead.

    Args:
        setup: a whole product space, and a super-net that can mix.
        second_order: whether to look ahead, which takes about four times as long and needs the optimizer sgd.
        learning_rate: learning rate of the architecture weights.
        weight_decay: weight decay of the architecture weights.

    References: Liu et al. 2019, arXiv:1806.09055, section 2.
    """
    if second_order and setup.training.optimizer.name != "sgd":
        raise SettingsError(
            f"method darts, second_order: expected the optimizer sgd, got {setup.training.optimizer.name}"
        )
    return DARTS(setup, second_order=second_order, learning_rate=learning_rate, weight_decay=weight_decay)


class DARTS(Differentiable):
    """See `darts`."""

    def __init__(self, setup: Setup, *, second_order: bool, learning_rate: float, weight_decay: float) -> None:
        super().__init__(setup, "darts", learning_rate=learning_rate, weight_decay=weight_decay)
        self.second_order = second_order

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Move the architecture weights, then the shared weights."""
        held_out = validation()
        if self.second_order:
            self.adam.step(self.look_ahead(train, held_out, at.learning_rate))
        else:
            self.adam.step(self._gradients(held_out, self.preferences.logits))
        loss = self.loss([weights.detach() for weights in self.preferences.probabilities()], train)
        loss.backward()  # type: ignore[no-untyped-call]
        return self.move_weights(loss, at)

    def look_ahead(self, train: Batch, held_out: Batch, rate: float, radius: float = RADIUS) -> list[Tensor]:
        """The gradient of the validation loss after one step of the shared weights, in the architecture weights.

            w' = w - rate * (momentum * velocity + gradient of the training loss + decay * w)
            dL_val(w', a)/da - rate * (dL_train(w+, a)/da - dL_train(w-, a)/da) / (2 R),
            w+- = w +- R * dL_val/dw',  R = radius / norm of dL_val/dw'

        With Nesterov's momentum, w' follows that rule, and its factor of the gradient stands in place of the rate.

        Args:
            train: batch of the step that is looked ahead.
            held_out: validation batch.
            rate: learning rate of that step.
            radius: radius of the finite difference.
        """
        logits = self.preferences.logits
        weights = [parameter for _, parameter in self.network.named_parameters()]
        before = [weight.detach().clone() for weight in weights]
        settings = self.optimizer.config
        gradients = self._gradients(train, weights)
        with torch.no_grad():
            for (name, weight), gradient in zip(self.network.named_parameters(), gradients, strict=True):
                if gradient is not None:
                    gradient = gradient + settings.weight_decay * weight
                    moved = settings.momentum * self.optimizer.states[name][0] + gradient
                    weight.sub_(rate * (gradient + settings.momentum * moved if settings.nesterov else moved))
        ahead = self._gradients(held_out, [*logits, *weights])
        own, direction = ahead[: len(logits)], ahead[len(logits) :]
        length = torch.stack([one.norm() for one in direction if one is not None]).norm()
        step = radius / float(length) if length > 0 else 0.0
        sides = []
        for sign in (1, -1):
            with torch.no_grad():
                for weight, start, one in zip(weights, before, direction, strict=True):
                    weight.copy_(start if one is None else start + sign * step * one)
            sides.append(self._gradients(train, logits))
        with torch.no_grad():
            for weight, start in zip(weights, before, strict=True):
                weight.copy_(start)
        # How much of the training gradient is in the step that is looked ahead.
        share = rate * (1 + settings.momentum) if settings.nesterov else rate
        if not step:
            return [torch.zeros_like(vector) if one is None else one for vector, one in zip(logits, own, strict=True)]
        return [
            _or_zero(one, vector) - share * (_or_zero(plus, vector) - _or_zero(minus, vector)) / (2 * step)
            for vector, one, plus, minus in zip(logits, own, *sides, strict=True)
        ]

    def _gradients(self, batch: Batch, of: Sequence[Tensor]) -> list[Tensor | None]:
        """Gradients of the loss of the mixture on a batch; None if it does not depend on a tensor."""
        return list(torch.autograd.grad(self.loss(self.preferences.probabilities(), batch), of, allow_unused=True))


def _or_zero(gradient: Tensor | None, like: Tensor) -> Tensor:
    return torch.zeros_like(like) if gradient is None else gradient
