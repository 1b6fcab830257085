"""Scores of several cells at once against those of the plain engine."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.supernet import EvaluationConfig, Evaluator, OptimizerConfig, TrainingConfig, adapt_batch_norm
from shareornot.supernet.masked.choice import describe_cells, expand
from shareornot.supernet.masked.network import FixedStatistics
from shareornot.supernet.masked.scoring import MaskedEvaluator
from shareornot.supernet.masked.training import MaskedTrainer
from shareornot.supernet.network import ADAPTED, RUNNING

CONFIG = EvaluationConfig(num_batches=3, batch_size=8)


@pytest.fixture
def trained(images, network_for, some_cells):
    """A super-net that has learnt a little, so that cells differ."""

    def make(space="A_FULL", **changes):
        network = network_for(space, **changes)
        config = TrainingConfig(epochs=3, batch_size=8, optimizer=OptimizerConfig(name="sgd", learning_rate=0.05))
        list(MaskedTrainer(network, images, some_cells(space, 10), config).run())
        return network

    return make


@pytest.mark.usefixtures("in_double")
@pytest.mark.parametrize("single_kernel", [False, True])
def test_statistics_and_logits(single_kernel, space, trained, images, some_cells, apart):
    network = trained(space, single_kernel=single_kernel)
    cells = some_cells(space, 4)
    for adaptation in ("average", "last-batch", "none"):
        evaluator = MaskedEvaluator(network, images, replace(CONFIG, adaptation=adaptation), num_lanes=4)
        rows = torch.from_numpy(describe_cells(cells, network.config))
        with torch.no_grad():
            choice = expand(rows, evaluator.sizes, torch.float64)
            statistics = evaluator._statistics(choice)
            unit = FixedStatistics(statistics, evaluator.layout.statistics, choice, evaluator.sizes)
            logits = evaluator._logits(evaluator.validation, choice, unit)
            for lane, index in enumerate(cells.tolist()):
                plan, mode = network.plan(index), RUNNING
                if adaptation != "none":
                    average = adaptation == "average"
                    adapt_batch_norm(network, plan, evaluator.batches, average=average)
                    mode = ADAPTED
                expected = network(evaluator.validation, plan, mode)
                assert apart(expected, logits[:, lane]) < 1e-9


@pytest.mark.usefixtures("in_double")
@pytest.mark.parametrize("num_lanes", [1, 3, 8])
@pytest.mark.parametrize("adaptation", ["average", "last-batch", "none"])
def test_scores(adaptation, num_lanes, trained, images, some_cells):
    network = trained()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    cells = np.concatenate([some_cells("A_FULL", 6), [0]]).astype(np.int32)
    config = replace(CONFIG, adaptation=adaptation)
    expected = list(Evaluator(network, images, config).scores(cells))
    scores = list(MaskedEvaluator(network, images, config, num_lanes).scores(cells))
    assert scores == expected
    assert len(set(scores)) > 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@pytest.mark.usefixtures("in_double")
def test_fine_tuning(trained, images, some_cells):
    network, cells = trained(), some_cells("A_FULL", 5)
    config = replace(CONFIG, fine_tuning_steps=4, fine_tuning_learning_rate=0.05)
    expected = list(Evaluator(network, images, config).scores(cells))
    assert list(MaskedEvaluator(network, images, config, num_lanes=2).scores(cells)) == expected
    assert expected != list(Evaluator(network, images, CONFIG).scores(cells))


@pytest.mark.usefixtures("in_double")
def test_parts_of_the_validation_images(trained, images, some_cells):
    network, cells = trained(), some_cells("A_FULL", 4)
    whole = list(MaskedEvaluator(network, images, replace(CONFIG, forward_size=1000), 4).scores(cells))
    assert whole == list(MaskedEvaluator(network, images, replace(CONFIG, forward_size=28), 4).scores(cells))


@pytest.mark.usefixtures("in_double")
def test_a_cell_that_diverges_leaves_the_others_alone(trained, images):
    network = trained()
    cells = np.array([2, 3, 30], np.int32)
    good = list(MaskedEvaluator(network, images, CONFIG, 3).scores(cells[:2]))
    diverging = network.plan(30)
    used = network.used_regions([diverging])
    others = network.used_regions([network.plan(2), network.plan(3)])
    only = [parameter for parameter in used if parameter not in others]
    assert only
    for parameter in only:
        parameter.data.fill_(float("inf"))
    scores = list(MaskedEvaluator(network, images, CONFIG, 3).scores(cells))
    assert scores[:2] == good


def test_in_single_precision(trained, images, some_cells):
    network, cells = trained().float(), some_cells("A_FULL", 6)
    expected = np.array(list(Evaluator(network, images, CONFIG).scores(cells)))
    # Rounding may turn an image or two of 30 over.
    assert np.abs(np.array(list(MaskedEvaluator(network, images, CONFIG).scores(cells))) - expected).max() <= 2 / 30


def test_refuses_cells_that_do_not_fit(trained, images, some_cells):
    with pytest.raises(SettingsError, match="edges into the output"):
        list(MaskedEvaluator(trained("A4"), images, CONFIG).scores(some_cells("A1", 2)))
