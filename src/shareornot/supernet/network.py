"""The unit of super-nets: convolution, batch norm and ReLU in one module.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
"""

from functools import cache

import torch
from torch import Tensor, nn

from shareornot.supernet.contract import Region
from shareornot.supernet.operations import BatchNorm, Images, Output, conv_batch_norm
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.usual_weights import draw_convolution


class ConvBatchNorm(nn.Module):
    """Convolution, batch norm, ReLU, of which an architecture may use the first channels only.

    In training mode, batch norm uses the statistics of the batch and mixes them into the running ones of the channels
    in use; in evaluation mode it uses the running ones.

    Args:
        in_channels, out_channels: the most that an architecture can use.
        kernel_size: 1 or 3.
        config: settings with the constants of batch norm.
        generator: source of the initial weights, which are those of PyTorch's convolution.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, config: NetworkSettings, generator: torch.Generator
    ) -> None:
        super().__init__()
        weight = torch.empty(out_channels, in_channels, kernel_size, kernel_size)
        draw_convolution(weight, generator)
        self.weight = nn.Parameter(weight)
        self.gamma = nn.Parameter(torch.ones(out_channels))
        self.beta = nn.Parameter(torch.zeros(out_channels))
        self.register_buffer("running_mean", torch.zeros(out_channels))
        self.register_buffer("running_var", torch.ones(out_channels))
        self.kernel_size = kernel_size
        self.epsilon = config.bn_epsilon
        self.momentum = config.bn_momentum

    def forward(self, x_BCHW: Images, num_channels: int, kernel_size: int, *, add_to: Output | None = None) -> Output:
        """Output with `num_channels` channels; a smaller kernel is the centre of the one that is there.

        With `add_to`, the output is added to these maps.
        """
        momentum = self.momentum if self.training else None
        norm = BatchNorm(self.gamma, self.beta, self.running_mean, self.running_var, momentum, self.epsilon)
        return conv_batch_norm(x_BCHW, self.weight, norm, num_channels, kernel_size, add_to=add_to)

    def regions(self, in_channels: int, num_channels: int, kernel_size: int) -> tuple[Region, Region]:
        """Which part of the weight, and which of the vectors, these numbers of channels and this kernel use."""
        return _parts(in_channels, num_channels, (self.kernel_size - kernel_size) // 2, kernel_size)


@cache
def _parts(in_channels: int, num_channels: int, border: int, kernel_size: int) -> tuple[Region, Region]:
    """The part of a weight with such a border around the kernel, and the part of a vector."""
    kernel = slice(border or None, border + kernel_size)
    return (slice(num_channels), slice(in_channels), kernel, kernel), (slice(num_channels),)
