"""The super-net of NAS-Bench-Macro: what it uses is what the benchmark counts, and mixtures agree with single paths."""

import numpy as np
import pytest
import torch

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces.macro import BLOCKS, FAMILY, LAYERS
from shareornot.supernet import NetworkSettings, build_supernet
from shareornot.supernet.macro import blocks_of

ARCHITECTURES = FAMILY.parse(["00000000", "12012012", "22222222", "20000001"])


def network(**changes):
    return build_supernet("macro", NetworkSettings(num_filters=4, num_classes=4, **changes), 0).double()


@pytest.fixture(scope="module")
def batch():
    return torch.randn(6, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_at_the_width_of_the_benchmark_it_uses_as_many_parameters_as_the_benchmark_counts():
    supernet = build_supernet("macro", NetworkSettings(num_filters=32), 0)
    sizes = FAMILY.sizes(ARCHITECTURES)["number of parameters"]
    for architecture, size in zip(ARCHITECTURES.tolist(), sizes, strict=True):
        supernet.activate(architecture)
        assert sum(parameter.numel() for parameter in supernet.used_regions()) == size


def test_an_architecture_is_the_chain_of_its_blocks(batch):
    supernet = network().eval()
    for architecture, text in zip(ARCHITECTURES.tolist(), FAMILY.texts(ARCHITECTURES), strict=True):
        supernet.activate(architecture)
        x = supernet.stem(batch)
        for layer, digit, shape in zip(supernet.layers, text, LAYERS, strict=True):
            y = layer.blocks[int(digit)](x)
            assert y.shape[2] == -(-x.shape[2] // shape.stride)
            assert y.shape[1] == x.shape[1] * shape.out_channels // shape.in_channels
            x = y
        expected = supernet.classifier(supernet.last(x).mean(dim=(2, 3)))
        torch.testing.assert_close(supernet(batch), expected, rtol=1e-10, atol=1e-10)


def test_a_residual_block_adds_its_input_where_the_shape_stays(batch):
    supernet = network().eval()
    x = supernet.stem(batch)
    changed, same = supernet.layers[0].blocks[1], supernet.layers[1].blocks[1]
    y = changed(x)
    torch.testing.assert_close(y, changed.layers(x))
    torch.testing.assert_close(same(y), y + same.layers(y))


def test_a_one_hot_mixture_is_the_architecture(batch):
    supernet = network().eval()
    for architecture in ARCHITECTURES.tolist():
        supernet.activate(architecture)
        expected, regions = supernet(batch), supernet.used_regions()
        weights = torch.nn.functional.one_hot(torch.tensor(blocks_of(architecture)), len(BLOCKS)).double()
        supernet.mix(list(weights))
        assert torch.equal(supernet(batch), expected)
        assert supernet.used_regions() == regions


def test_gradients_reach_the_weights_of_a_mixture(batch):
    supernet = network().eval()
    weights = [torch.full((3,), 1 / 3, dtype=torch.float64, requires_grad=True) for _ in LAYERS]
    supernet.mix(weights)
    supernet(batch).square().sum().backward()
    assert all(weight.grad.abs().min() > 0 for weight in weights)


def test_what_cannot_be_computed_is_refused():
    supernet = network()
    with pytest.raises(ArchitectureError, match="expected architectures 0 to 6,560, got 6,561"):
        supernet.activate(6_561)
    with pytest.raises(SettingsError, match="expected a vector for each decision, of 3, 3, 3, 3, 3, 3, 3, 3 numbers"):
        supernet.mix([torch.ones(3)] * 7)


def test_initial_weights_follow_from_the_seed():
    config = NetworkSettings(num_filters=4)
    first, again, other = (build_supernet("macro", config, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if first[name].ndim == 4)


def test_blocks_are_the_digits_of_the_text():
    numbers = np.random.default_rng(0).integers(len(FAMILY), size=20)
    texts = ["".join(map(str, blocks_of(number))) for number in numbers.tolist()]
    assert texts == FAMILY.texts(numbers)
