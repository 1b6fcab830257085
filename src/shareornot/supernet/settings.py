"""The settings of a super-net: frozen, checked when made, and free of PyTorch, so that reading them costs nothing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import MAX_VERTICES

InitialWeights = Literal["random", "aligned"]
Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise SettingsError(f"precision: expected {' or '.join(PRECISIONS)}, got {precision!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSettings:
    """Size and kind of a super-net. The defaults are the paper's, for A_FULL on CIFAR-10."""

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"initial_weights": "random", "hyper_units": 0, "choices": ""}

    num_filters: int = 16
    """Output channels of the stem; they double with each stack."""
    num_stacks: int = 3
    cells_per_stack: int = 3
    num_classes: int = 10
    image_channels: int = 3
    max_vertices: int = MAX_VERTICES
    """Most vertices of a cell of the space."""
    min_output_edges: int = 1
    """Fewest interior vertices that feed the output of a cell of the space; it bounds the channels of a vertex."""
    single_kernel: bool = False
    """SINGLE-K: one 3x3 kernel a vertex, whose centre serves as the 1x1."""
    bn_momentum: float = 0.003
    """Weight of a new batch in the running statistics, as PyTorch counts it."""
    bn_epsilon: float = 1e-5
    groups: str = ""
    """Groups of architectures with weights of their own, see `shareornot.supernet.split`; empty where all share theirs.

    An example is `random:4`."""
    choices: str = ""
    """The space of NAS-Bench-1Shot1, such as S1, whose choices a network over NASBench-101 computes and can mix, see
    `shareornot.supernet.one_shot`; empty where it computes pruned cells. In a study, `space` stands for the space of
    each chapter where that is one of them."""
    hyper_units: int = 0
    """Hidden units of a hyper-network that writes the weights of the convolutions in cells, see
    `shareornot.supernet.hyper`; 0 where they have weights of their own."""
    bn_affine: bool = True
    """NAS-Bench-201: whether batch norm in cells scales and shifts."""
    bn_running_statistics: bool = True
    """NAS-Bench-201: whether batch norm in cells keeps running statistics; else it uses those of the batch, in scoring
    too."""
    initial_weights: InitialWeights = "random"
    """`random` are those of PyTorch; with `aligned` ones, all paths carry the image in one basis from the start, which
    deep networks need, see `shareornot.supernet.initialization`."""

    def __post_init__(self) -> None:
        for name in (
            "num_filters",
            "num_stacks",
            "cells_per_stack",
            "num_classes",
            "image_channels",
            "min_output_edges",
        ):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name}: expected at least 1, got {getattr(self, name)}")
        if self.hyper_units < 0 or (self.hyper_units and self.groups):
            raise SettingsError(
                f"hyper_units: expected 0 or more, and no groups with a hyper-network, got {self.hyper_units} and "
                f"groups {self.groups!r}"
            )
        if self.initial_weights not in get_args(InitialWeights):
            raise SettingsError(
                f"initial_weights: expected {' or '.join(get_args(InitialWeights))}, got {self.initial_weights!r}"
            )
        if not 2 <= self.max_vertices <= MAX_VERTICES:
            raise SettingsError(f"max_vertices: expected 2 to {MAX_VERTICES}, got {self.max_vertices}")

    @property
    def depth(self) -> int:
        """Operations in a row that the image must pass in the deepest architecture, on its shortest way.

        Of a cell with n interior vertices, of which at least k feed the output, the shortest way from the input to the
        output takes at most n - k + 1 operations: whatever does not feed the output may be a chain.
        """
        interior = self.max_vertices - 2
        return self.num_stacks * self.cells_per_stack * max(0, interior - self.min_output_edges + 1)


OptimizerName = Literal["rmsprop", "sgd", "adamw"]
OPTIMIZERS: tuple[OptimizerName, ...] = get_args(OptimizerName)


