"""Every mistake that people make in super-nets is found, in words, and a sound super-net is left as it is."""

import time

import pytest
import torch
from tiny_supernet import ARCHITECTURES, TinySuperNet, same, state_of
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from shareornot.errors import SettingsError
from shareornot.own_supernet import SupernetWarning, check_supernet, score_supernet, train_supernet


@pytest.fixture
def found(loaders):
    """What the check finds, as names and sentences."""

    def check(module, architectures=ARCHITECTURES, **changes):
        findings = check_supernet(module, architectures, loaders[0], **changes)
        return {finding.name: finding for finding in findings}

    return check


def test_a_sound_super_net_has_no_findings_and_stays_as_it_is(module, found):
    module.activate(ARCHITECTURES[4])
    module.layers[0].eval()
    before, modes = state_of(module), [one.training for one in module.modules()]
    gradient = torch.ones(3)
    module.classifier.bias.grad = gradient
    random_state = torch.get_rng_state()
    assert found(module) == {}
    assert same(state_of(module), before)
    assert [one.training for one in module.modules()] == modes
    assert module.classifier.bias.grad is gradient
    assert module.classifier.weight.grad is None
    assert torch.equal(torch.get_rng_state(), random_state)


def test_it_takes_at_most_two_seconds_of_processor_time(module, found):
    found(module)
    start = time.process_time()
    found(module)
    assert time.process_time() - start < 2


def refused(found, name, *words):
    finding = found[name]
    assert finding.is_error
    for word in words:
        assert word in finding.sentence
    assert str(finding) == f"error: {finding.sentence}"


def warned(found, name, *words):
    finding = found[name]
    assert not finding.is_error
    for word in words:
        assert word in finding.sentence


class IgnoresTheArchitecture(TinySuperNet):
    def activate(self, _architecture):
        super().activate("a,b")


class IgnoresTheFirstLayer(TinySuperNet):
    def activate(self, architecture):
        super().activate("a" + architecture[1:])


def test_architectures_with_the_same_output(build, found):
    refused(found(build(IgnoresTheArchitecture)), "same output", "the same of all 6 tried")
    warned(found(build(IgnoresTheFirstLayer)), "same output", "give the same output", "pairs tried")


class LeaksState(TinySuperNet):
    """Keeps the first layer of whatever was active before."""

    def activate(self, architecture):
        before = getattr(self, "chosen", architecture)
        self.chosen = architecture
        super().activate(before[0] + architecture[1:])


def test_state_that_leaks_from_one_architecture_into_the_next(build, found):
    refused(found(build(LeaksState)), "state leaks", "gives another output after", "was active")


class AlwaysDrops(TinySuperNet):
    def forward(self, x):
        return self.classifier(nn.functional.dropout(self.features(x), 0.5, training=True))


def test_an_output_that_is_random_in_evaluation_too(build, found):
    refused(found(build(AlwaysDrops)), "random output", "in evaluation mode too")
    assert found(build(TinySuperNet, dropout=0.5)) == {}


class PlainList(TinySuperNet):
    """Holds modules where PyTorch does not see them."""

    def __init__(self):
        super().__init__()
        self.heads = {"one": [nn.Linear(4, 3)]}
        self.scale = torch.ones(3, requires_grad=True)

    def forward(self, x):
        return self.heads["one"][0](self.features(x)) * self.scale


def test_weights_outside_the_optimizer(build, found):
    refused(found(build(PlainList)), "outside the optimizer", "got 3 that are not", "nn.ModuleList")
    assert " in heads" in found(build(PlainList))["outside the optimizer"].sentence or " in scale" in str(
        found(build(PlainList))["outside the optimizer"]
    )
    assert found(build(PlainList), trains=False) == {}


def test_parameters_that_another_optimizer_does_not_have(module, found):
    assert found(module, optimizer=torch.optim.SGD(module.parameters(), 0.1)) == {}
    some = torch.optim.SGD(module.layers.parameters(), 0.1)
    refused(found(module, optimizer=some), "outside the optimizer", "got 2 that are not", "'classifier.weight'")


class Detaches(TinySuperNet):
    def forward(self, x):
        logits = super().forward(x)
        return logits.detach() if self.active[0] is self.layers[0].options["a"] else logits


def test_an_architecture_whose_gradient_reaches_nothing(build, found):
    refused(found(build(Detaches)), "no gradient", "architecture 'a,", "detach")
    module = build()
    module.requires_grad_(False)
    refused(found(module), "no gradient", "from 6 of the 6")
    assert found(module, trains=False) == {}


def with_norm(change):
    module = TinySuperNet()
    for one in list(module.modules()):
        for name, child in one.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(one, name, change(child))
    return module


