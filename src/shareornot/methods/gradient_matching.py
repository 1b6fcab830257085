"""Which decision to split, and how: options whose gradients agree stay together (GM-NAS)."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float64, Int64
from torch import Tensor

from shareornot.spaces import ProductSpace
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.training import Batch

Similarities = Float64[np.ndarray, "options options"]


def matched_groups(
    network: SuperNet,
    space: ProductSpace,
    batches: Callable[[], Batch],
    rng: np.random.Generator,
    num_contexts: int,
) -> tuple[int, Int64[np.ndarray, " options"]]:
    """The decision whose options disagree most on the shared weights, and its options in two groups.

    The gradient of an option is that of the parameters outside the decision, for architectures that differ in this
    decision alone, as a mean over some contexts: random choices of all others. Two options are as similar as the cosine
    of their gradients. A decision is cut into the two groups of options of almost equal size with the least mean
    similarity between them, and the decision with the least such mean is taken.

    Args:
        network: its gradients are dropped.
        space: space to train on.
        batches: draws mini-batches, of which every context takes one.
        rng: source of the contexts.
        num_contexts: how many.

    Returns:
        The position of the decision, and 0 or 1 for each of its options.

    References: Hu et al. 2022, "Generalizing Few-Shot NAS with Gradient Matching", arXiv:2203.15207, section 3.
    """
    sizes = [len(decision.options) for decision in space.decisions]
    similarities = [np.zeros((size, size)) for size in sizes]
    for _ in range(num_contexts):
        batch, context = batches(), [int(rng.integers(size)) for size in sizes]
        for position, size in enumerate(sizes):
            rows = np.array([[*context[:position], option, *context[position + 1 :]] for option in range(size)])
            gradients = [_gradient(network, one, batch) for one in space.architectures(rows).tolist()]
            similarities[position] += cosines(gradients) / num_contexts
    cuts = [least_cut(one) for one in similarities]
    position = int(np.argmin([value for value, _ in cuts]))
    return position, cuts[position][1]


def cosines(gradients: list[dict[str, Tensor]]) -> Similarities:
    """Cosines of the gradients of all pairs of options, over the parameters that all of them use."""
    names = sorted(set.intersection(*(set(one) for one in gradients)))
    rows = torch.stack([torch.cat([one[name].flatten() for name in names]) for one in gradients])
    rows = F.normalize(rows.double(), dim=1)
    return np.asarray((rows @ rows.T).cpu().numpy())


def least_cut(similarities: Similarities) -> tuple[float, Int64[np.ndarray, " options"]]:
    """The two groups of options of almost equal size that are least similar to each other.

    Returns:
        Their mean similarity, and the group of each option; that of the first is 0.
    """
    size = len(similarities)
    best: tuple[float, Int64[np.ndarray, " options"]] | None = None
    for number in {size // 2, size - size // 2}:
        for others in combinations(range(1, size), number):
            groups = np.zeros(size, np.int64)
            groups[list(others)] = 1
            between = float(similarities[groups == 0][:, groups == 1].mean())
            if best is None or between < best[0]:
                best = between, groups
    assert best is not None, "a decision has at least two options"
    return best


def _gradient(network: SuperNet, architecture: int, batch: Batch) -> dict[str, Tensor]:
    """The gradient of one architecture by the names of parameters, which is dropped from the network."""
    path_gradients(network, [architecture], batch)
    found = {}
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            found[name] = parameter.grad.detach().clone()
            parameter.grad = None
    return found
