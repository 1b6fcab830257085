"""How well could any proxy agree with a benchmark table whose accuracies are noisy themselves?

No proxy that is independent of the noise correlates with a column better than sqrt(reliability): the true accuracy
itself does just that, see `reliability`.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from shareornot.errors import DataError, SettingsError
from shareornot.statistics.agreement import Coefficient, spearman, within_top
from shareornot.statistics.intervals import upper_quantile
from shareornot.statistics.levels import CONFIDENCE
from shareornot.statistics.noise_model import fit_noise_model
from shareornot.statistics.reliability import (
    Runs,
    checked_runs,
    mean_agreement,
    mean_of_runs,
    one_run_against_others,
    reliability_of_mean,
    single_run_agreement,
    spearman_brown,
)
from shareornot.statistics.two_way import NUM_BLOCKS, blocks_of

MOST_FOR_INTERVAL = 20_000
"""Cells on which the uncertainty of a ceiling is found; that of more follows from their number."""
LEAST_RELIABILITY = 0.3
"""Agreement of single runs among the best below which a simulated ceiling is flagged."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoiseCeiling:
    """How reliable a table is among the best `share` of its cells."""

    share: float
    num_cells: int
    """Cells among which the figures are computed."""
    single_run: float
    """Coefficient between single runs, mean over pairs."""
    one_against_others: float
    """How well one run ranks the mean of the others, mean over runs."""
    ceiling: float
    """The highest coefficient with the mean over all runs that a proxy can reach: `highest_spearman` over all cells,
    `simulated_ceiling` among the best."""
    low: float | None = None
    """95 % interval of the ceiling for other cells of this kind, by a jackknife; None among the best, or for fewer than
    20 cells."""
    high: float | None = None
    is_rough: bool = False
    """Whether noise decides so much of the order of the best (single runs agree by less than 0.3) that the simulated
    ceiling can be far too high; skewed noise makes it worse."""


def highest_spearman(runs: Runs) -> float:
    """Highest Spearman correlation of any proxy with the mean over the runs, by the attenuation formula on ranks.

    sqrt(spearman_brown(single_run_agreement, k)). The formula is exact for Pearson's correlation; ranks follow it
    closely (within 0.01 in simulations of skewed tables), since noise of ranks is nearly additive. It holds for all
    cells only: among the best, chosen by the noisy accuracies themselves, use `simulated_ceiling`.

    Args:
        runs: accuracies of each cell, any unit.

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or a column that is constant.
    """
    return math.sqrt(spearman_brown(max(single_run_agreement(runs), 0.0), runs.shape[1]))


def simulated_ceiling(
    runs: Runs,
    rng: np.random.Generator,
    *,
    share: float = 1.0,
    coefficient: Coefficient = spearman,
    num_simulations: int = 5,
) -> float:
    """Highest coefficient with the mean over the runs among the best by that mean, by simulated tables.

    The perfect proxy is the true accuracy. Tables are simulated from true scores and noise that `fit_noise_model`
    finds, and the ceiling is the mean coefficient between true scores and simulated means, among the best by the
    simulated means. It is an estimate from above: on NASBench-101 the same simulation gives `one_run_against_others` as
    measured over all cells and in the top 10 % (0.96 and 0.46), but 0.24 for a measured 0.18 in the top 1 %.

    Args:
        runs: accuracies of each cell, any unit.
        rng: source of the noise.
        share: fraction of the cells.
        coefficient: what is averaged over the simulated tables; of normal scores, which matters for Pearson's alone.
        num_simulations: how many tables are simulated.

    Returns:
        The mean coefficient over the simulated tables.

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or cells whose means are all equal.
        SettingsError: `share` is outside (0, 1].
    """
    runs = checked_runs(runs)
    reliability_of_mean(runs)  # refuses a table without variation between cells
    model = fit_noise_model(runs)
    tables = (model.simulate(rng, runs.shape[1]) for _ in range(num_simulations))
    return mean_agreement([(model.true_scores, table.mean(axis=1)) for table in tables], share, coefficient)


def noise_ceiling(runs: Runs, rng: np.random.Generator, *, share: float = 1.0) -> NoiseCeiling:
    """How far Spearman's correlation with a table can go, among the best `share` of its cells.

    Args:
        runs: accuracies of each cell, any unit.
        rng: source of the noise of simulated tables, and of the cells that the jackknife leaves out together.
        share: fraction of the cells, such as 1, 0.1 and 0.01.

    Raises:
        DataError: fewer than two cells or runs, a value that is not finite, or cells whose means are all equal.
        SettingsError: `share` is outside (0, 1].
    """
    runs = checked_runs(runs)
    reliability_of_mean(runs)  # refuses a table without variation between cells
    single_run = single_run_agreement(runs, share=share)
    low = high = None
    if share == 1:
        ceiling = highest_spearman(runs)
        low, high = _interval(runs, ceiling, rng)
    else:
        ceiling = simulated_ceiling(runs, rng, share=share)
    return NoiseCeiling(
        share=share,
        num_cells=int(np.count_nonzero(within_top(mean_of_runs(runs), share))),
        single_run=single_run,
        one_against_others=one_run_against_others(runs, share=share),
        ceiling=ceiling,
        low=low,
        high=high,
        is_rough=share < 1 and single_run < LEAST_RELIABILITY,
    )


def _interval(
    runs: Float[np.ndarray, "cells runs"], ceiling: float, rng: np.random.Generator
) -> tuple[float | None, float | None]:
    """95 % interval of `highest_spearman`, by a jackknife over blocks of cells; of many cells, over some of them."""
    num_cells = len(runs)
    kept = runs if num_cells <= MOST_FOR_INTERVAL else runs[rng.choice(num_cells, MOST_FOR_INTERVAL, replace=False)]
    blocks = blocks_of(len(kept), rng)
    num_blocks = int(blocks.max()) + 1
    if num_blocks < NUM_BLOCKS:
        return None, None
    try:
        left_out = np.array([highest_spearman(kept[blocks != block]) for block in range(num_blocks)])
    except DataError:  # a column that is constant but for one block
        return None, None
    variance = (num_blocks - 1) / num_blocks * ((left_out - left_out.mean()) ** 2).sum() * len(kept) / num_cells
    half = float(stats.t.ppf(upper_quantile(CONFIDENCE), num_blocks - 1) * np.sqrt(variance))
    return max(ceiling - half, 0.0), min(ceiling + half, 1.0)


def share_of_ceiling(agreement: float, ceiling: float) -> float:
    """Agreement as a share of the highest that any proxy could reach: their quotient.

    Args:
        agreement: agreement of a proxy, in [-1, 1].
        ceiling: ceiling of the same coefficient, table and share of cells; in (0, 1].

    Raises:
        SettingsError: `ceiling` is outside (0, 1].
    """
    if not 0 < ceiling <= 1:
        raise SettingsError(
            f"ceiling: expected a number in (0, 1], got {ceiling:.4g}; a share of a ceiling of 0 is undefined"
        )
    return agreement / ceiling
