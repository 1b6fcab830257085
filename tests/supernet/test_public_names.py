"""The names that users may count on, and that settings cost no PyTorch."""

import subprocess
import sys

import pytest

from shareornot import supernet

NAMES = {
    "BatchNormMode",
    "EpochReport",
    "EvaluationConfig",
    "Evaluator",
    "NetworkConfig",
    "OptimizerConfig",
    "PartialOptimizer",
    "SAMPLING_STRATEGIES",
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
}


def test_public_names():
    assert set(supernet.__all__) == NAMES
    assert all(getattr(supernet, name).__module__ for name in NAMES - {"SAMPLING_STRATEGIES"})
    with pytest.raises(AttributeError, match="has no attribute 'Supernet'"):
        supernet.Supernet  # noqa: B018


def test_settings_import_no_pytorch():
    code = "import sys; from shareornot.supernet import TrainingConfig as T; T(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
