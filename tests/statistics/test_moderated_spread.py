import numpy as np
import pytest
from scipy import stats

from shareornot.statistics import moderated_variances
from shareornot.statistics.moderated_spread import MIN_STRUCTURES


def test_few_structures_are_taken_as_they_are():
    variances, degrees = np.arange(MIN_STRUCTURES - 1.0), np.full(MIN_STRUCTURES - 1, 2.0)
    found, freedom = moderated_variances(variances, degrees)
    assert found is variances
    assert freedom is degrees


def test_equal_true_variances_are_drawn_together():
    rng = np.random.default_rng(0)
    variances = 3 * rng.chisquare(2, 400) / 2
    found, freedom = moderated_variances(variances, np.full(400, 2.0))
    assert freedom.min() > 12
    assert np.log(found).std() < 0.3 * np.log(variances).std()
    assert np.median(found) == pytest.approx(3, rel=0.1)


def test_true_variances_that_differ_keep_apart():
    rng = np.random.default_rng(1)
    truth = np.exp(2 * rng.normal(size=400))
    found, freedom = moderated_variances(truth * rng.chisquare(4, 400) / 4, np.full(400, 4.0))
    assert freedom.max() < 6
    assert np.corrcoef(np.log(found), np.log(truth))[0, 1] > 0.9


@pytest.mark.parametrize("spread", [0.0, 1.0])
@pytest.mark.parametrize("num_supernets", [2, 3, 5])
def test_the_moderated_test_keeps_its_level(num_supernets, spread):
    """Without any effect, about one in twenty tests is significant, whether or not variances differ."""
    rng = np.random.default_rng(2)
    hits = []
    for _ in range(200):
        scale = np.exp(spread * rng.normal(size=(25, 1)) / 2)
        sample = scale * rng.normal(size=(25, num_supernets))
        variances, degrees = moderated_variances(sample.var(axis=1, ddof=1), np.full(25, num_supernets - 1.0))
        t = sample.mean(axis=1) / np.sqrt(variances / num_supernets)
        hits.append(np.mean(2 * stats.t.sf(np.abs(t), degrees) < 0.05))
    assert 0.02 < np.mean(hits) < 0.08


def test_copies_do_not_upset_the_others():
    rng = np.random.default_rng(3)
    variances = rng.chisquare(2, 20) / 2
    variances[:2] = 0
    found, freedom = moderated_variances(variances, np.full(20, 2.0))
    assert (found > 0).all()
    assert np.isfinite(freedom).all()
    assert not moderated_variances(np.zeros(20), np.ones(20))[0].any()
