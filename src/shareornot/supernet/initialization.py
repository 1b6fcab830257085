"""An aligned start: initial weights with which all paths of a deep super-net carry the image in one basis.

With random initial weights, every operation turns its input into a basis of its own. Weights behind it are shared by
paths that disagree about what a channel means, and the deeper a network, the less do its paths agree. The aligned start
makes convolutions close to the identity and all projections equal, so that paths agree from the first step on.

Shape suffixes: C channels, D channels that come out.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet.network import ConvBatchNorm

IDENTITY = 0.5
"""Weight of the identity in a convolution."""
NOISE = 0.2
"""What multiplies the usual random weights that are added to the identity."""
SHIFT = 1.0
"""Initial beta of batch norm: at 1, ReLU passes most of the signal, at 0 half of it."""


def aligned_projection(
    in_channels: int, block_width: int, width: int, generator: torch.Generator
) -> Float[Tensor, "D C"]:
    """The matrix that every projection of a cell's input starts from.

    The input is the concatenation of blocks, the outputs of vertices; channel c is channel c modulo the width of the
    blocks of one of them. The matrix takes the mean over the blocks. Where a vertex is wider than the blocks, because
    the channels double there, a random mixing of that mean follows.

    Args:
        in_channels: number of channels of the cell's input.
        block_width: channels of a block in the input.
        width: channels of a vertex.
        generator: source of the mixing.
    """
    mean = torch.zeros(block_width, in_channels)
    channels = torch.arange(in_channels)
    mean[channels % block_width, channels] = 1
    mean /= mean.sum(dim=1, keepdim=True)
    if block_width == width:
        return mean
    return torch.randn(width, block_width, generator=generator) / math.sqrt(block_width) @ mean


@torch.no_grad()
def align_projection(unit: ConvBatchNorm, matrix: Float[Tensor, "D C"]) -> None:
    """Let a projection start from a matrix, which is repeated where the projection has more output channels."""
    rows = torch.arange(len(unit.weight)) % len(matrix)
    unit.weight.copy_(matrix[rows][:, :, None, None])
    unit.beta.fill_(SHIFT)


@torch.no_grad()
def align_operation(unit: ConvBatchNorm) -> None:
    """Let a convolution start close to the identity: the identity at the centre of its kernel, and a little noise.

    Args:
        unit: operation with as many input as output channels, and the usual random weights.
    """
    centre = unit.weight.shape[2] // 2
    unit.weight.mul_(NOISE)
    unit.weight[:, :, centre, centre] += IDENTITY * torch.eye(len(unit.weight))
    unit.beta.fill_(SHIFT)
