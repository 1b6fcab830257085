"""The network of one architecture of NAS-Bench-201, against the path that the super-net computes."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.supernet import NetworkSettings, PartialOptimizer, build_standalone, build_supernet
from shareornot.supernet.contract import used_regions
from shareornot.supernet.settings import OptimizerSettings, StandaloneTrainingSettings
from shareornot.supernet.standalone_training import train_standalone

CONFIG = NetworkSettings(num_filters=4, cells_per_stack=2, num_classes=4, bn_momentum=0.1)
TEXTS = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",
)
ARCHITECTURES = [*FAMILY.parse(TEXTS).tolist(), *np.random.default_rng(0).integers(len(FAMILY), size=3).tolist()]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_training_alone_is_training_that_path_of_the_super_net(architecture):
    """With the operations of processors, and with PyTorch's for mini-batches that are too small for them."""
    descent = OptimizerSettings(name="sgd", learning_rate=0.05, momentum=0.9, weight_decay=1e-3)
    generator = torch.Generator().manual_seed(0)
    for batch_size in (8, 4):
        supernet = build_supernet("nasbench201", CONFIG, 1).double()
        supernet.activate(architecture)
        alone = build_standalone("nasbench201", architecture, CONFIG, 2).double()
        alone.load_state_dict({name: supernet.state_dict()[name] for name in alone.state_dict()})
        optimizers = [PartialOptimizer(dict(one.named_parameters()), descent) for one in (supernet, alone)]
        for _ in range(3):
            images = torch.randn(batch_size, 3, 8, 8, dtype=torch.float64, generator=generator)
            labels = torch.randint(4, (batch_size,), generator=generator)
            losses = [F.cross_entropy(one(images), labels) for one in (supernet, alone)]
            assert torch.equal(*losses)
            for one, loss, optimizer in zip((supernet, alone), losses, optimizers, strict=True):
                loss.backward()
                optimizer.step(used_regions(one), 0.05)
        state = supernet.state_dict()
        assert all(torch.equal(tensor, state[name]) for name, tensor in alone.state_dict().items())
        supernet.eval(), alone.eval()
        assert torch.equal(supernet(images), alone(images))


def test_it_holds_what_the_architecture_uses_and_no_more():
    for architecture in ARCHITECTURES:
        alone = build_standalone("nasbench201", architecture, CONFIG, 0)
        inside = {parameter for name, parameter in alone.named_parameters() if name.startswith("stages.")}
        used = set(alone.used_regions())
        # Behind a cell that does not depend on its input, all but the last cell are there and of no use.
        assert inside <= used or not used & set(alone.stages[0].parameters())


def test_the_number_of_parameters_is_that_of_the_benchmark():
    config = NetworkSettings(cells_per_stack=5)
    for architecture in ARCHITECTURES[:1]:
        alone = build_standalone("nasbench201", architecture, config, 0)
        count = sum(parameter.numel() for parameter in alone.parameters())
        assert count == FAMILY.sizes(np.array([architecture]))["number of parameters"][0]


def test_a_training_follows_from_architecture_and_run(images):
    config = NetworkSettings(num_filters=4, cells_per_stack=1, num_classes=4, image_channels=images.image_channels)
    training = StandaloneTrainingSettings(epochs=6, batch_size=8, learning_rate=0.05)

    def train(architecture, runs):
        return train_standalone(architecture, runs, images, config, training, clock=lambda: 0.0, family="nasbench201")

    first, second = ARCHITECTURES[0], ARCHITECTURES[3]
    assert train(first, [0, 1]) == [train(first, [run])[0] for run in (0, 1)]
    assert train(first, [0]) != train(first, [1])
    assert train(first, [0]) != train(second, [0])


def test_another_architecture_or_family_is_refused():
    network = build_standalone("nasbench201", ARCHITECTURES[0], CONFIG, 0)
    network.activate(ARCHITECTURES[0])
    with pytest.raises(SettingsError, match=f"for architecture {ARCHITECTURES[0]} alone"):
        network.activate(ARCHITECTURES[1])
    with pytest.raises(SettingsError, match="training alone: expected an architecture of nasbench101 or nasbench201"):
        build_standalone("list", 0, CONFIG, 0)
