"""SMASH: emitted weights change with the architecture, and only the hyper-network and the fixed parts learn."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import SettingsError
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import NetworkSettings, OptimizerSettings, TrainingSettings, build_supernet

SPACES = {"nasbench101": "num_vertices<=4", "nasbench201": "nasbench201"}


@pytest.fixture(params=list(SPACES))
def network(request):
    settings = NetworkSettings(num_filters=4, num_stacks=3, cells_per_stack=1, num_classes=4, hyper_units=4)
    return build_supernet(request.param, settings, 0)


def test_emitted_weights_change_with_the_architecture(network):
    seen = {}
    for architecture in (20, 21):
        network.activate(architecture)
        seen[architecture] = {name: weight.detach() for name, weight in network.weights().items()}
    assert seen[20]
    for name, weight in seen[20].items():
        assert not torch.equal(weight, seen[21][name])
        torch.testing.assert_close(weight.flatten(1).norm(dim=1), torch.ones(len(weight)))
    network.activate(20)
    assert all(torch.equal(weight, seen[20][name]) for name, weight in network.weights().items())


def test_it_computes_what_a_network_with_these_weights_computes(network):
    """Against an ordinary super-net into which the emitted weights are copied."""
    config = NetworkSettings(num_filters=4, num_stacks=3, cells_per_stack=1, num_classes=4)
    plain = build_supernet(network.family, config, 0)
    images = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for architecture in (20, 33):
        network.activate(architecture)
        state = plain.state_dict()
        own = {name.removeprefix("inner."): tensor for name, tensor in network.state_dict().items()}
        state.update({name: tensor for name, tensor in own.items() if name in state})
        state.update(network.weights())
        plain.load_state_dict(state)
        plain.activate(architecture)
        for mode in (True, False):
            network.train(mode)
            plain.train(mode)
            torch.testing.assert_close(network(images), plain(images))


def test_only_the_hyper_network_and_the_fixed_parts_learn(network, images):
    """Convolutions in cells have no parameter; the gradient reaches the hyper-network through what it emits."""
    names = {name for name, _ in network.named_parameters()}
    in_cells = [name for name in names if name.startswith(("inner.cells.", "inner.stages."))]
    assert not any(name.endswith(".weight") and network.get_parameter(name).ndim == 4 for name in in_cells)
    space = open_space(SPACES[network.family])
    settings = TrainingSettings(
        method="smash", epochs=1, batch_size=8, optimizer=OptimizerSettings(name="sgd", learning_rate=0.05)
    )
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    trainer = make_trainer(network, space, space.members, images, settings)
    for _ in trainer.run():
        pass
    moved = {name for name, parameter in network.named_parameters() if not torch.equal(parameter, before[name])}
    assert {"first.weight", "first.bias"} <= moved
    assert any(name.startswith("heads.") for name in moved)


def test_the_gradient_of_the_hyper_network_is_that_of_a_finite_difference(network):
    network.double()
    network.activate(33)
    images = torch.randn(4, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([0, 1, 2, 3])
    bias = network.first.bias
    (gradient,) = torch.autograd.grad(F.cross_entropy(network(images), labels), bias)
    unit, step = int(gradient.abs().argmax()), 1e-5
    sides = []
    for sign in (1, -1):
        with torch.no_grad():
            bias[unit] += sign * step
            sides.append(float(F.cross_entropy(network(images), labels)))
            bias[unit] -= sign * step
    np.testing.assert_allclose((sides[0] - sides[1]) / (2 * step), float(gradient[unit]), rtol=1e-4)


def test_a_network_without_is_refused(images):
    space = open_space("num_vertices<=4")
    plain = build_supernet("nasbench101", NetworkSettings(num_filters=4, cells_per_stack=1), 0)
    with pytest.raises(SettingsError, match=r"method smash: expected a super-net with a hyper-network.*hyper_units"):
        make_trainer(plain, space, space.members, images, TrainingSettings(method="smash", batch_size=8))
    with pytest.raises(SettingsError, match="hyper_units: expected 0 or more, and no groups with a hyper-network"):
        NetworkSettings(hyper_units=4, groups="random:2")
