"""How an architecture is activated in a module: by `activate`, or by the method that another package gave it."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from shareornot.errors import SettingsError

Activate = Callable[[Any], object]
"""Lets the module compute an architecture until another one is activated."""

METHODS = {
    "activate": "",
    "set_active_subnet": "once-for-all",
    "set_sub_network": "whittle",
    "activate_subnet_for_config": "NNCF",
    "mutate": "mmrazor",
}
"""Methods that activate an architecture, the first that a module has is taken, and the packages that they are of."""
BY_KEYWORD = ("set_active_subnet", "set_sub_network")
"""Methods that take the parts of an architecture as keyword arguments."""
HINTS = ("activ", "subnet", "sub_net", "arch", "path", "choice", "config")
"""Parts of names of methods that may do it."""


def activation_of(module: Any, activate: Activate | None = None) -> Activate:
    """What activates an architecture of a module.

    Args:
        module: has one of `METHODS`.
        activate: takes their place, for what activates without being a method of the module.

    Returns:
        A function of one architecture. For a method that takes keyword arguments, an architecture is a mapping, or a
        tuple of pairs, of their names to values.

    Raises:
        SettingsError: no module, or one without any of the methods.

    Example:
        >>> class Width(nn.Module):
        ...     def set_active_subnet(self, width):
        ...         self.width = width
        >>> network = Width()
        >>> activation_of(network)({"width": 3})
        >>> network.width
        3
    """
    if not isinstance(module, nn.Module):
        raise SettingsError(
            f"module: expected a torch.nn.Module, got {_article(type(module).__name__)}; wrap what computes the "
            "architectures into one"
        )
    if activate is not None:
        return activate
    for name in METHODS:
        method = getattr(module, name, None)
        if callable(method):
            return _with_keywords(method) if name in BY_KEYWORD else method
    raise SettingsError(
        f"{type(module).__name__}: expected the method activate(architecture), or one of "
        f"{', '.join(list(METHODS)[1:])}, got none of them; add it to the module, or give activate=a function of an "
        f"architecture{_near(module)}"
    )


def _with_keywords(method: Callable[..., object]) -> Activate:
    def activate(architecture: Any) -> object:
        if isinstance(architecture, Mapping):
            return method(**architecture)
        if isinstance(architecture, tuple) and all(isinstance(one, tuple) and len(one) == 2 for one in architecture):
            return method(**dict(architecture))
        return method(architecture)

    return activate


def _near(module: nn.Module) -> str:
    """A method of the module's own that may be meant."""
    own = (name for kind in type(module).__mro__ if kind is not nn.Module for name in vars(kind))
    known = set(dir(nn.Module))
    for name in own:
        if name not in known and any(hint in name for hint in HINTS) and callable(getattr(module, name, None)):
            return f", such as activate=module.{name}"
    return ""


def _article(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
