"""The super-net of NAS-Bench-201 against a literal network of one architecture, and mixtures against single paths."""

import numpy as np
import pytest
import torch
from torch import nn

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces.nasbench201 import EDGES, FAMILY, OPERATIONS
from shareornot.supernet import NetworkSettings, adapted_batch_norm
from shareornot.supernet.nasbench201 import NASBench201SuperNet, operations_of

TEXTS = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_3x3~1|nor_conv_1x1~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",  # nothing
    "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",  # a convolution of zeros, and a dead end
    "|skip_connect~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|skip_connect~2|",
)


def settings(**changes):
    sizes = {"num_filters": 4, "num_stacks": 3, "cells_per_stack": 2, "num_classes": 4, "bn_momentum": 0.1}
    return NetworkSettings(**(sizes | changes))


def network(seed=0, **changes):
    """A super-net no part of which has a special value."""
    made = NASBench201SuperNet(settings(**changes), seed).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                for tensor in (module.weight, module.running_var):
                    if tensor is not None:
                        tensor.uniform_(0.5, 1.5, generator=generator)
                for tensor in (module.bias, module.running_mean):
                    if tensor is not None:
                        tensor.uniform_(-0.5, 0.5, generator=generator)
    return made


@pytest.fixture(scope="module")
def batch():
    return torch.randn(6, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def architectures():
    drawn = np.random.default_rng(0).integers(len(FAMILY), size=6)
    return [*FAMILY.parse(TEXTS).tolist(), *drawn.tolist()]


def literal(supernet, text, images):
    """The network of one architecture, written down from its text, all edges computed, with the weights of the other.

    Reads "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|".
    """
    nodes_of_text = [[part.split("~") for part in node.strip("|").split("|")] for node in text.split("+")]

    def cell_output(cell, x):
        nodes = [x]
        for target, parts in enumerate(nodes_of_text, start=1):
            total = torch.zeros_like(x)
            for word, source in parts:
                edge = EDGES.index((int(source), target))
                given = nodes[int(source)]
                if word == "skip_connect":
                    total = total + given
                elif word == "avg_pool_3x3":
                    total = total + nn.AvgPool2d(3, 1, 1, count_include_pad=False)(given)
                elif word != "none":
                    size = int(word[-1])
                    unit = (cell.conv3x3 if size == 3 or supernet.config.single_kernel else cell.conv1x1)[edge]
                    kernel = unit.weight[:, :, 1:2, 1:2] if size < unit.weight.shape[2] else unit.weight
                    total = total + unit.norm(nn.functional.conv2d(given.relu(), kernel, padding=size // 2))
            nodes.append(total)
        return nodes[3]

    x = supernet.stem_norm(supernet.stem(images))
    for number, stage in enumerate(supernet.stages):
        if number:
            block = supernet.reductions[number - 1]
            halved = nn.functional.conv2d(nn.AvgPool2d(2)(x), block.shortcut)
            y = block.first.norm(nn.functional.conv2d(x.relu(), block.first.weight, stride=2, padding=1))
            x = halved + block.second.norm(nn.functional.conv2d(y.relu(), block.second.weight, padding=1))
        for cell in stage:
            x = cell_output(cell, x)
    return supernet.classifier(supernet.last_norm(x).relu().mean(dim=(2, 3)))


@pytest.mark.parametrize(
    "changes", [{}, {"single_kernel": True}, {"bn_affine": False}, {"bn_running_statistics": False, "bn_affine": False}]
)
@pytest.mark.parametrize("training", [True, False])
def test_an_architecture_is_the_network_written_down_from_its_text(changes, training, architectures, batch):
    supernet = network(**changes).train(training)
    for number, text in zip(architectures, FAMILY.texts(np.array(architectures)), strict=True):
        supernet.activate(number)
        torch.testing.assert_close(supernet(batch), literal(supernet, text, batch), rtol=1e-10, atol=1e-10)


def one_hot(number):
    return [
        torch.nn.functional.one_hot(torch.tensor(choice), len(OPERATIONS)).double().requires_grad_()
        for choice in operations_of(number)
    ]


def gradients(supernet):
    found = {name: parameter.grad for name, parameter in supernet.named_parameters()}
    supernet.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize("single_kernel", [False, True])
def test_a_one_hot_mixture_is_the_architecture_number_for_number(single_kernel, architectures, batch):
    supernet = network(single_kernel=single_kernel)
    state = {name: tensor.clone() for name, tensor in supernet.state_dict().items()}
    for number in architectures:
        results = []
        for way in ("activate", "mix"):
            supernet.load_state_dict(state)
            supernet.activate(number) if way == "activate" else supernet.mix(one_hot(number))
            logits = supernet(batch)
            logits.square().sum().backward()
            results.append((logits, gradients(supernet), supernet.used_regions()))
        (logits, own, regions), (mixed, others, mixed_regions) = results
        assert torch.equal(logits, mixed)
        assert regions == mixed_regions
        for name, gradient in own.items():
            assert (gradient is None) == (others[name] is None)
            assert gradient is None or torch.equal(gradient, others[name])


def test_a_mixture_is_the_weighted_sum_of_operations():
    """On one cell whose edges but one are fixed, the output is linear in the weights of the other."""
    cell = network().stages[0][0].eval()
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    weights = torch.tensor([0.1, 0.2, 0.3, 0.25, 0.15], dtype=torch.float64)
    fixed = [[(1, None)]] * 5
    outputs = [cell(x, [*fixed, [(operation, None)]]) for operation in range(1, 5)]
    base = cell(x, [*fixed, []])
    mixed = cell(x, [*fixed, [(operation, weights[operation]) for operation in range(1, 5)]])
    expected = base + sum(weight * (one - base) for weight, one in zip(weights[1:], outputs, strict=True))
    torch.testing.assert_close(mixed, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("changes", [{}, {"single_kernel": True}, {"bn_affine": False}])
def test_used_regions_are_where_the_gradients_are(changes, architectures, batch):
    supernet = network(**changes)
    sizes = set()
    for number in architectures:
        supernet.activate(number)
        supernet(batch).square().sum().backward()
        regions = supernet.used_regions()
        sizes.add(len(regions))
        for parameter in supernet.parameters():
            assert (parameter in regions) == (parameter.grad is not None)
            if parameter in regions:
                outside = torch.ones_like(parameter, dtype=torch.bool)
                for region in regions[parameter] or [()]:
                    outside[region] = False
                assert not parameter.grad[outside].any()
        supernet.zero_grad(set_to_none=True)
    assert len(sizes) > 2


def test_gradients_reach_the_weights_of_a_mixture(batch):
    supernet = network()
    alphas = [torch.zeros(5, dtype=torch.float64, requires_grad=True) for _ in EDGES]

    def loss():
        supernet.mix([alpha.softmax(0) for alpha in alphas])
        return supernet(batch).square().sum()

    supernet.eval()
    loss().backward()
    step = 1e-6
    for edge, option in ((0, 1), (3, 3), (5, 0)):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                alphas[edge][option] += sign * step
                values.append(loss().item())
                alphas[edge][option] -= sign * step
        expected = (values[0] - values[1]) / (2 * step)
        assert alphas[edge].grad[option].item() == pytest.approx(expected, rel=1e-5, abs=1e-7)


def test_statistics_adapt_where_they_are_kept(batch):
    supernet = network(bn_running_statistics=False)
    with adapted_batch_norm(supernet, [batch]):
        first = supernet(batch)
    with adapted_batch_norm(supernet, [batch * 2]):
        second = supernet(batch)
    assert not torch.allclose(first, second)  # the stem keeps statistics


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(SettingsError, match="num_stacks: expected 3 on NAS-Bench-201, got 2"):
        NASBench201SuperNet(settings(num_stacks=2), 0)
    supernet = network()
    with pytest.raises(ArchitectureError, match="expected architectures 0 to 15,624, got 15,625"):
        supernet.activate(15_625)
    with pytest.raises(SettingsError, match="expected a vector for each decision, of 5, 5, 5, 5, 5, 5 numbers"):
        supernet.mix([torch.ones(5)] * 5)


def test_initial_weights_follow_from_the_seed():
    first, again, other = (NASBench201SuperNet(settings(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first if first[name].ndim == 4)
