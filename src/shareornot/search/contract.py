"""What every search gives: the architectures that its runs evaluate, in order.

A search holds no test accuracies, no budget and no clock: `regret` times its evaluations and rates them.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int32

from shareornot.errors import SettingsError

PROPOSALS_PER_EVALUATION = 1000
"""How many proposals a run may make, by default, for each evaluation that it is to make."""


@dataclass(frozen=True, kw_only=True)
class SearchRuns:
    """Which architectures each run of a search evaluated, in which order."""

    cells: Int32[np.ndarray, "runs evaluations"]
    """Numbers of the architectures; meaningless from `num_evaluations` on."""
    num_evaluations: Int32[np.ndarray, " runs"]
    """How many evaluations each run made, fewer than there are columns if it could not continue."""

    def __post_init__(self) -> None:
        if not self.cells.size or self.num_evaluations.min() < 1:
            raise SettingsError(
                "search runs: expected at least one evaluation in each run, "
                f"got shape {self.cells.shape} and {int((self.num_evaluations < 1).sum())} runs without any; "
                "allow more proposals or take a larger space"
            )
