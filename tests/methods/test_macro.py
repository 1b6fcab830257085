"""Methods for product spaces on NAS-Bench-Macro, whose super-net mixes blocks."""

import numpy as np
import pytest

from shareornot.methods import METHODS, check_method, make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import NetworkSettings, OptimizerSettings, TrainingSettings, build_supernet

OPTIONS = {"enas": {"num_controller_steps": 1, "num_samples": 2}, "nao": {"pool_size": 4, "num_model_steps": 1}}


@pytest.mark.parametrize("method", [name for name, one in METHODS.items() if one.families and "macro" in one.families])
def test_a_step_moves_the_weights(method, images):
    space = open_space("macro")
    network_settings = NetworkSettings(num_filters=4, num_classes=4, bn_momentum=0.1)
    settings = TrainingSettings(
        method=method,
        options=OPTIONS.get(method, {}),
        epochs=2,
        batch_size=8,
        optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
    )
    check_method(settings, space, len(space), network_settings)
    network = build_supernet("macro", network_settings, seed=0)
    before = network.classifier.weight.detach().clone()
    trainer = make_trainer(network, space, space.members, images, settings)
    assert np.isfinite(trainer.step().item())
    assert not (network.classifier.weight == before).all()
