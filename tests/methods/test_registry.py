"""Methods by name, with their options, and the errors that name the nearest."""

from dataclasses import replace

import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.methods import METHODS, Setup, build_method, check_method, method_entries
from shareornot.methods.registry import _check_options
from shareornot.spaces import list_architectures, open_space
from shareornot.studies import decode_study
from shareornot.studies.recipes import digits201_network
from shareornot.supernet import NASBench101SuperNet, NetworkSettings, TrainingSettings


@pytest.fixture
def setup(network_config, some_cells):
    def make(space="A_FULL", **changes):
        network = NASBench101SuperNet(network_config(), 0)
        return Setup(network, open_space(space), some_cells(space, 20), TrainingSettings(**changes))

    return make


def test_entries_describe_what_they_name():
    for entry in METHODS.values():
        check_method(TrainingSettings(method=entry.name))
        assert entry.summary.endswith(".")
        assert entry.paper
        assert entry.spaces
    assert [entry.name for entry in method_entries()] == list(METHODS)


def test_an_unknown_method_is_refused_with_the_nearest(setup):
    settings = TrainingSettings(method="unifrom")  # a folder with such settings stays readable
    message = r"method: expected one of uniform, uniform-choices, pro-rata.*try 'uniform'"
    with pytest.raises(SettingsError, match=message):
        check_method(settings)
    with pytest.raises(SettingsError, match="got 'unifrom'"):
        build_method(setup(method="unifrom"))


def test_a_space_that_does_not_fit_is_refused_before_anything_is_built():
    for method, space, number, message in (
        ("enas", "A4", None, r"expected a whole product space, .* got 10,467 architectures of A4"),
        ("parsec", "S1", 100, "got 100 architectures of S1"),
        ("darts", "S1", None, "expected a super-net with the method mix, .* got one of S1 without"),
    ):
        with pytest.raises(SettingsError, match=f"method {method}: .*{message}"):
            check_method(TrainingSettings(method=method), open_space(space), number)
    for method, space in (("enas", "S1"), ("darts", "nasbench201"), ("uniform", "A4")):
        check_method(TrainingSettings(method=method), open_space(space))


def test_an_unknown_option_is_refused(setup):
    with pytest.raises(SettingsError, match="method uniform: expected no options, got 'rate'"):
        build_method(setup(options={"rate": 1}))


def method_with_options(setup, *, rate: float = 0.5, number: int = 2, mean: bool = False, word: str = "a"):
    """A method with one option of each kind."""


def test_options_are_checked_by_their_defaults():
    _check_options("some", method_with_options, {"rate": 1, "number": 3, "mean": True, "word": "b"})
    for options, message in (
        ({"rat": 1}, r"method some: expected one of rate, number, mean, word, got 'rat'; try 'rate'"),
        ({"rate": "x"}, "method some, rate: expected a number, got 'x'"),
        ({"rate": True}, "expected a number, got True"),
        ({"number": 1.5}, "expected a whole number, got 1.5"),
        ({"number": True}, "expected a whole number, got True"),
        ({"mean": 1}, "expected true or false, got 1"),
        ({"word": 2}, "expected a text, got 2"),
    ):
        with pytest.raises(SettingsError, match=message):
            _check_options("some", method_with_options, options)


def test_no_architectures_are_refused(setup):
    good = setup()
    with pytest.raises(SettingsError, match="expected at least one architecture to train, got none"):
        Setup(good.network, good.space, np.array([], np.int32), good.training)


def test_pro_rata_needs_a_space_that_counts_parameters(setup):
    listed = list_architectures(["a", "b", "c"])
    good = setup()
    with pytest.raises(SettingsError, match="method pro-rata: expected a space that counts parameters"):
        build_method(Setup(good.network, listed, np.arange(3), TrainingSettings(method="pro-rata")))


def test_the_preset_trains_every_method():
    chapters = decode_study({"preset": "methods"}).chapters()
    assert {one.supernet.training.method for one in chapters} == set(METHODS)
    for chapter in chapters:
        supernet, space = chapter.supernet, open_space(chapter.supernet.space)
        assert supernet.network.choices == ("S3-5" if space.name == "S3-5" else "")
        check_method(supernet.training, space, len(space), supernet.network)


def test_the_preset_on_digits_201_trains_every_method_in_the_network_of_the_table():
    chapters = decode_study({"preset": "methods-digits201"}).chapters()
    assert {one.supernet.training.method for one in chapters} == set(METHODS) - {"uniform-choices"}
    space, size = open_space("nasbench201"), digits201_network()
    for chapter in chapters:
        network = chapter.supernet.network
        assert replace(network, groups="", hyper_units=0) == size
        check_method(chapter.supernet.training, space, len(space), network)


def test_the_preset_for_an_accelerator_is_the_setting_of_nasbench201():
    chapters = decode_study({"preset": "methods-nasbench201"}).chapters()
    assert {one.supernet.training.method for one in chapters} == set(METHODS) - {"uniform-choices"}
    optimizer = chapters[0].supernet.training.optimizer
    assert (optimizer.nesterov, optimizer.learning_rate, optimizer.final_learning_rate) == (True, 0.025, 0.001)
    space = open_space("nasbench201")
    for chapter in chapters:
        check_method(chapter.supernet.training, space, len(space), chapter.supernet.network)


def test_choices_of_another_space_are_refused():
    settings, network = TrainingSettings(method="darts"), NetworkSettings(choices="S1")
    with pytest.raises(SettingsError, match=r"network\.choices: expected the space itself, S2, got S1"):
        check_method(settings, open_space("S2"), network=network)
    check_method(settings, open_space("S1"), network=network)
