"""One architecture out of a super-net computes what it computed there, and holds no more than it needs."""

import pytest
import torch
from torch import nn

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.supernet import NetworkSettings, build_supernet, export_architecture
from shareornot.supernet.families import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_an_exported_architecture_is_a_network_of_its_own(family):
    settings = NetworkSettings(num_filters=4, cells_per_stack=1, num_classes=4)
    network = build_supernet(family, settings, seed=0)
    images = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    members = open_space(family).members
    for architecture in members[[3, len(members) // 60, len(members) // 2]].tolist():
        network.train()
        network.activate(architecture)
        network(images)
        alone = export_architecture(network, architecture)
        network.eval()
        alone.eval()
        expected = network(images)
        assert torch.equal(alone(images), expected)
        sizes = [sum(one.numel() for one in net.parameters()) for net in (alone, network)]
        assert sizes[0] < sizes[1]
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        assert torch.equal(alone(images), expected)
        network = build_supernet(family, settings, seed=1)
        alone.train()
        alone(images).sum().backward()
        assert not hasattr(alone, "activate")


def test_a_network_that_does_not_report_what_it_uses_is_refused():
    class Plain(nn.Module):
        def activate(self, _architecture):
            pass

    with pytest.raises(SettingsError, match="export: expected a super-net that reports which parameters it uses"):
        export_architecture(Plain(), 0)
