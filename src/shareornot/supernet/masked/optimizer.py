"""The rules of `supernet.optimizer` on flat vectors, with a mask of what moves, and a learning rate that is data."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from shareornot.supernet.config import OptimizerConfig

Vector = Float[Tensor, " P"]


def move(
    parameters: Vector,
    gradient: Vector,
    states: list[Vector],
    moves: Bool[Tensor, " P"],
    learning_rate: Float[Tensor, ""],
    config: OptimizerConfig,
) -> None:
    """One step, in place; what does not move keeps its value and its state, bit by bit.

    Args:
        parameters: of all lanes.
        gradient: of the loss.
        states: as many as the rule of `config` keeps.
        moves: which parameters the step uses.
        learning_rate: of this step.
        config: rule and constants.

    References: `shareornot.supernet.optimizer`, whose formulas these are.
    """
    if config.weight_decay:
        gradient = gradient + config.weight_decay * parameters
    *rest, velocity = states
    faster = config.momentum * velocity
    new: list[Vector] = []
    if config.name == "sgd":
        faster = faster + gradient
        distance = learning_rate * faster
    else:
        (mean_square,) = rest
        square = config.smoothing * mean_square + (1 - config.smoothing) * gradient * gradient
        if config.accumulate_epsilon:
            square = square + config.epsilon
            faster = faster + gradient / square.sqrt()
            distance = learning_rate * faster
        else:
            faster = faster + learning_rate * gradient / (square + config.epsilon).sqrt()
            distance = faster
        new.append(square)
    new.append(faster)
    for state, value in zip(states, new, strict=True):
        state.copy_(torch.where(moves, value, state))
    parameters.copy_(torch.where(moves, parameters - distance, parameters))
