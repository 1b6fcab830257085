"""Uniform sampling: every architecture with the same probability (SPOS)."""

import numpy as np

from shareornot.methods.contract import Indices, Setup
from shareornot.methods.single_path import Draw, Groups, SinglePath


def uniform(setup: Setup) -> SinglePath:
    """Train one architecture per step, each with the same probability.

    References: Guo et al. 2019, arXiv:1904.00420.
    """
    return SinglePath(setup, draw_uniformly(setup.architectures))


def draw_uniformly(architectures: Indices) -> Draw:
    """Draws one architecture per step, each with the same probability."""

    def draw(rng: np.random.Generator, num_draws: int) -> Groups:
        return architectures[rng.integers(len(architectures), size=num_draws)][:, None]

    return draw
