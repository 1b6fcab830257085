"""Learning rates by size against the formula."""

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.methods import Setup, make_trainer
from shareornot.methods.size_schedule import SizeSchedule
from shareornot.spaces import list_architectures, open_space
from shareornot.supernet import NASBench101SuperNet, OptimizerSettings, Step, TrainingSettings

OPTIMIZER = OptimizerSettings(name="sgd", learning_rate=0.2, final_learning_rate=0.01)


@pytest.fixture
def setup(network_config, some_cells):
    training = TrainingSettings(epochs=4, batch_size=8, optimizer=OPTIMIZER, schedule="by-size")
    return Setup(NASBench101SuperNet(network_config(), 0), open_space("A_FULL"), some_cells("A_FULL", 30), training)


def at(epoch, position):
    return Step(seed=0, epoch=epoch, position=position, num_epochs=4, steps_per_epoch=5, learning_rate=1.0)


def test_it_is_the_formula(setup):
    schedule = SizeSchedule(setup)
    logs = np.log(setup.space.sizes(setup.architectures)["number of parameters"])
    for epoch, position in ((0, 0), (1, 3), (3, 4)):
        t = (epoch * 5 + position) / 20
        for number, log in enumerate(logs):
            gamma = 4 + (0.25 - 4) * (log - logs.min()) / (logs.max() - logs.min())
            expected = 0.01 + 0.19 * (1 - t) ** gamma
            rate = schedule.learning_rate(at(epoch, position), [int(setup.architectures[number])])
            assert rate == pytest.approx(expected, rel=1e-12)
    few = setup.architectures[[3, 7]].tolist()
    rates = [schedule.learning_rate(at(1, 0), [one]) for one in few]
    assert schedule.learning_rate(at(1, 0), few) == pytest.approx(np.mean(rates))


def test_steps_use_it(setup, images, monkeypatch):
    trainer = make_trainer(setup.network, setup.space, setup.architectures, images, setup.training)
    used = []
    step = trainer.method.optimizer.step
    monkeypatch.setattr(
        trainer.method.optimizer, "step", lambda regions, rate: (used.append(rate), step(regions, rate))
    )
    for _ in range(6):
        trainer.step()
    assert used[0] == 0.2
    for number in range(1, 6):
        now = Step(seed=0, epoch=number // 3, position=number % 3, num_epochs=4, steps_per_epoch=3, learning_rate=1.0)
        possible = [SizeSchedule(setup).learning_rate(now, [one]) for one in setup.architectures.tolist()]
        assert used[number] in possible
        assert len(set(possible)) > 10


def test_a_space_without_sizes_is_refused(setup):
    listed = list_architectures(["a", "b"])
    with pytest.raises(SettingsError, match="schedule by-size: expected a space that counts parameters"):
        SizeSchedule(Setup(setup.network, listed, np.arange(2), setup.training))
