"""Adapted batch-norm statistics against statistics by hand, for our units and for PyTorch's modules."""

import pytest
import torch
from torch import nn

from shareornot.supernet import NASBench101SuperNet, adapted_batch_norm, evaluation_mode
from shareornot.supernet.network import ConvBatchNorm


class PlainSuperNet(nn.Module):
    """Two convolutions with PyTorch's batch norm and drop-out, of which one is active."""

    def __init__(self):
        super().__init__()
        self.options = nn.ModuleList(
            nn.Sequential(nn.Conv2d(3, 4, size, padding=size // 2), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5))
            for size in (1, 3)
        )
        self.norm = nn.BatchNorm1d(4)
        self.active = 0

    def activate(self, architecture):
        self.active = architecture

    def forward(self, images):
        return self.norm(self.options[self.active](images).mean(dim=(2, 3)))


def nasbench101(network_config):
    return NASBench101SuperNet(network_config(), 0).double()


def plain(_):
    torch.manual_seed(0)
    return PlainSuperNet().double()


NETWORKS = pytest.mark.parametrize("make", [nasbench101, plain])
KINDS = (ConvBatchNorm, nn.BatchNorm1d, nn.BatchNorm2d)


@pytest.fixture(scope="module")
def batches():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(6, 3, 8, 8, dtype=torch.float64, generator=generator) * scale for scale in (1, 2, 3, 4)]


def norms(network):
    return {name: module for name, module in network.named_modules() if isinstance(module, KINDS)}


def statistics(network):
    return {name: torch.stack([norm.running_mean, norm.running_var]).clone() for name, norm in norms(network).items()}


def of_a_batch(network, batch):
    """Statistics of one batch by PyTorch itself: batch norm in training mode mixes them into zeros with weight 1."""
    for norm in norms(network).values():
        norm.running_mean.zero_()
        norm.running_var.zero_()
        norm.momentum = 1.0
        norm.train()
    network(batch)
    return statistics(network)


@NETWORKS
@pytest.mark.parametrize("average", [True, False])
def test_adapted_statistics_are_those_of_the_batches(make, average, batches, network_config, some_cells):
    for architecture in (0, 1) if make is plain else some_cells("A_FULL", 4).tolist():
        twin, network = make(network_config).eval(), make(network_config)
        twin.activate(architecture)
        network.activate(architecture)
        with torch.no_grad():
            of_batches = [of_a_batch(twin, batch) for batch in batches]
        with adapted_batch_norm(network, batches, average=average):
            adapted = statistics(network)
        for name, value in adapted.items():
            several = torch.stack([one[name] for one in of_batches])
            expected = several.mean(dim=0) if average else several[-1]
            torch.testing.assert_close(value, expected, rtol=1e-10, atol=1e-10)
        assert any((value != 0).any() for value in adapted.values())


@NETWORKS
def test_everything_is_as_it_was_afterwards(make, batches, network_config):
    network = make(network_config)
    inner = next(iter(norms(network).values()))
    inner.eval()  # a module whose mode differs from the network's keeps it
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    momenta = [norm.momentum for norm in norms(network).values()]
    with adapted_batch_norm(network, batches):
        assert not any(module.training for module in network.modules())
    with pytest.raises(KeyboardInterrupt), adapted_batch_norm(network, batches):
        raise KeyboardInterrupt
    with evaluation_mode(network):
        assert not any(module.training for module in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert [module.training for module in network.modules()] == modes
    assert [norm.momentum for norm in norms(network).values()] == momenta


@NETWORKS
def test_an_architecture_that_diverged_leaves_nothing_to_the_next(make, batches, network_config):
    network = make(network_config)
    with adapted_batch_norm(network, batches):
        expected = statistics(network)
    with adapted_batch_norm(network, [torch.full_like(batches[0], torch.nan)]):
        assert any(value.isnan().any() for value in statistics(network).values())
    with adapted_batch_norm(network, batches):
        adapted = statistics(network)
    assert all(torch.equal(value, expected[name]) for name, value in adapted.items())
