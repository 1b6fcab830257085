"""Names of a package that load on first use, so that importing the package imports none of its modules.

References: PEP 562, https://peps.python.org/pep-0562/
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package whose public names load on first use.

    Args:
        package: name of the package, its `__name__`.
        modules: for each public name, the module that defines it, relative to the package.

    Returns:
        The two functions, to be assigned in the package's `__init__.py`.

    Examples:
        >>> __getattr__, __dir__ = lazy_names("shareornot", {"ShareOrNotError": "errors"})
        >>> __getattr__("ShareOrNotError").__name__
        'ShareOrNotError'
        >>> "ShareOrNotError" in __dir__()
        True
    """

    def load(name: str) -> Any:
        if name in modules:
            return getattr(import_module(f"{package}.{modules[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return load, names
