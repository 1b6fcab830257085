"""The network of a cell alone, against the same in PyTorch's own modules and with PyTorch's own optimizer."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from plain_standalone import PlainNetwork
from torch import nn

from shareornot.errors import SettingsError
from shareornot.supernet import PartialOptimizer
from shareornot.supernet.settings import OptimizerSettings
from shareornot.supernet.standalone import StandaloneNetwork


def pairs(own, plain):
    """Each tensor of the network, and the tensor of the plain one that stands for it."""
    units = [(own.stem, plain.stem)]
    for cell, plain_cell in zip(own.cells, plain.cells, strict=True):
        for vertex, module in plain_cell.projections.items():
            units.append((cell.units["output" if vertex == "output" else f"projection{vertex}"], module))
        for vertex, module in plain_cell.operations.items():
            if isinstance(module, nn.Sequential):
                units.append((cell.units[f"operation{vertex}"], module))
    assert sum(1 for _ in own.modules() if hasattr(_, "gamma")) == len(units)
    for unit, (convolution, norm, _) in units:
        yield unit.weight, convolution.weight
        yield unit.gamma, norm.weight
        yield unit.beta, norm.bias
        yield unit.running_mean, norm.running_mean
        yield unit.running_var, norm.running_var
    yield own.classifier.weight, plain.classifier_weight[0]
    yield own.classifier.bias, plain.classifier_bias[0]


@pytest.mark.parametrize("space", ["A_FULL", "A4", "A_FULL^RES"])
def test_training_is_that_of_pytorch_step_by_step(space, network_config, some_cells):
    generator = torch.Generator().manual_seed(0)
    descent = OptimizerSettings(name="sgd", learning_rate=0.05, momentum=0.9, weight_decay=1e-3)
    for index in some_cells(space, 2).tolist():
        own, plain = StandaloneNetwork(index, network_config(), 3), PlainNetwork(index, network_config(), [3])
        for mine, theirs in pairs(own, plain):
            assert torch.equal(mine, theirs)
        own.double(), plain.double()
        optimizer = PartialOptimizer(dict(own.named_parameters()), descent)
        reference = torch.optim.SGD(plain.parameters(), 0.05, momentum=0.9, weight_decay=1e-3)
        for _ in range(3):
            images = torch.randn(16, 3, 8, 8, dtype=torch.float64, generator=generator)
            labels = torch.randint(4, (16,), generator=generator)
            loss = F.cross_entropy(own(images), labels)
            loss.backward()
            optimizer.step({parameter: [] for parameter in own.parameters()}, 0.05)
            reference.zero_grad()
            expected = F.cross_entropy(plain(images)[:, 0], labels)
            expected.backward()
            reference.step()
            torch.testing.assert_close(loss, expected, rtol=1e-9, atol=1e-9)
        for mine, theirs in pairs(own, plain):
            torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)
        own.eval(), plain.eval()
        torch.testing.assert_close(own(images), plain(images)[:, 0], rtol=1e-9, atol=1e-9)


def test_it_computes_no_other_cell(network_config, some_cells):
    first, second = some_cells("A_FULL", 2).tolist()
    network = StandaloneNetwork(first, network_config(), 0)
    network.activate(first)
    with pytest.raises(SettingsError, match=f"for cell {first} alone"):
        network.activate(second)
