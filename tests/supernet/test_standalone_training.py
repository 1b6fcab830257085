"""Cells trained alone: results follow from cell and run, whichever runs train together."""

import itertools
from dataclasses import astuple

import pytest

from shareornot.errors import SettingsError
from shareornot.supernet.settings import StandaloneTrainingSettings
from shareornot.supernet.standalone_training import train_standalone

TRAINING = StandaloneTrainingSettings(epochs=2, batch_size=8, learning_rate=0.02)


def test_training_runs_together_is_training_them_alone(images, network_config, some_cells):
    for index in some_cells("A_FULL", 2).tolist():

        def train(runs, index=index):
            results = train_standalone(index, runs, images, network_config(), TRAINING, clock=lambda: 0.0)
            return [[astuple(result) for result in run] for run in results]

        assert train([0, 1, 2]) == [train([run])[0] for run in range(3)]


def test_a_training_follows_from_cell_and_run(images, network_config, some_cells):
    first_cell, second_cell = some_cells("A_FULL", 2).tolist()

    def train(index, runs):
        results = train_standalone(index, runs, images, network_config(), TRAINING, clock=lambda: 0.0)
        return [astuple(result) for run in results for result in run]

    assert train(first_cell, [0, 1]) == train(first_cell, [0, 1])
    assert train(first_cell, [0, 1]) != train(first_cell, [2, 3])
    assert train(first_cell, [0, 1]) != train(second_cell, [0, 1])


def test_time_is_shared_among_the_runs_and_leaves_out_scoring(images, network_config, some_cells):
    config = StandaloneTrainingSettings(epochs=4, batch_size=8)
    index = int(some_cells("A_FULL", 1)[0])
    clock = map(float, itertools.count()).__next__
    results = train_standalone(index, [0, 1], images, network_config(), config, clock)
    # The clock is read before and after each epoch and ticks one second per reading: one per epoch, for two runs.
    assert [(half.training_time_s, final.training_time_s) for half, final in results] == [(1.0, 2.0)] * 2


def test_it_learns(images, network_config, some_cells):
    config = StandaloneTrainingSettings(epochs=20, batch_size=8, learning_rate=0.05)
    index = int(some_cells("A4", 1)[0])
    ((half_way, final),) = train_standalone(index, [0], images, network_config(), config)
    assert final.train_accuracy > 0.5
    assert final.validation_accuracy > 0.4
    for accuracy, number in ((final.train_accuracy, 22), (half_way.validation_accuracy, 30), (final.test_accuracy, 10)):
        assert accuracy * number == pytest.approx(round(accuracy * number))


def test_fewer_images_than_a_batch_are_refused(images, network_config):
    config = StandaloneTrainingSettings(epochs=2, batch_size=23)
    with pytest.raises(SettingsError, match="batch_size: expected at most the 22 training images, got 23"):
        train_standalone(0, [0], images, network_config(), config)
    with pytest.raises(SettingsError, match="batch_size: expected at least 1, got 0"):
        StandaloneTrainingSettings(batch_size=0)


@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_epochs_without_a_half_are_refused(epochs):
    with pytest.raises(SettingsError, match=f"epochs: expected an even number, to report half-way, got {epochs}"):
        StandaloneTrainingSettings(epochs=epochs)
