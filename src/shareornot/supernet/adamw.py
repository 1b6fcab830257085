"""AdamW for super-nets: bias correction by the number of steps that each element took part in."""

import torch
from torch import Tensor

from shareornot.supernet.settings import OptimizerSettings


class AdamW:
    """Adam with decoupled weight decay, whose bias correction counts steps element by element.

        mean        <- momentum * mean + (1 - momentum) * gradient
        mean_square <- smoothing * mean_square + (1 - smoothing) * gradient^2
        step        =  mean / (1 - momentum^n) / (sqrt(mean_square / (1 - smoothing^n)) + epsilon)
        weight      <- (1 - learning_rate * weight_decay) * weight - learning_rate * step

    `n` counts the steps that used this element. A super-net's step uses a part of the weights, so elements of one
    tensor may have been used by different numbers of steps, and one counter for all would correct most of them
    wrongly. The state keeps the two corrections `1 - momentum^n` and `1 - smoothing^n` instead of `n`: they are running
    means of ones, and no power has to be computed. Without `bias_correction`, a step uses the means as they are.

    Weight decay shrinks weights only, and takes no part in the means. With every element used at every step this is
    `torch.optim.AdamW`.

    References: Loshchilov and Hutter 2019, arXiv:1711.05101; Kingma and Ba 2015, arXiv:1412.6980.
    """

    num_states = 4
    decays_weights = True

    def __init__(self, config: OptimizerSettings) -> None:
        self.config = config

    def __call__(
        self, parameters: list[Tensor], gradients: list[Tensor], states: list[list[Tensor]], learning_rate: float
    ) -> None:
        """Do one step."""
        config = self.config
        mean, mean_square, mean_correction, square_correction = states
        torch._foreach_lerp_(mean, gradients, 1 - config.momentum)
        multiply_all(mean_square, config.smoothing)
        torch._foreach_addcmul_(mean_square, gradients, gradients, 1 - config.smoothing)
        for correction, share in ((mean_correction, config.momentum), (square_correction, config.smoothing)):
            multiply_all(correction, share)
            torch._foreach_add_(correction, 1 - share)
        if config.bias_correction:
            divisor = torch._foreach_div(mean_square, square_correction)
            torch._foreach_sqrt_(divisor)
        else:
            divisor = torch._foreach_sqrt(mean_square)
        torch._foreach_add_(divisor, config.epsilon)
        if config.bias_correction:
            torch._foreach_mul_(divisor, mean_correction)
        multiply_all(parameters, 1 - learning_rate * config.weight_decay)
        torch._foreach_addcdiv_(parameters, mean, divisor, -learning_rate)


def multiply_all(tensors: list[Tensor], factor: float) -> None:
    """Multiply tensors of one precision in place.

    On processors the factor is a tensor of that precision: `torch._foreach_mul_` turns a number into one for each of
    the tensors, which takes longer than multiplying small ones.
    """
    on_processor = tensors[0].device.type == "cpu"
    torch._foreach_mul_(tensors, torch.tensor(factor, dtype=tensors[0].dtype) if on_processor else factor)
