"""Proxy accuracies against direct computations, and that scoring changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.images import draw_epoch
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import (
    EvaluationSettings,
    Evaluator,
    NASBench101SuperNet,
    OptimizerSettings,
    TrainingSettings,
    adapted_batch_norm,
    evaluation_mode,
)

CONFIG = EvaluationSettings(num_batches=4, batch_size=8)
ADAPTATIONS = ("none", "average", "last-batch")


@pytest.fixture(scope="module")
def cells(some_cells):
    return some_cells("A_FULL", 8)


@pytest.fixture(scope="module")
def network(images, network_config, cells):
    """A super-net trained for a while, so that cells differ."""
    network = NASBench101SuperNet(network_config(), 0)
    optimizer = OptimizerSettings(name="sgd", learning_rate=0.05)
    config = TrainingSettings(epochs=15, batch_size=8, optimizer=optimizer)
    assert len(list(make_trainer(network, open_space("A_FULL"), cells, images, config).run())) == 15
    return network


@pytest.fixture(autouse=True)
def _nothing_changes(network):
    """Whatever a test here does, parameters and running statistics stay bit by bit."""
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    yield
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def proxy_accuracies(network, images, cells, settings):
    return np.array(list(Evaluator(network, images, settings).scores(cells)))


@torch.no_grad()
def accuracy(network, images):
    logits = network(images.normalize(images.validation_images))
    return (logits.argmax(dim=1) == images.validation_labels).double().mean().item()


@pytest.mark.parametrize("adaptation", ADAPTATIONS)
def test_proxies_are_the_accuracies_with_these_statistics(adaptation, network, images, cells):
    config = replace(CONFIG, adaptation=adaptation)
    # 22 images hold two batches of 8; four batches take two passes.
    rng = np.random.default_rng([config.seed, 1])
    batches = []
    for _ in range(2):
        draws = draw_epoch(images, rng)
        batches += [images.training_batch(draws, start, start + 8)[0] for start in (0, 8)]
    expected = []
    for index in cells.tolist():
        network.activate(index)
        way = (
            evaluation_mode(network)
            if adaptation == "none"
            else adapted_batch_norm(network, batches, average=adaptation == "average")
        )
        with way:
            expected.append(accuracy(network, images))
    proxies = proxy_accuracies(network, images, cells, config)
    np.testing.assert_array_equal(proxies, expected)
    assert len(set(proxies)) > 2
    assert proxies.dtype == np.float64


def test_ways_to_adapt_differ(network, images, cells):
    scores = [proxy_accuracies(network, images, cells, replace(CONFIG, adaptation=name)) for name in ADAPTATIONS]
    other_batches = proxy_accuracies(network, images, cells, replace(CONFIG, seed=5))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert not np.array_equal(scores[first], scores[second])
    assert not np.array_equal(scores[1], other_batches)


@pytest.mark.parametrize("fine_tuning_steps", [0, 4])
@pytest.mark.parametrize("adaptation", ADAPTATIONS)
def test_a_score_depends_on_nothing_but_the_cell(adaptation, fine_tuning_steps, network, images, cells):
    config = replace(CONFIG, adaptation=adaptation, fine_tuning_steps=fine_tuning_steps)
    few = cells[:3]
    proxies = proxy_accuracies(network, images, few, config)
    np.testing.assert_array_equal(proxy_accuracies(network, images, few[::-1].copy(), config), proxies[::-1])
    evaluator = Evaluator(network, images, replace(config, forward_size=7))
    np.testing.assert_array_equal(list(evaluator.scores(few)), proxies)
    np.testing.assert_array_equal(list(evaluator.scores(few)), proxies)


def test_fine_tuning_trains_the_cell_alone(network, images, cells):
    config = replace(CONFIG, adaptation="none", fine_tuning_learning_rate=0.02)
    before = proxy_accuracies(network, images, cells[:6], config)
    after = proxy_accuracies(network, images, cells[:6], replace(config, fine_tuning_steps=12))
    assert after.mean() > before.mean() + 0.1


def test_a_batch_may_be_as_large_as_the_images(network, images, cells):
    sizes = [proxy_accuracies(network, images, cells, replace(CONFIG, batch_size=size)) for size in (22, 1000)]
    np.testing.assert_array_equal(*sizes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_batches": 0}, "at least 1 batch"),
        ({"batch_size": 0}, "at least 1 batch"),
        ({"forward_size": 0}, "at least 1 batch"),
        ({"fine_tuning_steps": -1}, "0 or more fine-tuning steps"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(SettingsError, match=message):
        EvaluationSettings(**change)