@dataclass(frozen=True, kw_only=True, slots=True)
class OptimizerSettings:
    """Which optimizer, and its constants. The defaults are the paper's (appendix, section 1)."""

    NEUTRAL: ClassVar[Mapping[str, bool]] = {"nesterov": False, "bias_correction": True}

    name: OptimizerName = "rmsprop"
    learning_rate: float = 0.2
    final_learning_rate: float = 0.0
    """End of the cosine of the learning rate, after the last epoch."""
    momentum: float = 0.9
    """RMSProp and SGD: weight of the past in the velocity. AdamW: in the running mean of gradients."""
    weight_decay: float = 1e-4
    """RMSProp and SGD: added to the gradient, times the weight. AdamW: subtracted from the weight, times the weight and
    the learning rate, and no part of the gradient."""
    smoothing: float = 0.99
    """RMSProp and AdamW: weight of the past in the running mean of squared gradients."""
    epsilon: float = 1.0
    """RMSProp: added to that mean, inside the square root. AdamW: added to its square root; 1e-8 is usual."""
    bias_correction: bool = True
    """AdamW alone: whether running means, which start at zero, are corrected by the number of steps of each element."""
    nesterov: bool = False
    """SGD alone: whether the momentum is Nesterov's, as in the setting of NAS-Bench-201."""
    clip_norm: float | None = None
    """Norm to which a longer gradient is shortened; None never shortens it, except where a method does by default."""
    accumulate_epsilon: bool = False
    """RMSProp: whether epsilon stays in the running mean at every step, as in the paper's published code. The mean then
    settles near epsilon / (1 - smoothing), and the learning rate acts ten times smaller."""
    move_whole_tensors: bool = False
    """Whether a tensor that is used in part is moved whole, as in the paper's published code: its unused slice then
    feels weight decay and momentum."""

    def __post_init__(self) -> None:
        if self.name not in OPTIMIZERS:
            raise SettingsError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {self.name!r}")
        if self.nesterov and self.name != "sgd":
            raise SettingsError(f"optimizer: expected sgd with nesterov, got {self.name}")
        if not self.bias_correction and self.name != "adamw":
            raise SettingsError(f"optimizer: expected adamw without bias_correction, got {self.name}")
        for name in ("learning_rate", "epsilon", "weight_decay"):
            if not math.isfinite(getattr(self, name)):
                raise SettingsError(f"optimizer: expected a finite {name}, got {getattr(self, name)}")
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise SettingsError(f"optimizer: expected clip_norm above 0, got {self.clip_norm}")
        if not 0 <= self.final_learning_rate <= self.learning_rate:
            raise SettingsError(
                "optimizer: expected final_learning_rate from 0 to learning_rate, "
                f"{self.learning_rate}, got {self.final_learning_rate}"
            )
        if self.learning_rate <= 0 or not 0 <= self.momentum < 1 or not 0 <= self.smoothing < 1 or self.epsilon <= 0:
            raise SettingsError(
                "optimizer: expected learning_rate and epsilon above 0, momentum and smoothing in [0, 1), got "
                f"{self.learning_rate}, {self.epsilon}, {self.momentum}, {self.smoothing}"
            )


