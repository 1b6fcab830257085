"""Few-shot training: children start where their parent ended, and then go their own ways."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import (
    EvaluationSettings,
    Evaluator,
    NetworkSettings,
    OptimizerSettings,
    TrainingSettings,
    build_supernet,
    load_supernet,
    save_checkpoint,
)

SPACE = open_space("nasbench201")


@pytest.fixture
def trainer(images):
    def make(method="few-shot", groups="decision:edge_0_1", base="uniform", **options):
        sizes = {"num_filters": 4, "num_stacks": 3, "cells_per_stack": 1, "num_classes": 4, "groups": groups}
        settings = TrainingSettings(
            epochs=4,
            batch_size=8,
            method=method,
            options={"base": base, **options},
            optimizer=OptimizerSettings(name="sgd", learning_rate=0.05),
        )
        network = build_supernet("nasbench201", NetworkSettings(**sizes), 0)
        return make_trainer(network, SPACE, SPACE.members, images, settings)

    return make


def copies(trainer):
    states = trainer.method.inner.optimizer.states
    return [
        {name: tensor.clone() for name, tensor in net.state_dict().items()}
        | {
            name.split(".", 2)[2] + " m": t[0].clone()
            for name, t in states.items()
            if name.startswith(f"nets.{number}.")
        }
        for number, net in enumerate(trainer.network.nets)
    ]


def same(one, other):
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_children_start_where_their_parent_ended(trainer, monkeypatch):
    one = trainer(shared_part=0.5)  # two epochs of three steps
    start = copies(one)
    for _ in range(6):
        one.step()
    parent = copies(one)
    assert not same(parent[0], start[0])
    assert all(same(child, first) for child, first in zip(parent[1:], start[1:], strict=True))
    seen = []
    step = one.method.inner.step
    monkeypatch.setattr(one.method.inner, "step", lambda *given: (seen.append(copies(one)), step(*given))[1])
    one.step()
    assert len(seen[0]) == 5
    assert all(same(child, parent[0]) for child in seen[0])


def test_a_step_after_the_split_trains_one_child(trainer):
    one = trainer("groups")
    for _ in range(5):
        before = copies(one) if one.network.is_split else None
        one.step()
        if before is not None:
            moved = [not same(child, first) for child, first in zip(copies(one), before, strict=True)]
            assert sum(moved) == 1
            assert moved.index(True) == one.network.active


def test_an_architecture_is_computed_with_the_weights_of_its_group(trainer, images, tmp_path):
    one = trainer("groups")
    for _ in one.run():
        pass
    some = np.random.default_rng(0).choice(SPACE.members, 8, replace=False)
    scores = list(Evaluator(one.network, images, EvaluationSettings(adaptation="none")).scores(some))
    groups = SPACE.choices(some)[:, 0]
    expected = [
        next(Evaluator(one.network.nets[group], images, EvaluationSettings(adaptation="none")).scores([architecture]))
        for architecture, group in zip(some.tolist(), groups.tolist(), strict=True)
    ]
    assert scores == expected
    assert len(set(groups)) > 2
    save_checkpoint(tmp_path / "checkpoint.safetensors", one)
    loaded, _ = load_supernet(tmp_path / "checkpoint.safetensors")
    assert list(Evaluator(loaded, images, EvaluationSettings(adaptation="none")).scores(some)) == scores


@pytest.mark.parametrize(("words", "number"), [("random:3", 3), ("decision:edge_2_3", 5), ("prefix:2", 25)])
def test_groups_are_a_partition(words, number):
    settings = NetworkSettings(num_filters=4, cells_per_stack=1, groups=words)
    network = build_supernet("nasbench201", settings, 0)
    assert network.num_groups == number
    sizes = np.bincount(network.groups)
    assert sizes.sum() == len(SPACE)
    assert sizes.max() - sizes.min() <= 1


def test_prefixes_and_decisions_are_the_choices():
    choices = SPACE.choices(SPACE.members)
    settings = NetworkSettings(num_filters=4, cells_per_stack=1)
    for words, column in (("prefix:2", choices[:, 0] * 5 + choices[:, 1]), ("decision:edge_2_3", choices[:, 5])):
        network = build_supernet("nasbench201", NetworkSettings(num_filters=4, cells_per_stack=1, groups=words), 0)
        np.testing.assert_array_equal(network.groups, column)
    assert settings.groups == ""


@pytest.mark.parametrize("words", ["random:1", "random:x", "decision:edge", "prefix:0", "prefix:3", "halves"])
def test_what_makes_no_groups_is_refused(words):
    settings = NetworkSettings(num_filters=4, cells_per_stack=1, groups=words)
    with pytest.raises(
        SettingsError, match=r"network\.groups: expected random:K .* decision:NAME with one of edge_0_1"
    ):
        build_supernet("nasbench201", settings, 0)


def test_what_cannot_be_split_is_refused(trainer):
    with pytest.raises(SettingsError, match=r"expected a super-net with groups, got one without; set network\.groups"):
        trainer(groups="")
    with pytest.raises(SettingsError, match="base: expected a single-path method, such as uniform, got parsec"):
        trainer(base="parsec")
    with pytest.raises(SettingsError, match="shared_part: expected between 0 and 1, got 1"):
        trainer(shared_part=1)
