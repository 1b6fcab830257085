"""DARTS: its gradients against differentiation through the step that is looked ahead."""

from copy import deepcopy

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch.func import functional_call

from shareornot.errors import SettingsError
from shareornot.methods import Chooser, Setup, build_method
from shareornot.methods.darts import darts
from shareornot.spaces import open_space
from shareornot.supernet import EvaluationSettings, NASBench101SuperNet, OptimizerSettings, TrainingSettings


def random_logits(method):
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for logits in method.preferences.logits:
            logits.copy_(torch.randn(3, dtype=torch.float64, generator=generator))
        for states in method.optimizer.states.values():
            states[0].normal_(generator=generator)


def loss_of(network, weights, logits, batch):
    network.mix([vector.softmax(0) for vector in logits])
    return F.cross_entropy(functional_call(network, weights, (batch.images,)), batch.labels)


@pytest.mark.parametrize("nesterov", [False, True])
def test_the_second_order_is_differentiation_through_the_unrolled_step(nesterov, nine_setup, nine_batches):
    settings = OptimizerSettings(name="sgd", learning_rate=0.05, weight_decay=1e-2, nesterov=nesterov)
    setup = nine_setup(optimizer=settings)
    method = darts(setup, second_order=True)
    random_logits(method)
    train, held_out = nine_batches(2)
    before = deepcopy(setup.network.state_dict())
    rate = 0.05

    logits = [vector.detach().clone().requires_grad_() for vector in method.preferences.logits]
    weights = {name: p.detach().clone().requires_grad_() for name, p in setup.network.named_parameters()}
    gradients = torch.autograd.grad(
        loss_of(setup.network, weights, logits, train), list(weights.values()), create_graph=True
    )
    ahead = {}
    for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
        decayed = gradient + settings.weight_decay * weight.detach()
        moved = settings.momentum * method.optimizer.states[name][0] + decayed
        ahead[name] = weight - rate * (decayed + settings.momentum * moved if nesterov else moved)
    exact = torch.autograd.grad(loss_of(setup.network, ahead, logits, held_out), logits)

    errors = []
    for radius in (0.1, 0.01, 0.001):
        found = method.look_ahead(train, held_out, rate, radius)
        errors.append(max((one - other).abs().max().item() for one, other in zip(found, exact, strict=True)))
    assert errors[1] < 1e-4 * max(one.abs().max().item() for one in exact)
    assert errors[2] < errors[1] / 50 < errors[0] / 2500  # the error falls with the square of the radius
    assert all(torch.equal(tensor, before[name]) for name, tensor in setup.network.state_dict().items())
    first = torch.autograd.grad(
        loss_of(setup.network, dict(setup.network.named_parameters()), logits, held_out), logits
    )
    assert max((one - other).abs().max().item() for one, other in zip(first, exact, strict=True)) > 100 * errors[1]


def test_a_step_of_the_first_order_written_down(nine_setup, nine_batches, at):
    setup = nine_setup()
    method = darts(setup)
    random_logits(method)
    train, held_out = nine_batches(2)
    twin = deepcopy(method)
    logits = [vector.detach().clone().requires_grad_() for vector in method.preferences.logits]
    adam = torch.optim.Adam(logits, 3e-4, betas=(0.5, 0.999), weight_decay=1e-3)
    loss_of(twin.network, dict(twin.network.named_parameters()), logits, held_out).backward()
    adam.step()
    twin.network.mix([vector.detach().softmax(0) for vector in logits])
    loss = F.cross_entropy(twin.network(train.images), train.labels)
    gradients = torch.autograd.grad(loss, list(twin.network.parameters()))
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    report = method.step(at(), train, lambda: held_out)
    torch.testing.assert_close(report.loss, loss.detach())
    for one, other in zip(method.preferences.logits, logits, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)
    for (name, weight), gradient in zip(twin.network.named_parameters(), gradients, strict=True):
        clipped = gradient * min(1.0, 5.0 / (norm.item() + 1e-6))
        velocity = 0.9 * twin.optimizer.states[name][0] + clipped + 1e-2 * weight
        expected = (weight - 0.05 * velocity).detach()
        torch.testing.assert_close(dict(method.network.named_parameters())[name].detach(), expected, rtol=1e-9, atol=0)


def test_its_preference_and_choice_follow_the_weights(nine_setup, nine, images):
    method = darts(nine_setup())
    random_logits(method)
    scores = list(method.scorer().scores(nine.members))
    assert sum(torch.tensor(scores).exp()) == pytest.approx(1)
    assert isinstance(method, Chooser)
    assert method.own_choice(images, EvaluationSettings(), np.random.default_rng(0)) == int(
        torch.tensor(scores).argmax()
    )


def test_what_it_cannot_train_is_refused(nine_setup, nine, network_config):
    rmsprop = TrainingSettings(method="darts", options={"second_order": True})
    with pytest.raises(SettingsError, match="second_order: expected the optimizer sgd, got rmsprop"):
        build_method(Setup(nine_setup().network, nine, nine.members, rmsprop))
    with pytest.raises(SettingsError, match=r"expected a whole product space, .* got 8 architectures of nine"):
        darts(Setup(nine_setup().network, nine, nine.members[:8], nine_setup().training))
    a4 = open_space("A4")
    cells = NASBench101SuperNet(network_config(), 0)
    sgd = TrainingSettings(optimizer=OptimizerSettings(name="sgd"))
    with pytest.raises(SettingsError, match=r"expected a whole product space, .* such as nasbench201 .* of A4"):
        darts(Setup(cells, a4, a4.members, sgd))
    with pytest.raises(SettingsError, match="expected a super-net with the method mix"):
        darts(Setup(cells, nine, nine.members, sgd))
    with pytest.raises(SettingsError, match="paths_per_step of 1"):
        darts(nine_setup(paths_per_step=2))
    with pytest.raises(SettingsError, match="learning_rate above 0"):
        darts(nine_setup(), learning_rate=0.0)
    with pytest.raises(SettingsError, match="schedule: expected by-epoch or by-step with method darts"):
        build_method(nine_setup(method="darts", schedule="by-size"))
