"""What trainings and super-nets would have cost, in seconds.

A time model is an array of seconds for all cells of a universe, put into `SearchTable.time_s`: the training times of
the benchmark itself, or what `nasbench101.pass_times` fits to measurements on the device at hand.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from shareornot.errors import SettingsError
from shareornot.search.table import SearchTable

CellTimes = Float64[np.ndarray, " cells"]


def training_times(
    forward_s: CellTimes,
    backward_s: CellTimes,
    *,
    num_epochs: int = 108,
    num_training_images: int = 40_000,
    num_evaluation_images: int = 20_000,
    batch_size: int = 256,
) -> CellTimes:
    """Training times from the times of one forward and one backward pass of a batch.

    Args:
        forward_s: seconds of a forward pass of one batch, for each cell.
        backward_s: seconds of a backward pass.
        num_epochs: passes over the training images.
        num_training_images: images that are passed forward and backward in each epoch.
        num_evaluation_images: images that are passed forward once, at the end.
        batch_size: images in a batch; the last one counts as a whole.

    Returns:
        Seconds of a whole training, for each cell.

    Raises:
        SettingsError: a number below 1, but for evaluation images below 0.

    References: Pourchot et al. 2020, section 4.2.
    """
    if min(num_epochs, num_training_images, batch_size) < 1 or num_evaluation_images < 0:
        raise SettingsError(
            "training: expected at least 1 epoch, 1 training image, 1 image per batch and 0 images to evaluate on, "
            f"got {num_epochs}, {num_training_images}, {batch_size} and {num_evaluation_images}"
        )
    num_steps = num_epochs * -(-num_training_images // batch_size)
    num_evaluation_steps = -(-num_evaluation_images // batch_size)
    times_s: CellTimes = num_steps * (forward_s + backward_s) + num_evaluation_steps * forward_s
    return times_s


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetCost:
    """Cost of a guided search before its first training."""

    training_s: float
    scoring_s: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.training_s < np.inf and 0 <= self.scoring_s < np.inf):
            raise SettingsError(
                f"super-net cost: expected finite seconds, at least 0, got {self.training_s} and {self.scoring_s}"
            )

    @property
    def total_s(self) -> float:
        """Training and scoring."""
        return self.training_s + self.scoring_s


def supernet_cost(
    table: SearchTable,
    *,
    epochs_ratio: float = 4.0,
    narrow_time_s: CellTimes | None = None,
    num_scored: int = 0,
    scoring_s: float = 0.0,
) -> SupernetCost:
    """Cost of a super-net: a step activates one cell, so training costs what the average cell of the space costs.

    Args:
        table: the space, and the training times of its cells.
        epochs_ratio: epochs of the super-net for each epoch of a cell trained alone; the paper's 432 / 108 is 4.
        narrow_time_s: training times at the width of the super-net, for all cells of the universe; by default those of
            the table are taken, as the paper's first version does. The second version measures at 16 filters.
        num_scored: cells in the pool.
        scoring_s: seconds to score one cell; the first version of the paper leaves scoring out.

    Returns:
        Seconds of training and of scoring the pool.

    Raises:
        SettingsError: a number below 0.

    References: Pourchot et al. 2020, arXiv:2002.04289, versions 1 and 2, section 4.2.
    """
    if epochs_ratio <= 0 or num_scored < 0:
        raise SettingsError(
            f"super-net cost: expected a ratio above 0 and no negative pool, got {epochs_ratio} and {num_scored}"
        )
    times = table.time_s if narrow_time_s is None else narrow_time_s
    return SupernetCost(training_s=epochs_ratio * float(times[table.cells].mean()), scoring_s=num_scored * scoring_s)
