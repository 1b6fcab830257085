import numpy as np
import pytest

from shareornot.errors import DataError
from shareornot.statistics import pearson, spearman, supernet_agreement


def super_nets(signal, shared_bias, seed_noise, num_supernets=4, num_cells=20_000):
    rng = np.random.default_rng(0)
    truth, bias = rng.normal(size=(2, num_cells))
    noise = rng.normal(size=(num_supernets, num_cells))
    return np.sqrt(signal) * truth + np.sqrt(shared_bias) * bias + np.sqrt(seed_noise) * noise, truth


@pytest.mark.parametrize("shares", [(0.5, 0.3, 0.2), (0.2, 0.0, 0.8), (0.4, 0.6, 0.0)])
def test_finds_the_shares_of_variance(shares):
    proxies, truth = super_nets(*shares)
    found = supernet_agreement(proxies, truth, coefficient=pearson)
    assert (found.signal, found.shared_bias, found.seed_noise) == pytest.approx(shares, abs=0.02)
    assert found.signal + found.shared_bias + found.seed_noise == pytest.approx(1)
    assert (found.num_supernets, found.num_cells) == (4, 20_000)


def test_ensemble_is_what_many_super_nets_reach():
    proxies, truth = super_nets(0.3, 0.3, 0.4, num_supernets=200, num_cells=5_000)
    few = supernet_agreement(proxies[:3], truth, coefficient=pearson)
    assert few.ensemble == pytest.approx(pearson(proxies.mean(axis=0), truth).value, abs=0.02)


def test_coefficients_match_plain_loop():
    proxies, truth = super_nets(0.5, 0.3, 0.2, num_cells=50)
    pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    found = supernet_agreement(proxies, truth)
    assert found.between == pytest.approx(np.mean([spearman(proxies[a], proxies[b]).value for a, b in pairs]))
    assert found.with_truth == pytest.approx(np.mean([spearman(proxy, truth).value for proxy in proxies]))


def test_diverged_super_nets_are_left_out():
    proxies, truth = super_nets(0.5, 0.3, 0.2, num_cells=50)
    with_diverged = np.concatenate([np.full((1, 50), 0.1), proxies])
    assert supernet_agreement(with_diverged, truth) == supernet_agreement(proxies, truth)
    with pytest.raises(DataError, match="at least 2 super-nets that converged, with accuracies that differ, got 1"):
        supernet_agreement(with_diverged[:2], truth)


def test_super_nets_that_disagree_have_no_ensemble():
    truth = np.arange(10.0)
    assert supernet_agreement(np.stack([truth, -truth]), truth).ensemble is None
