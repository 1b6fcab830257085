"""NAS-Bench-Macro: a chain of eight layers with one of three blocks each."""

from shareornot.lazy_names import public_names
from shareornot.spaces.macro.space import BLOCKS, FAMILY, LAYERS, SPACES, Macro

__all__ = ["BLOCKS", "FAMILY", "LAYERS", "SPACES", "Macro"]

__dir__ = public_names(__name__)
