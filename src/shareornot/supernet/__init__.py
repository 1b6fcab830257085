"""Floor 2: weight sharing."""

from shareornot.supernet.evaluation import EvaluationConfig, Evaluator, proxy_accuracies
from shareornot.supernet.network import BatchNormMode, NetworkConfig, SuperNet, adapt_batch_norm
from shareornot.supernet.optimizer import OptimizerConfig, PartialOptimizer
from shareornot.supernet.sampling import SAMPLING_STRATEGIES, pro_rata, uniform
from shareornot.supernet.training import EpochReport, Trainer, TrainingConfig

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
    "pro_rata",
    "proxy_accuracies",
    "uniform",
]
