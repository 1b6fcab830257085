"""Cells trained alone, on both engines: all follows from cell and run, whatever trains together, and how."""

import itertools
from dataclasses import astuple, replace

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.images import digits_images, draw_epoch
from shareornot.spaces.nasbench101 import CONV1X1, CONV3X3, MAXPOOL3X3
from shareornot.supernet.cell_plan import plan_cell
from shareornot.supernet.config import NetworkConfig, StandaloneTrainingConfig
from shareornot.supernet.standalone import StandaloneNetwork, StandaloneTrainer
from shareornot.supernet.standalone_compiled import CompiledStandaloneTrainer
from shareornot.supernet.standalone_training import TRAINERS, standalone_engine, train_standalone

TRAINING = StandaloneTrainingConfig(epochs=2, batch_size=8, learning_rate=0.02)
ENGINES = list(TRAINERS)
ONLY_RESIDUAL = 0
"""The cell whose input is its output."""


def of_run(network, run):
    """The tensors that a run has in a network of several."""
    return {
        name: tensor if tensor.ndim == 0 else tensor.chunk(network.num_runs)[run]
        for name, tensor in network.state_dict().items()
    }


def trained(kind, index, images, config, dtype, num_epochs):
    """Two runs of a cell after some epochs: tensors, and accuracies on the validation images."""
    network = StandaloneNetwork(index, config, [1, 2]).to(dtype)
    trainer = kind(network, images, TRAINING)
    rngs = [np.random.default_rng(run) for run in range(2)]
    for epoch in range(num_epochs):
        trainer.epoch([draw_epoch(images, rng) for rng in rngs], 0.05 / (epoch + 1))
    accuracies = trainer.accuracies(images.validation_images, images.validation_labels)
    if isinstance(trainer, CompiledStandaloneTrainer):
        trainer.copy_back()
    tensors = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    return tensors, accuracies


def test_both_engines_give_the_same_numbers(images, network_config, some_cells):
    """Four steps with momentum and decay in double precision, on cells of several spaces, two cells a stack."""
    config = network_config(cells_per_stack=2)
    cells = [ONLY_RESIDUAL, *some_cells("A_FULL", 4), *some_cells("A_FULL^RES", 2), *some_cells("A4", 2)]
    operations = {operation for index in cells for operation in plan_cell(int(index), 6, 2).operations}
    assert operations == {CONV1X1, CONV3X3, MAXPOOL3X3}
    for index in map(int, cells):
        expected, accuracies = trained(StandaloneTrainer, index, images, config, torch.float64, 2)
        tensors, others = trained(CompiledStandaloneTrainer, index, images, config, torch.float64, 2)
        for name, tensor in tensors.items():
            apart = 1e-9 * max(expected[name].abs().max().item(), 0.1)  # where all is almost 0, only rounding is left
            torch.testing.assert_close(tensor, expected[name], rtol=0, atol=apart)
        assert others == accuracies


def test_both_engines_give_about_the_same_numbers_in_single_precision(images, network_config, some_cells):
    """To 2 % of how far two steps move a network.

    Sums in another order differ by 1e-6, but batch norm divides by deviations that can be small, and where pixels are
    almost equal, maximum and ReLU may choose differently. A wrong operation is as far off as the steps move.
    """
    config = network_config()

    def vector(tensors):
        return torch.cat([tensor.flatten() for tensor in tensors.values()])

    for index in map(int, [ONLY_RESIDUAL, *some_cells("A_FULL", 4), *some_cells("A4", 2)]):
        before, expected, tensors = (
            vector(trained(kind, index, images, config, torch.float32, num_epochs)[0])
            for kind, num_epochs in ((StandaloneTrainer, 0), (StandaloneTrainer, 1), (CompiledStandaloneTrainer, 1))
        )
        assert (tensors - expected).norm() <= 0.02 * (expected - before).norm()


def test_what_the_network_says_of_spaces_does_not_matter(images, network_config, some_cells):
    index = int(some_cells("A_FULL", 1)[0])
    for changes in ({"min_output_edges": 4}, {"single_kernel": True}, {"max_vertices": 2}):
        expected, _ = trained(CompiledStandaloneTrainer, index, images, network_config(), torch.float32, 1)
        tensors, _ = trained(CompiledStandaloneTrainer, index, images, network_config(**changes), torch.float32, 1)
        assert all(torch.equal(tensors[name], tensor) for name, tensor in expected.items())