Schedule = Literal["by-epoch", "by-step", "by-size"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingSettings:
    """Settings for training a super-net. The defaults are the paper's (appendix, section 1)."""

    NEUTRAL: ClassVar[Mapping[str, Any]] = {"schedule": "by-epoch", "precision": "float32", "keep_checkpoints": 1}

    epochs: int = 432
    batch_size: int = 256
    method: str = "uniform"
    """How shared weights are trained: a name that `shareornot.methods` finds when the training is built."""
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    """Options of the method by name; it has a default for each that is missing."""
    paths_per_step: int = 1
    """k of AVG-k: draws of architectures whose gradients on the same mini-batch are averaged."""
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    """The learning rate falls along a cosine to the final one, see `schedule`."""
    schedule: Schedule = "by-epoch"
    """Whether the learning rate follows the cosine epoch by epoch, as in the paper, or step by step. `by-size` is for
    methods that sample architectures: the larger one is, the later its learning rate falls, see
    `shareornot.methods.size_schedule`."""
    precision: Precision = "float32"
    """Precision of convolutions and matrix products, see `shareornot.supernet.precision`; all else is in float32."""
    keep_checkpoints: int = 1
    """Last epochs whose weights are kept, so that scores can be averaged over them."""
    seed: int = 0
    """Seed of the initial weights, the order of images, their augmentation, and everything that the method draws."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "paths_per_step", "keep_checkpoints"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name}: expected at least 1, got {getattr(self, name)}")
        _check_precision(self.precision)
        if self.schedule not in get_args(Schedule):
            raise SettingsError(f"schedule: expected {' or '.join(get_args(Schedule))}, got {self.schedule!r}")
        if self.seed < 0:
            raise SettingsError(f"seed: expected 0 or more, got {self.seed}")


Adaptation = Literal["none", "average", "last-batch"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationSettings:
    """Settings for scoring a cell. The defaults are the paper's BNS-FT."""

    NOT_IDENTITY: ClassVar[frozenset[str]] = frozenset({"forward_size"})
    """Fields that change the speed only, so that scores do not depend on them."""
    NEUTRAL: ClassVar[Mapping[str, Any]] = {"num_images": "all", "precision": "float32", "num_checkpoints": 1}
    """Fields that were added after scores had been made, with the value that stands for what was done then."""

    adaptation: Adaptation = "average"
    """Batch-norm statistics: `none` takes the super-net's running ones (NO-FT), `average` averages those of the cell
    over some training batches (BNS-FT), `last-batch` keeps those of the last, as the paper's published code does."""
    num_batches: int = 4
    """Training mini-batches for the adaptation."""
    batch_size: int = 256
    """Images in each of them."""
    fine_tuning_steps: int = 0
    """Steps that a copy of the weights is trained on the cell alone before it is scored."""
    fine_tuning_learning_rate: float = 0.01
    forward_size: int | None = None
    """Validation images per forward pass; it changes the speed and nothing else. By default as many as have 65,536
    pixels on a processor, whose cache they fit, and 2,000 on an accelerator."""
    num_images: int | Literal["all", "auto"] = "all"
    """Validation images that cells are scored on: a number of the first ones, all, or as many as the scores need for a
    reliability of 0.95, see `shareornot.supernet.score_reliability`."""
    precision: Precision = "float32"
    """Precision of convolutions and matrix products, see `shareornot.supernet.precision`."""
    num_checkpoints: int = 1
    """Checkpoints of the last epochs over which scores are averaged; the training must have kept as many."""
    seed: int = 0
    """Seed of the training batches, which are the same for all cells, so that cells differ by themselves alone."""

    def __post_init__(self) -> None:
        if self.adaptation not in ("none", "average", "last-batch"):
            raise SettingsError(f"adaptation: expected none, average or last-batch, got {self.adaptation!r}")
        _check_precision(self.precision)
        if isinstance(self.num_images, int) and self.num_images < 2:
            raise SettingsError(f"num_images: expected at least 2, 'all' or 'auto', got {self.num_images}")
        forward_size = 1 if self.forward_size is None else self.forward_size
        if min(self.num_batches, self.batch_size, self.num_checkpoints, forward_size) < 1 or self.fine_tuning_steps < 0:
            raise SettingsError(
                "evaluation: expected at least 1 batch, image and checkpoint, and 0 or more fine-tuning steps"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class StandaloneTrainingSettings:
    """Settings for standalone training: gradient descent with momentum and a cosine learning rate per epoch."""

    epochs: int = 20
    batch_size: int = 50
    """Images that are left over at the end of an epoch are left out."""
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4

    def __post_init__(self) -> None:
        if self.epochs < 2 or self.epochs % 2:
            raise SettingsError(f"epochs: expected an even number, to report half-way, got {self.epochs}")
        if self.batch_size < 1:
            raise SettingsError(f"batch_size: expected at least 1, got {self.batch_size}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingResult:
    """Result of a training, half-way or at its end; accuracies are fractions."""

    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    training_time_s: float
    """Time of the training steps so far, as the clock counts it; scoring is not in it."""
