"""ENAS: a controller learns, by the accuracies under the shared weights, which architectures to train."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float, Integer
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet
from shareornot.methods.adam import Adam
from shareornot.methods.batch_accuracy import batch_accuracies
from shareornot.methods.contract import Scorer, Setup
from shareornot.methods.controller import Controller, Written
from shareornot.methods.costs import ENAS_CONTROLLER_STEPS, ENAS_SAMPLES
from shareornot.methods.preferences import part_of, prefixed, whole_product
from shareornot.methods.single_path import with_clipping
from shareornot.supernet.contract import Architectures
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.settings import EvaluationSettings
from shareornot.supernet.training import Batch, Report, Step

ENTROPY_WEIGHT = 1e-4
BASELINE_DECAY = 0.99
LEARNING_RATE = 1e-3
CLIP_NORM = 5.0
NUM_FINAL_DRAWS = 100
"""Architectures of which the method returns the best on one validation batch."""


def enas(setup: Setup, *, num_controller_steps: int = ENAS_CONTROLLER_STEPS, num_samples: int = ENAS_SAMPLES) -> "ENAS":
    """Train one architecture per step that a controller writes, and the controller by its rewards after every epoch.

    The reward of an architecture is its accuracy on one validation batch, with the batch-norm statistics of that batch,
    plus 1e-4 times the entropy of its choices. A controller step follows the mean of - log p (reward - baseline) over
    some architectures; the baseline is a moving average of rewards.

    Args:
        setup: a whole product space; gradients are clipped at a norm of 5 unless the optimizer sets another norm.
        num_controller_steps: controller steps after every epoch.
        num_samples: architectures of each.

    References: Pham et al. 2018, arXiv:1802.03268, section 2.
    """
    if num_controller_steps < 1 or num_samples < 1:
        raise SettingsError(
            "method enas: expected num_controller_steps and num_samples from 1, got "
            f"{num_controller_steps} and {num_samples}"
        )
    return ENAS(with_clipping(setup), num_controller_steps, num_samples)


class ENAS:
    """See `enas`."""

    def __init__(self, setup: Setup, num_controller_steps: int, num_samples: int) -> None:
        space = whole_product(setup, "enas")
        self.network, self.space, self.training = setup.network, space, setup.training
        self.num_controller_steps, self.num_samples = num_controller_steps, num_samples
        _, first = next(setup.network.named_parameters())
        sizes = [len(decision.options) for decision in space.decisions]
        self.controller = Controller(sizes, setup.training.seed).to(first.device, first.dtype)
        self.adam = Adam(list(self.controller.parameters()), LEARNING_RATE, clip_norm=CLIP_NORM)
        self.baseline = torch.zeros(2, dtype=torch.float64)
        """The moving average of rewards, and whether there was one yet."""
        self.optimizer = PartialOptimizer(dict(setup.network.named_parameters()), setup.training.optimizer)
        self._epoch: tuple[int, Integer[np.ndarray, " architectures"]] | None = None

    def paths(self, at: Step) -> list[int]:
        """The architectures that a step trains; those of an epoch are written at once, by the same controller."""
        number = self.training.paths_per_step
        if self._epoch is None or self._epoch[0] != at.epoch:
            with torch.no_grad():
                written = self.controller.write(at.epoch_rng(), at.steps_per_epoch * number)
            self._epoch = at.epoch, self.space.architectures(written.choices)
        paths: list[int] = self._epoch[1][at.position * number : (at.position + 1) * number].tolist()
        return paths

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Move the shared weights; after the last step of an epoch, train the controller."""
        loss, regions = path_gradients(self.network, self.paths(at), train)
        self.optimizer.step(regions, at.learning_rate)
        if at.position == at.steps_per_epoch - 1:
            rng = at.rng()
            for _ in range(self.num_controller_steps):
                written = self.controller.write(rng, self.num_samples)
                paths = self.space.architectures(written.choices).tolist()
                accuracies = batch_accuracies(self.network, paths, validation())
                self.adam.step(self.policy_gradient(written, accuracies))
        return Report(loss)

    def policy_gradient(self, written: Written, accuracies: Float[Tensor, " architectures"]) -> list[Tensor | None]:
        """The gradient of the mean of - log p (reward - baseline); moves the baseline first."""
        rewards = accuracies.to(written.entropy.dtype) + ENTROPY_WEIGHT * written.entropy.detach()
        mean = float(rewards.mean())
        known = bool(self.baseline[1])
        self.baseline[0] = BASELINE_DECAY * self.baseline[0] + (1 - BASELINE_DECAY) * mean if known else mean
        self.baseline[1] = 1
        loss = -(written.log_probability * (rewards - float(self.baseline[0]))).mean()
        return list(torch.autograd.grad(loss, list(self.controller.parameters()), allow_unused=True))

    def scorer(self) -> Scorer | None:
        """The log-probability with which the controller writes an architecture."""
        return self

    @torch.no_grad()
    def _log_probabilities(self, architectures: Architectures) -> list[float]:
        found: list[float] = self.controller.read(
            self.space.choices(np.asarray(architectures))
        ).log_probability.tolist()
        return found

    def scores(self, architectures: Architectures) -> Iterator[float]:
        """Log-probabilities; of the first combination of choices, where several give an architecture."""
        yield from self._log_probabilities(architectures)

    def own_choice(
        self,
        images: ImageSet,
        evaluation: EvaluationSettings,  # noqa: ARG002
        rng: np.random.Generator,
        should_stop: Callable[[], bool] = lambda: False,  # noqa: ARG002
    ) -> int:
        """The best of 100 draws on one validation batch."""
        with torch.no_grad():
            written = self.controller.write(rng, NUM_FINAL_DRAWS)
        drawn = self.space.architectures(written.choices)
        size = min(self.training.batch_size, len(images.validation_images))
        which = torch.from_numpy(rng.choice(len(images.validation_images), size, replace=False)).to(images.device)
        normal = images.normalize(images.validation_images[which]).to(self.controller.start.dtype)
        accuracies = batch_accuracies(self.network, drawn.tolist(), Batch(normal, images.validation_labels[which]))
        return int(drawn[int(accuracies.argmax())])

    def state_dict(self) -> dict[str, Tensor]:
        """Controller, baseline, and the state of both optimizers."""
        return prefixed(
            {
                "controller": dict(self.controller.state_dict()),
                "adam": self.adam.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "baseline": {"average": self.baseline},
            }
        )

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state from a checkpoint."""
        self.controller.load_state_dict(part_of(state, "controller"))
        self.adam.load_state_dict(part_of(state, "adam"))
        self.optimizer.load_state_dict(part_of(state, "optimizer"))
        self.baseline.copy_(part_of(state, "baseline")["average"])
        self._epoch = None
