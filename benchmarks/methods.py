"""Measure what the step of each method costs besides its passes through the network, and how fast it draws.

    python benchmarks/methods.py --images digits
    python benchmarks/methods.py --images random --methods uniform darts

The super-net is that of NAS-Bench-201, by default in the size of the benchmark digits-201. Passes are all forward and
backward passes of a step, those of a controller among them. The figures are quartiles over steps of the time of the
step over that of its passes.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from supernet import spread
from worker import CLOCKS, random_images

from shareornot.errors import SettingsError
from shareornot.images import digits_images
from shareornot.methods import METHODS, make_trainer
from shareornot.methods.controller import Controller
from shareornot.methods.single_path import SinglePath
from shareornot.spaces import open_space
from shareornot.supernet import NetworkSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.families import build_supernet

NUM_DRAWS = 10_000
NEEDED: dict[str, dict[str, Any]] = {
    "smash": {"hyper_units": 16},
    "few-shot": {"groups": "decision:edge_0_1"},
    "groups": {"groups": "random:4"},
}
"""Settings of the super-net without which a method does not work."""


class Passes:
    """Adds up the seconds of some functions while they run, the outermost of them only.

    Args:
        clock: seconds of any beginning.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock, self.seconds, self.depth = clock, 0.0, 0

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, whose time is counted."""

        def run(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            start = self.clock()
            try:
                return function(*args, **kwargs)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += self.clock() - start

        return run


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", choices=("digits", "random"), default="digits", help="random: 32 x 32 pixels.")
    parser.add_argument("--methods", nargs="+", choices=tuple(METHODS), default=tuple(METHODS), help="Default: all.")
    parser.add_argument("--filters", type=int, default=4, help="C, channels of the first stage.")
    parser.add_argument("--cells", type=int, default=3, help="N, cells of a stage.")
    parser.add_argument("--batch", type=int, default=50, help="Images of a mini-batch.")
    parser.add_argument("--threads", type=int, default=1, help="Threads of PyTorch.")
    parser.add_argument("--steps", type=int, default=30, help="Measured steps of each method.")
    parser.add_argument(
        "--clock", choices=tuple(CLOCKS), default="processor", help="processor: of the process; with one thread only."
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images: Any = digits_images() if options.images == "digits" else random_images(1_000)
    space = open_space("nasbench201")
    clock = CLOCKS[options.clock]
    passes = Passes(clock)
    torch.Tensor.backward = passes.timed(torch.Tensor.backward)  # type: ignore[method-assign]
    torch.autograd.grad = passes.timed(torch.autograd.grad)
    Controller._run = passes.timed(Controller._run)  # type: ignore[method-assign]
    for name in options.methods:
        size = NetworkSettings(
            num_filters=options.filters,
            cells_per_stack=options.cells,
            image_channels=images.image_channels,
            **NEEDED.get(name, {}),
        )
        network: Any = build_supernet(space.family, size, 0).train()
        network.forward = passes.timed(network.forward)
        training = TrainingSettings(
            method=name,
            epochs=600,
            batch_size=options.batch,
            optimizer=OptimizerSettings(name="sgd", learning_rate=0.01),
        )
        try:
            trainer = make_trainer(network, space, np.arange(len(space), dtype=np.int32), images, training)
        except SettingsError as error:
            print(f"{name}: not measured: {error}")
            continue
        ratios, seconds = [], []
        for step in range(3 + options.steps):
            passes.seconds, start = 0.0, clock()
            trainer.step()
            whole = clock() - start
            if step >= 3:
                seconds.append(1e3 * whole)
                ratios.append(whole / passes.seconds)
        line = f"{name}: {spread(np.array(ratios), '.2f')} times its passes, {np.median(seconds):.1f} ms a step"
        if isinstance(trainer.method, SinglePath):
            start = clock()
            trainer.method.draw(np.random.default_rng(0), NUM_DRAWS)
            line += f"; {NUM_DRAWS:,} draws in {clock() - start:.3f} s"
        print(line, flush=True)


if __name__ == "__main__":
    main()
