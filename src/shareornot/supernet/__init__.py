"""Floor 2: networks with shared weights, and how they are trained and scored.

`contract` defines what a super-net is, `nasbench101` is one; `training` is the loop, which a method of floor 3 fills;
`evaluation` scores architectures, `batch_norm` adapts statistics to one, `checkpoint` keeps trainings; `standalone*`
trains one architecture alone. The names load on first use: settings can be read without PyTorch.
"""

from typing import TYPE_CHECKING

from shareornot.lazy_names import lazy_names

if TYPE_CHECKING:
    from shareornot.supernet.batch_norm import adapted_batch_norm, evaluation_mode
    from shareornot.supernet.checkpoint import load_checkpoint, load_supernet, save_checkpoint
    from shareornot.supernet.contract import MixedSuperNet, SuperNet
    from shareornot.supernet.evaluation import Evaluator
    from shareornot.supernet.export import export_architecture
    from shareornot.supernet.families import build_standalone, build_supernet
    from shareornot.supernet.gradients import path_gradients
    from shareornot.supernet.nasbench101 import NASBench101SuperNet
    from shareornot.supernet.optimizer import PartialOptimizer
    from shareornot.supernet.settings import EvaluationSettings, NetworkSettings, OptimizerSettings, TrainingSettings
    from shareornot.supernet.training import Batch, EpochReport, Learner, Report, Step, Trainer

_HOME = {
    "EvaluationSettings": "settings",
    "NetworkSettings": "settings",
    "OptimizerSettings": "settings",
    "TrainingSettings": "settings",
    "load_checkpoint": "checkpoint",
    "load_supernet": "checkpoint",
    "save_checkpoint": "checkpoint",
    "Evaluator": "evaluation",
    "build_standalone": "families",
    "build_supernet": "families",
    "export_architecture": "export",
    "path_gradients": "gradients",
    "adapted_batch_norm": "batch_norm",
    "evaluation_mode": "batch_norm",
    "MixedSuperNet": "contract",
    "SuperNet": "contract",
    "NASBench101SuperNet": "nasbench101",
    "PartialOptimizer": "optimizer",
    "Batch": "training",
    "EpochReport": "training",
    "Learner": "training",
    "Report": "training",
    "Step": "training",
    "Trainer": "training",
}

__all__ = [
    "Batch",
    "EpochReport",
    "EvaluationSettings",
    "Evaluator",
    "Learner",
    "MixedSuperNet",
    "NASBench101SuperNet",
    "NetworkSettings",
    "OptimizerSettings",
    "PartialOptimizer",
    "Report",
    "Step",
    "SuperNet",
    "Trainer",
    "TrainingSettings",
    "adapted_batch_norm",
    "build_standalone",
    "build_supernet",
    "evaluation_mode",
    "export_architecture",
    "load_checkpoint",
    "load_supernet",
    "path_gradients",
    "save_checkpoint",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