def test_both_engines_end_with_the_same_accuracies_but_for_noise():
    """Full trainings of the embedded benchmark: rounding grows into other weights, which are as good."""
    images = digits_images()
    network = NetworkConfig(
        num_filters=8, num_stacks=2, cells_per_stack=1, image_channels=1, max_vertices=5, bn_momentum=0.1
    )
    for index in (40, 2531):
        by_engine = [
            train_standalone(index, range(2), images, network, StandaloneTrainingConfig(), engine=engine)
            for engine in ENGINES
        ]
        means = [np.mean([astuple(final)[:3] for _, final in results], axis=0) for results in by_engine]
        assert means[0][1] > 0.3  # of ten classes
        np.testing.assert_allclose(means[1], means[0], atol=0.05)  # runs of one cell differ by 0.02 to 0.03


def test_auto_is_compiled_for_small_images_on_a_processor(images):
    assert standalone_engine(images) == "compiled"
    parts = ("train_images", "validation_images", "test_images")
    sizes = {part: len(getattr(images, part)) for part in parts}
    large = replace(images, **{p: torch.zeros(size, 3, 17, 16, dtype=torch.uint8) for p, size in sizes.items()})
    assert standalone_engine(large) == "plain"
    assert standalone_engine(images.to("meta")) == "plain"
    assert [standalone_engine(large, engine) for engine in ENGINES] == ["plain", "compiled"]


def test_the_compiled_engine_is_refused_elsewhere(images):
    with pytest.raises(SettingsError, match="engine: expected auto or, on meta, plain, got 'compiled'"):
        standalone_engine(images.to("meta"), "compiled")


def test_code_is_there_before_the_clock_starts(images, network_config, some_cells):
    """What compiling needs, a step of a run that nobody needs, leaves no trace."""
    network = StandaloneNetwork(int(some_cells("A_FULL", 1)[0]), network_config(), [1, 2])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainer = CompiledStandaloneTrainer(network, images, TRAINING)
    assert not trainer.machine.slopes.any()
    assert not trainer.machine.used.any()
    assert not any(run.velocity.any() for run in trainer.runs)
    trainer.copy_back()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("kind", TRAINERS.values(), ids=ENGINES)
def test_training_runs_together_is_training_them_alone(kind, images, network_config, some_cells, monkeypatch):
    """The weights after training, which tell more than accuracies."""
    trainers = []
    original = kind.__init__

    def remember(self, *args):
        original(self, *args)
        trainers.append(self)

    monkeypatch.setattr(kind, "__init__", remember)

    def train(index, runs):
        results = train_standalone(index, runs, images, network_config(), TRAINING, engine=kind.engine)
        trainer = trainers.pop()
        if kind is CompiledStandaloneTrainer:
            trainer.copy_back()
        return results, trainer.network

    for index in some_cells("A_FULL", 2).tolist():
        results, together = train(index, [0, 1, 2])
        for run in range(3):
            (expected,), alone = train(index, [run])
            for name, tensor in of_run(alone, 0).items():
                torch.testing.assert_close(of_run(together, run)[name], tensor, rtol=1e-2, atol=1e-3)
            for one, other in zip(results[run], expected, strict=True):
                np.testing.assert_allclose(astuple(one)[:3], astuple(other)[:3], atol=0.1)  # an image or two of 22


@pytest.mark.parametrize("engine", ENGINES)
def test_a_training_follows_from_cell_and_run(engine, images, network_config, some_cells):
    first_cell, second_cell = some_cells("A_FULL", 2).tolist()

    def train(index, runs):
        results = train_standalone(index, runs, images, network_config(), TRAINING, clock=lambda: 0.0, engine=engine)
        return [astuple(result) for run in results for result in run]

    assert train(first_cell, [0, 1]) == train(first_cell, [0, 1])
    assert train(first_cell, [0, 1]) != train(first_cell, [2, 3])
    assert train(first_cell, [0, 1]) != train(second_cell, [0, 1])


@pytest.mark.parametrize("engine", ENGINES)
def test_time_is_shared_among_the_runs_and_leaves_out_scoring(engine, images, network_config, some_cells):
    config = StandaloneTrainingConfig(epochs=4, batch_size=8)
    index = int(some_cells("A_FULL", 1)[0])
    clock = map(float, itertools.count()).__next__
    results = train_standalone(index, [0, 1], images, network_config(), config, clock, engine)
    # The clock is read before and after each epoch and ticks a second a reading: a second an epoch, for two runs.
    assert [(half.training_time_s, final.training_time_s) for half, final in results] == [(1.0, 2.0)] * 2


@pytest.mark.parametrize("engine", ENGINES)
def test_it_learns(engine, images, network_config, some_cells):
    config = StandaloneTrainingConfig(epochs=20, batch_size=8, learning_rate=0.05)
    index = int(some_cells("A4", 1)[0])
    ((half_way, final),) = train_standalone(index, [0], images, network_config(), config, engine=engine)
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
