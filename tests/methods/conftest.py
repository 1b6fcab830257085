"""Networks so small that they lose time on several threads, and a product of nine architectures."""

import pytest
import torch
from torch import nn

from shareornot.methods import Setup
from shareornot.spaces.contract import Decision
from shareornot.spaces.product import OptionSpace
from shareornot.supernet import OptimizerSettings, TrainingSettings
from shareornot.supernet.training import Batch, Step


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks so small lose time on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class NineNets(nn.Module):
    """Two decisions in a row, each between three linear maps with tanh behind; one-hot mixtures are single paths."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.maps = nn.ParameterList(
            nn.Parameter(torch.randn(4, 4, generator=generator, dtype=torch.float64)) for _ in range(6)
        )
        self.activate(0)

    def activate(self, architecture):
        self.mix([torch.eye(3, dtype=torch.float64)[choice] for choice in divmod(architecture, 3)])

    def mix(self, weights):
        self.weights = weights

    def forward(self, images):
        x = images.flatten(1)
        for decision, weights in enumerate(self.weights):
            options = [
                weight * torch.tanh(x @ self.maps[3 * decision + option])
                for option, weight in enumerate(weights)
                if weight != 0
            ]
            x = sum(options, start=torch.zeros_like(x))
        return x


@pytest.fixture(scope="session")
def nine():
    """The space of the nine nets."""
    decisions = tuple(Decision(name, ("a", "b", "c")) for name in ("first", "second"))
    return OptionSpace("nine", "two decisions between three options", decisions)


@pytest.fixture
def nine_setup(nine):
    """What methods on the nine nets are built from."""

    def make(**changes):
        optimizer = OptimizerSettings(name="sgd", learning_rate=0.05, weight_decay=1e-2)
        settings = TrainingSettings(**({"epochs": 4, "batch_size": 6, "optimizer": optimizer} | changes))
        return Setup(NineNets(), nine, nine.members, settings)

    return make


@pytest.fixture(scope="session")
def nine_batches():
    """Batches for the nine nets: as many as requested, always the same."""

    def make(number):
        generator = torch.Generator().manual_seed(1)
        return [
            Batch(
                torch.randn(6, 1, 2, 2, dtype=torch.float64, generator=generator),
                torch.randint(4, (6,), generator=generator),
            )
            for _ in range(number)
        ]

    return make


@pytest.fixture(scope="session")
def at():
    """The state of a training of 4 epochs of 3 steps."""

    def make(epoch=0, position=0, learning_rate=0.05):
        return Step(
            seed=3, epoch=epoch, position=position, num_epochs=4, steps_per_epoch=3, learning_rate=learning_rate
        )

    return make
