"""Floor 2: weight sharing.

The names load on first use: settings can be read without PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shareornot.supernet.config import EvaluationConfig, NetworkConfig, OptimizerConfig, TrainingConfig
    from shareornot.supernet.engines import make_evaluator, make_trainer
    from shareornot.supernet.evaluation import Evaluator, proxy_accuracies
    from shareornot.supernet.network import BatchNormMode, SuperNet, adapt_batch_norm
    from shareornot.supernet.optimizer import PartialOptimizer
    from shareornot.supernet.sampling import SAMPLING_STRATEGIES, pro_rata, sampling_strategy, uniform
    from shareornot.supernet.training import EpochReport, Trainer

_HOME = {
    "EvaluationConfig": "config",
    "NetworkConfig": "config",
    "OptimizerConfig": "config",
    "TrainingConfig": "config",
    "Evaluator": "evaluation",
    "proxy_accuracies": "evaluation",
    "BatchNormMode": "network",
    "SuperNet": "network",
    "adapt_batch_norm": "network",
    "make_evaluator": "engines",
    "make_trainer": "engines",
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
    "EvaluationConfig",
    "Evaluator",
    "NetworkConfig",
    "OptimizerConfig",
    "PartialOptimizer",
    "SuperNet",
    "Trainer",
    "TrainingConfig",
    "adapt_batch_norm",
    "make_evaluator",
    "make_trainer",
    "pro_rata",
    "proxy_accuracies",
    "sampling_strategy",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
