"""Trainings of a user's super-net: bit by bit the same after a stop, whatever draws random numbers."""

import random
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from tiny_supernet import ARCHITECTURES, TinySuperNet, same, state_of
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from shareornot.errors import DataError, Interrupted, SettingsError
from shareornot.own_supernet import score_supernet, train_supernet, training
from shareornot.spaces.contract import Decision
from shareornot.spaces.product import OptionSpace
from shareornot.supernet import OptimizerSettings

SGD = OptimizerSettings(name="sgd", learning_rate=0.05)
QUIET = {"check": False, "progress": False}


class Augmented(Dataset):
    """Images that all three global generators change."""

    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __getitem__(self, place):
        image, label = self.data[place]
        return image + 0.1 * (torch.randn(()) + np.random.random() + random.random()), label  # noqa: NPY002


@pytest.fixture
def loader(data):
    return DataLoader(Augmented(data[0]), batch_size=24, shuffle=True)


@pytest.fixture
def stop_after(monkeypatch):
    """Request every training to stop after this number of steps of a call."""

    def stop(num_steps):
        @contextmanager
        def interruption():
            asked = iter([False] * num_steps + [True])
            yield lambda: next(asked, True)

        monkeypatch.setattr(training, "polite_interruption", interruption)

    return stop


@pytest.mark.parametrize("method", ["uniform", "rsws"])
@pytest.mark.parametrize("num_steps", [1, 3, 5])
def test_it_resumes_bit_by_bit_after_any_step(method, num_steps, build, loader, stop_after, tmp_path, monkeypatch):
    arguments = {"method": method, "epochs": 3, "paths_per_step": 2, "seed": 3, **QUIET}
    whole = build(dropout=0.3)
    reports = train_supernet(whole, ARCHITECTURES, loader, **arguments)
    assert [report.epoch for report in reports] == [1, 2, 3]
    assert all(0 < report.loss < 10 for report in reports)
    path = tmp_path / "net.safetensors"
    stop_after(num_steps)
    with pytest.raises(Interrupted, match=f"stopped after {num_steps} of 9 steps"):
        train_supernet(build(dropout=0.3), ARCHITECTURES, loader, checkpoint=path, **arguments)
    monkeypatch.undo()
    torch.manual_seed(77)
    resumed = build(dropout=0.3)
    train_supernet(resumed, ARCHITECTURES, loader, checkpoint=str(path), **arguments)
    assert same(state_of(resumed), state_of(whole))
    again = build(dropout=0.3)
    assert train_supernet(again, ARCHITECTURES, loader, checkpoint=path, **arguments) == []
    assert same(state_of(again), state_of(whole))


def test_it_follows_from_the_seed_and_draws_from_nobody(build, loader):
    def trained(seed, outside):
        module = build(dropout=0.3)
        torch.manual_seed(outside)
        before = torch.get_rng_state()
        train_supernet(module, ARCHITECTURES, loader, epochs=2, seed=seed, progress=False)
        assert torch.equal(torch.get_rng_state(), before)
        return state_of(module)

    assert same(trained(0, 1), trained(0, 2))
    assert not same(trained(0, 1), trained(1, 1))


def test_what_a_step_does_not_use_stays_as_it_is(module, loader):
    before = state_of(module)
    train_supernet(module, ["a,a", "a,b"], loader, epochs=1, **QUIET)
    moved = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert any(name.startswith("layers.0.options.a") for name in moved)
    assert any(name.startswith("layers.1.options.b") for name in moved)
    assert not any(".options.c" in name or name.startswith("layers.0.options.b") for name in moved)


def test_gradients_that_were_left_over_move_nothing(module, loader):
    for parameter in module.parameters():
        parameter.grad = torch.full_like(parameter, 7.0)
    before = state_of(module)
    train_supernet(module, ["a,a", "a,b"], loader, epochs=1, **QUIET)
    assert torch.equal(module.state_dict()["layers.0.options.c.1.weight"], before["layers.0.options.c.1.weight"])


def test_a_trained_super_net_ranks_better_than_guessing(module, loaders):
    train_supernet(module, ARCHITECTURES, loaders[0], epochs=40, learning_rate=1e-2, progress=False)
    found = score_supernet(module, ARCHITECTURES, *loaders, progress=False)
    assert found.proxies.max() > 0.5


class TiedSuperNet(TinySuperNet):
    """Two options of a layer share one weight."""

    def __init__(self):
        super().__init__()
        self.layers[1].options["c"][1].weight = self.layers[1].options["b"][0].weight


