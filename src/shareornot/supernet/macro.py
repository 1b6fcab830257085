"""The super-net over NAS-Bench-Macro: a chain of layers, each of which holds the identity and two MobileNet-v2 blocks.

`activate` chooses one block for each layer, `mix` weighs them.

Shape suffixes: B batch, C channels, D channels that come out, H height, W width, K classes.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.spaces.macro import BLOCKS, FAMILY, LAYERS
from shareornot.supernet.contract import Regions
from shareornot.supernet.mixing import Options, weighted_options
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.usual_weights import draw_usual_weights

Images = Float[Tensor, "B C H W"]
Output = Float[Tensor, "B D H_out W_out"]

KERNELS = {1: (3, 3), 2: (6, 5)}
"""Expansion and kernel size of the blocks that are not the identity."""
STEM_CHANNELS = 32
"""Stem channels of the benchmark's network; another number scales all channels."""
LAST_CHANNELS = 1280


class ConvNorm(nn.Sequential):
    """Convolution and batch norm, and ReLU up to 6 on request."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        settings: NetworkSettings,
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        padding = kernel_size // 2
        convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False)
        norm = nn.BatchNorm2d(out_channels, settings.bn_epsilon, settings.bn_momentum)
        super().__init__(convolution, norm, *([nn.ReLU6()] if relu else []))


class InvertedResidual(nn.Module):
    """Expansion, depthwise convolution, projection; added to the input where the shapes agree.

    References: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv:1801.04381.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, block: int, settings: NetworkSettings) -> None:
        super().__init__()
        expansion, kernel_size = KERNELS[block]
        hidden = expansion * in_channels
        self.residual = stride == 1 and in_channels == out_channels
        self.layers = nn.Sequential(
            ConvNorm(in_channels, hidden, 1, settings),
            ConvNorm(hidden, hidden, kernel_size, settings, stride=stride, groups=hidden),
            ConvNorm(hidden, out_channels, 1, settings, relu=False),
        )

    def forward(self, x_BCHW: Images) -> Output:
        """Run the block."""
        y: Output = self.layers(x_BCHW)
        return x_BCHW + y if self.residual else y


class MacroLayer(nn.Module):
    """All blocks at one place of the chain; the identity is a 1x1 convolution where the shape changes."""

    def __init__(self, in_channels: int, out_channels: int, stride: int, settings: NetworkSettings) -> None:
        super().__init__()
        same = stride == 1 and in_channels == out_channels
        skip = nn.Identity() if same else ConvNorm(in_channels, out_channels, 1, settings, stride=stride, relu=False)
        blocks = (InvertedResidual(in_channels, out_channels, stride, block, settings) for block in KERNELS)
        self.blocks = nn.ModuleList([skip, *blocks])

    def forward(self, x_BCHW: Images, options: Options) -> Output:
        """The chosen block, or the weighted sum of blocks."""
        total: Output | None = None
        for block, weight in options:
            y: Output = self.blocks[block](x_BCHW)
            y = y if weight is None else y * weight
            total = y if total is None else total + y
        assert total is not None, "a layer computes at least one block"
        return total


class MacroSuperNet(nn.Module):
    """A stem, eight layers in three stages, a 1x1 convolution, global average pooling and one dense layer.

    Args:
        config: size; `num_filters` are the channels of the stem, 32 in the benchmark, and scale all others.
        seed: seed of the initial weights, which are those of PyTorch.

    References: Su et al. 2021, arXiv:2103.11922, appendix.
    """

    family = "macro"

    def __init__(self, config: NetworkSettings, seed: int) -> None:
        super().__init__()
        self.config = config
        wide = [
            (_scaled(layer.in_channels, config), _scaled(layer.out_channels, config), layer.stride) for layer in LAYERS
        ]
        self.stem = ConvNorm(config.image_channels, config.num_filters, 3, config)
        self.layers = nn.ModuleList(MacroLayer(*shape, config) for shape in wide)
        self.last = ConvNorm(wide[-1][1], _scaled(LAST_CHANNELS, config), 1, config)
        self.classifier = nn.Linear(_scaled(LAST_CHANNELS, config), config.num_classes)
        draw_usual_weights(self, self.classifier, torch.Generator().manual_seed(seed))
        self.options: list[Options] = []
        self.activate(0)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this architecture.

        Args:
            architecture: its number, the text as a number in base 3.

        Raises:
            ArchitectureError: no such number.
        """
        self.options = [[(block, None)] for block in blocks_of(architecture)]

    def mix(self, weights: Sequence[Float[Tensor, " options"]]) -> None:
        """Let `forward` compute, in each layer, the sum of the three blocks by these weights.

        Args:
            weights: a vector for each of the eight layers. Blocks whose weight is 0 are not computed; where all are 0,
                the identity is.

        Raises:
            SettingsError: another number of vectors, or of blocks.
        """
        mixed = weighted_options(weights, [len(BLOCKS)] * len(LAYERS))
        self.options = [options or [(0, vector[0])] for options, vector in zip(mixed, weights, strict=True)]

    def forward(self, images_BCHW: Images) -> Float[Tensor, "B K"]:
        """Logits of the active architecture or mixture."""
        x_BCHW: Images = self.stem(images_BCHW)
        for layer, options in zip(self.layers, self.options, strict=True):
            x_BCHW = layer(x_BCHW, options)
        features: Tensor = self.last(x_BCHW)
        logits: Tensor = self.classifier(F.adaptive_avg_pool2d(features, 1).flatten(1))
        return logits

    def used_regions(self) -> Regions:
        """The parameters that the active architecture or mixture uses, whole."""
        used: list[nn.Module] = [self.stem, self.last, self.classifier]
        for layer, options in zip(self.layers, self.options, strict=True):
            assert isinstance(layer, MacroLayer)
            used += [layer.blocks[block] for block, _ in options]
        return {parameter: [] for module in used for parameter in module.parameters()}


def _scaled(channels: int, config: NetworkSettings) -> int:
    """Channels of the benchmark's network, scaled to the width of this one."""
    return max(1, channels * config.num_filters // STEM_CHANNELS)


@lru_cache(maxsize=1 << 13)
def blocks_of(architecture: int) -> tuple[int, ...]:
    """The block of each layer, as a position in `BLOCKS`."""
    return tuple(FAMILY.choices(np.array([architecture]))[0].tolist())
