"""Measuring cells that are trained alone, with a clock that is played."""

from itertools import count

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.studies import standalone_speed
from shareornot.studies.speed import measure_speed
from shareornot.studies.standalone_speed import StandaloneSpeed, measure_standalone
from shareornot.tables import open_benchmark


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_cells_from_the_smallest_to_the_largest():
    table = open_benchmark("digits")
    rows, _ = table.rows_of(np.array(standalone_speed._cells(table, 5), np.int32))
    parameters = table.trainable_parameters[rows].tolist()
    assert parameters == sorted(parameters)
    assert [parameters[0], parameters[-1]] == [table.trainable_parameters.min(), table.trainable_parameters.max()]


def test_every_engine_in_turns():
    ticks = count(0.0)
    speed = measure_standalone(num_cells=2, num_repeats=2, clock=lambda: next(ticks))
    assert list(speed.training) == list(speed.scoring) == ["plain", "compiled"]
    # The clock goes on by one at every look: each measurement takes one second.
    assert all((seconds == 1).all() for seconds in [*speed.training.values(), *speed.scoring.values()])
    assert speed.num_training_images == 3 * 200
    assert speed.num_scored_images == 3 * 797
    assert speed.sentences()[0] == (
        "Training, compiled against plain, medians of each cell: 1.0 times as fast in the median (quartiles 1.0 and "
        "1.0, lowest 1.0, highest 1.0), 1.0 times over all 2 cells together."
    )


def test_report(monkeypatch):
    training = {"plain": np.array([[2.0, 4.0], [6.0, 12.0]]), "compiled": np.array([[1.0, 1.0], [1.0, 2.0]])}
    speed = StandaloneSpeed(training=training, scoring=training, num_training_images=80, num_scored_images=8)
    monkeypatch.setattr(standalone_speed, "measure_standalone", lambda **_: speed)
    report = measure_speed("standalone", num_repeats=2)
    assert [one.what for one in report.measures] == ["train plain", "train compiled", "score plain", "score compiled"]
    plain = report.measures[0]
    assert (plain.low, plain.median, plain.high) == (10, 15, 20)  # 160 images in 8 seconds, then in 16
    assert "4.5 times as fast in the median" in report.notes[0]  # 3 times for one cell, 6 times for the other
    assert "4.8 times over all 2 cells" in report.notes[0]  # 12 seconds against 2.5


def test_wrong_settings():
    with pytest.raises(SettingsError, match="cells: expected at least 1, got 0"):
        measure_standalone(num_cells=0)
    with pytest.raises(SettingsError, match="device: expected"):
        measure_speed("standalone", device="cuda")
