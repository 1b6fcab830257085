import numpy as np
import pytest
from scipy import stats

from shareornot.statistics import fit_noise_model, one_run_against_others


@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_finds_the_noise_of_a_normal_table(noise):
    rng = np.random.default_rng(0)
    runs = rng.normal(size=(20_000, 1)) + noise * rng.normal(size=(20_000, 3))
    model = fit_noise_model(runs)
    scale = np.sqrt(1 + noise**2)  # a normal score is a value in standard deviations of all runs
    assert model.true_scores.std() == pytest.approx(1 / scale, rel=0.02)
    assert np.median(model.noise_sd) == pytest.approx(noise / scale, rel=0.05)
    assert (np.diff(model.true_scores) >= 0).all()


def test_finds_noise_that_grows_towards_bad_cells():
    rng = np.random.default_rng(1)
    truth = np.sort(rng.normal(size=20_000))
    sd = np.where(truth < 0, 0.4, 0.1)
    model = fit_noise_model(truth[:, None] + sd[:, None] * rng.normal(size=(20_000, 3)))
    assert model.noise_sd[2_000] == pytest.approx(0.4, rel=0.15)
    assert model.noise_sd[18_000] == pytest.approx(0.1, rel=0.15)


def test_finds_truth_in_two_clusters():
    """Means alone would smear the clusters out; their law is what the noise leaves."""
    rng = np.random.default_rng(2)
    truth = rng.choice([-1.0, 1.0], size=(20_000, 1))
    model = fit_noise_model(truth + 0.6 * rng.normal(size=(20_000, 2)))
    observed = stats.norm.ppf((stats.rankdata(truth + 0.6 * rng.normal(size=(20_000, 1))) - 0.5) / 20_000)
    middle = np.abs(model.true_scores) < 0.25
    assert middle.mean() < 0.5 * (np.abs(observed) < 0.25).mean()


def test_simulated_tables_are_like_the_table():
    rng = np.random.default_rng(3)
    truth = -rng.gamma(2, size=20_000)  # a long tail of bad cells, and noisier there
    runs = truth[:, None] + (0.2 - 0.2 * truth[:, None]) * rng.normal(size=(20_000, 3))
    model = fit_noise_model(runs)
    for share in (1.0, 0.1):
        simulated = one_run_against_others(model.simulate(rng, 3), share=share)
        assert simulated == pytest.approx(one_run_against_others(runs, share=share), abs=0.03)


def test_noise_free_table_has_no_noise():
    runs = np.repeat(np.random.default_rng(4).uniform(size=(500, 1)), 3, axis=1)
    model = fit_noise_model(runs)
    assert model.noise_sd.max() < 1e-6
