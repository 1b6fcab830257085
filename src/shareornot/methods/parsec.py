"""PARSEC: several sampled architectures, each weighted by how well it explains the mini-batch."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.methods.adam import Adam
from shareornot.methods.contract import Setup
from shareornot.methods.costs import PARSEC_SAMPLES
from shareornot.methods.learnt_preferences import LearntPreferences
from shareornot.supernet.contract import Regions, merge_regions, used_regions
from shareornot.supernet.training import Batch, Report, Step


def parsec(setup: Setup, *, num_samples: int = PARSEC_SAMPLES, learning_rate: float = 0.01) -> "PARSEC":
    """Train several sampled architectures per step, each weighted by its likelihood, and their probabilities.

    p(a) is a product of categorical distributions. A step draws K architectures; omega_k is the softmax over k of the
    log-likelihood of the mini-batch, summed over its images. The shared weights follow sum_k omega_k(train) times the
    gradient of the mean loss of architecture k, the probabilities sum_k omega_k(validation) times the gradient of
    log p(a_k). The number of samples and the learning rate are our choices, as we could not check the authors'.

    Args:
        setup: a whole product space.
        num_samples: K.
        learning_rate: learning rate of Adam on the logits of the probabilities.

    References: Casale et al. 2019, arXiv:1902.05116, section 3.
    """
    if num_samples < 1 or learning_rate <= 0:
        raise SettingsError(
            f"method parsec: expected num_samples from 1 and learning_rate above 0, got {num_samples} and "
            f"{learning_rate}"
        )
    if setup.training.paths_per_step != 1:
        raise SettingsError(
            f"method parsec: expected paths_per_step of 1, because num_samples sets the number of paths per step, got "
            f"{setup.training.paths_per_step}"
        )
    return PARSEC(setup, num_samples, learning_rate)


class PARSEC(LearntPreferences):
    """See `parsec`."""

    def __init__(self, setup: Setup, num_samples: int, learning_rate: float) -> None:
        super().__init__(setup, "parsec", lambda logits: Adam(logits, learning_rate))
        self.num_samples = num_samples

    def step(self, at: Step, train: Batch, validation: Callable[[], Batch]) -> Report:
        """Move the shared weights, then the probabilities."""
        choices = self.preferences.draw(at.rng(), self.num_samples)
        paths = self.preferences.space.architectures(choices).tolist()
        losses = [self._loss(path, train) for path in paths]
        regions: Regions = {}
        omegas = likelihood_weights(torch.stack([loss.detach() for loss in losses]), len(train.labels))
        for path, loss, omega in zip(paths, losses, omegas, strict=True):
            (loss * omega).backward()
            self.network.activate(path)
            merge_regions(regions, used_regions(self.network))
        self.optimizer.step(regions, at.learning_rate)
        held_out = validation()
        with torch.no_grad():
            own = torch.stack([self._loss(path, held_out) for path in paths])
        weighted = (likelihood_weights(own, len(held_out.labels)) * self.preferences.log_probability(choices)).sum()
        self.adam.step(torch.autograd.grad(-weighted, self.preferences.logits))
        return Report(torch.stack([loss.detach() for loss in losses]).mean())

    def _loss(self, path: int, batch: Batch) -> Float[Tensor, ""]:
        self.network.activate(path)
        return F.cross_entropy(self.network(batch.images), batch.labels)


def likelihood_weights(mean_losses: Float[Tensor, " samples"], num_images: int) -> Float[Tensor, " samples"]:
    """Omega: softmax over the samples of the log-likelihood of a batch, the sum over its images."""
    return (-mean_losses * num_images).softmax(0)
