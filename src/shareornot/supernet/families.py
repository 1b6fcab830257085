"""The super-nets that come with the package, by the family of spaces that they compute."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from shareornot.errors import SettingsError
from shareornot.spaces import open_family
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.settings import NetworkSettings

FAMILIES = {
    "nasbench101": "nasbench101:NASBench101SuperNet",
    "nasbench201": "nasbench201:NASBench201SuperNet",
    "macro": "macro:MacroSuperNet",
}
"""Module and class for each family; a line for a new one."""
STANDALONE = {
    "nasbench101": "standalone:StandaloneNetwork",
    "nasbench201": "standalone201:StandaloneNetwork201",
}
"""The same for the networks of one architecture."""


def build_supernet(family: str, settings: NetworkSettings, seed: int) -> SuperNet:
    """A fresh super-net.

    Args:
        family: family of the space, see `Space.family`.
        settings: size and kind.
        seed: seed of the initial weights.

    Returns:
        A network on the processor, with all weights initialized.

    Raises:
        SettingsError: the package has no super-net for this family.
    """
    if family not in FAMILIES:
        raise SettingsError(
            f"super-net: expected a space of {' or '.join(FAMILIES)}, got one of {family}; train a network of your "
            "own with shareornot.methods.make_trainer"
        )
    place = FAMILIES[family]
    if settings.choices:
        if family != "nasbench101":
            raise SettingsError(f"network.choices: expected none on {family}, got {settings.choices}")
        place = "one_shot:OneShotSuperNet"
    make = _load(place)
    network: SuperNet = make(settings, seed)
    if settings.hyper_units:
        from shareornot.supernet.hyper import HyperSuperNet, encoding_of

        return HyperSuperNet(network, encoding_of(open_family(family)), settings, seed)
    if not settings.groups:
        return network
    from shareornot.supernet.split import SplitSuperNet, groups_of

    return SplitSuperNet(
        lambda: make(settings, seed), groups_of(open_family(family), settings.groups), settings, family
    )


def build_standalone(family: str, architecture: int, settings: NetworkSettings, seed: int) -> SuperNet:
    """The network of one architecture, to train it alone.

    Args:
        family: family of the space, see `Space.family`.
        architecture: its number in the family.
        settings: size.
        seed: seed of the initial weights.

    Returns:
        The network, on the processor.

    Raises:
        SettingsError: the package has no such network for this family.
    """
    if family not in STANDALONE:
        raise SettingsError(f"training alone: expected an architecture of {' or '.join(STANDALONE)}, got {family}")
    network: SuperNet = _load(STANDALONE[family])(architecture, settings, seed)
    return network


def _load(place: str) -> Callable[..., Any]:
    module, name = place.split(":")
    made: Callable[..., Any] = getattr(import_module(f"shareornot.supernet.{module}"), name)
    return made
