"""What a mixture of architectures computes, from the weights of its options."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError

Options = list[tuple[int, Tensor | None]]
"""The options of a decision that are computed, each with what multiplies it; None stands for 1."""


def weighted_options(weights: Sequence[Float[Tensor, " _"]], sizes: Sequence[int]) -> list[Options]:
    """The options of each decision whose weight is not 0, with their weights.

    Args:
        weights: a vector for each decision; the elements that come back are parts of it, so that gradients flow.
        sizes: number of options of each decision.

    Raises:
        SettingsError: another number of vectors, or of options.
    """
    if [len(vector) for vector in weights] != list(sizes):
        raise SettingsError(
            f"weights: expected a vector for each decision, of {', '.join(map(str, sizes))} numbers, got vectors of "
            f"{', '.join(str(len(vector)) for vector in weights) or 'none'}"
        )
    numbers = iter(torch.cat([vector.detach() for vector in weights]).tolist())
    return [[(option, vector[option]) for option in range(len(vector)) if next(numbers) != 0] for vector in weights]
