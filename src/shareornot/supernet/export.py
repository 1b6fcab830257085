"""One architecture out of a super-net: an ordinary network with the weights that it had in sharing, and no others."""

from copy import deepcopy

from jaxtyping import Float
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.supernet.contract import SliceSharing, SuperNet


class ExportedNetwork(nn.Module):
    """A network that computes one architecture, see `export_architecture`.

    Args:
        network: super-net with this architecture active.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Float[Tensor, "B C H W"]) -> Float[Tensor, "B K"]:
        """Logits."""
        logits: Tensor = self.network(images)
        return logits


def export_architecture(network: SuperNet, architecture: int) -> ExportedNetwork:
    """A stand-alone network of one architecture, with a copy of the weights that it shares.

    Its output is that of the super-net with the architecture active, bit by bit. Operations that the architecture does
    not use are left out; a tensor that it uses in part is kept whole. Batch norm keeps the running statistics of the
    super-net, unless it is exported within `shareornot.supernet.adapted_batch_norm`.

    Args:
        network: a super-net of this package, which stays as it is, but for the active architecture.
        architecture: its number.

    Returns:
        A module of its own, which takes images of shape (batch, channels, height, width).

    Raises:
        SettingsError: the network does not report which parameters an architecture uses, or cannot compute it.

    Example:
        >>> import torch
        >>> from shareornot.supernet import NASBench101SuperNet, NetworkSettings
        >>> network = NASBench101SuperNet(NetworkSettings(num_filters=4, cells_per_stack=1), seed=0).eval()
        >>> alone, images = export_architecture(network, 7), torch.ones(2, 3, 8, 8)
        >>> torch.equal(alone(images), network(images))
        True
    """
    network.activate(architecture)
    if not isinstance(network, nn.Module) or not isinstance(network, SliceSharing):
        raise SettingsError(
            f"export: expected a super-net that reports which parameters it uses (used_regions), got "
            f"{type(network).__name__}; copy your own network and activate the architecture instead"
        )
    copy = deepcopy(network)
    used = {id(parameter) for parameter in copy.used_regions()}
    _leave_out(copy, used)
    return ExportedNetwork(copy)


def _leave_out(module: nn.Module, used: set[int]) -> None:
    """Replace every operation with parameters of its own, none of which is used, by one without any.

    Containers stay, since a network may call them to pass the image on.
    """
    for name, child in module.named_children():
        if child._parameters and not any(id(parameter) in used for parameter in child.parameters()):
            module._modules[name] = nn.Identity()
        else:
            _leave_out(child, used)
