"""Proxy accuracies: how well cells do with the weights that they share."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.images import ImageSet, draw_epoch
from shareornot.supernet.cell_plan import CellPlan
from shareornot.supernet.config import EvaluationConfig, OptimizerConfig, TrainingConfig
from shareornot.supernet.network import ADAPTED, RUNNING, BatchNormMode, Images, SuperNet, adapt_batch_norm
from shareornot.supernet.sampling import Indices
from shareornot.supernet.training import Trainer


class Evaluator:
    """Scores cells with a trained super-net, which it leaves as it is.

    Args:
        network: trained; moved nowhere, changed nowhere but in its adapted statistics.
        images: on the device of the network.
        config: how to score.

    This is the plain engine, the reference for all others, which derive from it and replace `forward` or `logits`.
    """

    engine: ClassVar[str] = "plain"
    trainer: ClassVar[type[Trainer]] = Trainer
    """For the fine-tuning."""

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationConfig) -> None:
        self.network, self.images, self.config = network, images, config
        self.batches = [] if config.adaptation == "none" else _training_batches(images, config)
        self.validation = images.normalize(images.validation_images)

    def scores(self, cells: Indices) -> Iterator[float]:
        """Proxy accuracy of each cell in turn, on the validation images."""
        for index in cells:
            network = self.network
            if self.config.fine_tuning_steps:
                network = deepcopy(network)
                self._fine_tune(network, int(index))
            plan = network.plan(int(index))
            with torch.inference_mode():
                right = self.logits(network, plan).argmax(dim=1) == self.images.validation_labels
                yield int(right.sum()) / len(self.validation)

    def forward(self, network: SuperNet) -> Callable[[Images, CellPlan, BatchNormMode], Tensor]:
        """What gives the logits of a cell."""
        return network

    def logits(self, network: SuperNet, plan: CellPlan) -> Float[Tensor, "validation K"]:
        """Of a cell, for each validation image."""
        forward, mode = self.forward(network), RUNNING
        if self.config.adaptation != "none":
            average = self.config.adaptation == "average"
            adapt_batch_norm(network, plan, self.batches, average=average, forward=forward)
            mode = ADAPTED
        return torch.cat([forward(part, plan, mode) for part in torch.split(self.validation, self.forward_size)])

    @property
    def forward_size(self) -> int:
        """Validation images that go through the network at once."""
        return self.config.forward_size or (256 if self.images.device.type == "cpu" else 2_000)

    def _fine_tune(self, network: SuperNet, index: int) -> None:
        """Train the weights on one cell alone, by gradient descent with momentum along a cosine."""
        images, config = self.images, self.config
        batch_size = min(config.batch_size, len(images.train_images))
        steps_per_epoch = -(-len(images.train_images) // batch_size)
        optimizer = OptimizerConfig(name="sgd", learning_rate=config.fine_tuning_learning_rate)
        training = TrainingConfig(
            epochs=-(-config.fine_tuning_steps // steps_per_epoch),
            batch_size=batch_size,
            optimizer=optimizer,
            seed=config.seed,
        )
        trainer = self.trainer(network, images, np.array([index], np.int32), training)
        for _ in range(config.fine_tuning_steps):
            trainer.step()


def proxy_accuracies(network: SuperNet, images: ImageSet, cells: Indices, config: EvaluationConfig) -> np.ndarray:
    """Proxy accuracies of cells, fractions, float64 with shape (cells,).

    References: Pourchot et al. 2020, arXiv:2002.04289, section 4.1.
    """
    return np.fromiter(Evaluator(network, images, config).scores(cells), np.float64, len(cells))


def _training_batches(images: ImageSet, config: EvaluationConfig) -> list[Images]:
    """Augmented training batches for the adaptation, from as many passes over the images as they need."""
    rng = np.random.default_rng([config.seed, 1])
    size = min(config.batch_size, len(images.train_images))
    batches: list[Images] = []
    while len(batches) < config.num_batches:
        draws = draw_epoch(images, rng)
        starts = range(0, len(images.train_images) - size + 1, size)
        batches.extend(images.training_batch(draws, start, start + size)[0] for start in starts)
    return batches[: config.num_batches]
