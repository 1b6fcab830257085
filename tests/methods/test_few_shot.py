"""Few-shot training: children start where their parent ended, and then go their own ways."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods import make_trainer
from shareornot.methods.gradient_matching import cosines, least_cut
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


def test_the_least_cut_keeps_alike_options_together():
    likeness = np.array([[1.0, 0.1, 0.9, 0.2], [0.1, 1.0, 0.2, 0.8], [0.9, 0.2, 1.0, 0.1], [0.2, 0.8, 0.1, 1.0]])
    value, groups = least_cut(likeness)
    assert groups.tolist() == [0, 1, 0, 1]
    assert value == pytest.approx(0.15)


def test_cosines_are_those_of_what_all_options_use():
    shared = [torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0]), torch.tensor([-2.0, 0.0])]
    gradients = [{"shared": one, f"own {number}": torch.ones(9)} for number, one in enumerate(shared)]
    root = 0.5**0.5
    expected = [[1, root, -1], [root, 1, -root], [-1, -root, 1]]
    np.testing.assert_allclose(cosines(gradients), expected, atol=1e-7)


def test_gradients_choose_the_groups_when_the_network_is_split(trainer, images, tmp_path):
    one = trainer(groups="gradients:2", num_contexts=1)
    assert one.network.num_groups == 2
    for _ in range(6):
        one.step()
    before = one.network.chosen.clone()
    one.step()
    chosen = one.network.chosen.numpy()
    assert not np.array_equal(before.numpy(), chosen)
    choices = SPACE.choices(SPACE.members)
    cut = [column for column in choices.T if all(len(set(chosen[column == option])) == 1 for option in range(5))]
    assert len(cut) == 1  # one decision, whose options are in one group each
    save_checkpoint(tmp_path / "checkpoint.safetensors", one)
    loaded, _ = load_supernet(tmp_path / "checkpoint.safetensors")
    some = np.random.default_rng(0).choice(SPACE.members, 4, replace=False)
    evaluation = EvaluationSettings(adaptation="none")
    scores = [list(Evaluator(network, images, evaluation).scores(some)) for network in (one.network, loaded)]
    assert scores[0] == scores[1]
    with pytest.raises(SettingsError, match=r"method groups: expected groups that are known from the start"):
        trainer("groups", groups="gradients:2")
    with pytest.raises(SettingsError, match="num_contexts: expected at least 1, got 0"):
        trainer(num_contexts=0)


def test_what_cannot_be_split_is_refused(trainer):
    with pytest.raises(SettingsError, match=r"expected a super-net with groups, got one without; set network\.groups"):
        trainer(groups="")
    with pytest.raises(SettingsError, match="base: expected a single-path method, such as uniform, got parsec"):
        trainer(base="parsec")
    with pytest.raises(SettingsError, match="shared_part: expected between 0 and 1, got 1"):
        trainer(shared_part=1)
