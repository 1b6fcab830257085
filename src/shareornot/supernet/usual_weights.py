"""The initial weights that PyTorch's own layers have, drawn from an explicit generator."""

import math

import torch
from torch import Tensor, nn


@torch.no_grad()
def draw_convolution(weight: Tensor, generator: torch.Generator) -> None:
    """Draw the weight of a convolution, as `torch.nn.Conv2d` does."""
    nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)


@torch.no_grad()
def draw_dense(layer: nn.Linear, generator: torch.Generator) -> None:
    """Draw the weight and the bias of a dense layer, as `torch.nn.Linear` does."""
    bound = 1 / math.sqrt(layer.in_features)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)


def draw_usual_weights(network: nn.Module, classifier: nn.Linear, generator: torch.Generator) -> None:
    """Draw the weights of all convolutions of a network, in the order of its parameters, and of its classifier."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            draw_convolution(parameter, generator)
    draw_dense(classifier, generator)
