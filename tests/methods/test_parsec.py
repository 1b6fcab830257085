"""PARSEC: its weights sum to one, one sample is single-path training, and its gradients are those of the formula."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import SettingsError
from shareornot.methods import SinglePath
from shareornot.methods.parsec import likelihood_weights, parsec
from shareornot.methods.uniform import draw_uniformly


def test_omegas_are_normalized_likelihoods():
    losses = torch.tensor([1.0, 1.5, 0.7], dtype=torch.float64)
    omegas = likelihood_weights(losses, 8)
    likelihoods = np.exp(-8 * losses.numpy())
    assert omegas.sum().item() == pytest.approx(1)
    np.testing.assert_allclose(omegas.numpy(), likelihoods / likelihoods.sum())


def test_one_sample_is_single_path_training(nine_setup, nine_batches, at):
    one, other = nine_setup(), nine_setup()
    method = parsec(one, num_samples=1)
    paths = []
    single = SinglePath(other, draw_uniformly(other.architectures))
    batches = nine_batches(8)
    for step in range(4):
        now = at(*divmod(step, 3))
        choices = method.preferences.draw(now.rng(), 1)
        paths.append(int(method.preferences.space.architectures(choices)[0]))
        single.paths = lambda _: paths[-1:]
        train, held_out = batches[2 * step], batches[2 * step + 1]
        loss = method.step(now, train, lambda held_out=held_out: held_out).loss
        torch.testing.assert_close(single.step(now, train, lambda held_out=held_out: held_out).loss, loss)
    assert len(set(paths)) > 1
    for ours, theirs in zip(one.network.parameters(), other.network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)


def test_a_step_written_down(nine_setup, nine_batches, at, monkeypatch):
    setup = nine_setup()
    method = parsec(setup, num_samples=3)
    with torch.no_grad():
        for logits in method.preferences.logits:
            logits.copy_(torch.tensor([0.5, -0.2, 0.1], dtype=torch.float64))
    train, held_out = nine_batches(2)
    twin = nine_setup().network

    def loss(path, batch):
        twin.activate(path)
        return F.cross_entropy(twin(batch.images), batch.labels)

    choices = method.preferences.draw(at().rng(), 3)
    paths = [3 * first + second for first, second in choices.tolist()]
    omegas = [np.exp(-6 * loss(path, train).item()) for path in paths]
    total = sum(omega / sum(omegas) * loss(path, train) for omega, path in zip(omegas, paths, strict=True))
    gradients = torch.autograd.grad(total, list(twin.parameters()), allow_unused=True)
    given = []
    monkeypatch.setattr(method.adam, "step", lambda found: given.extend(found))
    before = [parameter.detach().clone() for parameter in setup.network.parameters()]
    held = []
    # The shared weights move first, so the validation likelihoods are those after the move.
    method.step(
        at(), train, lambda: (held.append([p.detach().clone() for p in setup.network.parameters()]), held_out)[1]
    )
    for start, moved, gradient in zip(before, setup.network.parameters(), gradients, strict=True):
        expected = start if gradient is None else start - 0.05 * (gradient + 1e-2 * start)
        torch.testing.assert_close(moved.detach(), expected.detach(), rtol=1e-10, atol=1e-14)
    with torch.no_grad():
        for parameter, moved in zip(twin.parameters(), held[0], strict=True):
            parameter.copy_(moved)
    omegas = np.array([np.exp(-6 * loss(path, held_out).item()) for path in paths])
    omegas /= omegas.sum()
    p = np.exp([0.5, -0.2, 0.1]) / np.exp([0.5, -0.2, 0.1]).sum()
    for decision, gradient in enumerate(given):
        expected = -sum(omega * (np.eye(3)[row[decision]] - p) for omega, row in zip(omegas, choices, strict=True))
        np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-10, atol=1e-12)


def test_draws_follow_the_probabilities(nine_setup):
    method = parsec(nine_setup())
    with torch.no_grad():
        method.preferences.logits[0].copy_(torch.tensor([0.1, 0.3, 0.6]).log())
    drawn = method.preferences.draw(np.random.default_rng(0), 10_000)
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / 10_000, [0.1, 0.3, 0.6], atol=0.02)
    np.testing.assert_allclose(np.bincount(drawn[:, 1]) / 10_000, [1 / 3] * 3, atol=0.02)


def test_options_out_of_range_are_refused(nine_setup):
    with pytest.raises(SettingsError, match="expected num_samples from 1"):
        parsec(nine_setup(), num_samples=0)
    with pytest.raises(SettingsError, match="paths_per_step of 1"):
        parsec(nine_setup(paths_per_step=2))
