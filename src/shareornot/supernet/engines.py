"""The choice of engine: how a super-net is computed.

`plain` is the readable reference. The others are faster and give its numbers up to rounding. `auto` runs a step with
each engine that can, on a copy of the network, drops those whose numbers differ, and takes the fastest. Where rounding
alone makes them differ, double precision decides.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.spaces.nasbench101 import unique_codes
from shareornot.supernet.compiled import CompiledEvaluator, CompiledTrainer
from shareornot.supernet.config import Engine, EvaluationConfig, NetworkConfig, TrainingConfig
from shareornot.supernet.evaluation import Evaluator
from shareornot.supernet.fused import FusedEvaluator, FusedTrainer
from shareornot.supernet.masked.scoring import MaskedEvaluator
from shareornot.supernet.masked.training import MaskedTrainer
from shareornot.supernet.network import SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer

TOLERANCE = 1e-2
"""How far the weights may be from those of the plain engine after one step, as a part of how far they moved. Rounding
gives about 1e-5 to 1e-3: where two pixels are almost equal, maximum and ReLU may choose differently."""
EXACT_TOLERANCE = 1e-6
"""The same in double precision, which is asked where single precision says no."""
EXACT_IMAGES = 16
"""Most images of a mini-batch in double precision."""
TRIAL_S = 1.0
"""Seconds that `auto` takes to compare the engines, beside the first step of each."""
MAX_TRIALS = 10
CLEARLY = 1.2
"""How much more time makes an engine clearly slower."""
SMALL = 256
"""Most pixels of images that are small."""
TRIAL_IMAGES = 256
"""With which `auto` compares the engines that score."""
TIPPING = 0.02
"""How far scores on so few images may be apart: an image that is almost on the line tips over by rounding."""


@dataclass(frozen=True, slots=True)
class EngineKind:
    """One way to compute a super-net."""

    trainer: Callable[[SuperNet, ImageSet, Indices, TrainingConfig], Trainer]
    evaluator: Callable[[SuperNet, ImageSet, EvaluationConfig], Evaluator]
    runs_on: Callable[[torch.device], bool]
    """Whether the engine can do anything at all on a device."""
    suits: Callable[[ImageSet], bool] = lambda _: True
    """Whether it can be the fastest for such images, so that `auto` tries it."""


def _on_a_processor(device: torch.device) -> bool:
    return device.type == "cpu"


def _small(images: ImageSet) -> bool:
    """Small images are for the compiled engine: on 8 x 8 pixels `fused` is slower than `plain`, on 32 x 32 faster.

    The maps of larger ones do not stay in the cache of a core, and PyTorch has the better convolutions for them.
    """
    height, width = images.train_images.shape[2:]
    return height * width <= SMALL


KINDS: dict[str, EngineKind] = {
    "plain": EngineKind(Trainer, Evaluator, lambda _: True),
    "fused": EngineKind(FusedTrainer, FusedEvaluator, _on_a_processor, lambda images: not _small(images)),
    "compiled": EngineKind(CompiledTrainer, CompiledEvaluator, _on_a_processor, _small),
    # On a processor it pays only for many super-nets side by side.
    "masked": EngineKind(MaskedTrainer, MaskedEvaluator, lambda _: True, lambda images: images.device.type != "cpu"),
}
"""Every engine, by the name that a user gives, those that are expected to be faster behind. An engine that joins must
pass the tests of all."""

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
        engine: `auto` takes the fastest; the `engine` of the result says which that was.

    Raises:
        SettingsError: the engine does not run on this device.
    """
    name = _fastest_evaluator(network, images, config) if engine == "auto" else _checked(engine, images.device)
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
    names = [name for name in engines_for(images.device) if KINDS[name].suits(images)]
    key = ("training", *_circumstances(network.config, images), config.batch_size, config.cells_per_step)
    if len(names) > 1 and key not in _fastest:
        trainers = _after_a_step(names, network, images, space, config)
        right = _agreeing(network, trainers, TOLERANCE)
        if len(right) < len(names):
            # Each layer of a fresh super-net enlarges what the one before rounded, by 1e-1 in the end in the paper's
            # setting. In double precision a wrong number cannot hide behind that, nor a right one be taken for wrong.
            doubtful = [name for name in names if name == "plain" or name not in right]
            few = replace(config, batch_size=min(config.batch_size, EXACT_IMAGES))
            exact = deepcopy(network).double()
            right += _agreeing(exact, _after_a_step(doubtful, exact, images, space, few), EXACT_TOLERANCE)
        _fastest[key] = _quickest({name: trainers[name].step for name in reversed(names) if name in right})
    return _fastest.get(key, names[0])


