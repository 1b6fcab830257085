"""Path dropout keeps each option with its probability, and a step is the mean over sub-batches under their masks."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import SettingsError
from shareornot.methods.path_dropout import draw_masks, path_dropout


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.3])
def test_each_option_is_kept_with_its_probability(rate):
    rng = np.random.default_rng(0)
    drawn = [draw_masks(rng, [3, 5], rate) for _ in range(20_000)]
    for number, size in enumerate((3, 5)):
        kept = np.stack([masks[number] for masks in drawn])
        expected = 1 - rate ** (1 / size)
        np.testing.assert_allclose(kept.mean(axis=0), expected, atol=0.015)
        assert (~kept.any(axis=1)).mean() == pytest.approx(rate, abs=0.015)


def test_the_rate_rises_to_its_final_value(nine_setup, at):
    method = path_dropout(nine_setup(), final_rate=0.22)
    rates = [method.rate(at(epoch, position)) for epoch in range(4) for position in range(3)]
    np.testing.assert_allclose(rates, np.linspace(0, 0.22, 12), atol=1e-12)


def test_a_step_written_down(nine_setup, nine_batches, at):
    setup, twin = nine_setup(), nine_setup().network
    method = path_dropout(setup, final_rate=0.9, ghost_size=3)
    (train,) = nine_batches(1)
    now = at(3, 1)
    rng = now.rng()
    masks = [draw_masks(rng, [3, 3], method.rate(now)) for _ in range(2)]
    assert not all(mask.all() for one in masks for mask in one)
    total = 0
    for part, one in enumerate(masks):
        twin.mix([torch.from_numpy(mask).double() for mask in one])
        images, labels = train.images[3 * part : 3 * part + 3], train.labels[3 * part : 3 * part + 3]
        total = total + F.cross_entropy(twin(images), labels, reduction="sum") / 6
    gradients = torch.autograd.grad(total, list(twin.parameters()), allow_unused=True)
    report = method.step(now, train, lambda: train)
    torch.testing.assert_close(report.loss, total.detach())
    num_kept = 0
    for start, moved, gradient in zip(twin.parameters(), setup.network.parameters(), gradients, strict=True):
        if gradient is None:
            num_kept += 1
            assert torch.equal(moved, start)
        else:
            torch.testing.assert_close(moved, start - 0.05 * (gradient + 1e-2 * start), rtol=1e-10, atol=1e-14)
    assert num_kept > 0


def test_without_dropout_it_is_the_sum_of_all_options(nine_setup, nine_batches, at):
    setup = nine_setup()
    method = path_dropout(setup)
    (train,) = nine_batches(1)
    x = train.images.flatten(1)
    maps = [parameter.detach().clone() for parameter in setup.network.parameters()]
    for decision in range(2):
        x = sum(torch.tanh(x @ maps[3 * decision + option]) for option in range(3))
    torch.testing.assert_close(method.step(at(), train, lambda: train).loss, F.cross_entropy(x, train.labels))


@pytest.mark.parametrize("options", [{"final_rate": 0.0}, {"final_rate": 1.0}, {"ghost_size": 1}])
def test_options_out_of_range_are_refused(options, nine_setup):
    with pytest.raises(SettingsError, match="expected final_rate between 0 and 1 and ghost_size from 2"):
        path_dropout(nine_setup(), **options)
