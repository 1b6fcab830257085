"""What trainings cost: counted passes of the methods themselves."""

import numpy as np
import pytest

from shareornot.methods import METHODS, make_trainer
from shareornot.methods.costs import Training, training_cost
from shareornot.spaces import open_space
from shareornot.supernet import NetworkSettings, OptimizerSettings, TrainingSettings, build_supernet

OPTIONS = {
    "darts": {},
    "parsec": {"num_samples": 3},
    "enas": {"num_controller_steps": 2, "num_samples": 3},
    "nao": {"pool_size": 8, "num_rounds": 2, "num_model_steps": 1},
}


class Passes:
    """Counts the images that go through a network, forward alone or with gradients, in paths."""

    def __init__(self, network, monkeypatch):
        self.steps = 0.0
        forward, mix, activate = network.forward, network.mix, network.activate
        self.width = 1.0

        def weighed(weights):
            self.width = float(np.mean([int((one.detach() != 0).sum()) for one in weights]))
            mix(weights)

        def activated(architecture):
            self.width = 1.0
            activate(architecture)

        def counted(images):
            logits = forward(images)
            self.steps += self.width * (1 if logits.requires_grad else 1 / 3)
            return logits

        monkeypatch.setattr(network, "forward", counted)
        monkeypatch.setattr(network, "mix", weighed)
        monkeypatch.setattr(network, "activate", activated)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        *(
            (name, OPTIONS.get(name, {}))
            for name in METHODS
            if name not in ("few-shot", "groups", "smash", "path-dropout")
        ),
        ("darts", {"second_order": True}),
    ],
)
def test_the_cost_is_that_of_the_passes(method, options, images, monkeypatch):
    space = open_space("nasbench201")
    network = build_supernet("nasbench201", NetworkSettings(num_filters=4, cells_per_stack=1, num_classes=4), 0)
    settings = TrainingSettings(
        method=method,
        options=options,
        epochs=2,
        batch_size=8,
        optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
    )
    trainer = make_trainer(network, space, space.members, images, settings)
    passes = Passes(network, monkeypatch)
    for _ in trainer.run():
        pass
    training = Training(
        method=method, options=options, epochs=2, steps_per_epoch=trainer.steps_per_epoch, paths_per_step=1
    )
    assert training_cost(training, space) * trainer.steps_per_epoch == pytest.approx(passes.steps, rel=1e-6)


def test_few_shot_costs_what_its_base_does():
    space = open_space("A_FULL")
    for base, paths in (("uniform", 2), ("fairnas", 6)):
        training = Training(method="few-shot", options={"base": base}, epochs=5, steps_per_epoch=4, paths_per_step=2)
        assert training_cost(training, space) == 5 * paths
