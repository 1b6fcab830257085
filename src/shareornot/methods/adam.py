"""Adam for what methods learn besides the shared weights, with its state as named tensors for checkpoints."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Adam:
    """Adam with weight decay added to the gradient, as `torch.optim.Adam`.

        mean   <- beta1 * mean + (1 - beta1) * gradient
        square <- beta2 * square + (1 - beta2) * gradient^2
        weight <- weight - rate * mean / (1 - beta1^t) / (sqrt(square / (1 - beta2^t)) + epsilon)

    Args:
        parameters: changed in place.
        learning_rate: the rate.
        betas: weights of the past in the two means.
        weight_decay: added to the gradient, times the weight.
        clip_norm: norm to which a longer gradient is shortened; None never shortens it.

    References: Kingma and Ba 2015, arXiv:1412.6980.
    """

    EPSILON = 1e-8

    def __init__(
        self,
        parameters: Sequence[Tensor],
        learning_rate: float,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rate, self.betas, self.weight_decay = learning_rate, betas, weight_decay
        self.clip_norm = clip_norm
        self.means = [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]
        self.num_steps = torch.zeros((), dtype=torch.int64)

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor | None]) -> None:
        """Move the parameters; a gradient that is None counts as 0."""
        given = [
            torch.zeros_like(parameter) if gradient is None else gradient
            for parameter, gradient in zip(self.parameters, gradients, strict=True)
        ]
        if self.clip_norm is not None:
            norm = torch.stack([gradient.norm() for gradient in given]).norm()
            given = [gradient * (self.clip_norm / (norm + 1e-6)).clamp(max=1) for gradient in given]
        self.num_steps += 1
        first, second = (1 - beta ** int(self.num_steps) for beta in self.betas)
        for parameter, gradient, mean, square in zip(self.parameters, given, self.means, self.squares, strict=True):
            gradient = gradient + self.weight_decay * parameter
            mean.mul_(self.betas[0]).add_(gradient, alpha=1 - self.betas[0])
            square.mul_(self.betas[1]).addcmul_(gradient, gradient, value=1 - self.betas[1])
            parameter.sub_(self.learning_rate / first * mean / ((square / second).sqrt() + self.EPSILON))

    def state_dict(self) -> dict[str, Tensor]:
        """All state as named tensors, without the parameters."""
        return {
            "num_steps": self.num_steps,
            **{f"mean.{number}": mean for number, mean in enumerate(self.means)},
            **{f"square.{number}": square for number, square in enumerate(self.squares)},
        }

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint."""
        for name, tensor in self.state_dict().items():
            tensor.copy_(state[name])
