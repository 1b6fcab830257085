"""Path dropout: the sum of all options, some of which are dropped at random (the one-shot model)."""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Bool
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.contract import Scorer, Setup
from shareornot.methods.preferences import whole_product
from shareornot.methods.refusals import mixing_refused
from shareornot.supernet.contract import MixedSuperNet, Regions, merge_regions, used_regions
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.training import Batch, Report, Step

Masks = list[Bool[np.ndarray, " options"]]


def path_dropout(setup: Setup, *, final_rate: float = 0.1, ghost_size: int = 32) -> "PathDropout":
    """Train the sum of all options, each of which is dropped at random, ever more of them.

    The output of a decision is the sum of the options that are kept. Each of its k options is dropped with probability
    r^(1/k), so that all are dropped with probability r, which rises linearly by step from 0 to its final value. A
    mini-batch is cut into sub-batches with a mask each, whose batch norm sees nothing of the others. Weight decay
    touches only what a mask keeps. An architecture is scored by dropping all other options, without reweighting.

    Args:
        setup: a whole product space, and a super-net that can mix.
        final_rate: r at the end of training; the value is our choice.
        ghost_size: images of a sub-batch.

    References: Bender et al. 2018, "Understanding and Simplifying One-Shot Architecture Search", ICML, section 3.
    """
    if not 0 < final_rate < 1 or ghost_size < 2:
        raise SettingsError(
            "method path-dropout: expected final_rate between 0 and 1 and ghost_size from 2, got "
            f"{final_rate} and {ghost_size}"
        )
    return PathDropout(setup, final_rate, ghost_size)


class PathDropout:
    """See `path_dropout`."""

    def __init__(self, setup: Setup, final_rate: float, ghost_size: int) -> None:
        space = whole_product(setup, "path-dropout")
        if not isinstance(setup.network, MixedSuperNet):
            raise mixing_refused("path-dropout", space)
        if setup.training.paths_per_step != 1:
            raise SettingsError(
                "method path-dropout: expected paths_per_step of 1, because all options are trained together, got "
                f"{setup.training.paths_per_step}"
            )
        self.network: MixedSuperNet = setup.network
        self.sizes = [len(decision.options) for decision in space.decisions]
        self.final_rate, self.ghost_size = final_rate, ghost_size
        self.optimizer = PartialOptimizer(dict(setup.network.named_parameters()), setup.training.optimizer)

    def rate(self, at: Step) -> float:
        """The probability that all options of a decision are dropped."""
        return self.final_rate * at.number / max(at.num_steps - 1, 1)

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:  # noqa: ARG002
        """Move the weights by the mean gradient over the images, each sub-batch under a mask of its own."""
        rng, rate = at.rng(), self.rate(at)
        num_images = len(train.labels)
        num_parts = max(1, num_images // self.ghost_size)
        total, regions = torch.zeros_like(train.images[0, 0, 0, 0]), Regions()
        for images, labels in zip(
            torch.tensor_split(train.images, num_parts), torch.tensor_split(train.labels, num_parts), strict=True
        ):
            masks = draw_masks(rng, self.sizes, rate)
            self.network.mix([torch.from_numpy(mask).to(images.device, images.dtype) for mask in masks])
            loss = F.cross_entropy(self.network(images), labels) * (len(labels) / num_images)
            total += loss.detach()
            if loss.requires_grad:  # a mask may leave nothing that has weights
                loss.backward()  # type: ignore[no-untyped-call]
                merge_regions(regions, used_regions(self.network))
        self.optimizer.step(regions, at.learning_rate)
        return Report(total)

    def scorer(self) -> Scorer | None:
        """None: random masks prefer no architecture."""
        return None

    def state_dict(self) -> dict[str, Tensor]:
        """The state of the optimizer."""
        return {f"optimizer.{name}": tensor for name, tensor in self.optimizer.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take the state of the optimizer from a checkpoint."""
        self.optimizer.load_state_dict({name.removeprefix("optimizer."): tensor for name, tensor in state.items()})


def draw_masks(rng: np.random.Generator, sizes: list[int], rate: float) -> Masks:
    """Which options of each decision are kept, each with probability 1 - rate^(1/k) for k options."""
    return [rng.random(size) >= rate ** (1 / size) for size in sizes]
