"""Single-path training: every step trains some sampled architectures, each on the same mini-batch."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Integer
from torch import Tensor

from shareornot.methods.contract import Scorer, Setup
from shareornot.methods.size_schedule import SizeSchedule
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.training import Batch, Report, Step

Groups = Integer[np.ndarray, "draws paths"]
Draw = Callable[[np.random.Generator, int], Groups]
"""Maps a generator and a number to this number of draws, each of one or more architectures that a step trains
together."""


class SinglePath:
    """The base of methods that sample architectures: they differ in `draw` alone.

    Args:
        setup: network, space and settings; `setup.training.paths_per_step` draws make a step.
        draw: draws the architectures of all steps of an epoch at once.
        average: divide the gradient by the number of paths of a step; else by the number of draws.

    References: Guo et al. 2019, arXiv:1904.00420.
    """

    samples_architectures = True
    """Whether learning rates by size can be used."""

    def __init__(self, setup: Setup, draw: Draw, *, average: bool = True) -> None:
        self.network, self.draw, self.average = setup.network, draw, average
        self.draws_per_step = setup.training.paths_per_step
        self.optimizer = PartialOptimizer(dict(setup.network.named_parameters()), setup.training.optimizer)
        self.size_schedule = SizeSchedule(setup) if setup.training.schedule == "by-size" else None
        self._epoch: tuple[int, Groups] | None = None

    def paths(self, at: Step) -> list[int]:
        """The architectures that a step trains."""
        if self._epoch is None or self._epoch[0] != at.epoch:
            self._epoch = at.epoch, self.draw(at.epoch_rng(), at.steps_per_epoch * self.draws_per_step)
        start = at.position * self.draws_per_step
        paths: list[int] = self._epoch[1][start : start + self.draws_per_step].ravel().tolist()
        return paths

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:  # noqa: ARG002
        """Move the weights by the gradients of the step's architectures."""
        paths = self.paths(at)
        divisor = len(paths) if self.average else self.draws_per_step
        loss, regions = path_gradients(self.network, paths, train, divisor=divisor)
        rate = at.learning_rate if self.size_schedule is None else self.size_schedule.learning_rate(at, paths)
        self.optimizer.step(regions, rate)
        return Report(loss)

    def scorer(self) -> Scorer | None:
        """None: sampled training prefers no architecture."""
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the optimizer."""
        return {f"optimizer.{name}": tensor for name, tensor in self.optimizer.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state of the optimizer from a checkpoint."""
        prefix = "optimizer."
        own = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
        self.optimizer.load_state_dict(own)


def with_clipping(setup: Setup, norm: float = 5.0) -> Setup:
    """The same setup with gradients clipped at a norm, unless the settings of the optimizer name one."""
    optimizer = setup.training.optimizer
    if optimizer.clip_norm is not None:
        return setup
    return replace(setup, training=replace(setup.training, optimizer=replace(optimizer, clip_norm=norm)))
