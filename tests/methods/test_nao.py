"""NAO: its second model on a toy, and how the pool changes."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods.adam import Adam
from shareornot.methods.nao import nao
from shareornot.methods.sequence_model import SequenceModel


@pytest.fixture(scope="module")
def trained():
    """A model of the 27 sequences of three decisions; the accuracy is the share of zeros."""
    choices = np.stack(np.unravel_index(np.arange(27), (3, 3, 3)), axis=1)
    accuracies = torch.from_numpy((choices == 0).mean(axis=1)).double()
    model = SequenceModel([3, 3, 3], seed=0).double()
    parameters = list(model.parameters())
    adam = Adam(parameters, 5e-3, clip_norm=5.0)
    for _ in range(400):
        adam.step(torch.autograd.grad(model.loss(choices, accuracies), parameters))
    return model, choices, accuracies


def test_the_decoder_reproduces_what_the_encoder_was_given(trained):
    model, choices, _ = trained
    with torch.no_grad():
        decoded, _ = model.decode(model.encode(choices))
    np.testing.assert_array_equal(decoded, choices)


def test_the_predictor_learns_the_accuracies(trained):
    model, choices, accuracies = trained
    with torch.no_grad():
        predicted = model.predict(model.encode(choices))
    assert float((predicted - accuracies).abs().max()) < 0.1


def test_a_step_along_the_gradient_leads_to_better_ones(trained):
    model, choices, accuracies = trained
    worst = choices[accuracies.numpy() < 0.5]
    gains = [(model.improve(worst, length) == 0).mean() - (worst == 0).mean() for length in (0.0, 0.5, 1.0)]
    assert gains[0] == 0
    assert gains[2] > 0.3


def test_the_worse_half_of_the_pool_is_replaced_by_others(nine_setup):
    method = nao(nine_setup(), pool_size=4, num_rounds=2, num_model_steps=3)
    before = method.pool.clone()
    accuracies = torch.tensor([0.1, 0.9, 0.3, 0.7], dtype=torch.float64)
    method.learn(accuracies)
    method.renew(accuracies, np.random.default_rng(0))
    assert method.pool[:2].tolist() == [before[1], before[3]]
    assert len(set(method.pool.tolist())) == 4
    assert not set(method.pool[2:].tolist()) & set(before.tolist())


def test_it_trains_the_pool_alone_and_renews_it_between_rounds(nine_setup, nine_batches, at, monkeypatch):
    method = nao(nine_setup(), pool_size=4, num_rounds=2, num_model_steps=3)
    active, activate = [], method.network.activate
    monkeypatch.setattr(method.network, "activate", lambda one: (active.append(one), activate(one)))
    (batch,) = nine_batches(1)
    pools = []
    for epoch in range(4):
        for position in range(3):
            pools.append(method.pool.tolist())
            active.clear()
            method.step(at(epoch, position), batch, lambda: batch)
            assert active[0] in pools[-1]
    assert all(pool == pools[0] for pool in pools[:6])
    assert pools[6] != pools[0]
    assert all(pool == pools[6] for pool in [*pools[6:], method.pool.tolist()])


def test_options_out_of_range_are_refused(nine_setup):
    with pytest.raises(SettingsError, match=r"method nao: expected pool_size from 4, .* got 3, 3 and 300"):
        nao(nine_setup(), pool_size=3)