class FrozenNorm(nn.Module):
    """As detection packages have it: statistics in buffers that nothing updates."""

    def __init__(self):
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(4))

    def forward(self, x):
        return x - self.running_mean.view(1, -1, 1, 1)


def test_batch_norm_that_cannot_be_adapted(found):
    warned(
        found(with_norm(lambda _: nn.BatchNorm2d(4, track_running_stats=False))),
        "batch norm without statistics",
        "one of 6",
        "track_running_stats=True",
    )
    warned(found(with_norm(lambda _: nn.GroupNorm(2, 4))), "no batch norm", "BNS-FT equals NO-FT")
    assert found(with_norm(lambda _: nn.GroupNorm(2, 4)), adaptation="none") == {}
    warned(found(with_norm(lambda _: FrozenNorm())), "batch norm fixed", "adaptation='none'")
    warned(found(with_norm(lambda _: nn.BatchNorm2d(4, momentum=0.0))), "momentum", "has momentum 0")
    assert found(with_norm(lambda _: nn.BatchNorm2d(4, momentum=None))) == {}


class KeepsItsOutput(TinySuperNet):
    def forward(self, x):
        self.last = super().forward(x)
        return self.last


class ExtraState(TinySuperNet):
    def get_extra_state(self):
        return {"anything": 1}

    def set_extra_state(self, state):
        pass


class BrokenState(TinySuperNet):
    def load_state_dict(self, *_arguments, **_keywords):
        raise ValueError("no")


class CopiedState(TinySuperNet):
    def state_dict(self, *arguments, **keywords):
        return {name: tensor.clone() for name, tensor in super().state_dict(*arguments, **keywords).items()}


def test_copies_and_states_that_fail(build, found):
    warned(found(build(KeepsItsOutput)), "deepcopy", "RuntimeError", "keep no results of forward")
    refused(found(build(ExtraState)), "state_dict", "got dict in '_extra_state'")
    refused(found(build(BrokenState)), "state_dict", "ValueError: no")
    refused(found(build(CopiedState)), "state_dict", "'layers.0.options.a.0.weight'", "copies")
    warned(found(build(ExtraState), trains=False), "state_dict", "_extra_state")


class Fails(TinySuperNet):
    def features(self, _x):
        raise RuntimeError("no such\nshape")


class WrongShape(TinySuperNet):
    def forward(self, x):
        return super().forward(x)[:, 0]


class NotFinite(TinySuperNet):
    def forward(self, x):
        return super().forward(x) / 0.0


class FailsInTraining(TinySuperNet):
    def forward(self, x):
        if self.training:
            raise RuntimeError("no auxiliary head")
        return super().forward(x)


def test_invalid_outputs(build, found):
    refused(found(build(Fails)), "forward", "architecture 'a,a'", "RuntimeError: no such", "(1, 6, 6)")
    refused(found(build(WrongShape)), "logits", "got shape (8,) for 8 images")
    refused(found(build(NotFinite)), "not finite", "from 6 of the 6")
    refused(found(build(FailsInTraining)), "backward", "no auxiliary head")


def test_invalid_input(module, loaders, found):
    refused(found(nn.Linear(1, 1)), "input", "expected the method activate")
    refused(found(module, [*ARCHITECTURES, "a-b"]), "input", "architecture 'a-b'", "ValueError", "check the list")
    images, labels = next(iter(loaders[0]))
    dictionaries = [{"image": images, "label": labels}]
    (finding,) = check_supernet(module, ARCHITECTURES, dictionaries)
    assert "dictionaries with the keys image, label" in finding.sentence
    (finding,) = check_supernet(module, ARCHITECTURES, DataLoader(TensorDataset(images, labels + 7), 16))
    assert "expected labels from 0 to 2, since the module has 3 outputs" in finding.sentence


@pytest.mark.filterwarnings("ignore:the scores have a reliability")
def test_scoring_and_training_refuse_errors_and_warn_of_the_rest(build, loaders):
    with pytest.raises(SettingsError, match="was active before stays"):
        score_supernet(build(LeaksState), ARCHITECTURES, *loaders)
    with pytest.raises(SettingsError, match="expected a gradient in some parameter"):
        train_supernet(build(Detaches), ARCHITECTURES, loaders[0], epochs=1)
    with pytest.warns(SupernetWarning, match="BNS-FT equals NO-FT"):
        score_supernet(with_norm(lambda _: nn.GroupNorm(2, 4)), ARCHITECTURES, *loaders)
    train_supernet(build(IgnoresTheArchitecture), ARCHITECTURES, loaders[0], epochs=1, check=False)
