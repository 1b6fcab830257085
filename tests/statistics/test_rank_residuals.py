import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shareornot.errors import DataError
from shareornot.statistics import rank_fractions, rank_residuals

scores = st.lists(st.integers(0, 6), min_size=1, max_size=30).map(np.array)


@given(scores)
def test_rank_fraction_is_the_share_of_cells_beaten_with_ties_and_itself_counted_half(values):
    plain = [(np.sum(values < value) + np.sum(values == value) / 2) / len(values) for value in values]
    np.testing.assert_allclose(rank_fractions(values), plain)


@given(scores.flatmap(lambda x: st.tuples(st.just(x), st.permutations(list(x)).map(np.array))))
def test_residuals_have_mean_zero_and_change_sign_with_the_sides(pair):
    proxies, accuracies = pair
    residuals = rank_residuals(proxies, accuracies)
    assert abs(residuals.mean()) < 1e-12
    np.testing.assert_allclose(rank_residuals(accuracies, proxies), -residuals)


def test_a_residual_by_hand():
    np.testing.assert_allclose(
        rank_residuals(np.array([3.0, 1.0, 2.0]), np.array([0.1, 0.2, 0.3])), [2 / 3, -1 / 3, -1 / 3]
    )


def test_refuses_scores_that_are_not_finite():
    with pytest.raises(DataError, match="finite"):
        rank_fractions(np.array([0.1, np.nan]))
