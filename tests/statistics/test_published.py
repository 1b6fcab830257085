"""The paper's Table 1 from the published evaluations: all means and intervals, rounding apart, and its asterisks."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from shareornot.statistics import paper_interval, spearman

SPACES = ("4", "3", "2", "1", "full", "full_0", "full_1")
# mean, half width, diverged super-nets; in the order of SPACES
PRINTED = {
    "baseline_no_ft": "0.08 0.17 0 | 0.12 0.15 0 | 0.24 0.03 0 | 0.32 0.05 0 | 0.24 0.05 0 | 0.11 0.05 1 | 0.34 0.10 0",
    "baseline_ft_bn": "0.64 0.03 0 | 0.59 0.03 0 | 0.60 0.04 0 | 0.68 0.02 0 | 0.56 0.04 0 | 0.46 0.06 1 | 0.71 0.02 0",
    "single-k_ft_bn": "0.66 0.01 0 | 0.62 0.02 0 | 0.64 0.02 0 | 0.72 0.02 0 | 0.63 0.02 1 | 0.58 0.02 1 | 0.68 0.01 0",
    "pro-rata_ft_bn": "0.68 0.03 0 | 0.63 0.02 0 | 0.64 0.02 0 | 0.75 0.02 0 | 0.59 0.03 0 | 0.56 0.03 0 | 0.72 0.02 0",
    "avg-3_ft_bn": "0.67 0.02 1 | 0.61 0.03 0 | 0.61 0.01 0 | 0.73 0.01 0 | 0.61 0.02 0 | 0.52 0.02 0 | 0.69 0.02 0",
    "s-k+p-r_ft_bn": "0.69 0.02 0 | 0.66 0.02 0 | 0.65 0.02 0 | 0.67 0.01 0 | 0.58 0.02 0 | 0.49 0.02 0 | 0.66 0.01 0",
}


@pytest.fixture(scope="module")
def published(shared_data):
    """For each variant and space the proxies and accuracies of its super-nets."""
    runs = [f"final_validation_accuracy_{run}" for run in range(3)]
    cells = pq.read_table(shared_data / "nasbench101-sample.parquet", columns=["module_hash", *runs])
    mean = np.mean([cells[run].to_numpy().astype(float) for run in runs], axis=0)
    hashes = np.array(cells["module_hash"].to_pylist())  # sorted
    rows = pq.read_table(shared_data / "published-supernets.parquet")
    accuracies = mean[np.searchsorted(hashes, np.array(rows["module_hash"].to_pylist()))].reshape(210, 1000)
    proxies = rows["proxy_validation_accuracy"].to_numpy().reshape(210, 1000)
    variants, spaces = (np.array(rows[name].to_pylist()).reshape(210, 1000)[:, 0] for name in ("variant", "space"))
    return {
        (variant, space): (proxies[chosen], accuracies[chosen])
        for variant in PRINTED
        for space in SPACES
        if (chosen := (variants == variant) & (spaces == space)).sum() == 5
    }


@pytest.mark.parametrize("variant", PRINTED)
def test_table_1_as_printed(published, variant):
    for space, printed in zip(SPACES, PRINTED[variant].split(" | "), strict=True):
        mean, half_width, num_diverged = (float(number) for number in printed.split())
        agreement = spearman(*published[variant, space])
        interval = paper_interval(agreement.converged)
        assert agreement.num_undefined == num_diverged, space
        assert interval.mean == pytest.approx(mean, abs=0.005 + 1e-9), space  # every printed mean is rounded
        # ... and so is every +-, but for one of 0.003 that is printed as 0.01
        assert max(interval.half_width, 0.005) == pytest.approx(half_width, abs=0.006), space
