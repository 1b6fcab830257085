"""Accuracies of some architectures on one mini-batch, which ENAS and NAO learn from."""

from collections.abc import Sequence

import torch
from jaxtyping import Float64
from torch import Tensor

from shareornot.supernet.batch_norm import adapted_batch_norm
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.training import Batch


@torch.no_grad()
def batch_accuracies(
    network: SuperNet, architectures: Sequence[int], batch: Batch
) -> Float64[Tensor, " architectures"]:
    """Accuracies under the shared weights, with the batch-norm statistics of the batch itself.

    Args:
        network: left as it is, but for the architecture that is active.
        architectures: at least one.
        batch: batch of validation images.
    """
    found = []
    for architecture in architectures:
        network.activate(architecture)
        with adapted_batch_norm(network, [batch.images]):
            found.append((network(batch.images).argmax(dim=1) == batch.labels).double().mean())
    return torch.stack(found)
