"""The protocol of super-nets: a PyTorch module that computes the activated architecture.

A user's module needs `activate` and `forward`; everything else is that of `torch.nn.Module`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Integer
from torch import Tensor, nn

Architectures = Integer[np.ndarray, " architectures"] | Sequence[int]
"""Numbers of architectures in their space."""
Region = tuple[slice, ...]
"""A part of a parameter; slices from its beginning start at None, so that equal parts compare equal."""
Regions = dict[nn.Parameter, list[Region]]
"""The parameters that are in use, and which parts of each; an empty list stands for the whole parameter."""


@runtime_checkable
class SuperNet(Protocol):
    """A `torch.nn.Module` that shares its weights among the architectures of a space.

    `tests/supernet/test_contract.py` states what every super-net must do: an architecture uses the same weights
    whatever was active before, and its backward pass gives gradients to no parameter that it does not use.
    """

    training: bool

    def activate(self, architecture: int) -> None:
        """Let `forward` compute this architecture until another one is activated.

        Raises:
            ShareOrNotError: the network cannot compute it.
        """

    def __call__(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        """Logits of the active architecture, through `forward`."""

    def train(self, mode: bool = True) -> Any:
        """Set training or evaluation mode, as in PyTorch."""

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Move parameters and buffers, as in PyTorch; returns the network."""

    def modules(self) -> Iterator[nn.Module]:
        """All modules, as in PyTorch."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All parameters by name, as in PyTorch."""

    def state_dict(self) -> dict[str, Tensor]:
        """Parameters and buffers by name, as in PyTorch."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Take parameters and buffers, as in PyTorch."""


@runtime_checkable
class MixedSuperNet(SuperNet, Protocol):
    """A super-net over a product space that can also compute a mixture of architectures."""

    def mix(self, weights: Sequence[Float[Tensor, " options"]]) -> None:
        """Let `forward` compute, for each decision, the sum of its options by these weights.

        An option whose weight is the number 0 is not computed. Weights of 0 and 1 give the numbers of `activate`.

        Args:
            weights: one vector for each decision of the space; gradients flow into them.
        """


@runtime_checkable
class SliceSharing(Protocol):
    """A super-net whose architectures use known parts of parameters."""

    def used_regions(self) -> Regions:
        """The parameters that the active architecture uses, and which parts of them."""


def whole_of(parameter: Tensor) -> Region:
    """The part of a parameter that is all of it."""
    return tuple(slice(length) for length in parameter.shape)


def used_regions(network: SuperNet) -> Regions:
    """The parameters that the active architecture uses.

    Call it after the backward pass: where the network does not report it, the parameters in use are those with a
    gradient.
    """
    if isinstance(network, SliceSharing):
        return network.used_regions()
    return {parameter: [] for _, parameter in network.named_parameters() if parameter.grad is not None}


def merge_regions(regions: Regions, more: Regions) -> None:
    """Add regions to others in place."""
    for parameter, parts in more.items():
        known = regions.get(parameter)
        if known is None:
            regions[parameter] = list(parts)
        elif known and parts:
            known.extend(parts)
        else:
            regions[parameter] = []
