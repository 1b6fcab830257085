"""Random search with weight sharing: clipped training, and a choice in two stages."""

from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.methods import Chooser, make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import (
    EvaluationSettings,
    Evaluator,
    NASBench101SuperNet,
    OptimizerSettings,
    TrainingSettings,
)

EVALUATION = EvaluationSettings(adaptation="none")


@pytest.fixture
def trainer(images, network_config, some_cells):
    def make(clip=None, method="rsws", **options):
        optimizer = OptimizerSettings(name="sgd", learning_rate=0.05, clip_norm=clip)
        settings = TrainingSettings(epochs=2, batch_size=4, method=method, options=options, optimizer=optimizer)
        network = NASBench101SuperNet(network_config(), 0).double()
        return make_trainer(network, open_space("A_FULL"), some_cells("A_FULL", 12), images, settings)

    return make


def weights(trainer, num_steps=4):
    for _ in range(num_steps):
        trainer.step()
    return trainer.network.classifier.weight.detach().clone()


def test_it_trains_as_uniform_sampling_with_clipped_gradients(trainer):
    uniform = weights(trainer(clip=5.0, method="uniform"))
    np.testing.assert_array_equal(weights(trainer()), uniform)
    assert not np.array_equal(weights(trainer(clip=0.1)), uniform)
    np.testing.assert_array_equal(weights(trainer(clip=0.1)), weights(trainer(clip=0.1, method="uniform")))


def test_its_choice_is_the_best_finalist(trainer, images, some_cells):
    one = trainer(num_candidates=12, num_batches=2, num_finalists=3)
    weights(one, one.num_steps)
    assert isinstance(one.method, Chooser)
    choice = one.method.own_choice(images, EVALUATION, np.random.default_rng(3))
    # The same search, written down.
    rng = np.random.default_rng(3)
    candidates = rng.choice(some_cells("A_FULL", 12), 12, replace=False)
    which = rng.choice(30, 8, replace=False)
    few = replace(
        images, validation_images=images.validation_images[which], validation_labels=images.validation_labels[which]
    )
    first = list(Evaluator(one.network, few, EVALUATION).scores(candidates))
    ranked = sorted(range(12), key=lambda number: (-first[number], number))[:3]
    final = list(Evaluator(one.network, images, EVALUATION).scores(candidates[ranked]))
    assert choice == candidates[ranked[int(np.argmax(final))]]


@pytest.mark.parametrize("options", [{"num_finalists": 0}, {"num_candidates": 5}, {"num_batches": 0}])
def test_options_out_of_range_are_refused(options, trainer):
    with pytest.raises(SettingsError, match="method rsws: expected num_batches from 1"):
        trainer(**options)
