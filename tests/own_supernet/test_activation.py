"""The methods of other packages, by what they are called with."""

import pytest
from torch import nn

from shareornot.errors import SettingsError
from shareornot.own_supernet import METHODS
from shareornot.own_supernet.activation import activation_of


def module_with(name):
    """A module whose method keeps what it is called with."""

    def method(self, *arguments, **keywords):
        self.seen = arguments, keywords

    return type("Net", (nn.Module,), {name: method})()


@pytest.mark.parametrize("name", ["activate", "activate_subnet_for_config", "mutate"])
def test_an_architecture_is_one_argument(name):
    module = module_with(name)
    activation_of(module)({"ks": 7})
    assert module.seen == (({"ks": 7},), {})


@pytest.mark.parametrize("name", ["set_active_subnet", "set_sub_network"])
@pytest.mark.parametrize("architecture", [{"ks": 7, "d": [2, 3]}, (("ks", 7), ("d", [2, 3]))], ids=["mapping", "pairs"])
def test_parts_of_an_architecture_are_keywords(name, architecture):
    module = module_with(name)
    activation_of(module)(architecture)
    assert module.seen == ((), {"ks": 7, "d": [2, 3]})


def test_every_listed_method_is_found():
    for name in METHODS:
        module = module_with(name)
        activation_of(module)(3)
        assert module.seen == ((3,), {})


def test_activate_comes_first_and_a_function_before_it():
    module = module_with("activate")
    module.mutate = None
    seen = []
    activation_of(module, seen.append)(5)
    assert seen == [5]
    assert not hasattr(module, "seen")


def test_a_module_without_any_is_refused():
    with pytest.raises(
        SettingsError, match=r"Linear: expected the method activate\(architecture\), or one of .*mutate"
    ):
        activation_of(nn.Linear(1, 1))
    with pytest.raises(SettingsError, match=r"such as activate=module\.choose_path"):
        activation_of(module_with("choose_path"))
    with pytest.raises(SettingsError, match=r"expected a torch.nn.Module, got a function"):
        activation_of(test_every_listed_method_is_found)
