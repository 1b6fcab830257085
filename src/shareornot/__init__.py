"""shareornot: does weight sharing help neural architecture search here, and can its scores be trusted?

The names below load on first use, so that importing the package stays fast and does not import PyTorch.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.errors import ShareOrNotError
    from shareornot.own_supernet import appraise, check_supernet, probe, score_supernet, train_supernet
    from shareornot.spaces.nasbench101 import Cell

_HOME = {
    "Cell": "spaces.nasbench101",
    "ShareOrNotError": "errors",
    "appraise": "own_supernet",
    "check_supernet": "own_supernet",
    "probe": "own_supernet",
    "score_supernet": "own_supernet",
    "train_supernet": "own_supernet",
}

__all__ = ["Cell", "ShareOrNotError", "appraise", "check_supernet", "probe", "score_supernet", "train_supernet"]
__version__ = "0.1.0"

__getattr__, __dir__ = lazy_names(__name__, _HOME)
