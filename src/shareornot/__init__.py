"""shareornot: does weight sharing help neural architecture search here, and can its scores be trusted?

The names below load on first use, so that importing the package stays fast and never imports PyTorch by itself.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Cell": "spaces.nasbench101",
    "ShareOrNotError": "errors",
}

__all__ = ["Cell", "ShareOrNotError"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
