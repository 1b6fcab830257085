"""A process that trains and scores on demand, so that two versions of the package can be measured in turns.

It reads one command per line from standard input and answers with one line of JSON, the seconds that it took:
`train`, one training step; `score`, one architecture on the validation images; `standalone`, two epochs of an
architecture of the digits alone. Each command does the same work in every worker: the n-th step trains the n-th
architecture that the seed draws.

`--api engines` runs versions of the package that still had engines, from before `supernet/operations.py`.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import torch

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def random_images(num_validation: int) -> Any:
    """Images of the size of CIFAR-10, with random pixels and labels."""
    from shareornot.images import cifar10_images

    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=50_000, dtype=np.uint8)
    noise = rng.integers(256, size=(50_000, 3, 32, 32), dtype=np.uint8)
    return fewer(cifar10_images(noise, labels, noise[:10_000], labels[:10_000]), num_validation)


def fewer(images: Any, num_validation: int) -> Any:
    """The same images with fewer for validation."""
    return replace(
        images,
        validation_images=images.validation_images[:num_validation],
        validation_labels=images.validation_labels[:num_validation],
    )


def current_package(options: argparse.Namespace) -> tuple[Callable[[], object], Callable[[], object], Any]:
    """A training step and a scoring of this version, and its network."""
    from shareornot.images import digits_images
    from shareornot.methods import make_trainer
    from shareornot.spaces import open_space
    from shareornot.spaces.nasbench101.subspaces import min_output_edges, space_cells
    from shareornot.supernet import (
        EvaluationSettings,
        Evaluator,
        NASBench101SuperNet,
        NetworkSettings,
        OptimizerSettings,
        TrainingSettings,
    )

    space: Any = open_space(options.space)
    if options.images == "digits":
        small = NetworkSettings(num_filters=8, num_stacks=2, cells_per_stack=1, image_channels=1, max_vertices=5)
        network_settings = replace(small, bn_momentum=0.1)
        training = TrainingSettings(
            epochs=600, batch_size=50, optimizer=OptimizerSettings(name="sgd", learning_rate=0.05)
        )
        evaluation, images = EvaluationSettings(batch_size=50), fewer(digits_images(), options.validation)
    else:
        network_settings, training, evaluation = NetworkSettings(), TrainingSettings(), EvaluationSettings()
        images = random_images(options.validation)
    max_vertices = network_settings.max_vertices
    network_settings = replace(network_settings, min_output_edges=min_output_edges(space, max_vertices))
    cells = space_cells(space, max_vertices)
    training = replace(training, batch_size=options.batch or training.batch_size)
    network = NASBench101SuperNet(network_settings, 0).to(getattr(torch, options.precision)).train()
    trainer = make_trainer(network, space, cells, images, training)
    evaluator = Evaluator(network, images, evaluation)
    pool = iter(np.random.default_rng(0).choice(cells, 10_000).astype(np.int32))
    return trainer.step, lambda: list(evaluator.scores(np.array([next(pool)], np.int32))), network


def package_with_engines(options: argparse.Namespace) -> tuple[Callable[[], object], Callable[[], object], Any]:
    """The same of a version that still had engines."""
    from shareornot.images import digits_images

    benchmarks, study, supernet, engines = (
        import_module(f"shareornot.{name}") for name in ("benchmarks", "study.settings", "supernet", "supernet.engines")
    )
    digits = options.images == "digits"
    settings = (study.digits_settings if digits else study.paper_settings)(options.space)
    images = fewer(digits_images(), options.validation) if digits else random_images(options.validation)
    cells = benchmarks.space_cells(benchmarks.parse_space(options.space), settings.network.max_vertices)
    training = replace(settings.training, batch_size=options.batch or settings.training.batch_size)
    network = supernet.SuperNet(settings.network, 0).to(getattr(torch, options.precision)).train()
    trainer = engines.KINDS[options.engine].trainer(network, images, cells, training)
    evaluator = engines.KINDS[options.engine].evaluator(network, images, settings.evaluation)
    pool = iter(np.random.default_rng(0).choice(cells, 10_000).astype(np.int32))
    return trainer.step, lambda: list(evaluator.scores(np.array([next(pool)], np.int32))), network


def standalone(options: argparse.Namespace) -> Callable[[], object]:
    """Trains the next architecture of the digits alone, one run for two epochs."""
    from shareornot.images import digits_images
    from shareornot.supernet.standalone_training import train_standalone

    kind = "Settings" if options.api == "current" else "Config"
    types = import_module(f"shareornot.supernet.{kind.lower()}")
    config = getattr(types, f"Network{kind}")(
        num_filters=8, num_stacks=2, cells_per_stack=1, image_channels=1, max_vertices=5, bn_momentum=0.1
    )
    images, training = digits_images(), getattr(types, f"StandaloneTraining{kind}")(epochs=2)
    pool = iter(np.random.default_rng(0).permutation(2_532).tolist())  # the cells with at most 5 vertices
    return lambda: train_standalone(next(pool), [0], images, config, training)


def main() -> None:
    """Serve commands until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", choices=("current", "engines"), default="current")
    parser.add_argument("--engine", default="fused")
    parser.add_argument("--space", default="A4")
    parser.add_argument("--images", choices=("cifar10", "digits"), default="cifar10")
    parser.add_argument("--batch", type=int, default=0)
    parser.add_argument("--validation", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float32")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="wall")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    make = current_package if options.api == "current" else package_with_engines
    train, score, network = make(options)
    commands = {"train": train, "score": score, "standalone": standalone(options)}
    clock = CLOCKS[options.clock]
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command = line.strip()
        if command == "parameters":
            values = torch.cat([parameter.detach().double().flatten() for parameter in network.parameters()])
            answer: Any = values.tolist()
        else:
            start = clock()
            commands[command]()
            answer = clock() - start
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
