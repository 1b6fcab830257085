"""Sampling strategies: which cells a training step runs.

A strategy is a function from a random generator and a number to that many unique indices. `SAMPLING_STRATEGIES` names
those that come with the package; installed packages add others, see `shareornot.plugins`.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Int32

from shareornot.errors import SettingsError
from shareornot.plugins import load_plugin, plugin_names
from shareornot.spaces.nasbench101 import parameter_count

Indices = Int32[np.ndarray, " cells"]
Strategy = Callable[[np.random.Generator, int], Indices]


def uniform(space: Indices) -> Strategy:
    """Each unique cell of the space with the same probability (SPOS).

    References: Guo et al. 2019, arXiv:1904.00420.
    """

    def sample(rng: np.random.Generator, num_cells: int) -> Indices:
        return space[rng.integers(len(space), size=num_cells)]

    return sample


def pro_rata(space: Indices) -> Strategy:
    """Each unique cell in proportion to the trainable parameters that it has at 128 filters (PRO-RATA).

    References: Luo et al. 2019, arXiv:1909.10815; Pourchot et al. 2020, arXiv:2002.04289, section 3.3.
    """
    cumulative = np.cumsum(parameter_count(space), dtype=np.float64)

    def sample(rng: np.random.Generator, num_cells: int) -> Indices:
        points = rng.random(num_cells) * cumulative[-1]
        chosen: Indices = space[np.minimum(np.searchsorted(cumulative, points, side="right"), len(space) - 1)]
        return chosen

    return sample


SAMPLING_STRATEGIES: dict[str, Callable[[Indices], Strategy]] = {"uniform": uniform, "pro-rata": pro_rata}


def sampling_strategy(name: str) -> Callable[[Indices], Strategy]:
    """What makes the strategy of this name for a space: one of `SAMPLING_STRATEGIES`, or of an installed package.

    Raises:
        SettingsError: no such strategy, or its package fails.

    Example:
        >>> sample = sampling_strategy("uniform")(np.arange(100, dtype=np.int32))
        >>> len(sample(np.random.default_rng(0), 4))
        4
    """
    if name in SAMPLING_STRATEGIES:
        return SAMPLING_STRATEGIES[name]
    added = plugin_names("sampling_strategies")
    if name not in added:
        raise SettingsError(f"sampling: expected one of {', '.join([*SAMPLING_STRATEGIES, *added])}, got {name!r}")
    make: Callable[[Indices], Strategy] = load_plugin("sampling_strategies", name)
    return make
