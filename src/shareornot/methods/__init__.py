"""Floor 3: ways to train shared weights, one file each.

`contract` defines what a method is, `single_path` is the base of those that train sampled architectures, and `registry`
finds methods by name, those of installed packages too. `make_trainer` puts a network, a space, a method and images
together. The names load on first use, so that methods can be listed without PyTorch.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.methods.contract import Chooser, Method, Scorer, Setup
    from shareornot.methods.registry import (
        METHODS,
        MethodEntry,
        build_method,
        check_method,
        has_preference,
        load_trainer,
        make_trainer,
        method_entries,
        method_options,
    )
    from shareornot.methods.single_path import Draw, SinglePath

_HOME = {
    "METHODS": "registry",
    "Chooser": "contract",
    "Draw": "single_path",
    "Method": "contract",
    "MethodEntry": "registry",
    "Scorer": "contract",
    "Setup": "contract",
    "SinglePath": "single_path",
    "build_method": "registry",
    "check_method": "registry",
    "load_trainer": "registry",
    "make_trainer": "registry",
    "method_entries": "registry",
    "method_options": "registry",
    "has_preference": "registry",
}

__all__ = [
    "METHODS",
    "Chooser",
    "Draw",
    "Method",
    "MethodEntry",
    "Scorer",
    "Setup",
    "SinglePath",
    "build_method",
    "check_method",
    "has_preference",
    "load_trainer",
    "make_trainer",
    "method_entries",
    "method_options",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
