"""Cells trained alone: runs side by side are runs by themselves, and all follows from cell and run."""

import itertools
from dataclasses import astuple

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.supernet.config import StandaloneTrainingConfig
from shareornot.supernet.standalone import StandaloneNetwork, train_standalone

TRAINING = StandaloneTrainingConfig(epochs=2, batch_size=8, learning_rate=0.02)


def copy_of_run(together, index, run):
    """A network of one run, with the weights and statistics that this run has in a network of several."""
    alone = StandaloneNetwork(index, together.config, [0])
    for name, tensor in together.state_dict().items():
        own = alone.state_dict()[name]
        own.copy_(tensor if tensor.ndim == 0 else tensor.chunk(together.num_runs)[run])
    return alone


def test_runs_side_by_side_are_the_same_networks(network_config, some_cells):
    config = network_config()
    seeds = [3, 4, 5]
    batches = torch.randn(3, 6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for index in some_cells("A_FULL", 2).tolist():
        together = StandaloneNetwork(index, config, seeds)
        for run, seed in enumerate(seeds):
            initial = StandaloneNetwork(index, config, [seed]).state_dict()
            of_run = copy_of_run(together, index, run).state_dict()
            assert all(torch.equal(of_run[name], tensor) for name, tensor in initial.items())
        alone = [copy_of_run(together, index, run) for run in range(3)]
        for mode in (True, False):
            logits = together.train(mode)(torch.cat(list(batches), dim=1))
            assert logits.shape == (6, 3, 4)
            expected = [network.train(mode)(batch)[:, 0] for network, batch in zip(alone, batches, strict=True)]
            torch.testing.assert_close(logits, torch.stack(expected, dim=1), rtol=1e-4, atol=1e-4)
        for run, network in enumerate(alone):
            of_run = copy_of_run(together, index, run).state_dict()
            for name, tensor in network.state_dict().items():
                torch.testing.assert_close(of_run[name], tensor, rtol=1e-4, atol=1e-5)


def test_training_runs_together_is_training_them_alone(images, network_config, some_cells, monkeypatch):
    """The weights after training, which tell more than accuracies."""
    trained = []
    original = StandaloneNetwork.__init__

    def remember(self, *args):
        original(self, *args)
        trained.append(self)

    monkeypatch.setattr(StandaloneNetwork, "__init__", remember)
    config = network_config()
    for index in some_cells("A_FULL", 2).tolist():
        trained.clear()
        results = train_standalone(index, [0, 1, 2], images, config, TRAINING)
        together = trained[0]
        for run in range(3):
            trained.clear()
            (alone,) = train_standalone(index, [run], images, config, TRAINING)
            expected = trained[0].state_dict()
            for name, tensor in copy_of_run(together, index, run).state_dict().items():
                torch.testing.assert_close(tensor, expected[name], rtol=1e-2, atol=1e-3)
            for one, other in zip(results[run], alone, strict=True):
                np.testing.assert_allclose(astuple(one)[:3], astuple(other)[:3], atol=0.1)  # an image or two of 22


def test_a_training_follows_from_cell_and_run(images, network_config, some_cells):
    first_cell, second_cell = some_cells("A_FULL", 2).tolist()

    def train(index, runs):
        results = train_standalone(index, runs, images, network_config(), TRAINING, clock=lambda: 0.0)
        return [astuple(result) for run in results for result in run]

    assert train(first_cell, [0, 1]) == train(first_cell, [0, 1])
    assert train(first_cell, [0, 1]) != train(first_cell, [2, 3])
    assert train(first_cell, [0, 1]) != train(second_cell, [0, 1])


def test_time_is_shared_among_the_runs_and_leaves_out_scoring(images, network_config, some_cells):
    ticks = itertools.count()
    config = StandaloneTrainingConfig(epochs=4, batch_size=8)
    index = int(some_cells("A_FULL", 1)[0])
    results = train_standalone(index, [0, 1], images, network_config(), config, clock=lambda: float(next(ticks)))
    # The clock is read before and after each epoch and ticks a second a reading: a second an epoch, for two runs.
    assert [(half.training_time_s, final.training_time_s) for half, final in results] == [(1.0, 2.0)] * 2


def test_it_learns(images, network_config, some_cells):
    config = StandaloneTrainingConfig(epochs=20, batch_size=8, learning_rate=0.05)
    index = int(some_cells("A4", 1)[0])
    ((half_way, final),) = train_standalone(index, [0], images, network_config(), config)
    assert final.train_accuracy > 0.5
    assert final.validation_accuracy > 0.4
    for accuracy, number in ((final.train_accuracy, 22), (half_way.validation_accuracy, 30), (final.test_accuracy, 10)):
        assert accuracy * number == pytest.approx(round(accuracy * number))


def test_fewer_images_than_a_batch_are_refused(images, network_config):
    config = StandaloneTrainingConfig(epochs=2, batch_size=23)
    with pytest.raises(SettingsError, match="batch_size: expected at most the 22 training images, got 23"):
        train_standalone(0, [0], images, network_config(), config)
    with pytest.raises(SettingsError, match="batch_size: expected at least 1, got 0"):
        StandaloneTrainingConfig(batch_size=0)


@pytest.mark.parametrize("epochs", [0, 1, 7])
def test_epochs_without_a_half_are_refused(epochs):
    with pytest.raises(SettingsError, match=f"epochs: expected an even number, to report half-way, got {epochs}"):
        StandaloneTrainingConfig(epochs=epochs)
