"""What every method must do: resume bit by bit, follow from the seed, leave alone what a step does not use."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from shareornot.errors import DataError, SettingsError
from shareornot.methods import METHODS, Chooser, Method, Scorer, load_trainer, make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import (
    EvaluationSettings,
    NetworkSettings,
    OptimizerSettings,
    TrainingSettings,
    build_supernet,
    load_checkpoint,
    save_checkpoint,
)

SPACES = {"nasbench101": "num_vertices<=4", "nasbench201": "nasbench201"}
"""A space of each family."""
OPTIONS: dict[str, dict[str, float | int | str | bool]] = {
    "darts": {"second_order": True},
    "enas": {"num_controller_steps": 2, "num_samples": 2},
    "nao": {"pool_size": 8, "num_rounds": 2, "num_model_steps": 2},
    "parsec": {"num_samples": 2},
    "rsws": {"num_candidates": 6, "num_finalists": 2},
    "smash": {"num_candidates": 6, "num_perturbed": 2},
    "path-dropout": {"ghost_size": 4, "final_rate": 0.9},
}
"""Options with which a method is small enough for tests."""


def works_on(method, family):
    return METHODS[method].families is None or family in METHODS[method].families


CASES = [(method, family) for method in METHODS for family in SPACES if works_on(method, family)]
METHODS_AND_SPACES = pytest.mark.parametrize(("method", "family"), CASES, ids=[" on ".join(case) for case in CASES])


@pytest.fixture
def trainer(images):
    def make(method, family, **changes):
        sizes = {"num_filters": 4, "num_stacks": 3, "cells_per_stack": 1, "num_classes": 4, "bn_momentum": 0.1}
        settings = TrainingSettings(
            epochs=2,
            batch_size=8,
            seed=5,
            method=method,
            options=OPTIONS.get(method, {}),
            optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
        )
        settings = replace(settings, **changes)
        if method in ("few-shot", "groups"):
            sizes["groups"] = "random:2"
        if method == "smash":
            sizes["hyper_units"] = 4
        space = open_space(SPACES[family])
        return make_trainer(build_supernet(family, NetworkSettings(**sizes), 3), space, space.members, images, settings)

    return make


def everything(trainer):
    state = dict(trainer.network.state_dict()) | {f"method.{n}": t for n, t in trainer.method.state_dict().items()}
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def train(trainer, num_steps=None):
    for _ in trainer.run(lambda: trainer.steps_done == num_steps):
        pass
    return trainer


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@METHODS_AND_SPACES
def test_it_fulfils_the_protocol(method, family, trainer):
    made = trainer(method, family).method
    assert isinstance(made, Method)
    scorer = made.scorer()
    assert scorer is None or isinstance(scorer, Scorer)


@METHODS_AND_SPACES
def test_it_resumes_bit_by_bit_after_any_step(method, family, trainer, tmp_path):
    expected = everything(train(trainer(method, family)))
    for num_steps in (1, 4):
        path = tmp_path / f"{num_steps}.safetensors"
        save_checkpoint(path, train(trainer(method, family), num_steps))
        resumed = trainer(method, family)
        load_checkpoint(path, resumed)
        assert resumed.steps_done == num_steps
        assert same(everything(train(resumed)), expected)


@METHODS_AND_SPACES
def test_a_checkpoint_holds_what_it_has_learnt(method, family, trainer, images, tmp_path, monkeypatch):
    monkeypatch.setattr("shareornot.methods.enas.NUM_FINAL_DRAWS", 5)
    one = train(trainer(method, family), 4)
    save_checkpoint(tmp_path / "checkpoint.safetensors", one)
    space = open_space(SPACES[family])
    loaded = load_trainer(tmp_path / "checkpoint.safetensors", space, space.members, images)
    assert same(everything(loaded), everything(one))
    if one.method.scorer() is not None:
        some = space.members[:20]
        scores = list(one.method.scorer().scores(some))
        assert list(loaded.method.scorer().scores(some)) == scores
        assert len(set(scores)) > 10
    if isinstance(one.method, Chooser):
        evaluation = EvaluationSettings(adaptation="none")
        choices = [int(made.method.own_choice(images, evaluation, np.random.default_rng(0))) for made in (one, loaded)]
        assert choices[0] == choices[1]
        assert choices[0] in space.members
    other = next(name for name in SPACES if name != family)
    with pytest.raises(DataError, match=f"expected a super-net of {other}, got one of {family}"):
        load_trainer(tmp_path / "checkpoint.safetensors", open_space(other), space.members[:10], images)


@METHODS_AND_SPACES
def test_it_follows_from_the_seed_alone(method, family, trainer):
    np.random.seed(0)  # noqa: NPY002 (whatever the global generators are)
    torch.manual_seed(0)
    first = everything(train(trainer(method, family), 3))
    torch.manual_seed(1)
    assert same(everything(train(trainer(method, family), 3)), first)
    assert not same(everything(train(trainer(method, family, seed=6), 3)), first)


@METHODS_AND_SPACES
def test_a_step_leaves_alone_what_has_no_gradient(method, family, trainer):
    """Parameters without a gradient in a step keep their values, though weight decay and momentum would move them."""
    one = train(trainer(method, family), 4)  # few-shot training has split its network then
    network = one.network
    used = set()
    handles = [
        parameter.register_post_accumulate_grad_hook(lambda _, name=name: used.add(name))
        for name, parameter in network.named_parameters()
    ]
    num_kept = 0
    for _ in range(3):
        before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        used.clear()
        one.step()
        for name, parameter in network.named_parameters():
            assert name in used or torch.equal(parameter, before[name])
            num_kept += name not in used
    for handle in handles:
        handle.remove()
    assert num_kept > 0 or "mixes" in METHODS[method].summary or method == "path-dropout"


@METHODS_AND_SPACES
def test_losses_are_reported_as_they_are(method, family, trainer):
    reports = list(trainer(method, family).run())
    assert [report.epoch for report in reports] == [1, 2]
    assert all(0 < report.loss < 10 for report in reports)
    diverging = OptimizerSettings(name="sgd", learning_rate=1e20, momentum=0.0)
    reports = list(trainer(method, family, optimizer=diverging).run())
    assert not np.isfinite(reports[-1].loss) or reports[-1].loss > 1e3


@METHODS_AND_SPACES
def test_an_unknown_option_is_refused(method, family, trainer):
    with pytest.raises(SettingsError, match=f"method {method}: expected .*, got 'speed'"):
        trainer(method, family, options={"speed": 1})
