"""Scores: the plain way gives the same numbers, nothing is left changed, and nothing finished is lost."""

import re
from copy import deepcopy

import numpy as np
import pytest
import torch
from tiny_supernet import ARCHITECTURES, TinySuperNet, same, state_of
from torch import nn
from torch.optim.swa_utils import update_bn
from torch.utils.data import DataLoader, TensorDataset

from shareornot.errors import ArchitectureError, DataError, SettingsError
from shareornot.own_supernet import SupernetScores, SupernetWarning, score_supernet, scoring
from shareornot.own_supernet.architectures import own_architectures
from shareornot.own_supernet.loaders import raw_batches
from shareornot.spaces import open_space
from shareornot.supernet import EvaluationSettings, Evaluator, NetworkSettings, build_supernet

QUIET = {"check": False, "progress": False}
pytestmark = pytest.mark.filterwarnings("ignore:the scores have a reliability")


@pytest.fixture
def score(loaders):
    def make(module, architectures=ARCHITECTURES, **changes):
        return score_supernet(module, architectures, *loaders, **(QUIET | changes))

    return make


def accuracy(module, loader):
    module.eval()
    with torch.no_grad():
        return np.mean(torch.cat([module(images).argmax(1) == labels for images, labels in loader]).numpy())


@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_norm_is_adapted_as_pytorch_averages_its_statistics(momentum, module, loaders, score):
    for one in module.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.momentum = momentum
    found = score(module, num_batches=3)
    assert found.evaluation == "BNS-FT"
    images = [batch.images for batch in raw_batches(loaders[0], "train_loader", 0)][:3]
    expected = []
    for architecture in ARCHITECTURES:
        copy = deepcopy(module)
        copy.activate(architecture)
        update_bn(images, copy)
        expected.append(accuracy(copy, loaders[1]))
    np.testing.assert_allclose(found.proxies, expected)
    assert len(set(expected)) > 3


def test_without_adaptation_the_running_statistics_count(module, loaders, score):
    found = score(module, adaptation="none")
    assert found.evaluation == "NO-FT"
    expected = []
    for architecture in ARCHITECTURES:
        module.activate(architecture)
        expected.append(accuracy(module, loaders[1]))
    np.testing.assert_allclose(found.proxies, expected)


def test_a_super_net_of_this_package_gets_the_scores_of_its_own_evaluator(images):
    space = open_space("num_vertices<=4")
    network = build_supernet("nasbench101", NetworkSettings(num_filters=4, cells_per_stack=1, num_classes=4), seed=0)
    evaluator = Evaluator(network, images, EvaluationSettings(num_batches=2, batch_size=8))
    expected = list(evaluator.scores(space.members))
    training = [(batch, torch.zeros(len(batch), dtype=torch.int64)) for batch in evaluator.batches]
    validation = [(evaluator.validation, evaluator.labels)]
    found = score_supernet(network, space, training, validation, **QUIET)
    np.testing.assert_allclose(found.proxies, expected)
    assert found.texts == tuple(space.texts(space.members))


def test_the_module_is_afterwards_what_it_was(module, score):
    module.train()
    module.layers[1].eval()
    before, modes = state_of(module), [one.training for one in module.modules()]
    state = torch.get_rng_state()
    score(module, check=True)
    assert same(state_of(module), before)
    assert [one.training for one in module.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)


def test_scores_hold_their_architectures(module, score):
    found = score(module)
    assert found.num_images == 90
    assert len(found) == 9
    assert found.to_dict() == dict(zip(ARCHITECTURES, found.proxies.tolist(), strict=True))
    assert found.proxies[ARCHITECTURES.index(found.best(1)[0])] == found.proxies.max()
    assert list(found.to_pandas().columns) == ["architecture", "proxy"]
    assert 0 <= found.reliability <= 1
    assert score(module, num_images=50).num_images == 50
    assert np.array_equal(found.proxies, score(module).proxies)


def test_a_super_net_with_dropout_is_scored_without(build, score):
    assert np.array_equal(score(build(dropout=0.5)).proxies, score(build(dropout=0.0)).proxies)


