import numpy as np
import pytest
from scipy import stats

from shareornot.errors import DataError
from shareornot.statistics import blocks_of, student_interval, two_way_interval
from shareornot.statistics.two_way import half_width, two_part_p_value, variance_parts


def left_out_means(scores, blocks):
    """The mean of each super-net's scores without each block of architectures."""
    return np.array([scores[:, blocks != block].mean(axis=1) for block in range(blocks.max() + 1)])


def test_blocks_are_of_equal_size():
    blocks = blocks_of(47, np.random.default_rng(0))
    assert sorted(np.bincount(blocks).tolist()) == [2] * 13 + [3] * 7
    assert blocks_of(3, np.random.default_rng(0)).max() == 2


def test_without_common_architectures_it_is_students():
    values = np.array([0.5, 0.6, 0.8])
    left_out = np.tile(values, (20, 1))
    found, expected = two_way_interval(values, left_out), student_interval(values)
    assert (found.mean, found.low, found.high) == pytest.approx((expected.mean, expected.low, expected.high))


def test_the_luck_of_a_pool_that_super_nets_share_widens_it():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=60) + 0.1 * rng.normal(size=(4, 60))
    blocks = blocks_of(60, rng)
    between, common = variance_parts(scores.mean(axis=1), left_out_means(scores, blocks))
    assert common == pytest.approx(scores.mean(axis=0).var(ddof=1) / 60, rel=0.4)
    assert between < common / 10
    assert two_way_interval(scores.mean(axis=1), left_out_means(scores, blocks)).half_width > 2 * np.sqrt(common)


@pytest.mark.parametrize("shared", [True, False])
def test_it_covers_what_it_should(shared):
    rng = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        pool = rng.normal(size=(1 if shared else 3, 40))
        scores = pool + rng.normal(size=(3, 40)) + 0.3 * rng.normal(size=(3, 1))
        blocks = blocks_of(40, rng)
        interval = two_way_interval(scores.mean(axis=1), left_out_means(scores, blocks))
        covered.append(interval.low <= 0 <= interval.high)
    assert np.mean(covered) == pytest.approx(0.96, abs=0.03)


def test_it_stays_inside_what_is_possible():
    found = two_way_interval(np.array([0.2, 0.95]), np.array([[0.2, 0.95]] * 20), bounds=(-1.0, 1.0))
    assert (found.low, found.high) == (-1, 1)


def test_one_super_net_has_no_interval():
    found = two_way_interval(np.array([0.5]), np.array([[0.5], [0.4]]))
    assert (found.mean, found.low, found.high, found.n) == (0.5, None, None, 1)
    with pytest.raises(DataError, match="at least one finite value"):
        two_way_interval(np.array([np.nan]), np.array([[0.5]]))


def test_p_values_are_the_levels_at_which_intervals_end_at_zero():
    parts = (
        (np.array([0.04, 0.0, 1.0]), np.array([2.0, 1.0, 4.0])),
        (np.array([0.01, 0.09, 0.5]), np.array([19.0] * 3)),
    )
    mean = np.array([1.0, -0.9, 0.3])
    p_values = two_part_p_value(mean, *parts)
    np.testing.assert_allclose(half_width(p_values, *parts), np.abs(mean), rtol=1e-5)
    assert p_values[1] == pytest.approx(2 * stats.t.sf(3, 19), rel=1e-5)
    assert two_part_p_value(np.array([0.0]), (np.array([1.0]), np.array([3.0])))[0] == pytest.approx(1)
