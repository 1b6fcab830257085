import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.errors import DataError, SettingsError
from shareornot.statistics import (
    highest_spearman,
    noise_ceiling,
    one_run_against_others,
    share_of_ceiling,
    simulated_ceiling,
    single_run_agreement,
    spearman,
    within_top,
)


def normal_truth(rng, num_cells):
    return rng.normal(size=num_cells), np.full(num_cells, 0.5)


def skewed_truth(rng, num_cells):
    """A long tail of bad cells, noisier than the good ones, as in benchmarks."""
    truth = -rng.gamma(2, size=num_cells)
    return truth, 0.2 - 0.2 * truth


@pytest.mark.parametrize("law", [normal_truth, skewed_truth])
def test_ceilings_are_what_the_truth_itself_reaches(law):
    rng = np.random.default_rng(0)
    truth, sd = law(rng, 30_000)
    runs = truth[:, None] + sd[:, None] * rng.normal(size=(30_000, 3))
    mean = runs.mean(axis=1)
    assert highest_spearman(runs) == pytest.approx(spearman(truth, mean).value, abs=0.01)
    assert simulated_ceiling(runs, rng) == pytest.approx(spearman(truth, mean).value, abs=0.01)
    top = within_top(mean, 0.1)
    assert simulated_ceiling(runs, rng, share=0.1) == pytest.approx(spearman(truth[top], mean[top]).value, abs=0.05)


def test_no_other_proxy_beats_the_ceiling():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=20_000)
    runs = truth[:, None] + rng.normal(size=(20_000, 3))
    for noise in (0.3, 1.0):
        proxies = truth + noise * rng.normal(size=20_000)
        assert spearman(proxies, runs.mean(axis=1)).value < highest_spearman(runs)


def test_pure_noise_has_a_ceiling_of_zero():
    runs = np.array([[0.1, 0.4], [0.4, 0.1], [0.2, 0.3], [0.31, 0.2]])
    assert highest_spearman(runs) == 0


def test_the_figures_of_a_table_go_together():
    rng = np.random.default_rng(2)
    runs = rng.normal(size=(2_000, 1)) + 0.5 * rng.normal(size=(2_000, 3))
    ceiling = noise_ceiling(runs, np.random.default_rng(3), share=0.1)
    assert ceiling.num_cells == 200
    assert ceiling.single_run == single_run_agreement(runs, share=0.1)
    assert ceiling.one_against_others == one_run_against_others(runs, share=0.1)
    assert ceiling.ceiling == simulated_ceiling(runs, np.random.default_rng(3), share=0.1)
    assert ceiling.single_run < ceiling.one_against_others < ceiling.ceiling < 1


def test_share_of_ceiling():
    assert share_of_ceiling(0.64, 0.8) == pytest.approx(0.8)
    for ceiling in (0.0, 1.2):
        with pytest.raises(SettingsError, match=r"expected a number in \(0, 1\]"):
            share_of_ceiling(0.5, ceiling)


def test_refuses_tables_without_variation():
    with pytest.raises(DataError, match="equal means for all"):
        simulated_ceiling(np.full((5, 3), 0.5), np.random.default_rng(0))


def test_noise_of_nasbench101(shared_data):
    """The simulation reproduces what is measured, over all cells and among the best."""
    columns = [f"final_validation_accuracy_{run}" for run in range(3)]
    rows = pq.read_table(shared_data / "nasbench101-sample.parquet", columns=columns)
    runs = np.stack([rows[column].to_numpy() for column in columns], axis=1)[::5]
    everywhere, best = (noise_ceiling(runs, np.random.default_rng(0), share=share) for share in (1.0, 0.1))
    assert everywhere.one_against_others == pytest.approx(0.96, abs=0.005)
    assert everywhere.ceiling == pytest.approx(0.99, abs=0.005)
    assert everywhere.ceiling == pytest.approx(highest_spearman(runs), abs=0.002)
    assert best.one_against_others == pytest.approx(0.46, abs=0.04)
    assert best.ceiling == pytest.approx(0.78, abs=0.03)


def test_the_ceiling_has_an_interval_that_shrinks_with_the_table():
    rng = np.random.default_rng(7)
    covered, widths = [], []
    for num_cells in (100,) * 60 + (2_000,):
        truth = rng.normal(size=(num_cells, 1))
        found = noise_ceiling(truth + 0.7 * rng.normal(size=(num_cells, 3)), rng)
        covered.append(found.low <= 0.92 <= found.high)  # of many cells
        widths.append(found.high - found.low)
        assert found.low < found.ceiling < found.high <= 1
    assert np.mean(covered) >= 0.85
    assert widths[-1] < np.mean(widths[:-1]) / 3


def test_a_ceiling_among_cells_that_noise_orders_is_flagged():
    rng = np.random.default_rng(8)
    truth = rng.normal(size=(3_000, 1))
    noisy = truth + rng.exponential(1.0, size=(3_000, 3))
    assert noise_ceiling(noisy, rng, share=0.1).is_rough
    assert noise_ceiling(noisy, rng, share=0.1).low is None
    assert not noise_ceiling(noisy, rng).is_rough
    assert not noise_ceiling(truth + 0.05 * rng.normal(size=(3_000, 3)), rng, share=0.1).is_rough


def test_few_cells_have_a_ceiling_without_an_interval():
    rng = np.random.default_rng(9)
    found = noise_ceiling(rng.normal(size=(12, 1)) + 0.1 * rng.normal(size=(12, 2)), rng)
    assert found.low is found.high is None
