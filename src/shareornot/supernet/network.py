"""The units of super-nets: convolution, batch norm and ReLU in one module, and pooling.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
Images are in channels-last layout throughout.
"""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.supernet.contract import Region
from shareornot.supernet.settings import NetworkSettings

Images = Float[Tensor, "B C H W"]
Output = Float[Tensor, "B D H W"]


class ConvBatchNorm(nn.Module):
    """Convolution, batch norm, ReLU, of which an architecture may use the first channels only.

    In training mode, batch norm uses the statistics of the batch and mixes them into the running ones of the channels
    in use; in evaluation mode it uses the running ones.

    Args:
        in_channels, out_channels: the most that an architecture can ask for.
        kernel_size: 1 or 3.
        config: for the constants of batch norm.
        generator: source of the initial weights, which are those of PyTorch's convolution.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size)
        nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=generator)
        self.weight = nn.Parameter(weight)
        self.gamma = nn.Parameter(torch.ones(out_channels))
        self.beta = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("running_mean", torch.zeros(out_channels))
        self.register_buffer("running_var", torch.ones(out_channels))
        self.epsilon = config.bn_epsilon
        self.momentum = config.bn_momentum

    def forward(self, x_BCHW: Images, num_channels: int, kernel_size: int) -> Output:
        """Output with `num_channels` channels; a smaller kernel is the centre of the one that is there."""
        weight_region, channel_region = self.regions(x_BCHW.shape[1], num_channels, kernel_size)
        mean, var = self.running_mean, self.running_var
        weight: Tensor = self.weight
        gamma: Tensor = self.gamma
        beta: Tensor = self.beta
        if (num_channels, x_BCHW.shape[1], kernel_size) != weight.shape[:3]:
            weight = weight[weight_region]
        if num_channels < len(gamma):
            mean, var, gamma, beta = (tensor[channel_region] for tensor in (mean, var, gamma, beta))
        padding = kernel_size // 2
        if not self.training:
            # With fixed statistics, batch norm is a scale and a shift: one pass over the data less.
            scale = gamma * torch.rsqrt(var + self.epsilon)
            x_BCHW = F.conv2d(x_BCHW, weight * scale.view(-1, 1, 1, 1), beta - mean * scale, padding=padding)
        else:
            x_BCHW = F.conv2d(x_BCHW, weight, padding=padding)
            x_BCHW = F.batch_norm(x_BCHW, mean, var, gamma, beta, True, self.momentum, self.epsilon)
        return F.relu_(x_BCHW)

    def regions(self, in_channels: int, num_channels: int, kernel_size: int) -> tuple[Region, Region]:
        """Which part of the weight, and which of the vectors, so many channels and such a kernel use."""
        border = (self.weight.shape[2] - kernel_size) // 2
        kernel = slice(border, border + kernel_size)
        return (slice(num_channels), slice(in_channels), kernel, kernel), (slice(num_channels),)


def max_pool_3x3(x_BCHW: Images) -> Images:
    """Maximum over 3 x 3 neighbourhoods, stride 1.

    Without gradients, rows and columns are taken one after the other: the same numbers, several times faster on a CPU.
    """
    if torch.is_grad_enabled() or x_BCHW.is_cuda:
        return F.max_pool2d(x_BCHW, 3, stride=1, padding=1)
    for dim in (2, 3):
        length = x_BCHW.shape[dim]
        if length < 2:
            continue
        # Of each two neighbours the larger, and of each two of those again: three neighbours, two at the border.
        pairs = torch.maximum(x_BCHW.narrow(dim, 0, length - 1), x_BCHW.narrow(dim, 1, length - 1))
        pooled = torch.empty_like(x_BCHW)
        torch.maximum(
            pairs.narrow(dim, 0, length - 2), pairs.narrow(dim, 1, length - 2), out=pooled.narrow(dim, 1, length - 2)
        )
        pooled.select(dim, 0).copy_(pairs.select(dim, 0))
        pooled.select(dim, length - 1).copy_(pairs.select(dim, length - 2))
        x_BCHW = pooled
    return x_BCHW