def _after_a_step(
    names: list[str], network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig
) -> dict[str, Trainer]:
    """Trainers of copies of a network that have done their first step."""
    trainers = {name: KINDS[name].trainer(deepcopy(network), images, space, config) for name in names}
    for trainer in trainers.values():
        trainer.network.train()
        trainer.step()
    return trainers


def _agreeing(network: SuperNet, trainers: dict[str, Trainer], tolerance: float) -> list[str]:
    """The engines whose step led from a network to about the same place as that of the plain engine."""
    right = trainers["plain"].network
    # A distance that is not a number agrees with nothing, but the plain engine is never wrong.
    return [
        name
        for name, trainer in trainers.items()
        if name == "plain" or _apart(network, right, trainer.network) <= tolerance
    ]


def rounding_of_a_step(
    names: list[str], network: SuperNet, images: ImageSet, space: Indices, config: TrainingConfig
) -> dict[str, float]:
    """How far each engine's first step leads from that of the plain engine in double precision.

    Args:
        names: of engines.
        network: in single precision; stays as it is.
        images: on the device of the network.
        space: unique indices of the cells to sample from.
        config: how to train.

    Returns:
        For each engine the distance between the weights and statistics after the step, as a part of how far the step
        in double precision moved them.
    """
    trainers = _after_a_step(names, network, images, space, config)
    exact = _after_a_step(["plain"], deepcopy(network).double(), images, space, config)["plain"].network
    return {name: _apart(network, exact, trainer.network) for name, trainer in trainers.items()}


def _fastest_evaluator(network: SuperNet, images: ImageSet, config: EvaluationConfig) -> str:
    """The fastest engine that scores a cell of the space right, on some of the images."""
    names = [name for name in engines_for(images.device) if KINDS[name].suits(images)]
    key = ("scoring", *_circumstances(network.config, images), config.adaptation)
    if len(names) > 1 and key not in _fastest:
        few = replace(
            images,
            validation_images=images.validation_images[:TRIAL_IMAGES],
            validation_labels=images.validation_labels[:TRIAL_IMAGES],
        )
        config = replace(config, fine_tuning_steps=0, num_batches=min(config.num_batches, 1))
        cell = _some_cell(network)
        evaluators = {name: KINDS[name].evaluator(network, few, config) for name in names}
        scores = {name: next(iter(evaluator.scores(cell))) for name, evaluator in evaluators.items()}
        for name, score in scores.items():
            if abs(score - scores["plain"]) > TIPPING:
                del evaluators[name]
        _fastest[key] = _quickest({name: partial(_score, evaluators[name], cell) for name in reversed(evaluators)})
    return _fastest.get(key, names[0])


def _score(evaluator: Evaluator, cells: Indices) -> list[float]:
    return list(evaluator.scores(cells))


def _some_cell(network: SuperNet) -> Indices:
    """A cell that fits the network, always the same."""
    order = np.random.default_rng(0).permutation(len(unique_codes(network.config.max_vertices)))
    for index in order.tolist():
        with suppress(SettingsError):
            network.plan(index)
            return np.array([index], np.int32)
    raise AssertionError("the smallest cell fits every network")


def _quickest(works: dict[str, Callable[[], object]], clock: Callable[[], float] = time.perf_counter) -> str:
    """The first work that is not clearly slower than the fastest.

    Turns are taken, so that a slow moment hits all works. Where two take about the same time, noise must not choose
    between them, for then the same command would not lead to the same bits. So the one that is expected to be the
    fastest comes first.
    """
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
    fastest = {name: min(taken) for name, taken in seconds.items()}
    return next(name for name in works if fastest[name] <= CLEARLY * min(fastest.values()))


def _circumstances(config: NetworkConfig, images: ImageSet) -> tuple[Any, ...]:
    """What speed depends on."""
    return config, images.device, images.train_images.shape[1:], torch.get_num_threads()


def _state(network: SuperNet) -> Tensor:
    """All weights and running statistics in one vector."""
    return torch.cat([tensor.detach().flatten().double() for tensor in network.state_dict().values()])


def _apart(before: SuperNet, right: SuperNet, other: SuperNet) -> float:
    """Distance of two places where a step led, as a part of how far the right one moved; NaN where nothing did."""
    start, end = _state(before), _state(right)
    distance: float = ((_state(other) - end).norm() / (end - start).norm()).item()
    return distance
