"""Learning rates by size: those of small architectures fall early, those of large ones late (DYNAS)."""

import numpy as np

from shareornot.errors import SettingsError
from shareornot.methods.contract import PARAMETERS, Setup
from shareornot.supernet.training import Step

STEEPEST, FLATTEST = 4.0, 0.25
"""Exponents of the smallest and of the largest architecture."""


class SizeSchedule:
    """The learning rate of a sampled architecture, first * (1 - t / T) ** gamma.

    gamma falls from 4 for the smallest to 1/4 for the largest architecture, linearly in the logarithm of the number of
    parameters. Where the space gives all architectures one size, gamma is 1.

    Args:
        setup: a space that counts parameters.

    Raises:
        SettingsError: the space does not count parameters.

    References: Jeon et al. 2025 (DYNAS).
    """

    def __init__(self, setup: Setup) -> None:
        sizes = setup.space.sizes(setup.architectures)
        if PARAMETERS not in sizes:
            raise SettingsError(f"schedule by-size: expected a space that counts parameters, got {setup.space.name}")
        self.order = np.argsort(setup.architectures, kind="stable")
        self.sorted = setup.architectures[self.order]
        logs = np.log(np.maximum(sizes[PARAMETERS], 1))
        span = logs.max() - logs.min()
        share = (logs - logs.min()) / span if span > 0 else np.full(len(logs), (STEEPEST - 1) / (STEEPEST - FLATTEST))
        self.gammas = STEEPEST + (FLATTEST - STEEPEST) * share
        self.optimizer = setup.training.optimizer

    def learning_rate(self, at: Step, paths: list[int]) -> float:
        """The mean learning rate of the architectures of a step."""
        gammas = self.gammas[self.order[np.searchsorted(self.sorted, paths)]]
        first, last = self.optimizer.learning_rate, self.optimizer.final_learning_rate
        return float(np.mean(last + (first - last) * (1 - at.number / at.num_steps) ** gammas))
