"""Super-nets whose convolutions are written by another network, from the choices of the architecture (SMASH).

The hyper-network reads an encoding of the active architecture and emits the weights of the convolutions in the cells.
Only the hyper-network and the fixed parts learn: stem, batch norm, what lies between cells, and the classifier.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float, Float32
from torch import Tensor, nn
from torch.func import functional_call

from shareornot.errors import SettingsError
from shareornot.spaces import ProductSpace, Space
from shareornot.spaces.nasbench101 import OPERATIONS, canonical_codes
from shareornot.spaces.nasbench101.vocabulary import ADJACENCY_BITS, MAX_INTERIOR
from shareornot.supernet.contract import Regions, SuperNet, used_regions
from shareornot.supernet.settings import NetworkSettings
from shareornot.supernet.usual_weights import draw_dense

CELLS = ("cells.", "stages.")
"""How the names of parameters within cells begin."""
Encode = Callable[[int], Float32[np.ndarray, " features"]]


class HyperSuperNet(nn.Module):
    """A super-net whose convolutions in cells have no weights of their own.

        h = relu(A e + a),  w = B h + b,  each filter of w divided by its norm

    with the encoding e of an architecture, and B and b for each convolution. The batch norm behind it makes a filter of
    norm 1 equal to one of any other norm. That a dense layer emits the weights is our choice; the authors' is
    convolutional.

    Args:
        inner: loses the weights of the convolutions in its cells.
        encode: function from the number of an architecture to its encoding.
        config: settings of the network; `hyper_units` is the length of h.
        seed: seed of the initial weights of the hyper-network; the b are those of the convolutions.

    References: Brock et al. 2017, arXiv:1708.05344, section 3.
    """

    def __init__(self, inner: SuperNet, encode: Encode, config: NetworkSettings, seed: int) -> None:
        super().__init__()
        assert isinstance(inner, nn.Module)
        self.inner, self.encode, self.config = inner, encode, config
        self.family = inner.family
        generator = torch.Generator().manual_seed(seed)
        num_features = len(encode(0))
        self.first = nn.Linear(num_features, config.hyper_units)
        draw_dense(self.first, generator)
        self.emitted = [
            name for name, weight in inner.named_parameters() if name.startswith(CELLS) and weight.ndim == 4
        ]
        self.shapes = []
        self.heads = nn.ModuleList()
        for name in self.emitted:
            module, _, own = name.rpartition(".")
            owner = inner.get_submodule(module)
            weight = getattr(owner, own)
            head = nn.Linear(config.hyper_units, weight.numel())
            with torch.no_grad():
                head.weight.normal_(0, float(weight.std()) * config.hyper_units**-0.5, generator=generator)
                head.bias.copy_(weight.flatten())
            self.heads.append(head)
            self.shapes.append(weight.shape)
            delattr(owner, own)
            owner.register_buffer(own, torch.zeros_like(weight, requires_grad=False), persistent=False)
        self.encoding = torch.from_numpy(encode(0))

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this architecture, with the weights that it makes the hyper-network emit."""
        self.net.activate(architecture)
        self.encoding = torch.from_numpy(self.encode(architecture))

    @property
    def net(self) -> SuperNet:
        """The super-net that computes with emitted weights."""
        assert isinstance(self.inner, SuperNet)
        return self.inner

    def weights(self) -> dict[str, Tensor]:
        """The emitted weights of the active architecture by name, each filter of norm 1."""
        hidden = F.relu(self.first(self.encoding.to(self.first.weight.device, self.first.weight.dtype)))
        return {
            name: F.normalize(head(hidden).view(shape[0], -1), dim=1)
            .view(shape)
            .contiguous(memory_format=torch.channels_last)
            for name, head, shape in zip(self.emitted, self.heads, self.shapes, strict=True)
        }

    def forward(self, images_BCHW: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        """Logits of the active architecture."""
        logits: Tensor = functional_call(self.inner, self.weights(), (images_BCHW,))
        return logits

    def used_regions(self) -> Regions:
        """The fixed parts that the active architecture uses, and the parts of the hyper-network with a gradient."""
        regions = {p: parts for p, parts in used_regions(self.net).items() if isinstance(p, nn.Parameter)}
        for module in (self.first, self.heads):
            regions.update({parameter: [] for parameter in module.parameters() if parameter.grad is not None})
        return regions


def encoding_of(space: Space) -> Encode:
    """Encoding of an architecture for a hyper-network: its choices, or the edges and operations of a cell, as 0 and 1.

    Args:
        space: the whole family.

    Raises:
        SettingsError: neither a product nor NASBench-101.
    """
    if isinstance(space, ProductSpace):
        sizes = [len(decision.options) for decision in space.decisions]

        def choices(architecture: int) -> Float32[np.ndarray, " features"]:
            row = space.choices(np.array([architecture]))[0].tolist()
            return np.concatenate([np.eye(size, dtype=np.float32)[one] for size, one in zip(sizes, row, strict=True)])

        return choices
    if space.family != "nasbench101":
        raise SettingsError(
            f"network.hyper_units: expected a product space or cells of NASBench-101, got architectures of {space.name}"
        )

    def edges_and_operations(architecture: int) -> Float32[np.ndarray, " features"]:
        code = int(canonical_codes(np.array([architecture]))[0])
        edges = [code >> bit & 1 for bit in range(ADJACENCY_BITS)]
        labels = code >> ADJACENCY_BITS
        digits = [labels // len(OPERATIONS) ** vertex % len(OPERATIONS) for vertex in range(MAX_INTERIOR)]
        return np.concatenate([np.array(edges, np.float32), np.eye(len(OPERATIONS), dtype=np.float32)[digits].ravel()])

    return edges_and_operations
