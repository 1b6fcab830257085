import numpy as np
import pytest

from shareornot.errors import SettingsError, UnitError
from shareornot.search import fit_pass_times
from shareornot.search.nasbench101.pass_times import pass_terms
from shareornot.spaces.nasbench101 import Cell, cell_features

CELLS = np.random.default_rng(0).permutation(2532)


def made_up_times(noise=0.0):
    """Times that are exactly such a sum, of some of the terms, with relative noise."""
    terms = pass_terms(np.arange(2532))
    time_s = 0.01 + 0.02 * terms["conv3x3_product"] + 0.004 * terms["maxpool3x3_width"] + 0.001 * terms["sum_count"]
    return time_s * np.exp(noise * np.random.default_rng(1).standard_normal(2532))


def test_terms_of_a_cell_by_hand():
    cell = Cell.parse("0111000011000010000100000;input,conv3x3-bn-relu,conv1x1-bn-relu,maxpool3x3,output")
    terms = {name: value[0] for name, value in pass_terms(np.array([cell.index]), num_filters=9).items()}
    features = cell_features(np.array([cell.index]))
    assert features.num_output_edges[0] == round(9 / (9 * terms["conv3x3_width"]))
    width = 1 / int(features.num_output_edges[0])
    assert terms["conv3x3_count"] == terms["conv1x1_count"] == terms["maxpool3x3_count"] == 1
    assert terms["conv3x3_product"] == pytest.approx(width**2)
    assert terms["projection_count"] == cell.adjacency[0, 1:-1].sum()
    assert terms["residual"] == cell.adjacency[0, -1]
    assert terms["sum_count"] == cell.adjacency[1:-1, 1:-1].sum()


def test_a_sum_of_the_terms_is_found_again():
    time_s = made_up_times()
    fit = fit_pass_times(CELLS[:200], time_s[CELLS[:200]], num_cells=2532)
    np.testing.assert_allclose(fit.time_s, time_s, rtol=1e-6)
    assert fit.largest_error < 1e-6
    assert fit.costs_s["conv3x3_product"] == pytest.approx(0.02)
    assert all(cost >= 0 for cost in fit.costs_s.values())


def test_held_out_error_is_that_of_the_noise():
    measured = made_up_times(noise=0.05)[CELLS[:400]]
    fit = fit_pass_times(CELLS[:400], measured, num_cells=2532)
    assert 0.02 < fit.median_error < 0.05
    assert fit.largest_error > fit.median_error
    np.testing.assert_allclose(fit.time_s, made_up_times(), rtol=0.1)


def test_held_out_cells_are_not_fitted_to():
    """A cell with an absurd time has the error of a fit that never saw it."""
    measured = made_up_times()[CELLS[:200]]
    honest = measured[3]
    measured[3] *= 100
    fit = fit_pass_times(CELLS[:200], measured, num_cells=2532, num_folds=200)
    assert fit.held_out_error[3] == pytest.approx(honest / measured[3] - 1, rel=1e-6)


def test_too_few_or_impossible_measurements_are_refused():
    with pytest.raises(SettingsError, match="measure more cells"):
        fit_pass_times(CELLS[:20], np.ones(20), num_cells=2532)
    with pytest.raises(UnitError, match="measured_s"):
        fit_pass_times(CELLS[:100], np.zeros(100), num_cells=2532)