def test_finished_scores_are_kept_and_continued(module, score, tmp_path, monkeypatch):
    whole = score(module)
    out, correct_in_halves, counted = tmp_path / "folder" / "scores.json", scoring._correct_in_halves, []

    def interrupted(*arguments):
        counted.append(arguments)
        if len(counted) == 5:
            raise KeyboardInterrupt
        return correct_in_halves(*arguments)

    monkeypatch.setattr(scoring, "_correct_in_halves", interrupted)
    with pytest.raises(KeyboardInterrupt):
        score(module, out=out)
    resumed = score(module, out=str(out))
    assert len(counted) == 5 + 5
    assert np.array_equal(resumed.correct, whole.correct)
    assert np.array_equal(score(module, out=out).correct, whole.correct)
    assert len(counted) == 10
    more = score(module, ARCHITECTURES[:3], out=out)
    assert np.array_equal(more.correct, whole.correct[:3])


def test_scores_of_something_else_are_not_continued(module, build, score, tmp_path):
    out = tmp_path / "scores.json"
    score(module, out=out)
    kept = out.read_bytes()
    with torch.no_grad():
        module.classifier.bias.add_(1)
    with pytest.raises(
        DataError, match=r"scores.json: expected scores with the same weights, got others; name another"
    ):
        score(module, out=out)
    with pytest.raises(DataError, match="expected scores with the same adaptation and batches"):
        score(build(TinySuperNet), out=out, adaptation="none")
    assert out.read_bytes() == kept
    for damage, message in (
        (b"{", "a file that cannot be read"),
        (b"[1]", "something else"),
        (kept.replace(b"validation", b"x"), "the same validation"),
    ):
        out.write_bytes(damage)
        with pytest.raises(DataError, match=message):
            score(build(TinySuperNet), out=out)


@pytest.mark.parametrize("bad", ['"a,a": [\n-2', '"a,a": [\n1e3', '"a,a": [\n99', '"a,a": [\n"x"', '"a,a": [\ntrue'])
def test_an_invalid_score_is_refused(bad, module, score, tmp_path):
    out = tmp_path / "scores.json"
    found = score(module, out=out)
    text = out.read_text()
    good = f'"a,a": [\n{found.correct[0, 0]}'
    assert good in text
    out.write_text(text.replace(good, bad))
    with pytest.raises(DataError, match="expected two counts of images for each architecture"):
        score(module, out=out)


class Diverges(TinySuperNet):
    """Gives no finite outputs for some architectures."""

    def activate(self, architecture):
        super().activate(architecture)
        self.factor = float("nan") if architecture.startswith("c") else 1.0

    def forward(self, x):
        return super().forward(x) * self.factor


def test_outputs_that_are_not_finite_are_no_scores(build, score):
    with pytest.warns(SupernetWarning, match="3 of 9 architectures gave outputs that are not finite"):
        found = score(build(Diverges))
    assert np.isnan(found.proxies).tolist() == [False] * 6 + [True] * 3
    assert not any(one.startswith("c") for one in found.best(6))


def test_scores_that_noise_dominates_get_a_sentence():
    halves = np.random.default_rng(0).binomial(20, 0.5, (9, 2))
    found = SupernetScores(
        architectures=own_architectures(ARCHITECTURES), correct=halves, num_images=40, evaluation="BNS-FT"
    )
    (sentence,) = scoring._warnings(found)
    assert re.search(r"a reliability of 0\.\d\d on 40 validation images, below 0.9", sentence)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"adaptation": "some"}, "adaptation: expected average, last-batch, none, got 'some'"),
        ({"num_batches": 0}, "expected num_batches of at least 1 and num_images of at least 2, got 0 and None"),
        ({"num_images": 1}, "got 4 and 1"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_settings_out_of_range_are_refused(changes, message, module, loaders):
    unchecked = getattr(score_supernet, "__wrapped__", score_supernet)
    with pytest.raises(SettingsError, match=message):
        unchecked(module, ARCHITECTURES, *loaders, **changes)


def test_bad_input_is_refused_in_one_sentence(module, data, loaders, score):
    with pytest.raises(
        ArchitectureError, match="architecture 'z,a': expected one that TinySuperNet can activate, got Key"
    ):
        score(module, [*ARCHITECTURES, "z,a"])
    with pytest.raises(SettingsError, match="expected the method activate"):
        score(nn.Linear(1, 1))
    images, labels = data[1].tensors
    for validation, message in (
        ([{"x": images, "y": labels}], "validation_loader: .*dictionaries with the keys x, y"),
        ([], "validation_loader: expected batches of images and labels, got none"),
        (DataLoader(TensorDataset(images, labels + 1), 40), "expected labels from 0 to 2, .* got 3"),
    ):
        with pytest.raises(DataError, match=message):
            score_supernet(module, ARCHITECTURES, loaders[0], validation, **QUIET)
