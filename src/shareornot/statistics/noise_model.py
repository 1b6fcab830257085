"""A benchmark table taken apart into true accuracies and noise, so that tables like it can be simulated.

Runs are mapped to normal scores first (the quantiles of a normal law at their ranks among all runs pooled), where the
long tail of bad cells no longer dominates. The variance of the noise is pooled over cells of similar accuracy, and the
law of the true scores is what, blurred by that noise, gives the means that the table shows: maximum likelihood on a
grid, by expectation maximisation.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Real
from scipy import ndimage, special, stats

_NUM_BINS = 400
_NUM_ITERATIONS = 100
"""Stopping early is what keeps the estimated law smooth; results change little from 50 to 1,000."""
_MIN_NEIGHBOURS = 20
"""Cells whose noise is pooled, at least: two degrees of freedom each are too few on their own."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NoiseModel:
    """Cells of known true score, from worst to best, and the noise that a run adds to it; all in normal scores."""

    true_scores: Float[np.ndarray, " cells"]
    noise_sd: Float[np.ndarray, " cells"]
    """Standard deviation of a single run about the true score."""

    def simulate(self, rng: np.random.Generator, num_runs: int) -> Float[np.ndarray, "cells num_runs"]:
        """Runs of every cell: true score plus independent normal noise.

        Args:
            rng: source of the noise.
            num_runs: runs of each cell.
        """
        noise = rng.normal(size=(self.true_scores.size, num_runs))
        return self.true_scores[:, None] + self.noise_sd[:, None] * noise


def fit_noise_model(runs: Real[np.ndarray, "cells runs"]) -> NoiseModel:
    """Estimate true scores and noise from a table with a few runs of each cell.

    Args:
        runs: accuracies, any unit, finite; at least two cells and two runs, not all equal.

    Returns:
        A model with as many cells as the table; they follow the law of the true scores, none is a particular cell.

    References: Laird 1978, "Nonparametric maximum likelihood estimation of a mixing distribution".
    """
    num_cells, num_runs = runs.shape
    scores = stats.norm.ppf((stats.rankdata(runs) - 0.5) / runs.size).reshape(runs.shape)
    means = scores.mean(axis=1)
    order = np.argsort(means)
    means = means[order]
    window = min(max(_MIN_NEIGHBOURS, num_cells // 200), num_cells)
    # the running sum behind the filter can end a rounding error below zero
    variances = np.maximum(ndimage.uniform_filter1d(scores.var(axis=1, ddof=1)[order], window, mode="nearest"), 0)

    edges = np.linspace(means[0], means[-1], _NUM_BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    sd_of_mean = np.sqrt(np.interp(centres, means, variances) / num_runs)
    law = _deconvolve(np.histogram(means, edges)[0] / num_cells, edges, centres, sd_of_mean)

    reached = np.concatenate([[0.0], np.cumsum(law)])
    true_scores = np.interp((np.arange(num_cells) + 0.5) / num_cells, reached / reached[-1], edges)
    return NoiseModel(true_scores=true_scores, noise_sd=np.sqrt(np.interp(true_scores, means, variances)))


def _deconvolve(
    observed: Float[np.ndarray, " bins"],
    edges: Float[np.ndarray, " edges"],
    centres: Float[np.ndarray, " bins"],
    sd: Float[np.ndarray, " bins"],
) -> Float[np.ndarray, " bins"]:
    """Law on the bins that gives the observed law once each bin is blurred by a normal law of its own width."""
    inner = np.concatenate([[-np.inf], edges[1:-1], [np.inf]])
    # noise far below a bin's width leaves the bin where it is
    narrowest = (edges[1] - edges[0]) / 100
    blurred = np.diff(special.ndtr((inner - centres[:, None]) / np.maximum(sd, narrowest)[:, None]), axis=1)
    law = observed.copy()
    for _ in range(_NUM_ITERATIONS):
        predicted = law @ blurred
        ratio = np.divide(observed, predicted, out=np.zeros_like(observed), where=predicted > 0)
        law = law * (blurred @ ratio)
    return law
