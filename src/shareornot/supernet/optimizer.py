"""Optimizers that leave alone what a step does not use.

In a super-net, a step uses the operations of the sampled cells and, of their tensors, perhaps only the first
channels. What a step does not use keeps its values and its optimizer state, bit by bit: no gradient, no weight decay,
no momentum.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

import torch
from torch import Tensor, nn

from shareornot.supernet.adamw import AdamW, multiply_all
from shareornot.supernet.contract import Region, Regions, whole_of
from shareornot.supernet.settings import OptimizerSettings


class Rule(Protocol):
    """How one step moves parameters; changes the lists of tensors in place."""

    num_states: int
    """Tensors of state for each parameter."""
    decays_weights: bool
    """Whether the rule applies weight decay itself; otherwise it is added to the gradients before."""

    def __call__(
        self, parameters: list[Tensor], gradients: list[Tensor], states: list[list[Tensor]], learning_rate: float
    ) -> None:
        """One step. `states` holds, for each kind of state, a tensor a parameter."""


class RMSProp:
    """RMSProp as TensorFlow has it, with epsilon inside the square root.

        mean_square <- smoothing * mean_square + (1 - smoothing) * gradient^2
        velocity    <- momentum * velocity + learning_rate * gradient / sqrt(mean_square + epsilon)
        weight      <- weight - velocity

    With `accumulate_epsilon`, epsilon is added to `mean_square` itself, and the learning rate multiplies the velocity
    where it is used, not where it is summed up, both as in the paper's published code.

    References: Tieleman and Hinton 2012, Coursera lecture 6.5; Pourchot et al. 2020, appendix, section 1.
    """

    num_states = 2
    decays_weights = False

    def __init__(self, config: OptimizerSettings) -> None:
        self.config = config

    def __call__(
        self, parameters: list[Tensor], gradients: list[Tensor], states: list[list[Tensor]], learning_rate: float
    ) -> None:
        """One step."""
        config = self.config
        mean_square, velocity = states
        multiply_all(mean_square, config.smoothing)
        torch._foreach_addcmul_(mean_square, gradients, gradients, 1 - config.smoothing)
        if config.accumulate_epsilon:
            torch._foreach_add_(mean_square, config.epsilon)
            root = torch._foreach_sqrt(mean_square)
        else:
            root = torch._foreach_add(mean_square, config.epsilon)
            torch._foreach_sqrt_(root)
        multiply_all(velocity, config.momentum)
        if config.accumulate_epsilon:
            torch._foreach_addcdiv_(velocity, gradients, root)
            torch._foreach_add_(parameters, velocity, alpha=-learning_rate)
        else:
            torch._foreach_addcdiv_(velocity, gradients, root, learning_rate)
            torch._foreach_sub_(parameters, velocity)


class SGD:
    """Gradient descent with momentum.

        velocity <- momentum * velocity + gradient
        weight   <- weight - learning_rate * velocity

    With `nesterov`, the weight moves by `gradient + momentum * velocity` in place of the velocity.

    References: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", ICML.
    """

    num_states = 1
    decays_weights = False

    def __init__(self, config: OptimizerSettings) -> None:
        self.config = config

    def __call__(
        self, parameters: list[Tensor], gradients: list[Tensor], states: list[list[Tensor]], learning_rate: float
    ) -> None:
        """One step."""
        (velocity,) = states
        multiply_all(velocity, self.config.momentum)
        torch._foreach_add_(velocity, gradients)
        moved = velocity
        if self.config.nesterov:
            moved = list(torch._foreach_add(gradients, velocity, alpha=self.config.momentum))
        torch._foreach_add_(parameters, moved, alpha=-learning_rate)


ENDS = attrgetter("start", "stop", "step")
"""Ends of a slice, which no dictionary takes as a key before Python 3.12."""
RULES: dict[str, Callable[[OptimizerSettings], Rule]] = {"rmsprop": RMSProp, "sgd": SGD, "adamw": AdamW}


class PartialOptimizer:
    """Moves the parts of parameters that a step uses, and keeps the state of all.

    Args:
        named_parameters: all parameters, in an order that does not change.
        config: rule and constants.
    """

    def __init__(self, named_parameters: dict[str, nn.Parameter], config: OptimizerSettings) -> None:
        self.config = config
        self.rule = RULES[config.name](config)
        self.states = {
            name: [torch.zeros_like(parameter) for _ in range(self.rule.num_states)]
            for name, parameter in named_parameters.items()
        }
        self._known: dict[int, tuple[Region, list[Tensor]]] = {
            id(parameter): (whole_of(parameter), [parameter, *self.states[name]])
            for name, parameter in named_parameters.items()
        }
        self._views: dict[tuple[object, ...], tuple[int, list[Tensor]]] = {}

    @torch.no_grad()
    def step(self, regions: Regions, learning_rate: float) -> None:
        """Move the parameters in `regions`, whose gradients are set; then drop the gradients.

        Args:
            regions: the parameters in use, and which parts; an empty list means the whole.
            learning_rate: learning rate of this step.
        """
        if self.config.clip_norm is not None:
            nn.utils.clip_grad_norm_(list(regions), self.config.clip_norm)
        moved: list[list[Tensor]] = []
        saved: list[tuple[Tensor, Tensor, Tensor]] = []
        for parameter, parts in regions.items():
            gradient = parameter.grad
            assert gradient is not None, "a used parameter without a gradient"
            whole, tensors = self._known[id(parameter)]
            if parts and not self.config.move_whole_tensors and whole not in parts:
                if len(parts) == 1 or all(part == parts[0] for part in parts):
                    tensors, gradient = self._part(tensors, parts[0]), gradient[parts[0]]
                else:
                    untouched = _outside(parameter, parts)
                    saved.extend((tensor, tensor.clone(), untouched) for tensor in tensors)
            moved.append([gradient, *tensors])
            parameter.grad = None
        gradients, parameters, *all_states = (list(kind) for kind in zip(*moved, strict=True))
        if self.config.weight_decay and not self.rule.decays_weights:
            torch._foreach_add_(gradients, parameters, alpha=self.config.weight_decay)
        self.rule(parameters, gradients, all_states, learning_rate)
        for tensor, before, untouched in saved:
            tensor.copy_(torch.where(untouched, before, tensor))

    def _part(self, tensors: list[Tensor], part: Region) -> list[Tensor]:
        """A part of a parameter and of its states; making views takes longer than moving a small tensor."""
        key, address = (id(tensors[0]), *map(ENDS, part)), tensors[0].data_ptr()
        known = self._views.get(key)
        if known is None or known[0] != address:
            known = self._views[key] = address, [tensor[part] for tensor in tensors]
        return known[1]

    def state_dict(self) -> dict[str, Tensor]:
        """All state as named tensors, for a checkpoint."""
        return {f"{name}.{number}": state for name, kept in self.states.items() for number, state in enumerate(kept)}

    @torch.no_grad()
    def load_state_dict(self, tensors: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint; names and shapes have been checked."""
        for name, state in self.state_dict().items():
            state.copy_(tensors[name])


def _outside(parameter: Tensor, parts: list[Region]) -> Tensor:
    """A mask of the elements in none of the parts."""
    mask = torch.ones_like(parameter, dtype=torch.bool)
    for part in parts:
        mask[part] = False
    return mask
