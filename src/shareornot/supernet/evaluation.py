"""Proxy accuracies: how well cells do with the weights that they share."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from copy import deepcopy

import numpy as np
import torch

from shareornot.images import ImageSet, draw_epoch
from shareornot.supernet.batch_norm import Images, adapted_batch_norm, evaluation_mode
from shareornot.supernet.contract import SuperNet
from shareornot.supernet.sampling import Indices
from shareornot.supernet.settings import EvaluationSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.training import Trainer


class Evaluator:
    """Scores cells with a trained super-net, which it leaves as it is.

    Args:
        network: trained; every score leaves its parameters, statistics and modes as they were.
        images: on the device of the network.
        config: how to score.
    """

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationSettings) -> None:
        self.network, self.images, self.config = network, images, config
        dtype = next(parameter.dtype for _, parameter in network.named_parameters())
        batches = [] if config.adaptation == "none" else _training_batches(images, config)
        self.batches = [batch.to(dtype) for batch in batches]
        self.validation = images.normalize(images.validation_images).to(dtype)

    def scores(self, cells: Indices) -> Iterator[float]:
        """Proxy accuracy of each architecture in turn, on the validation images; a fraction."""
        for architecture in cells.tolist():
            network = self.network
            if self.config.fine_tuning_steps:
                network = deepcopy(network)
                self._fine_tune(network, architecture)
            network.activate(architecture)
            with torch.inference_mode(), self._evaluation(network):
                logits = torch.cat([network(part) for part in torch.split(self.validation, self.forward_size)])
            yield int((logits.argmax(dim=1) == self.images.validation_labels).sum()) / len(self.validation)

    def _evaluation(self, network: SuperNet) -> AbstractContextManager[None]:
        """Evaluation mode with the statistics of batch norm that the settings ask for."""
        if self.config.adaptation == "none":
            return evaluation_mode(network)
        return adapted_batch_norm(network, self.batches, average=self.config.adaptation == "average")

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
