"""Proxy accuracies: how well cells do with the weights that they share."""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from shareornot.images import ImageSet, draw_epoch
from shareornot.supernet.cell_plan import CellPlan
from shareornot.supernet.network import ADAPTED, RUNNING, Images, SuperNet, adapt_batch_norm
from shareornot.supernet.sampling import Indices
from shareornot.supernet.settings import EvaluationSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.training import Trainer


class Evaluator:
    """Scores cells with a trained super-net, which it leaves as it is.

    Args:
        network: trained; moved nowhere, changed nowhere but in its adapted statistics.
        images: on the device of the network.
        config: how to score.
    """

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationSettings) -> None:
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

    def logits(self, network: SuperNet, plan: CellPlan) -> Float[Tensor, "validation K"]:
        """Of a cell, for each validation image."""
        mode = RUNNING
        if self.config.adaptation != "none":
            average = self.config.adaptation == "average"
            adapt_batch_norm(network, plan, self.batches, average=average)
            mode = ADAPTED
        return torch.cat([network(part, plan, mode) for part in torch.split(self.validation, self.forward_size)])

    @property
    def forward_size(self) -> int:
        """Validation images that go through the network at once."""
        return self.config.forward_size or (256 if self.images.device.type == "cpu" else 2_000)

    def _fine_tune(self, network: SuperNet, index: int) -> None:
        """Train the weights on one cell alone, by gradient descent with momentum along a cosine."""
        images, config = self.images, self.config
        batch_size = min(config.batch_size, len(images.train_images))
        steps_per_epoch = -(-len(images.train_images) // batch_size)
        optimizer = OptimizerSettings(name="sgd", learning_rate=config.fine_tuning_learning_rate)
        training = TrainingSettings(
            epochs=-(-config.fine_tuning_steps // steps_per_epoch),
            batch_size=batch_size,
            optimizer=optimizer,
            seed=config.seed,
        )
        trainer = Trainer(network, images, np.array([index], np.int32), training)
        for _ in range(config.fine_tuning_steps):
            trainer.step()


def proxy_accuracies(network: SuperNet, images: ImageSet, cells: Indices, config: EvaluationSettings) -> np.ndarray:
    """Proxy accuracies of cells, fractions, float64 with shape (cells,).

    References: Pourchot et al. 2020, arXiv:2002.04289, section 4.1.
    """
    return np.fromiter(Evaluator(network, images, config).scores(cells), np.float64, len(cells))


def _training_batches(images: ImageSet, config: EvaluationSettings) -> list[Images]:
    """Augmented training batches for the adaptation, from as many passes over the images as they need."""
    rng = np.random.default_rng([config.seed, 1])
    size = min(config.batch_size, len(images.train_images))
    batches: list[Images] = []
    while len(batches) < config.num_batches:
        draws = draw_epoch(images, rng)
        starts = range(0, len(images.train_images) - size + 1, size)
        batches.extend(images.training_batch(draws, start, start + size)[0] for start in starts)
    return batches[: config.num_batches]
