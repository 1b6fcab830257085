"""How fast cells of the embedded benchmark train alone: every engine, in turns."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64

from shareornot.errors import SettingsError
from shareornot.images import digits_images, draw_epoch
from shareornot.progress import ProgressBars, no_bars
from shareornot.studies.settings import digits_network
from shareornot.supernet.config import StandaloneTrainingConfig
from shareornot.supernet.standalone import StandaloneNetwork
from shareornot.supernet.standalone_training import TRAINERS
from shareornot.tables import BenchmarkTable, open_benchmark

NUM_CELLS = 24
"""Of the embedded benchmark, to measure."""
Seconds = dict[str, Float64[np.ndarray, "cells repeats"]]
"""By engine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StandaloneSpeed:
    """What was measured."""

    training: Seconds
    """Of an epoch of all runs of a cell."""
    scoring: Seconds
    """Of the validation images by all runs of a cell."""
    num_training_images: int
    """That the runs of a cell see in an epoch, together."""
    num_scored_images: int
    """That the runs of a cell are scored on, together."""

    def sentences(self) -> tuple[str, ...]:
        """How the compiled engine compares with the plain one, cell by cell."""
        return tuple(
            f"{what}, compiled against plain, medians of each cell: {_ratios(seconds['plain'], seconds['compiled'])}."
            for what, seconds in (("Training", self.training), ("Scoring", self.scoring))
        )


def measure_standalone(
    *,
    num_cells: int = NUM_CELLS,
    num_repeats: int = 5,
    num_threads: int = 1,
    clock: Callable[[], float] = time.perf_counter,
    bars: ProgressBars = no_bars,
) -> StandaloneSpeed:
    """Measure an epoch and a scoring of some cells of the embedded benchmark, on every engine.

    Args:
        num_cells: at equal steps from the fewest parameters to the most.
        num_repeats: measurements of each, in turns.
        num_threads: of PyTorch.
        clock: seconds.
        bars: shows the progress in cells.

    Raises:
        SettingsError: fewer than one cell.
    """
    if num_cells < 1:
        raise SettingsError(f"cells: expected at least 1, got {num_cells}")
    torch.set_num_threads(num_threads)
    images, network, config = digits_images(), digits_network(), StandaloneTrainingConfig()
    table = open_benchmark("digits")
    runs = range(table.info.num_runs)
    training = {engine: np.empty((num_cells, num_repeats)) for engine in TRAINERS}
    scoring = {engine: np.empty((num_cells, num_repeats)) for engine in TRAINERS}
    with bars(f"Training {num_cells} cells {len(runs)} times", num_cells) as progress:
        for place, index in enumerate(_cells(table, num_cells)):
            trainers = {
                engine: kind(StandaloneNetwork(index, network, list(runs)), images, config)
                for engine, kind in TRAINERS.items()
            }
            for repeat in range(-1, num_repeats):  # the first turn warms up, and the next overwrites its seconds
                draws = [draw_epoch(images, np.random.default_rng([repeat + 1, run])) for run in runs]
                for engine, trainer in trainers.items():
                    start = clock()
                    trainer.epoch(draws, config.learning_rate)
                    trained = clock()
                    trainer.accuracies(images.validation_images, images.validation_labels)
                    training[engine][place, max(repeat, 0)] = trained - start
                    scoring[engine][place, max(repeat, 0)] = clock() - trained
            progress.advance()
    return StandaloneSpeed(
        training=training,
        scoring=scoring,
        num_training_images=len(runs) * config.batch_size * (len(images.train_images) // config.batch_size),
        num_scored_images=len(runs) * len(images.validation_images),
    )


def _cells(table: BenchmarkTable, num_cells: int) -> list[int]:
    """Cells at equal steps from the fewest parameters to the most."""
    order = np.argsort(table.trainable_parameters, kind="stable")
    cells: list[int] = table.cells[order[np.linspace(0, len(order) - 1, num_cells).round().astype(int)]].tolist()
    return cells


def _ratios(slow: Float64[np.ndarray, "cells repeats"], fast: Float64[np.ndarray, "cells repeats"]) -> str:
    """How much faster the second is, over cells."""
    ratios = np.median(slow, axis=1) / np.median(fast, axis=1)
    lowest, lower, median, upper, highest = np.quantile(ratios, [0, 0.25, 0.5, 0.75, 1])
    total = np.median(slow, axis=1).sum() / np.median(fast, axis=1).sum()
    return (
        f"{median:.1f} times as fast in the median (quartiles {lower:.1f} and {upper:.1f}, lowest {lowest:.1f}, "
        f"highest {highest:.1f}), {total:.1f} times over all {len(ratios)} cells together"
    )
