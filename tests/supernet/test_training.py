"""Training steps: what they touch, what they average, and that all follows from the seed."""

from copy import deepcopy
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from shareornot.errors import SettingsError
from shareornot.images import draw_epoch
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import NASBench101SuperNet, OptimizerSettings, Trainer, TrainingSettings
from shareornot.supernet.contract import merge_regions

RECIPES = {
    "as described": OptimizerSettings(),
    "as published": OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True),
    "sgd": OptimizerSettings(name="sgd", learning_rate=0.05),
    "adamw": OptimizerSettings(name="adamw", learning_rate=3e-3, weight_decay=0.05, epsilon=1e-8),
}
BATCH_SIZE = 8


@pytest.fixture
def trainer(images, network_config, some_cells):
    """A trainer that has done nothing yet."""

    def make(network_changes=None, *, double=False, num_cells=40, **changes) -> Trainer:
        settings = TrainingSettings(**({"epochs": 4, "batch_size": BATCH_SIZE, "seed": 1} | changes))
        network = NASBench101SuperNet(network_config(**(network_changes or {})), settings.seed)
        return make_trainer(
            network.double() if double else network,
            open_space("A_FULL"),
            some_cells("A_FULL", num_cells),
            images,
            settings,
        )

    return make


def everything(trainer) -> dict[str, torch.Tensor]:
    """Copies of parameters, running statistics and optimizer state, by name."""
    state = trainer.network.state_dict() | {f"state.{n}": t for n, t in trainer.method.optimizer.state_dict().items()}
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def cells_of_epoch(trainer, epoch):
    """The cells of each step of an epoch, drawn again from the seed."""
    rng = np.random.default_rng([trainer.settings.seed, epoch])
    draw_epoch(trainer.images, rng)
    k = trainer.settings.paths_per_step
    return trainer.method.draw(rng, trainer.steps_per_epoch * k).reshape(-1, k)


@pytest.mark.parametrize("single_kernel", [False, True])
@pytest.mark.parametrize("paths_per_step", [1, 3])
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_step_leaves_alone_what_its_cells_do_not_use(recipe, paths_per_step, single_kernel, trainer):
    one = trainer({"single_kernel": single_kernel}, paths_per_step=paths_per_step, optimizer=RECIPES[recipe])
    network, num_kept, num_moved_by_momentum = one.network, 0, 0
    for step in range(5):
        before = everything(one)
        epoch, position = divmod(step, one.steps_per_epoch)
        regions = {}
        for index in cells_of_epoch(one, epoch)[position]:
            network.activate(int(index))
            merge_regions(regions, network.used_regions())
        one.step()
        after = everything(one)
        for name, parameter in network.named_parameters():
            used = torch.zeros_like(parameter, dtype=torch.bool)
            for region in regions[parameter] or [()] if parameter in regions else []:
                used[region] = True
            names = [name, *(f"state.{name}.{n}" for n in range(len(one.method.optimizer.states[name])))]
            for tensor in names:
                assert parameter not in regions or not torch.equal(before[tensor], after[tensor])
                if parameter not in regions or recipe != "as published":
                    assert torch.equal(before[tensor][~used], after[tensor][~used])
                    num_kept += int((~used).sum())
                else:
                    num_moved_by_momentum += int((before[tensor] != after[tensor])[~used].sum())
        units = {name.removesuffix(".gamma"): p for name, p in network.named_parameters() if name.endswith("gamma")}
        for unit, gamma in units.items():
            num_used = max((part[0].stop for part in regions[gamma]), default=len(gamma)) if gamma in regions else 0
            for statistic in ("running_mean", "running_var"):
                changed = before[f"{unit}.{statistic}"] != after[f"{unit}.{statistic}"]
                assert changed[:num_used].all()
                assert not changed[num_used:].any()
    assert num_kept > 0
    assert (num_moved_by_momentum > 0) == (recipe == "as published")


@pytest.mark.parametrize("single_kernel", [False, True])
def test_avg_k_is_the_mean_of_k_gradients(single_kernel, trainer, monkeypatch):
    averaged = trainer({"single_kernel": single_kernel}, paths_per_step=3, double=True)
    alone = deepcopy(averaged.network)
    gradients = {}
    monkeypatch.setattr(
        averaged.method.optimizer,
        "step",
        lambda *_: gradients.update({name: p.grad for name, p in averaged.network.named_parameters()}),
    )
    loss = averaged.step().item()

    draws = draw_epoch(averaged.images, np.random.default_rng([averaged.settings.seed, 0]))
    batch, labels = averaged.images.training_batch(draws, 0, BATCH_SIZE)
    separate, losses = [], []
    for index in cells_of_epoch(averaged, 0)[0].tolist():
        alone.zero_grad(set_to_none=True)
        alone.activate(index)
        one_loss = F.cross_entropy(alone(batch.double()), labels)
        one_loss.backward()
        losses.append(one_loss.item())
        separate.append({name: p.grad for name, p in alone.named_parameters() if p.grad is not None})
    assert loss == pytest.approx(np.mean(losses), rel=1e-12)
    for name, gradient in gradients.items():
        parts = [one[name] for one in separate if name in one]
        if gradient is None:
            assert not parts
        else:
            torch.testing.assert_close(gradient, sum(parts) / 3, rtol=1e-9, atol=1e-14)


