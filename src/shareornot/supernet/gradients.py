"""Gradients of several architectures on one mini-batch."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet.contract import Regions, SuperNet, merge_regions, used_regions
from shareornot.supernet.training import Batch


def path_gradients(
    network: SuperNet, paths: Sequence[int], batch: Batch, *, divisor: int | None = None
) -> tuple[Float[Tensor, ""], Regions]:
    """Run some architectures on a mini-batch and add their gradients up.

    Args:
        network: gets the gradients, the sum over the paths divided by `divisor`.
        paths: architectures.
        batch: images and labels.
        divisor: by default the number of paths, which averages them.

    Returns:
        The mean cross-entropy of the paths, and the parameters that they use.
    """
    losses: list[Tensor] = []
    regions: Regions = {}
    divisor = divisor or len(paths)
    for architecture in paths:
        network.activate(architecture)
        logits = network(batch.images)
        if logits.dtype == torch.bfloat16:
            logits = logits.float()
        loss = F.cross_entropy(logits, batch.labels)
        if divisor > 1:
            loss = loss / divisor
        loss.backward()  # type: ignore[no-untyped-call]
        losses.append(loss.detach())
        used = used_regions(network)
        if len(paths) == 1:
            regions = used
        else:
            merge_regions(regions, used)
    if divisor == len(paths) == 1:
        return losses[0], regions
    return torch.stack(losses).sum() * (divisor / len(paths)), regions
