import json

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import simulated_table, time_searches


def test_speeds_can_be_written_as_json():
    report = json.loads(json.dumps(time_searches(num_runs=4, num_evaluations=50, num_repeats=2)))
    assert report["settings"]["num_cells"] == 423_624
    for name in ("regularized_evolution", "random_search", "local_search"):
        times = report[name]
        assert 0 < times["fastest_s"] <= times["median_s"] <= times["slowest_s"]
        assert times["evaluations_per_s"] == pytest.approx(200 / times["median_s"])


def test_no_measurement_is_refused():
    with pytest.raises(SettingsError, match="num_repeats"):
        time_searches(num_repeats=0)


def test_a_simulated_table_looks_like_a_real_one():
    table = simulated_table(np.random.default_rng(0), 2532)
    assert 0.85 < np.median(table.validation) < 0.95
    assert np.corrcoef(table.validation, table.test)[0, 1] > 0.95
