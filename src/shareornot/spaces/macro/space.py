"""The 6,561 chains of NAS-Bench-Macro as a product space.

Eight layers in three stages of 2, 3 and 3; the first layer of a stage halves the image and doubles the channels. Each
layer is the identity (with a 1x1 convolution where the shape changes) or a MobileNet-v2 block with kernel 3 and
expansion 3, or kernel 5 and expansion 6. Architectures are numbered as their texts, eight digits in base 3.

References: Su et al. 2021, "Prioritized Architecture Sampling with Monte-Carlo Tree Search", arXiv:2103.11922.
"""

from typing import NamedTuple

import numpy as np

from shareornot.spaces.contract import Choices, Decision, Indices, LabelledGraph
from shareornot.spaces.product import TextSpace

BLOCKS = ("identity", "mb3_k3", "mb6_k5")
"""Options of a layer; their position here is their digit."""
IMAGE_SIZE, STEM_CHANNELS, LAST_CHANNELS, NUM_CLASSES = 32, 32, 1280, 10


class Layer(NamedTuple):
    """The shape of a layer."""

    in_channels: int
    out_channels: int
    stride: int
    image_size: int
    """Size of its input, in pixels."""


def _layers() -> tuple[Layer, ...]:
    found, channels, size = [], STEM_CHANNELS, IMAGE_SIZE
    for length in (2, 3, 3):
        found.append(Layer(channels, 2 * channels, 2, size))
        channels, size = 2 * channels, size // 2
        found += [Layer(channels, channels, 1, size)] * (length - 1)
    return tuple(found)


LAYERS = _layers()


class Macro(TextSpace):
    """All architectures of NAS-Bench-Macro."""

    form = "eight digits 0 (identity), 1 (kernel 3, expansion 3) or 2 (kernel 5, expansion 6)"

    def __init__(self) -> None:
        decisions = tuple(Decision(f"layer_{number}", BLOCKS) for number in range(1, len(LAYERS) + 1))
        super().__init__("macro", "a chain of 8 layers with one of 3 blocks each", decisions)

    def _write(self, choices: Choices) -> list[str]:
        return ["".join(map(str, row)) for row in choices.tolist()]

    def features(self, architectures: Indices) -> dict[str, np.ndarray]:
        """The block of each layer, how often each is used, and how many layers are not the identity."""
        choices = self.choices(architectures)
        counts = {f"num_{word}": (choices == code).sum(axis=1).astype(np.int16) for code, word in enumerate(BLOCKS)}
        return super().features(architectures) | counts | {"depth": (choices > 0).sum(axis=1).astype(np.int16)}

    def sizes(self, architectures: Indices) -> dict[str, np.ndarray]:
        """Parameters, and multiplications with additions of the convolutions and the dense layer, on CIFAR-10."""
        choices = self.choices(architectures)
        parameters = np.full(len(choices), _fixed_costs()[0], np.int64)
        operations = np.full(len(choices), _fixed_costs()[1], np.int64)
        for position, layer in enumerate(LAYERS):
            costs = np.array([_layer_costs(layer, block) for block in range(len(BLOCKS))], np.int64)
            parameters += costs[choices[:, position], 0]
            operations += costs[choices[:, position], 1]
        return {
            "number of parameters": parameters.astype(np.float64),
            "number of operations": operations.astype(np.float64),
        }

    def graph(self, architecture: int) -> LabelledGraph:
        """A chain of the layers."""
        words = (BLOCKS[code] for code in self.choices(np.array([architecture]))[0].tolist())
        vertices = ("input", *words, "output")
        return LabelledGraph(vertices, tuple((place, place + 1, "") for place in range(len(vertices) - 1)))

    def isomorphism_classes(self, architectures: Indices) -> Indices:
        """The smallest number with the same chain: an identity between layers of one shape may stand anywhere."""
        choices = self.choices(architectures)
        for position in range(1, len(LAYERS) - 1):
            if LAYERS[position] == LAYERS[position + 1]:
                pair = choices[:, position : position + 2]
                swapped = pair[:, 1] == 0
                pair[swapped] = pair[swapped][:, ::-1]
        return self.architectures(choices)


def _layer_costs(layer: Layer, block: int) -> tuple[int, int]:
    """Parameters and operations of a block in a layer."""
    pixels_in, pixels_out = layer.image_size**2, (layer.image_size // layer.stride) ** 2
    if block == 0:
        if layer.stride == 1:
            return 0, 0
        weights = layer.in_channels * layer.out_channels
        return weights + 2 * layer.out_channels, weights * pixels_out
    expansion, taps = ((3, 9), (6, 25))[block - 1]
    hidden = expansion * layer.in_channels
    expand, depthwise, project = layer.in_channels * hidden, taps * hidden, hidden * layer.out_channels
    parameters = expand + depthwise + project + 2 * (2 * hidden + layer.out_channels)
    return parameters, expand * pixels_in + (depthwise + project) * pixels_out


def _fixed_costs() -> tuple[int, int]:
    """Parameters and operations of the stem, the last convolution and the dense layer."""
    stem, last = 27 * STEM_CHANNELS, LAYERS[-1].out_channels * LAST_CHANNELS
    dense = LAST_CHANNELS * NUM_CLASSES
    size = LAYERS[-1].image_size
    parameters = stem + 2 * STEM_CHANNELS + last + 2 * LAST_CHANNELS + dense + NUM_CLASSES
    return parameters, stem * IMAGE_SIZE**2 + last * size**2 + dense


FAMILY = Macro()
SPACES: tuple[()] = ()
