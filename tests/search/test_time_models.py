from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.search import SupernetCost, supernet_cost, training_times


def test_training_counts_every_pass():
    times = training_times(
        np.array([0.1, 0.2]),
        np.array([0.3, 0.5]),
        num_epochs=2,
        num_training_images=1000,
        num_evaluation_images=300,
        batch_size=256,
    )
    np.testing.assert_allclose(times, [2 * 4 * 0.4 + 2 * 0.1, 2 * 4 * 0.7 + 2 * 0.2])


def test_supernet_costs_the_average_cell_of_the_space(table):
    half = replace(table, member=np.arange(2532) < 1000)
    narrow_s = np.full(2532, 7.0)
    assert supernet_cost(half).total_s == pytest.approx(4 * table.time_s[:1000].mean())
    cost = supernet_cost(half, epochs_ratio=3.0, narrow_time_s=narrow_s, num_scored=1000, scoring_s=0.5)
    assert cost == SupernetCost(training_s=21.0, scoring_s=500.0)
    assert cost.total_s == 521.0


@pytest.mark.parametrize(
    "impossible",
    [
        lambda _: training_times(np.ones(1), np.ones(1), num_epochs=0),
        lambda _: SupernetCost(training_s=-1.0),
        lambda _: SupernetCost(training_s=1.0, scoring_s=np.inf),
        lambda table: supernet_cost(table, epochs_ratio=0.0),
        lambda table: supernet_cost(table, num_scored=-1),
    ],
)
def test_impossible_costs_are_refused(table, impossible):
    with pytest.raises(SettingsError, match="expected"):
        impossible(table)