def test_the_learning_rate_follows_a_cosine_an_epoch_at_a_time(trainer, monkeypatch):
    one = trainer(epochs=5, optimizer=OptimizerSettings(learning_rate=0.3))
    used = []
    step = one.method.optimizer.step
    monkeypatch.setattr(one.method.optimizer, "step", lambda regions, rate: (used.append(rate), step(regions, rate)))
    assert len(list(one.run())) == 5
    dummy = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(dummy, 5)
    expected = []
    for _ in range(5):
        expected += schedule.get_last_lr() * one.steps_per_epoch
        dummy.step()
        schedule.step()
    np.testing.assert_allclose(used, expected, rtol=1e-12)


def test_an_epoch_passes_every_image_once(trainer, monkeypatch, images):
    one, seen = trainer(), []
    original = type(images).training_batch

    def spy(self, draws, start, stop):
        seen.append(draws.order[start:stop])
        return original(self, draws, start, stop)

    monkeypatch.setattr(type(images), "training_batch", spy)
    reports = list(one.run())
    assert one.num_steps == len(seen) == 12
    assert [len(batch) for batch in seen[:3]] == [8, 8, 6]
    epochs = [torch.cat(seen[start : start + 3]).tolist() for start in range(0, 12, 3)]
    assert all(sorted(epoch) == list(range(22)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert [(report.epoch, report.num_steps) for report in reports] == [(1, 3), (2, 3), (3, 3), (4, 3)]


def test_training_follows_from_the_seed(trainer):
    results = []
    for seed in (3, 3, 4):
        one = trainer(seed=seed)
        losses = [report.loss for report in one.run()]
        results.append((losses, everything(one)))
    (losses, first), (same_losses, again), (other_losses, other) = results
    assert losses == same_losses
    assert losses != other_losses
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in ("stem.weight", "classifier.weight"))


def test_the_seed_of_training_draws_other_cells_and_images_for_the_same_weights(images, network_config, some_cells):
    weights = []
    for seed in (0, 1):
        settings = TrainingSettings(epochs=1, batch_size=BATCH_SIZE, seed=seed)
        one = make_trainer(
            NASBench101SuperNet(network_config(), 0), open_space("A_FULL"), some_cells("A_FULL", 40), images, settings
        )
        list(one.run())
        weights.append(one.network.stem.weight)
    assert not torch.equal(*weights)


def test_it_learns(trainer):
    """The images of a class are brighter than those of the one before, which any cell can recognise."""
    one = trainer(num_cells=2, epochs=20, optimizer=OptimizerSettings(name="sgd", learning_rate=0.05))
    losses = [report.loss for report in one.run()]
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


def test_it_stops_before_the_requested_step(trainer):
    for num_steps in (0, 1, 4):
        one = trainer()
        reports = list(one.run(lambda one=one, num_steps=num_steps: one.steps_done == num_steps))
        assert one.steps_done == num_steps
        assert len(reports) == num_steps // 3
        reports = list(one.run())
        assert one.steps_done == one.num_steps
        assert [report.epoch for report in reports] == list(range(1 + num_steps // 3, 5))
        assert reports[0].num_steps == 3 - num_steps % 3


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch_size", 0), ("paths_per_step", 0), ("seed", -1)])
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(SettingsError, match=rf"{name}: expected .*, got '?{value}"):
        TrainingSettings(**{name: value})


def test_too_few_images_are_refused(images, network_config):
    network = NASBench101SuperNet(network_config(), 0)
    with pytest.raises(SettingsError, match="expected at most the 22 training images, got 256"):
        make_trainer(network, open_space("A_FULL"), np.array([5], np.int32), images, TrainingSettings())


def test_the_learning_rate_follows_a_cosine_by_epoch_or_by_step(trainer):
    by_epoch, by_step = trainer(epochs=4), trainer(epochs=4, schedule="by-step")
    num_steps, first = by_epoch.num_steps, by_epoch.settings.optimizer.learning_rate
    assert [by_epoch.learning_rate(step) for step in range(3)] == [first] * 3
    assert by_epoch.learning_rate(6) == pytest.approx(first / 2)
    assert by_step.learning_rate(num_steps // 2) == pytest.approx(first / 2)
    rates = [by_step.learning_rate(step) for step in range(num_steps + 1)]
    assert rates[0] == first
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert all(now < before for before, now in pairwise(rates))
