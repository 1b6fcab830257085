"""The choice of engine: how a super-net is computed.

`plain` is the readable reference. The others are faster and give its numbers up to rounding. `auto` runs a step with
each engine that can, on a copy of the network, drops those whose numbers differ, and takes the fastest.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.supernet.config import Engine, EvaluationConfig, NetworkConfig, TrainingConfig
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.fused import FusedEvaluator, FusedTrainer
from shareornot.supernet.network import SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer

TOLERANCE = 1e-2
"""How far the weights may be from those of the plain engine after one step, as a part of how far they moved. Rounding
gives about 1e-5 to 1e-3: where two pixels are almost equal, maximum and ReLU may choose differently."""
TRIAL_S = 1.0
"""Seconds that `auto` takes to compare the engines, beside the first step of each."""
MAX_TRIALS = 10


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One way to compute a super-net."""

    trainer: Callable[[SuperNet, ImageSet, Indices, TrainingConfig], Trainer]
    evaluator: Callable[[SuperNet, ImageSet, EvaluationConfig], Evaluator]
    runs_on: Callable[[torch.device], bool]
    """Whether the engine can do anything at all on a device."""


KINDS: dict[str, EngineKind] = {
    "plain": EngineKind(Trainer, Evaluator, lambda _: True),
    "fused": EngineKind(FusedTrainer, FusedEvaluator, lambda device: device.type == "cpu"),
}
"""Every engine, by the name that a user gives; an engine that joins must pass the tests of all."""

_fastest: dict[tuple[Any, ...], str] = {}
"""What `auto` found out in this process, by all that it depends on."""


def make_trainer(
    network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig, engine: Engine = "auto"
) -> Trainer:
    """A super-net in training, on the engine that is asked for.

    Args:
        network: changed in place by the training, and not before.
        images: on the device of the network.
        space: unique indices of the cells to sample from.
        config: how to train.
        engine: `auto` takes the fastest; the `engine` of the result says which that was.

    Raises:
        SettingsError: the engine does not run on this device, or the settings do not fit the images.
    """
    if engine == "auto":
        engine_name = _fastest_trainer(network, images, space, config)
    else:
        engine_name = _checked(engine, images.device)
    return KINDS[engine_name].trainer(network, images, space, config)


def make_evaluator(network: SuperNet, images: ImageSet, config: EvaluationConfig, engine: Engine = "auto") -> Evaluator:
    """What scores cells, on the engine that is asked for.

    Args:
        network: trained; nothing of it changes but its adapted statistics.
        images: on the device of the network.
        config: how to score.
        engine: `auto` takes the one that trains fastest on this device; see `make_trainer`.

    Raises:
        SettingsError: the engine does not run on this device.
    """
    name = "plain" if engine == "auto" else _checked(engine, images.device)
    return KINDS[name].evaluator(network, images, config)


def engines_for(device: torch.device) -> list[str]:
    """The engines that run on a device, the plain one first."""
    return [name for name, kind in KINDS.items() if kind.runs_on(device)]


def _checked(engine: str, device: torch.device) -> str:
    """The engine, if it runs on the device."""
    possible = engines_for(device)
    if engine not in possible:
        raise SettingsError(f"engine: expected auto or, on {device.type}, {' or '.join(possible)}, got {engine!r}")
    return engine


def _fastest_trainer(network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig) -> str:
    """The fastest engine whose first step is right."""
    names = engines_for(images.device)
    key = ("training", *_circumstances(network.config, images), config.batch_size, config.cells_per_step)
    if len(names) > 1 and key not in _fastest:
        trainers = {name: KINDS[name].trainer(deepcopy(network), images, space, config) for name in names}
        for trainer in trainers.values():
            trainer.network.train()
            trainer.step()
        before, right = _state(network), _state(trainers["plain"].network)
        for name, trainer in list(trainers.items()):
            if not _agree(before, right, _state(trainer.network)):
                del trainers[name]
        _fastest[key] = _quickest({name: trainer.step for name, trainer in trainers.items()})
    return _fastest.get(key, names[0])


def _quickest(works: dict[str, Callable[[], object]], clock: Callable[[], float] = time.perf_counter) -> str:
    """Which work takes the least time: the median over turns, so that a slow moment hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    deadline = clock() + TRIAL_S
    for _ in range(MAX_TRIALS):
        for name, work in works.items():
            start = clock()
            work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds[name].append(clock() - start)
        if clock() > deadline:
            break
    return min(seconds, key=lambda name: float(np.median(seconds[name])))


def _circumstances(config: NetworkConfig, images: ImageSet) -> tuple[Any, ...]:
    """What speed depends on."""
    return config, images.device, images.train_images.shape[1:], torch.get_num_threads()


def _state(network: SuperNet) -> Tensor:
    """All weights and running statistics in one vector."""
    return torch.cat([tensor.detach().flatten().double() for tensor in network.state_dict().values()])


def _agree(before: Tensor, right: Tensor, other: Tensor) -> bool:
    """Whether two ways to take a step lead to about the same place."""
    moved, apart = (right - before).norm().item(), (other - right).norm().item()
    agree: bool = apart <= TOLERANCE * moved  # not so where either is not a number
    return agree
