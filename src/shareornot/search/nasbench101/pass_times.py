"""Times of all cells from the measured times of some.

The time of a pass is modelled as a sum over what the network does: a constant, and for each kind of operation a cost
for every vertex, for every channel that it reads and writes, and for every product of channels that it computes. No
cost is negative, so no cell takes negative time. Errors are relative, as a second more matters more to a fast cell.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Integer

from shareornot.errors import SettingsError, UnitError
from shareornot.spaces.nasbench101 import (
    CONV1X1,
    CONV3X3,
    MAX_VERTICES,
    MAXPOOL3X3,
    canonical_codes,
    interior_widths,
    unpack,
)

OUTPUT = MAX_VERTICES - 1


@dataclass(frozen=True, kw_only=True)
class PassTimeFit:
    """Times of a pass, for all cells of a universe, and how far to trust them."""

    time_s: Float64[np.ndarray, " cells"]
    """Seconds, fitted."""
    costs_s: dict[str, float]
    """Seconds for each unit of each term; widths are relative to those of the cell's output."""
    held_out_error: Float64[np.ndarray, " measured"]
    """Relative error of the time of each measured cell, fitted without it: 0.1 is 10 % too long."""

    @property
    def median_error(self) -> float:
        """Median of the absolute relative errors on held-out cells."""
        return float(np.median(np.abs(self.held_out_error)))

    @property
    def largest_error(self) -> float:
        """Largest absolute relative error on a held-out cell."""
        return float(np.abs(self.held_out_error).max())


def fit_pass_times(
    cells: Integer[np.ndarray, " measured"],
    measured_s: Float64[np.ndarray, " measured"],
    *,
    num_cells: int,
    num_filters: int = 128,
    num_folds: int = 5,
) -> PassTimeFit:
    """Fit the time of a pass to the operations and widths of cells, by least squares without negative costs.

    Args:
        cells: unique indices of the measured cells, best in random order.
        measured_s: seconds of a forward pass, a backward pass, or both, in one network.
        num_cells: size of the universe, for all cells of which times are wanted.
        num_filters: output channels of the measured network's stem.
        num_folds: parts into which the measurements are split, every fifth one into a part by default; the error on
            each part is that of a fit to the others.

    Raises:
        SettingsError: fewer measurements than twice the number of terms, or fewer than 2 folds.
        UnitError: a time that is not above 0 or not finite.
    """
    terms = pass_terms(np.arange(num_cells), num_filters=num_filters)
    if len(cells) < 2 * len(terms) or num_folds < 2:
        raise SettingsError(
            f"measurements: expected at least {2 * len(terms)} cells and 2 folds, got {len(cells)} and {num_folds}; "
            "measure more cells"
        )
    if not (np.isfinite(measured_s).all() and measured_s.min() > 0):
        raise UnitError("measured_s: expected finite seconds above 0, got others; measure these cells again")
    design = np.stack(list(terms.values()), axis=1)
    fold = np.arange(len(cells)) % num_folds
    predicted_s = np.empty(len(cells))
    for part in range(num_folds):
        costs = _fit_costs(design[cells[fold != part]], measured_s[fold != part])
        predicted_s[fold == part] = design[cells[fold == part]] @ costs
    costs = _fit_costs(design[cells], measured_s)
    return PassTimeFit(
        time_s=design @ costs,
        costs_s={name: float(cost) for name, cost in zip(terms, costs, strict=True)},
        held_out_error=predicted_s / measured_s - 1,
    )


def pass_terms(
    cells: Integer[np.ndarray, " cells"], *, num_filters: int = 128
) -> dict[str, Float64[np.ndarray, " cells"]]:
    """Terms of the time of a pass, by name: counts, widths and products of widths of each kind of operation.

    Args:
        cells: unique indices.
        num_filters: output channels of the first stack, in which widths are counted.

    Returns:
        Widths and products of widths are relative to the channels of the cell's output.
    """
    edges, _ = unpack(canonical_codes(cells))
    operations, channels = interior_widths(cells, num_filters=num_filters)
    widths = channels / num_filters
    terms = {"network": np.ones(len(cells))}
    for name, operation in (("conv3x3", CONV3X3), ("conv1x1", CONV1X1), ("maxpool3x3", MAXPOOL3X3)):
        here = operations == operation
        terms[f"{name}_count"] = here.sum(axis=1).astype(np.float64)
        terms[f"{name}_width"] = (here * widths).sum(axis=1)
        if operation != MAXPOOL3X3:
            terms[f"{name}_product"] = (here * widths**2).sum(axis=1)
    from_input, between = edges[:, 0, 1:OUTPUT], edges[:, 1:OUTPUT, 1:OUTPUT].sum(axis=1)
    terms["projection_count"] = from_input.sum(axis=1).astype(np.float64)
    terms["projection_width"] = (from_input * widths).sum(axis=1)
    terms["residual"] = edges[:, 0, OUTPUT].astype(np.float64)
    terms["sum_count"] = between.sum(axis=1).astype(np.float64)
    terms["sum_width"] = (between * widths).sum(axis=1)
    return terms


def _fit_costs(
    design: Float64[np.ndarray, "measured terms"], measured_s: Float64[np.ndarray, " measured"]
) -> Float64[np.ndarray, " terms"]:
    """Costs, none negative, that make the sum of squared relative errors smallest."""
    from scipy.optimize import nnls

    relative = design / measured_s[:, None]
    scale = np.sqrt((relative**2).sum(axis=0))
    scale[scale == 0] = 1.0  # a term that no measured cell has costs nothing
    costs: Float64[np.ndarray, " terms"] = nnls(relative / scale, np.ones(len(measured_s)))[0] / scale
    return costs
