"""The super-net against networks built for one cell alone, which share no code with it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from plain_standalone import PlainNetwork
from torch import nn

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import SPACES, Cell
from shareornot.supernet import NASBench101SuperNet, NetworkSettings
from shareornot.supernet.contract import merge_regions
from shareornot.supernet.network import ConvBatchNorm

MIN_OUTPUT_EDGES = {space.name: int(space.name[1]) if space.name[1:].isdigit() else 1 for space in SPACES}
ONLY_RESIDUAL = Cell([[0, 1], [0, 0]], ["input", "output"]).index
FOUR_BRANCHES = Cell(
    [
        [0, 1, 1, 1, 1, 0],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0],
    ],
    ["input", "conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3", "conv3x3-bn-relu", "output"],
).index


def random_network(config, seed=0, dtype=torch.float64):
    """A super-net no part of which has a special value, so that nothing cancels by chance."""
    network = NASBench101SuperNet(config, seed).to(dtype)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.state_dict().items():
        if name.endswith(("gamma", "running_var")):
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif name.endswith(("beta", "running_mean")):
            tensor.uniform_(-0.5, 0.5, generator=generator)
    return network


def pairs_of_units(network, alone):
    """Each unit of the standalone network with that of the super-net which stands for it."""
    yield network.stem, alone.stem
    for shared, own in zip(network.cells, alone.cells, strict=True):
        for vertex, unit in own.projections.items():
            yield (shared.output_projection if vertex == "output" else shared.projections[int(vertex) - 1]), unit
        for vertex, unit in own.operations.items():
            if isinstance(unit, nn.Sequential):
                one_kernel = unit[0].kernel_size == (3, 3) or network.config.single_kernel
                yield (shared.conv3x3 if one_kernel else shared.conv1x1)[int(vertex) - 1], unit


def pairs_of_tensors(network, alone):
    """Parameters and statistics of both; those of the super-net are views of the part that the cell uses."""
    for shared, (convolution, norm, _) in pairs_of_units(network, alone):
        num_out, num_in, kernel_size, _ = convolution.weight.shape
        border = (shared.weight.shape[2] - kernel_size) // 2
        centre = slice(border, border + kernel_size)
        yield shared.weight, (slice(num_out), slice(num_in), centre, centre), convolution.weight
        for name, own in (("gamma", "weight"), ("beta", "bias"), *[(s, s) for s in ("running_mean", "running_var")]):
            yield getattr(shared, name), (slice(num_out),), getattr(norm, own)
    yield network.classifier.weight, (slice(None), slice(None)), alone.classifier_weight
    yield network.classifier.bias, (slice(None),), alone.classifier_bias


@torch.no_grad()
def standalone_twin(network, index):
    """The network built for one cell alone, with the weights and statistics of the super-net."""
    alone = PlainNetwork(index, network.config, [0]).to(network.classifier.weight.dtype)
    for shared, region, own in pairs_of_tensors(network, alone):
        own.copy_(shared[region].expand_as(own))
    return alone


def assert_close(actual, expected):
    """Equal to rounding: to 1e-10 in double precision, to 1e-4 of the largest number in single."""
    tolerance = 1e-10 if actual.dtype == torch.float64 else 1e-4 * expected.abs().max().item()
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("space", [space.name for space in SPACES])
def test_restricted_to_a_cell_it_is_the_network_built_for_that_cell(
    space, dtype, single_kernel, network_config, some_cells
):
    config = network_config(cells_per_stack=2, min_output_edges=MIN_OUTPUT_EDGES[space], single_kernel=single_kernel)
    extra = {"A_FULL^RES": [ONLY_RESIDUAL], "A4": [FOUR_BRANCHES]}.get(space, [])
    for number, index in enumerate([*some_cells(space, 3), *extra]):
        network = random_network(config, number, dtype)
        alone = standalone_twin(network, int(index))
        batch = torch.randn(16, 3, 8, 8, dtype=dtype, generator=torch.Generator().manual_seed(number))
        network.activate(int(index))

        with torch.no_grad():
            assert_close(network.eval()(batch), alone.eval()(batch)[:, 0])

        logits = network.train()(batch)
        expected = alone.train()(batch)[:, 0]
        assert_close(logits, expected)
        labels = torch.arange(16) % 4
        F.cross_entropy(logits, labels).backward()
        F.cross_entropy(expected, labels).backward()
        for shared, region, own in pairs_of_tensors(network, alone):
            assert_close(shared[region].expand_as(own), own)  # running statistics have moved alike
            if own.requires_grad and dtype == torch.float64:  # in single precision, gradients cancel to noise
                assert_close(shared.grad[region].expand_as(own), own.grad)
                outside = torch.ones_like(shared, dtype=torch.bool)
                outside[region] = False
                assert not shared.grad[outside].any()


def test_used_regions_are_where_the_gradients_are(network_config, some_cells):
    for single_kernel in (False, True):
        network = random_network(network_config(single_kernel=single_kernel))
        regions = {}
        for index in some_cells("A_FULL", 3):
            network.activate(int(index))
            network(torch.randn(16, 3, 8, 8, dtype=torch.float64)).sum().backward()
            merge_regions(regions, network.used_regions())
        for parameter in network.parameters():
            if parameter not in regions:
                assert parameter.grad is None
                continue
            used = torch.zeros_like(parameter, dtype=torch.bool)
            for region in regions[parameter] or [()]:
                used[region] = True
            assert not parameter.grad[~used].any()
            assert used[parameter.grad != 0].all()
        assert 0 < len(regions) < len(list(network.parameters()))


def test_the_1x1_of_single_k_is_the_centre_of_its_3x3(network_config):
    config = network_config(single_kernel=True)
    unit = ConvBatchNorm(6, 6, 3, config, torch.Generator().manual_seed(0))
    pointwise = ConvBatchNorm(6, 6, 1, config, torch.Generator())
    with torch.no_grad():
        pointwise.weight.copy_(unit.weight[:, :, 1:2, 1:2])
    batch = torch.randn(4, 6, 8, 8)
    output = unit(batch, 6, 1)
    torch.testing.assert_close(output, pointwise(batch, 6, 1))
    assert not torch.allclose(output, unit(batch, 6, 3))
    output.square().sum().backward()
    centre = unit.weight.grad[:, :, 1, 1].clone()
    assert centre.all()
    unit.weight.grad[:, :, 1, 1] = 0
    assert not unit.weight.grad.any()


@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("num_channels", [6, 4])
def test_fixed_statistics_folded_into_the_convolution_are_batch_norm(kernel_size, num_channels, network_config):
    network = random_network(network_config())
    unit = (network.cells[0].conv3x3 if kernel_size == 3 else network.cells[0].conv1x1)[0]
    batch = torch.randn(4, num_channels, 8, 8, dtype=torch.float64)
    n = num_channels
    convolved = F.conv2d(batch, unit.weight[:n, :n], padding=kernel_size // 2)
    vectors = (unit.running_mean[:n], unit.running_var[:n], unit.gamma[:n], unit.beta[:n])
    expected = F.relu(F.batch_norm(convolved, *vectors, training=False, eps=1e-5))
    torch.testing.assert_close(unit.eval()(batch, n, kernel_size), expected, rtol=0, atol=1e-12)


def test_initial_weights_follow_from_the_seed(network_config):
    first, again, other = (NASBench101SuperNet(network_config(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    weights = [name for name in first if name.endswith("weight")]
    assert not any(torch.equal(first[name], other[name]) for name in weights)


def test_vertices_hold_as_many_channels_as_the_space_can_use(network_config):
    for edges, widths in ((1, (6, 12)), (2, (3, 6)), (3, (2, 4)), (4, (2, 3))):
        network = NASBench101SuperNet(network_config(min_output_edges=edges), 0)
        assert (len(network.cells[0].conv3x3[0].gamma), len(network.cells[1].conv1x1[4].gamma)) == widths


def test_a_network_too_small_for_a_cell_is_refused(network_config, some_cells):
    seven_vertices = int(some_cells("A_FULL", 1)[0])
    one_branch = int(some_cells("A1", 1)[0])
    with pytest.raises(SettingsError, match="at most 5 vertices"):
        NASBench101SuperNet(network_config(max_vertices=5), 0).activate(seven_vertices)
    with pytest.raises(SettingsError, match="at least 2 edges into the output, got 7 and 1"):
        NASBench101SuperNet(network_config(min_output_edges=2), 0).activate(one_branch)
    with pytest.raises(SettingsError, match="expected num_filters of at least as many, got 3"):
        NASBench101SuperNet(network_config(num_filters=3), 0).activate(FOUR_BRANCHES)
    assert NASBench101SuperNet(network_config(min_output_edges=2), 0).plan(ONLY_RESIDUAL).residual


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("num_filters", 0),
        ("num_stacks", 0),
        ("cells_per_stack", -1),
        ("num_classes", 0),
        ("image_channels", 0),
        ("min_output_edges", 0),
        ("max_vertices", 1),
        ("max_vertices", 8),
    ],
)
def test_sizes_out_of_range_are_refused(name, value):
    with pytest.raises(SettingsError, match=rf"{name}: expected .*, got {value}"):
        NetworkSettings(**{name: value})


def test_parameters_are_as_many_as_the_cell_has(network_config):
    """The standalone network has exactly the parameters that the benchmark's formula counts."""
    from shareornot.spaces.nasbench101 import parameter_count

    config = network_config(cells_per_stack=2)
    indices = np.array([ONLY_RESIDUAL, FOUR_BRANCHES, 1000, 400_000], np.int32)
    sizes = {"num_filters": 6, "num_stacks": 2, "cells_per_stack": 2, "num_classes": 4}
    for index, expected in zip(indices.tolist(), parameter_count(indices, **sizes).tolist(), strict=True):
        alone = PlainNetwork(index, config, [0])
        assert sum(parameter.numel() for parameter in alone.parameters()) == expected
