"""SNAS and GDAS against literal transcriptions of their formulas on two decisions."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods.gdas import gdas
from shareornot.methods.snas import snas


def random_logits(method):
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for logits in method.preferences.logits:
            logits.copy_(torch.randn(3, dtype=torch.float64, generator=generator))
    return [logits.detach().numpy().copy() for logits in method.preferences.logits]


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def jacobian(soft, t):
    """Derivative of softmax((a + g) / t) in a."""
    return (np.diag(soft) - np.outer(soft, soft)) / t


def slopes(network, weights, batch):
    """Derivative of the loss in the weights of a mixture, by central differences."""
    found = [np.zeros(3), np.zeros(3)]
    step = 1e-6
    for decision in range(2):
        for option in range(3):
            losses = []
            for sign in (1, -1):
                moved = [vector.copy() for vector in weights]
                moved[decision][option] += sign * step
                network.mix([torch.from_numpy(vector) for vector in moved])
                with torch.no_grad():
                    losses.append(torch.nn.functional.cross_entropy(network(batch.images), batch.labels).item())
            found[decision][option] = (losses[0] - losses[1]) / (2 * step)
    return found


@pytest.mark.parametrize("epoch", [0, 2])
def test_snas_follows_the_relaxed_choice(epoch, nine_setup, nine_batches, at, monkeypatch):
    method = snas(nine_setup())
    alphas = random_logits(method)
    (train,) = nine_batches(1)
    rng = at(epoch).rng()
    noise = [rng.gumbel(size=3), rng.gumbel(size=3)]
    t = 1.0 + (0.33 - 1.0) * epoch / 3
    # log p differs from alpha by a constant, which softmax does not see.
    soft = [softmax((alpha + g) / t) for alpha, g in zip(alphas, noise, strict=True)]
    expected = [jacobian(z, t).T @ slope for z, slope in zip(soft, slopes(method.network, soft, train), strict=True)]
    given = []
    monkeypatch.setattr(method.adam, "step", lambda gradients: given.extend(gradients))
    report = method.step(at(epoch), train, lambda: train)
    for gradient, one in zip(given, expected, strict=True):
        np.testing.assert_allclose(gradient.numpy(), one, rtol=1e-6, atol=1e-9)
    assert report.loss.item() > 0
    assert any(
        not torch.equal(parameter, start)
        for parameter, start in zip(method.network.parameters(), nine_setup().network.parameters(), strict=True)
    )


@pytest.mark.parametrize("epoch", [0, 3])
def test_gdas_computes_one_option_and_follows_the_relaxed_choice(epoch, nine_setup, nine_batches, at, monkeypatch):
    method = gdas(nine_setup())
    alphas = random_logits(method)
    train, held_out = nine_batches(2)
    rng = at(epoch).rng()
    draws = [[rng.gumbel(size=3), rng.gumbel(size=3)] for _ in range(2)]
    t = 10 + (0.1 - 10) * epoch / 3
    soft = [[softmax((alpha + g) / t) for alpha, g in zip(alphas, noise, strict=True)] for noise in draws]
    hard = [[np.eye(3)[z.argmax()] for z in one] for one in soft]
    given, mixed = [], []
    mix = method.network.mix
    monkeypatch.setattr(
        method.network, "mix", lambda weights: (mixed.append([w.tolist() for w in weights]), mix(weights))
    )
    monkeypatch.setattr(method.adam, "step", lambda gradients: given.extend(gradients))
    before = [parameter.detach().clone() for parameter in method.network.parameters()]
    method.step(at(epoch), train, lambda: held_out)
    assert mixed == [[one.tolist() for one in draw] for draw in hard]  # exactly one-hot
    moved = [not torch.equal(one, start) for one, start in zip(method.network.parameters(), before, strict=True)]
    assert moved == [bool(option) for one in hard[0] for option in one]  # the chosen options alone
    computed = [
        slope * chosen for slope, chosen in zip(slopes(method.network, hard[1], held_out), hard[1], strict=True)
    ]
    for gradient, z, slope in zip(given, soft[1], computed, strict=True):
        np.testing.assert_allclose(gradient.numpy(), jacobian(z, t).T @ slope, rtol=1e-6, atol=1e-9)


def test_the_temperature_is_linear_by_epoch(at, nine_setup):
    method = gdas(nine_setup(), first_temperature=10.0, last_temperature=0.1)
    assert [method.temperature(at(epoch)) for epoch in range(4)] == pytest.approx([10, 6.7, 3.4, 0.1])


@pytest.mark.parametrize("method", [snas, gdas])
def test_temperatures_out_of_range_are_refused(method, nine_setup):
    with pytest.raises(SettingsError, match=r"expected temperatures above 0, got 1\.0 and 0\.0"):
        method(nine_setup(), first_temperature=1.0, last_temperature=0.0)
