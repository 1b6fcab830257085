"""What every super-net must do, those of the package and a user's own module."""

from copy import deepcopy
from itertools import pairwise

import pytest
import torch
from torch import nn

from shareornot.spaces import open_space
from shareornot.supernet import MixedSuperNet, NetworkSettings, SuperNet, build_supernet, path_gradients
from shareornot.supernet.contract import merge_regions, used_regions
from shareornot.supernet.families import FAMILIES
from shareornot.supernet.training import Batch


class UsersSuperNet(nn.Module):
    """Three options with weights of their own, and nothing else than a user's module needs."""

    def __init__(self):
        super().__init__()
        self.options = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 4, size, padding=size // 2), nn.BatchNorm2d(4), nn.ReLU()) for size in (1, 3, 5)
        )
        self.classifier = nn.Linear(4, 4)
        self.active = 0

    def activate(self, architecture):
        self.active = architecture

    def forward(self, images):
        return self.classifier(self.options[self.active](images).mean(dim=(2, 3)))


def some_of(members):
    return members[[3, 700, len(members) // 2, len(members) - 600]].tolist()


NETWORKS = pytest.mark.parametrize("kind", [*FAMILIES, "a user's"])


@pytest.fixture
def network(kind):
    if kind == "a user's":
        torch.manual_seed(0)
        return UsersSuperNet().double()
    sizes = {"num_filters": 6, "num_stacks": 3, "cells_per_stack": 1, "num_classes": 4}
    return build_supernet(kind, NetworkSettings(**sizes), seed=0).double()


@pytest.fixture
def architectures(kind):
    return [0, 1, 2] if kind == "a user's" else some_of(open_space(kind).members)


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(8, 3, 8, 8, dtype=torch.float64, generator=generator)
    return Batch(images, torch.randint(4, (8,), generator=generator))


@NETWORKS
def test_it_fulfils_the_protocol(network):
    assert isinstance(network, SuperNet)
    assert isinstance(network, MixedSuperNet) == hasattr(network, "mix")


@NETWORKS
def test_an_architecture_computes_the_same_whatever_was_active_before(network, architectures, batch):
    network.eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}

    def logits(architecture):
        network.activate(architecture)
        return network(batch.images)

    first = {architecture: logits(architecture) for architecture in architectures}
    again = {architecture: logits(architecture) for architecture in reversed(architectures)}
    assert all(torch.equal(first[architecture], again[architecture]) for architecture in architectures)
    outputs = list(first.values())
    assert all(not torch.equal(one, other) for one, other in pairwise(outputs))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@NETWORKS
def test_it_gives_gradients_to_what_it_uses_and_to_nothing_else(network, architectures, batch):
    for architecture in architectures:
        _, regions = path_gradients(network, [architecture], batch)
        for _, parameter in network.named_parameters():
            assert (parameter in regions) == (parameter.grad is not None)
            if parameter in regions:
                outside = torch.ones_like(parameter, dtype=torch.bool)
                for region in regions[parameter] or [()]:
                    outside[region] = False
                assert not parameter.grad[outside].any()
        assert 0 < len(regions) < len(list(network.named_parameters()))
        network.zero_grad(set_to_none=True)


@NETWORKS
def test_statistics_move_in_training_mode_only(network, architectures, batch):
    network.activate(architectures[-1])
    buffers = {name: tensor.clone() for name, tensor in network.named_buffers()}
    network.eval()
    network(batch.images)
    assert all(torch.equal(tensor, buffers[name]) for name, tensor in network.named_buffers())
    network.train()
    network(batch.images)
    assert any(not torch.equal(tensor, buffers[name]) for name, tensor in network.named_buffers())


@NETWORKS
def test_gradients_of_several_paths_are_their_sum(network, architectures, batch):
    copy = deepcopy(network)
    loss, regions = path_gradients(network, architectures, batch, divisor=2)
    losses, total, used = [], {}, {}
    for architecture in architectures:
        one_loss, _ = path_gradients(copy, [architecture], batch)
        losses.append(one_loss)
        merge_regions(used, used_regions(copy))
        for name, parameter in copy.named_parameters():
            if parameter.grad is not None:
                total[name] = total.get(name, 0) + parameter.grad
        copy.zero_grad(set_to_none=True)
    torch.testing.assert_close(loss, torch.stack(losses).mean())
    assert len(regions) == len(used) == len(total)
    for name, parameter in network.named_parameters():
        if name in total:
            torch.testing.assert_close(parameter.grad, total[name] / 2, rtol=1e-9, atol=1e-12)


def test_merged_regions_keep_whole_parameters_whole():
    a, b = nn.Parameter(torch.zeros(4)), nn.Parameter(torch.zeros(4))
    regions = {a: [(slice(2),)]}
    merge_regions(regions, {a: [(slice(3),)], b: [(slice(1),)]})
    assert regions == {a: [(slice(2),), (slice(3),)], b: [(slice(1),)]}
    merge_regions(regions, {a: []})
    merge_regions(regions, {a: [(slice(1),)]})
    assert regions[a] == []
