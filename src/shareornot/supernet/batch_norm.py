"""Batch-norm statistics of one architecture, for any network: those of its own, on some training images.

A super-net's running statistics average over all architectures that were trained. Before an architecture is scored,
they can be replaced by its own, measured on a few batches.

References: Pourchot et al. 2020, arXiv:2002.04289, section 4.1 (BNS-FT); Bender et al. 2018, ICML.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.supernet.contract import SuperNet

Images = Float[Tensor, "B C H W"]


@contextmanager
def evaluation_mode(network: SuperNet) -> Iterator[None]:
    """Within the block, batch norm uses the running statistics; afterwards every module has the mode that it had."""
    modes = [(module, module.training) for module in network.modules()]
    network.train(False)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def adapted_batch_norm(network: SuperNet, batches: Sequence[Images], *, average: bool = True) -> Iterator[None]:
    """Within the block, batch norm uses the statistics of the active architecture on some batches.

    The network is in evaluation mode within the block. Afterwards its statistics and modes are what they were.

    Args:
        network: network whose architecture of interest is active.
        batches: normalized training images; each is normalized by its own statistics on its way through the network.
        average: average the statistics over the batches, as the paper describes; else take those of the last batch, as
            the paper's published code does. Variances are unbiased, as PyTorch's running statistics are.
    """
    norms = _batch_norms(network)
    statistics = [tensor for norm in norms for tensor in (norm.running_mean, norm.running_var)]
    before = [(tensor, tensor.clone()) for tensor in statistics]
    momenta = [norm.momentum for norm in norms]
    counts = [(norm, norm.num_batches_tracked.clone()) for norm in norms if _counts(norm)]
    with evaluation_mode(network):
        try:
            with torch.no_grad():
                # The old statistics get the weight 0, and 0 times a number that is not finite would not be 0.
                if statistics:  # a network may have no batch norm
                    torch._foreach_zero_(statistics)
                for norm in norms:
                    norm.training = True
                for number, batch in enumerate(batches if average else batches[-1:], start=1):
                    for norm in norms:
                        norm.momentum = 1 / number
                    network(batch)
            for norm in norms:
                norm.training = False
            yield
        finally:
            for norm, momentum in zip(norms, momenta, strict=True):
                norm.momentum = momentum
            with torch.no_grad():
                for tensor, value in before:
                    tensor.copy_(value)
                for norm, count in counts:
                    norm.num_batches_tracked.copy_(count)


def _batch_norms(network: SuperNet) -> list[Any]:
    """The modules that keep running statistics: PyTorch's, ours, and whatever has the same attributes."""
    return [
        module
        for module in network.modules()
        if isinstance(getattr(module, "running_mean", None), Tensor) and hasattr(module, "momentum")
    ]


def _counts(norm: Any) -> bool:
    return isinstance(getattr(norm, "num_batches_tracked", None), Tensor)
