"""Names of a package that load on first use, so that importing the package imports none of its modules.

`dir` of a package, which completion shows, lists its public names alone.

References: PEP 562, https://peps.python.org/pep-0562/
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The functions `__getattr__` and `__dir__` of a package whose public names load on first use.

    Args:
        package: name of the package, its `__name__`; it has an `__all__`.
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

    return load, public_names(package)


def public_names(package: str) -> Callable[[], list[str]]:
    """The function `__dir__` of a package: what is in `__all__`, names such as `__doc__`, and imported sub-packages.

    Args:
        package: name of the package, its `__name__`; it has an `__all__`.

    Returns:
        The function, to be assigned in the package's `__init__.py`.

    Examples:
        >>> names = public_names("shareornot")()
        >>> "Cell" in names, "lazy_names" in names
        (True, False)
    """

    def names() -> list[str]:
        own = vars(sys.modules[package])
        special = [name for name in own if name.startswith("__") and name.endswith("__")]
        packages = [name for name, value in own.items() if _is_sub_package(value, package)]
        return sorted({*own["__all__"], *special, *packages})

    return names


def _is_sub_package(value: Any, package: str) -> bool:
    return isinstance(value, ModuleType) and value.__name__.startswith(f"{package}.") and hasattr(value, "__path__")