def test_tied_weights_are_kept(build, loader, stop_after, tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    whole = build(TiedSuperNet)
    train_supernet(whole, ARCHITECTURES, loader, epochs=2, progress=False)
    stop_after(2)
    with pytest.raises(Interrupted):
        train_supernet(build(TiedSuperNet), ARCHITECTURES, loader, epochs=2, checkpoint=path, progress=False)
    monkeypatch.undo()
    resumed = build(TiedSuperNet)
    train_supernet(resumed, ARCHITECTURES, loader, epochs=2, checkpoint=path, progress=False)
    assert same(state_of(resumed), state_of(whole))
    assert resumed.layers[1].options["c"][1].weight is resumed.layers[1].options["b"][0].weight


def test_a_checkpoint_of_another_training_is_refused(build, data, loader, tmp_path):
    path = tmp_path / "net.safetensors"
    train_supernet(build(), ARCHITECTURES, loader, epochs=1, checkpoint=path, **QUIET)
    for architectures, changes, message in (
        (ARCHITECTURES, {"epochs": 2}, "expected a checkpoint of these training settings"),
        (ARCHITECTURES[:8], {"epochs": 1}, "expected a checkpoint of these batches settings"),
    ):
        with pytest.raises(DataError, match=message):
            train_supernet(build(), architectures, loader, checkpoint=path, **changes, **QUIET)
    other = DataLoader(data[0], batch_size=8)
    with pytest.raises(DataError, match="settings"):
        train_supernet(build(), ARCHITECTURES, other, epochs=1, checkpoint=path, **QUIET)


class Mixing(nn.Module):
    """Two decisions in a row, each between three linear maps."""

    def __init__(self):
        super().__init__()
        self.maps = nn.ParameterList(nn.Parameter(torch.randn(36, 36) / 6) for _ in range(6))
        self.classifier = nn.Linear(36, 3)

    def activate(self, architecture):
        self.mix([torch.eye(3)[choice] for choice in divmod(architecture, 3)])

    def mix(self, weights):
        self.weights = weights

    def forward(self, x):
        x = x.flatten(1)
        for decision, weights in enumerate(self.weights):
            parts = [w * torch.tanh(x @ self.maps[3 * decision + i]) for i, w in enumerate(weights) if w != 0]
            x = sum(parts, start=torch.zeros_like(x))
        return self.classifier(x)


@pytest.fixture(scope="module")
def product_space():
    return OptionSpace("nine", "two decisions", tuple(Decision(name, ("a", "b", "c")) for name in ("first", "second")))


@pytest.mark.parametrize("method", ["fairnas", "parsec", "darts", "gdas"])
@pytest.mark.filterwarnings("ignore:the super-net has no batch norm")
def test_methods_for_products_work_on_a_product_of_ones_own(method, build, loaders, product_space):
    module = build(Mixing)
    reports = train_supernet(module, product_space, *loaders, method=method, epochs=2, optimizer=SGD, progress=False)
    assert reports[-1].loss < 2


def test_methods_that_do_not_fit_are_refused_with_the_reason(module, build, loaders, product_space):
    for method, message in (
        ("darts", r"method darts: expected the method mix\(weights\) of TinySuperNet"),
        ("few-shot", "method few-shot: expected a super-net of this package"),
        ("parsec", "method parsec: expected a whole product space"),
        ("pro-rata", "method pro-rata: expected a space that counts parameters"),
        ("unifrom", "try 'uniform'"),
    ):
        with pytest.raises(SettingsError, match=message):
            train_supernet(module, ARCHITECTURES, loaders[0], method=method, epochs=1, **QUIET)
    with pytest.raises(SettingsError, match=r"method darts: expected validation_loader, .* or take a method such as"):
        train_supernet(build(Mixing), product_space, loaders[0], method="darts", epochs=1, optimizer=SGD, **QUIET)


class Endless(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter([(torch.zeros(1, 6, 6), 0)] * 40)


class Promises(list):
    def __len__(self):
        return 5


def test_bad_loaders_are_refused_in_one_sentence(module, data):
    images, labels = data[0].tensors
    for loader, error, message in (
        (DataLoader(Endless(), batch_size=4), SettingsError, "train_loader: expected a loader with a length"),
        (Promises([(images, labels)]), DataError, "train_loader: expected 5 batches, which is its length, got 1"),
        ([{"x": images, "y": labels}], DataError, "train_loader: .*dictionaries with the keys x, y"),
        (DataLoader(TensorDataset(images, labels + 1), 16), DataError, "expected labels from 0 to 2, .* got 3"),
    ):
        with pytest.raises(error, match=message):
            train_supernet(module, ARCHITECTURES, loader, epochs=1, **QUIET)
