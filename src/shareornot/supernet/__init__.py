"""Floor 2: weight sharing.

The names load on first use: settings can be read without PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shareornot.supernet.evaluation import Evaluator, proxy_accuracies
    from shareornot.supernet.network import BatchNormMode, SuperNet, adapt_batch_norm
    from shareornot.supernet.optimizer import PartialOptimizer
    from shareornot.supernet.sampling import SAMPLING_STRATEGIES, pro_rata, sampling_strategy, uniform
    from shareornot.supernet.settings import EvaluationSettings, NetworkSettings, OptimizerSettings, TrainingSettings
    from shareornot.supernet.training import EpochReport, Trainer

_HOME = {
    "EvaluationSettings": "settings",
    "NetworkSettings": "settings",
    "OptimizerSettings": "settings",
    "TrainingSettings": "settings",
    "Evaluator": "evaluation",
    "proxy_accuracies": "evaluation",
    "BatchNormMode": "network",
    "SuperNet": "network",
    "adapt_batch_norm": "network",
    "PartialOptimizer": "optimizer",
    "SAMPLING_STRATEGIES": "sampling",
    "pro_rata": "sampling",
    "sampling_strategy": "sampling",
    "uniform": "sampling",
    "EpochReport": "training",
    "Trainer": "training",
}

__all__ = [
    "SAMPLING_STRATEGIES",
    "BatchNormMode",
    "EpochReport",
    "EvaluationSettings",
    "Evaluator",
    "NetworkSettings",
    "OptimizerSettings",
    "PartialOptimizer",
    "SuperNet",
    "Trainer",
    "TrainingSettings",
    "adapt_batch_norm",
    "pro_rata",
    "proxy_accuracies",
    "sampling_strategy",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
