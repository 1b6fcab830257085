"""The super-net over choices: single paths are those of NASBench-101, mixtures are sums of options."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces import draw_choices, open_space
from shareornot.supernet import MixedSuperNet, NetworkSettings, build_supernet
from shareornot.supernet.cell_plan import fitting_plan
from shareornot.supernet.contract import used_regions

SIZES = {"num_filters": 6, "num_stacks": 2, "cells_per_stack": 1, "num_classes": 4}


@pytest.fixture(params=["S3-5", "S1"])
def space(request):
    return open_space(request.param)


@pytest.fixture
def network(space):
    return build_supernet("nasbench101", NetworkSettings(choices=space.name, **SIZES), 0).double()


@pytest.fixture(scope="module")
def images():
    return torch.randn(5, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def one_hot(space, row):
    sizes = [len(decision.options) for decision in space.decisions]
    return [torch.eye(size, dtype=torch.float64)[one] for size, one in zip(sizes, row, strict=True)]


def test_one_hot_mixtures_are_single_paths_number_for_number(space, network, images):
    assert isinstance(network, MixedSuperNet)
    cells = np.random.default_rng(0).choice(space.members, 8, replace=False)
    for cell, row in zip(cells.tolist(), space.choices(cells).tolist(), strict=True):
        gradients = []
        for set_up in (lambda cell=cell: network.activate(cell), lambda row=row: network.mix(one_hot(space, row))):
            network.zero_grad(set_to_none=True)
            set_up()
            logits = network(images)
            F.cross_entropy(logits, torch.arange(5) % 4).backward()
            grads = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
            used = used_regions(network)
            assert set(used) == {p for p in network.parameters() if p.grad is not None}
            gradients.append((logits, grads))
        assert torch.equal(gradients[0][0], gradients[1][0])
        assert gradients[0][1].keys() == gradients[1][1].keys()
        assert all(torch.equal(one, gradients[1][1][name]) for name, one in gradients[0][1].items())


def test_a_cell_without_loose_ends_is_that_of_nasbench101(space, network, images):
    """The same weights in a super-net of NASBench-101 give the same logits, where vertices have the same places."""
    plain = build_supernet("nasbench101", NetworkSettings(**SIZES), 0).double()
    plain.load_state_dict(network.state_dict())
    num_equal = 0
    for cell in space.members.tolist():
        network.activate(cell)
        own, plan = network.active, fitting_plan(cell, plain.config)
        as_lists = (
            tuple(options[0][0] for options in own.operations),
            tuple(options[0][0] for options in own.parents[:-1]),
            tuple(one for one in own.parents[-1][0][0] if one),
        )
        if as_lists != (plan.operations, plan.sources, plan.feeding):
            continue
        assert own.channels == plan.channels
        if num_equal < 6:
            plain.activate(cell)
            torch.testing.assert_close(network(images), plain(images), rtol=1e-10, atol=1e-10)
            network.load_state_dict(plain.state_dict())
        num_equal += 1
    assert num_equal >= 6


def test_the_gradient_of_mixture_weights_is_that_of_a_finite_difference(space, network, images):
    network.eval()
    rng = np.random.default_rng(1)
    weights = [torch.from_numpy(rng.dirichlet(np.ones(len(one.options)))).requires_grad_() for one in space.decisions]
    labels = torch.arange(5) % 4

    def loss():
        network.mix(weights)
        return F.cross_entropy(network(images), labels)

    gradients = torch.autograd.grad(loss(), weights)
    for vector, gradient in zip(weights, gradients, strict=True):
        sides = []
        for sign in (1, -1):
            with torch.no_grad():
                vector[0] += sign * 1e-6
                sides.append(float(loss()))
                vector[0] -= sign * 1e-6
        assert float(gradient[0]) == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-3, abs=1e-7)


def test_options_of_weight_0_are_not_computed(space, network, images):
    row = draw_choices(space, np.random.default_rng(2), 1)[0].tolist()
    weights = one_hot(space, row)
    weights[0] = torch.tensor([0.5, 0.5, 0.0], dtype=torch.float64)  # conv3x3 and conv1x1 at vertex 1, no pooling
    network.mix(weights)
    network(images).sum().backward()
    before = {name for name, p in network.named_parameters() if p.grad is not None}
    assert not any("conv3x3.0.weight" in name for name in before) or any("conv1x1.0.weight" in name for name in before)
    assert not any(f"conv3x3.{vertex}.weight" in name for name in before for vertex in (1,) if row[1] != 0)


def test_what_does_not_fit_is_refused(network, space):
    with pytest.raises(ArchitectureError, match=f"space {space.name}: expected cells of the space"):
        network.activate(0)
    with pytest.raises(SettingsError, match="weights: expected a vector for each decision, of "):
        network.mix([torch.ones(2)])
    with pytest.raises(SettingsError, match=r"network\.choices: expected a space of NAS-Bench-1Shot1 with at most 5"):
        build_supernet("nasbench101", NetworkSettings(choices="S1", max_vertices=5, **SIZES), 0)
    with pytest.raises(SettingsError, match=r"network\.choices: expected none on nasbench201, got S1"):
        build_supernet("nasbench201", NetworkSettings(choices="S1", **SIZES), 0)


def test_missing_options_are_zeros(space, network, images):
    """A decision without any option, as path dropout may leave it: nothing behind it gets a gradient."""
    weights = one_hot(space, [0] * len(space.decisions))
    constant = [torch.zeros_like(weights[-1]) if one is weights[-1] else one for one in weights]
    network.mix(constant)
    logits = network(images)
    torch.testing.assert_close(logits, logits[:1].expand_as(logits))
    logits.sum().backward()
    names = {parameter: name for name, parameter in network.named_parameters()}
    assert {names[one] for one in used_regions(network)} == {"classifier.weight", "classifier.bias"}
    network.zero_grad(set_to_none=True)
    network.mix([torch.zeros_like(weights[0]), *weights[1:]])  # vertex 1 has no operation
    assert not torch.equal(network(images), logits)


@pytest.mark.parametrize("more", [{"groups": "random:2"}, {"hyper_units": 4}])
def test_groups_and_hyper_networks_work_on_it(more, images):
    space = open_space("S3-5")
    network = build_supernet("nasbench101", NetworkSettings(choices="S3-5", **SIZES, **more), 0).double()
    network.activate(int(space.members[7]))
    assert network(images).shape == (5, 4)
