"""What a step of a method costs, in steps that train one architecture: what "equal cost" counts of a super-net.

A backward pass counts as two forward passes, so a forward pass alone is a third of a step. A mixture computes all
options of every decision, a single path one of them: a mixture counts as many paths as a decision has options, on
average. Batch norm with the statistics of a batch takes one more forward pass of each architecture scored on it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from shareornot.spaces import ProductSpace, Space
from shareornot.spaces.nasbench101 import OPERATIONS

PARSEC_SAMPLES = 4
ENAS_CONTROLLER_STEPS, ENAS_SAMPLES = 50, 20
NAO_POOL_SIZE, NAO_ROUNDS, NAO_BATCHES = 100, 3, 4
"""Defaults of the options of these methods, and the batches on which NAO scores its pool."""
FORWARD = 1 / 3
SCORING = 2 * FORWARD
"""An architecture on a batch, with the statistics of the batch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Training:
    """What the cost of a training depends on."""

    method: str
    options: Mapping[str, float | int | str | bool]
    epochs: int
    steps_per_epoch: int
    paths_per_step: int


def training_cost(training: Training, space: Space) -> float:
    """How many epochs of training a single architecture a training costs.

    Methods of installed packages count as single-path training. Few-shot training and groups do as many steps as their
    base; the parts of a super-net share them.

    Args:
        training: method, options and length.
        space: space to train on.
    """
    name, options, paths = training.method, training.options, float(training.paths_per_step)
    steps = training.epochs * training.steps_per_epoch
    more = 0.0
    if name in ("few-shot", "groups"):
        name = str(options.get("base", "uniform"))
    if name == "fairnas":
        paths *= _largest_decision(space)
    elif name in ("path-dropout", "snas"):
        paths = _options_per_decision(space)
    elif name == "darts":
        paths = (5 if options.get("second_order", False) else 2) * _options_per_decision(space)
    elif name == "gdas":
        paths = 2.0
    elif name == "parsec":
        paths = float(options.get("num_samples", PARSEC_SAMPLES)) * (1 + FORWARD)
    elif name == "enas":
        controller_steps = float(options.get("num_controller_steps", ENAS_CONTROLLER_STEPS))
        more = training.epochs * controller_steps * float(options.get("num_samples", ENAS_SAMPLES)) * SCORING
    elif name == "nao":
        pool_size = min(int(options.get("pool_size", NAO_POOL_SIZE)), len(space) // 2)
        more = float(options.get("num_rounds", NAO_ROUNDS)) * pool_size * NAO_BATCHES * SCORING
    return (steps * paths + more) / training.steps_per_epoch


def steps_per_epoch(num_train_images: int, batch_size: int) -> int:
    """Mini-batches in an epoch."""
    return math.ceil(num_train_images / batch_size)


def _largest_decision(space: Space) -> int:
    """Paths that use every option of every decision once."""
    if isinstance(space, ProductSpace):
        return max(len(decision.options) for decision in space.decisions)
    return len(OPERATIONS)


def _options_per_decision(space: Space) -> float:
    """Options that a mixture computes for each that a single path does."""
    if not isinstance(space, ProductSpace):
        return 1.0
    return sum(len(decision.options) for decision in space.decisions) / len(space.decisions)
