"""Optimizers against plain loops over numbers."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from shareornot.errors import SettingsError
from shareornot.supernet import OptimizerSettings, PartialOptimizer
from shareornot.supernet.adamw import multiply_all

NUM_STEPS = 6
AS_DESCRIBED = OptimizerSettings()
AS_PUBLISHED = OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True)
DESCENT = OptimizerSettings(name="sgd", learning_rate=0.05)
ADAMW = OptimizerSettings(name="adamw", learning_rate=3e-3, weight_decay=0.05, epsilon=1e-8)
NESTEROV = OptimizerSettings(name="sgd", learning_rate=0.05, nesterov=True)
UNCORRECTED = OptimizerSettings(
    name="adamw", learning_rate=3e-3, weight_decay=0.05, epsilon=1e-8, bias_correction=False
)
CONFIGS = {
    "as described": AS_DESCRIBED,
    "as published": AS_PUBLISHED,
    "sgd": DESCENT,
    "nesterov": NESTEROV,
    "adamw": ADAMW,
    "adamw without bias correction": UNCORRECTED,
}


class PlainOptimizer:
    """One number at a time, from the formulas."""

    def __init__(self, weight: float, config: OptimizerSettings) -> None:
        self.weight, self.config = weight, config
        self.mean_square = self.velocity = 0.0
        self.num_steps = 0

    def step(self, gradient: float, learning_rate: float) -> None:
        config = self.config
        self.num_steps += 1
        if config.name == "adamw":
            self.velocity = config.momentum * self.velocity + (1 - config.momentum) * gradient
            self.mean_square = config.smoothing * self.mean_square + (1 - config.smoothing) * gradient**2
            self.weight -= learning_rate * config.weight_decay * self.weight
            mean, mean_square = self.velocity, self.mean_square
            if config.bias_correction:
                mean /= 1 - config.momentum**self.num_steps
                mean_square /= 1 - config.smoothing**self.num_steps
            self.weight -= learning_rate * mean / (math.sqrt(mean_square) + config.epsilon)
            return
        gradient += config.weight_decay * self.weight
        if config.name == "sgd":
            self.velocity = config.momentum * self.velocity + gradient
            moved = gradient + config.momentum * self.velocity if config.nesterov else self.velocity
            self.weight -= learning_rate * moved
            return
        self.mean_square = config.smoothing * self.mean_square + (1 - config.smoothing) * gradient**2
        if config.accumulate_epsilon:
            self.mean_square += config.epsilon
            self.velocity = config.momentum * self.velocity + gradient / math.sqrt(self.mean_square)
            self.weight -= learning_rate * self.velocity
        else:
            root = math.sqrt(self.mean_square + config.epsilon)
            self.velocity = config.momentum * self.velocity + learning_rate * gradient / root
            self.weight -= self.velocity

    @property
    def state(self) -> list[float]:
        if self.config.name == "adamw":
            corrections = [1 - self.config.momentum**self.num_steps, 1 - self.config.smoothing**self.num_steps]
            return [self.velocity, self.mean_square, *corrections]
        return [self.velocity] if self.config.name == "sgd" else [self.mean_square, self.velocity]


def parameters(*shapes: tuple[int, ...]) -> dict[str, nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    return {
        f"p{number}": nn.Parameter(torch.randn(shape, dtype=torch.float64, generator=generator))
        for number, shape in enumerate(shapes)
    }


def plain_twins(named, config):
    return {name: [PlainOptimizer(x, config) for x in p.detach().flatten().tolist()] for name, p in named.items()}


def assert_equal(named, optimizer, plain):
    for name, parameter in named.items():
        expected = np.array([[number.weight, *number.state] for number in plain[name]]).T
        actual = [tensor.detach().flatten().numpy() for tensor in (parameter, *optimizer.states[name])]
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_steps_are_those_of_a_plain_loop(config):
    named = parameters((3, 2), (4,))
    optimizer, plain = PartialOptimizer(named, config), plain_twins(named, config)
    for step in range(NUM_STEPS):
        learning_rate = config.learning_rate / (1 + step)
        for name, parameter in named.items():
            parameter.grad = torch.randn(parameter.shape, dtype=torch.float64)
            for number, gradient in zip(plain[name], parameter.grad.flatten().tolist(), strict=True):
                number.step(gradient, learning_rate)
        optimizer.step({parameter: [] for parameter in named.values()}, learning_rate)
        assert all(parameter.grad is None for parameter in named.values())
    assert_equal(named, optimizer, plain)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_descent_is_pytorchs(weight_decay, nesterov):
    config = OptimizerSettings(name="sgd", learning_rate=0.1, weight_decay=weight_decay, nesterov=nesterov)
    ours, theirs = parameters((3, 2)), parameters((3, 2))
    optimizer = PartialOptimizer(ours, config)
    reference = torch.optim.SGD(theirs.values(), 0.1, momentum=0.9, weight_decay=weight_decay, nesterov=nesterov)
    for _ in range(NUM_STEPS):
        gradient = torch.randn(3, 2, dtype=torch.float64)
        ours["p0"].grad, theirs["p0"].grad = gradient.clone(), gradient.clone()
        optimizer.step({ours["p0"]: []}, 0.1)
        reference.step()
    torch.testing.assert_close(ours["p0"], theirs["p0"], rtol=1e-13, atol=0)


@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_adamw_is_pytorchs_where_every_step_uses_everything(weight_decay):
    config = OptimizerSettings(name="adamw", learning_rate=3e-3, weight_decay=weight_decay, epsilon=1e-8)
    ours, theirs = parameters((3, 2), (5,)), parameters((3, 2), (5,))
    optimizer = PartialOptimizer(ours, config)
    reference = torch.optim.AdamW(theirs.values(), 3e-3, betas=(0.9, 0.99), weight_decay=weight_decay)
    for _ in range(100):
        for mine, other in zip(ours.values(), theirs.values(), strict=True):
            mine.grad = torch.randn(mine.shape, dtype=torch.float64)
            other.grad = mine.grad.clone()
        optimizer.step({parameter: [] for parameter in ours.values()}, 3e-3)
        reference.step()
    for mine, other in zip(ours.values(), theirs.values(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("num_steps", "times_smaller"), [(10, 3.1), (100, 8.0), (2000, 10.0)])
def test_an_accumulated_epsilon_shrinks_the_steps(num_steps, times_smaller):
    """Small gradients move three times less after 10 steps, eight times after 100, ten times in the end."""
    moved = []
    for accumulate in (False, True):
        config = OptimizerSettings(momentum=0.0, weight_decay=0.0, accumulate_epsilon=accumulate)
        named = parameters((1,))
        optimizer = PartialOptimizer(named, config)
        for _ in range(num_steps):
            before = named["p0"].item()
            named["p0"].grad = torch.full((1,), 1e-3, dtype=torch.float64)
            optimizer.step({named["p0"]: []}, 0.2)
        moved.append(before - named["p0"].item())
    assert moved[0] / moved[1] == pytest.approx(times_smaller, rel=0.02)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_unused_parameters_stay_or_move_by_the_recipe(config):
    """Tensors without a region never move; of those used in part, the rest moves only `as published`, by momentum and
    weight decay alone."""
    named = parameters((4, 4), (4, 4), (4,), (4,))
    optimizer, plain = PartialOptimizer(named, config), plain_twins(named, config)
    whole, partial, vector, unused = named.values()
    corner, row = (slice(2), slice(3)), (slice(3), slice(1))
    regions = {
        "whole": {p: [] for p in named.values()},  # so that there is a state to disturb
        "parts": {whole: [], partial: [corner, row], vector: [(slice(2),)]},
        "part that is all": {partial: [corner, (slice(4), slice(4))], vector: [(slice(4),)]},
    }
    for kind in ("whole", "parts", "part that is all", "parts"):
        before = {name: [t.detach().clone() for t in (p, *optimizer.states[name])] for name, p in named.items()}
        used_masks = {}
        for name, parameter in named.items():
            if parameter not in regions[kind]:
                continue
            used = torch.zeros_like(parameter, dtype=torch.bool)
            for region in regions[kind][parameter] or [()]:
                used[region] = True
            used_masks[name] = used
            parameter.grad = torch.randn(parameter.shape, dtype=torch.float64) * used
            for number, gradient, is_used in zip(
                plain[name], parameter.grad.flatten().tolist(), used.flatten().tolist(), strict=True
            ):
                if is_used or config.move_whole_tensors:
                    number.step(gradient, 0.1)
        optimizer.step(regions[kind], 0.1)
        assert_equal(named, optimizer, plain)
        for name, parameter in named.items():
            used = used_masks.get(name, torch.zeros_like(parameter, dtype=torch.bool))
            after = [parameter.detach(), *optimizer.states[name]]
            moved = torch.stack([now != then for now, then in zip(after, before[name], strict=True)])
            assert moved[:, used].all()
            if name not in used_masks or not config.move_whole_tensors:
                assert not moved[:, ~used].any()
            else:
                assert moved[:, ~used].all()
    assert unused.grad is None


def test_the_state_goes_into_a_checkpoint_and_back():
    named = parameters((2, 3), (3,))
    optimizer = PartialOptimizer(named, AS_DESCRIBED)
    for parameter in named.values():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step({parameter: [] for parameter in named.values()}, 0.1)
    state = {name: tensor.clone() for name, tensor in optimizer.state_dict().items()}
    assert sorted(state) == ["p0.0", "p0.1", "p1.0", "p1.1"]
    assert all(tensor.all() for tensor in state.values())
    other = PartialOptimizer(named, AS_DESCRIBED)
    other.load_state_dict(state)
    assert all(torch.equal(tensor, state[name]) for name, tensor in other.state_dict().items())


@pytest.mark.parametrize(
    ("name", "value"),
    [("learning_rate", 0.0), ("momentum", 1.0), ("momentum", -0.1), ("smoothing", 1.0), ("epsilon", 0.0)],
)
def test_constants_out_of_range_are_refused(name, value):
    with pytest.raises(SettingsError, match=rf"optimizer: expected .* got .*{value}"):
        OptimizerSettings(**{name: value})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_many_tensors_are_multiplied_as_one_by_one(dtype):
    generator = torch.Generator().manual_seed(0)
    tensors = [torch.randn(shape, generator=generator, dtype=dtype) for shape in ((4, 3, 3, 3), (7,), (1, 100))]
    expected = [tensor * 0.9 for tensor in tensors]
    multiply_all(tensors, 0.9)
    assert all(map(torch.equal, tensors, expected))
