"""ENAS: the controller writes and reads alike, and its gradient agrees with the exact expectation."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods.controller import Controller
from shareornot.methods.enas import ENTROPY_WEIGHT, enas
from shareornot.spaces import open_space
from shareornot.supernet import EvaluationSettings


@pytest.fixture
def controller():
    return Controller([3, 3], 0).double()


def test_probabilities_of_all_architectures_sum_to_one(controller, nine):
    read = controller.read(nine.choices(nine.members))
    assert read.log_probability.exp().sum().item() == pytest.approx(1)
    assert -(read.log_probability.exp() * read.log_probability).sum().item() <= 2 * np.log(3)


def test_what_it_writes_it_reads_with_the_same_probability(controller):
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.mul_(20)  # far from uniform
    written = controller.write(np.random.default_rng(0), 20_000)
    read = controller.read(written.choices)
    torch.testing.assert_close(written.log_probability, read.log_probability)
    torch.testing.assert_close(written.entropy, read.entropy)
    numbers = written.choices @ [3, 1]
    everything = np.stack(np.divmod(np.arange(9), 3), axis=1)
    expected = controller.read(everything).log_probability.exp().detach().numpy()
    np.testing.assert_allclose(np.bincount(numbers, minlength=9) / 20_000, expected, atol=0.015)
    assert expected.max() > 2 / 9


def flat(gradients):
    return torch.cat([gradient.flatten() for gradient in gradients if gradient is not None])


def test_the_policy_gradient_agrees_with_the_exact_expectation(nine_setup, nine):
    """The mean over many estimates is within four standard errors of the gradient of the expected reward."""
    method = enas(nine_setup())
    with torch.no_grad():
        for parameter in method.controller.parameters():
            parameter.mul_(5)
    accuracy = torch.tensor(np.random.default_rng(1).random(9))
    read = method.controller.read(nine.choices(nine.members))
    rewards = accuracy + ENTROPY_WEIGHT * read.entropy.detach()
    parameters = list(method.controller.parameters())
    exact = flat(torch.autograd.grad(-(read.log_probability.exp() * rewards).sum(), parameters, allow_unused=True))
    estimates = []
    for seed in range(200):
        method.baseline[:] = torch.tensor([0.5, 1.0])
        written = method.controller.write(np.random.default_rng([seed, 7]), 20)
        # Exactly unbiased with a baseline that does not depend on the draws; the moving average hardly does.
        found = method.policy_gradient(written, accuracy[nine.architectures(written.choices)])
        estimates.append(flat(found))
    estimates = torch.stack(estimates)
    mean, error = estimates.mean(dim=0), estimates.std(dim=0) / 200**0.5
    large = exact.abs() > exact.abs().max() / 20
    assert large.sum() > 10
    distances = ((mean - exact)[large].abs() / error[large]).numpy()
    assert np.quantile(distances, 0.9) < 3
    assert torch.nn.functional.cosine_similarity(mean, exact, dim=0) > 0.95


def test_it_learns_to_write_what_is_rewarded(nine_setup, nine):
    method = enas(nine_setup())
    rewards = torch.zeros(9, dtype=torch.float64)
    rewards[5] = 1
    before = next(method.scorer().scores([5]))
    for step in range(300):
        written = method.controller.write(np.random.default_rng(step), 20)
        method.adam.step(method.policy_gradient(written, rewards[nine.architectures(written.choices)]))
    assert next(method.scorer().scores([5])) > before + 1
    assert np.argmax(list(method.scorer().scores(nine.members))) == 5


def test_the_controller_learns_after_the_last_step_of_an_epoch_only(nine_setup, nine_batches, at):
    method = enas(nine_setup(), num_controller_steps=2, num_samples=3)
    train, held_out = nine_batches(2)
    calls = []
    for position in range(3):
        before = [parameter.detach().clone() for parameter in method.controller.parameters()]
        method.step(at(0, position), train, lambda: (calls.append(1), held_out)[1])
        moved = any(
            not torch.equal(one, start) for one, start in zip(method.controller.parameters(), before, strict=True)
        )
        assert moved == (position == 2)
    assert len(calls) == 2


def test_the_architectures_of_an_epoch_are_written_at_once(nine_setup, nine, at):
    method = enas(nine_setup())
    trained = [one for position in range(3) for one in method.paths(at(1, position))]
    with torch.no_grad():
        written = method.controller.write(at(1, 0).epoch_rng(), len(trained))
    assert trained == nine.architectures(written.choices).tolist()
    assert len(trained) == 3


def test_its_choice_is_the_best_draw_on_one_batch(nine_setup, images, monkeypatch):
    method = enas(nine_setup())
    accuracy = torch.arange(9).double()
    monkeypatch.setattr(
        "shareornot.methods.enas.batch_accuracies", lambda _, paths, batch: accuracy[paths] + 0 * len(batch)
    )
    assert method.own_choice(images, EvaluationSettings(), np.random.default_rng(0)) == 8


def test_what_it_cannot_train_is_refused(nine_setup):
    with pytest.raises(SettingsError, match="expected num_controller_steps and num_samples from 1"):
        enas(nine_setup(), num_samples=0)
    a4 = open_space("A4")
    setup = nine_setup()
    with pytest.raises(SettingsError, match=r"method enas: expected a whole product space, .* of A4"):
        enas(type(setup)(setup.network, a4, a4.members, setup.training))
