"""Pro-rata sampling: an architecture as often as it has parameters."""

import numpy as np
from jaxtyping import Real

from shareornot.errors import SettingsError
from shareornot.methods.contract import PARAMETERS, Indices, Setup
from shareornot.methods.single_path import Draw, Groups, SinglePath


def pro_rata(setup: Setup) -> SinglePath:
    """Train one architecture per step, each in proportion to its number of parameters.

    The number is that of the standalone network of the space, which is 128 filters wide on NASBench-101.

    References: Luo et al. 2019, arXiv:1909.10815; Pourchot et al. 2020, arXiv:2002.04289, section 3.3.
    """
    sizes = setup.space.sizes(setup.architectures)
    if PARAMETERS not in sizes:
        raise SettingsError(
            f"method pro-rata: expected a space that counts parameters, got {setup.space.name}; take uniform"
        )
    return SinglePath(setup, draw_in_proportion(setup.architectures, sizes[PARAMETERS]))


def draw_in_proportion(architectures: Indices, weights: Real[np.ndarray, " architectures"]) -> Draw:
    """Draws one architecture per step, each with a probability in proportion to its weight."""
    cumulative = np.cumsum(weights, dtype=np.float64)

    def draw(rng: np.random.Generator, num_draws: int) -> Groups:
        points = rng.random(num_draws) * cumulative[-1]
        chosen = np.minimum(np.searchsorted(cumulative, points, side="right"), len(architectures) - 1)
        groups: Groups = architectures[chosen][:, None]
        return groups

    return draw
