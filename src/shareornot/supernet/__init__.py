"""Floor 2: weight sharing.

The names load on first use: settings can be read without PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shareornot.supernet.batch_norm import adapted_batch_norm, evaluation_mode
    from shareornot.supernet.contract import MixedSuperNet, SuperNet
    from shareornot.supernet.evaluation import Evaluator, proxy_accuracies
    from shareornot.supernet.nasbench101 import NASBench101SuperNet
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
    "adapted_batch_norm": "batch_norm",
    "evaluation_mode": "batch_norm",
    "MixedSuperNet": "contract",
    "SuperNet": "contract",
    "NASBench101SuperNet": "nasbench101",
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
    "EpochReport",
    "EvaluationSettings",
    "Evaluator",
    "MixedSuperNet",
    "NASBench101SuperNet",
    "NetworkSettings",
    "OptimizerSettings",
    "PartialOptimizer",
    "SuperNet",
    "Trainer",
    "TrainingSettings",
    "adapted_batch_norm",
    "evaluation_mode",
    "pro_rata",
    "proxy_accuracies",
    "sampling_strategy",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
