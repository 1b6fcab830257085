"""Proxy accuracies: the accuracies of architectures under the weights that they share."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from shareornot.images import ImageSet, draw_epoch
from shareornot.supernet.batch_norm import Images, adapted_batch_norm, evaluation_mode
from shareornot.supernet.contract import Architectures, SuperNet
from shareornot.supernet.gradients import path_gradients
from shareornot.supernet.optimizer import PartialOptimizer
from shareornot.supernet.precision import computing_in
from shareornot.supernet.settings import EvaluationSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.training import Batch, Report, Step, Trainer

PIXELS_AT_A_TIME = 64 * 32 * 32
"""Pixels that go through a network at once on a processor: 64 images of CIFAR-10, whose maps fit the outer cache."""


class Evaluator:
    """Rates architectures by their accuracy under the weights of a trained super-net, which it leaves as it is.

    Load a super-net, then score architectures by their numbers:

        network, _ = load_supernet(Path("seed-0/checkpoint.safetensors"))
        evaluator = Evaluator(network, image_source("digits").load(), EvaluationSettings())
        accuracies = list(evaluator.scores([0, 1, 2]))

    Args:
        network: trained; every score leaves its parameters, statistics and modes as they were.
        images: image set on the device of the network.
        config: how to score. Of `num_images`, "auto" means all here; `enough_images` chooses a number.

    References: Pourchot et al. 2020, arXiv:2002.04289, section 4.1.
    """

    def __init__(self, network: SuperNet, images: ImageSet, config: EvaluationSettings) -> None:
        self.network, self.images, self.config = network, images, config
        dtype = next(parameter.dtype for _, parameter in network.named_parameters())
        batches = [] if config.adaptation == "none" else _training_batches(images, config)
        self.batches = [batch.to(dtype) for batch in batches]
        number = config.num_images if isinstance(config.num_images, int) else None
        self.validation = images.normalize(images.validation_images[:number]).to(dtype)
        self.labels = images.validation_labels[:number]

    def scores(self, architectures: Architectures) -> Iterator[float]:
        """Proxy accuracy of each architecture in turn, on the validation images; a fraction."""
        for correct in self.correct_in_halves(architectures):
            yield sum(correct) / len(self.validation)

    def correct_in_halves(self, architectures: Architectures) -> Iterator[tuple[int, int]]:
        """Correctly classified validation images of each architecture in turn, in two halves.

        The first half are the images at even positions, the second those at odd ones. From the agreement of the two
        follows the reliability of the scores, see `shareornot.statistics.split_half`.
        """
        for architecture in map(int, architectures):
            network = self.network
            if self.config.fine_tuning_steps:
                network = deepcopy(network)
                self._fine_tune(network, architecture)
            network.activate(architecture)
            in_precision = computing_in(self.config.precision, self.images.device)
            with torch.inference_mode(), in_precision, self._evaluation(network):
                logits = torch.cat([network(part) for part in torch.split(self.validation, self.forward_size)])
            correct = logits.argmax(dim=1) == self.labels
            yield int(correct[::2].sum()), int(correct[1::2].sum())

    def _evaluation(self, network: SuperNet) -> AbstractContextManager[None]:
        """Evaluation mode with the statistics of batch norm that the settings require."""
        if self.config.adaptation == "none":
            return evaluation_mode(network)
        return adapted_batch_norm(network, self.batches, average=self.config.adaptation == "average")

    @property
    def forward_size(self) -> int:
        """Validation images that go through the network at once."""
        if self.config.forward_size or self.images.device.type != "cpu":
            return self.config.forward_size or 2_000
        height, width = self.validation.shape[2:]
        return max(1, PIXELS_AT_A_TIME // (height * width))

    def _fine_tune(self, network: SuperNet, architecture: int) -> None:
        """Train the weights on one architecture alone, by gradient descent with momentum along a cosine."""
        images, config = self.images, self.config
        batch_size = min(config.batch_size, len(images.train_images))
        steps_per_epoch = -(-len(images.train_images) // batch_size)
        training = TrainingSettings(
            epochs=-(-config.fine_tuning_steps // steps_per_epoch),
            batch_size=batch_size,
            optimizer=OptimizerSettings(name="sgd", learning_rate=config.fine_tuning_learning_rate),
            seed=config.seed,
        )
        trainer = Trainer(network, _FineTuning(network, architecture, training.optimizer), images, training)
        network.train()
        for _ in range(config.fine_tuning_steps):
            trainer.step()


class _FineTuning:
    """Steps on one architecture alone."""

    def __init__(self, network: SuperNet, architecture: int, settings: OptimizerSettings) -> None:
        self.network, self.architecture = network, architecture
        self.optimizer = PartialOptimizer(dict(network.named_parameters()), settings)

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:  # noqa: ARG002
        loss, regions = path_gradients(self.network, [self.architecture], train)
        self.optimizer.step(regions, at.learning_rate)
        return Report(loss)

    def state_dict(self) -> dict[str, Tensor]:
        return self.optimizer.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self.optimizer.load_state_dict(state)


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
