"""A look at a super-net before it is trained: do its paths agree, and does the image reach the classifier?

Weights can be shared by architectures only as far as these give the weights the same inputs. Two numbers, measured on
the initial weights in seconds, show how far they do:

- *Alignment*: how much the features in front of the classifier correlate between two random architectures on the same
  images. The classifier is shared by all of them.
- *Image similarity*: how well the features keep which images look alike, compared with the images at 4 x 4 pixels.

Both are 1 where nothing is lost and near 0 where everything is. A super-net with low numbers can still learn, only
more slowly, and a high number promises no good ranking: where architectures look alike at the start, training has
to learn their differences.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jaxtyping import Float
from torch import Tensor, nn

from shareornot.errors import SettingsError
from shareornot.supernet.batch_norm import adapted_batch_norm
from shareornot.supernet.contract import SuperNet

THUMBNAIL = 4
"""Height and width of the images that features are compared with."""
LOW_ALIGNMENT, LOW_SIMILARITY = 0.1, 0.05
"""Below these a number is near 0."""

Features = Float[Tensor, "B D"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Measurements of a probe; the module defines the numbers."""

    num_architectures: int
    num_images: int
    alignment: float
    """Mean over pairs of architectures of the correlation of their features."""
    lowest_alignment: float
    """Alignment of the pair that agrees least."""
    image_similarity: float
    """Mean over architectures of the similarity between features and images."""
    lowest_image_similarity: float
    """Image similarity of the architecture that keeps least of the image."""

    def warnings(self) -> list[str]:
        """A sentence for each number that is near 0."""
        found = []
        if self.alignment < LOW_ALIGNMENT:
            found.append(
                f"alignment {self.alignment:.2f} is near 0: random paths hand the classifier features that disagree; "
                "in a deep space, consider aligned initial weights"
            )
        if self.image_similarity < LOW_SIMILARITY:
            found.append(
                f"image similarity {self.image_similarity:.2f} is near 0: little of the image reaches the classifier; "
                "consider aligned initial weights, a shallower network, or shortcuts"
            )
        return found


def probe_supernet(network: SuperNet, images: Float[Tensor, "B C H W"], architectures: Sequence[int]) -> Probe:
    """Measure how aligned paths are and how much of the image reaches the classifier.

    The features are the inputs of the last `nn.Linear` that the network calls, or its logits if it calls none. Batch
    norm uses the statistics of these images under each architecture. Weights, statistics and modes stay as they were;
    afterwards the last of the architectures is active.

    Args:
        network: any super-net, trained or not.
        images: normalized, at least 8, on the device of the network; 256 are enough.
        architectures: at least two different ones; about ten random ones are enough.

    Returns:
        Both measures, each 1 where nothing is lost and near 0 where everything is.

    Raises:
        SettingsError: too few images or architectures, or the network computes a number that is not finite.

    Example:
        >>> from shareornot.supernet import NASBench101SuperNet, NetworkSettings
        >>> settings = NetworkSettings(num_filters=4, cells_per_stack=1, initial_weights="aligned")
        >>> network = NASBench101SuperNet(settings, seed=0)
        >>> images = torch.randn(32, 3, 16, 16, generator=torch.Generator().manual_seed(0))
        >>> probe = probe_supernet(network, images, [7, 8, 9])
        >>> probe.alignment > 0.3
        True

    References: Kornblith et al. 2019, arXiv:1905.00414, for the similarity (linear CKA), with the unbiased estimator of
        Song et al. 2012, JMLR 13.
    """
    if len(images) < 8 or len(set(architectures)) < 2:
        raise SettingsError(
            "probe: expected at least 8 images and 2 different architectures, got "
            f"{len(images)} and {len(set(architectures))}"
        )
    thumbnails = F.adaptive_avg_pool2d(images, THUMBNAIL).flatten(1).double()
    features = [_features(network, images, architecture) for architecture in architectures]
    if not all(bool(torch.isfinite(one).all()) for one in features):
        raise SettingsError("probe: expected finite features, got some that are not; is the network initialized?")
    alignments = [_correlation(one, other) for one, other in combinations(features, 2)]
    similarities = [_similarity(one, thumbnails) for one in features]
    return Probe(
        num_architectures=len(features),
        num_images=len(images),
        alignment=float(np.mean(alignments)),
        lowest_alignment=min(alignments),
        image_similarity=float(np.mean(similarities)),
        lowest_image_similarity=min(similarities),
    )


def _features(network: SuperNet, images: Float[Tensor, "B C H W"], architecture: int) -> Features:
    """What stands in front of the classifier, centred over the images."""
    network.activate(architecture)
    with torch.no_grad(), adapted_batch_norm(network, [images]), _classifier_inputs(network) as inputs:
        logits = network(images)
    features = (inputs[-1] if inputs else logits).flatten(1).double()
    return features - features.mean(dim=0)


@contextmanager
def _classifier_inputs(network: SuperNet) -> Iterator[list[Tensor]]:
    """Within the block, the list gathers the inputs of every `nn.Linear` that is called, the classifier's last."""
    inputs: list[Tensor] = []

    def keep(_module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        inputs.append(arguments[0])

    hooks = [one.register_forward_pre_hook(keep) for one in network.modules() if isinstance(one, nn.Linear)]
    try:
        yield inputs
    finally:
        for hook in hooks:
            hook.remove()


def _correlation(one: Features, other: Float[Tensor, "B E"]) -> float:
    """Correlation of centred features over images and channels; 0 where one of them is constant.

    Features that differ in number, as those of architectures of different widths do, are compared in their first ones.
    """
    width = min(one.shape[1], other.shape[1])
    one, other = one[:, :width], other[:, :width]
    length = float(one.norm() * other.norm())
    return float((one * other).sum()) / length if length > 0 else 0.0


def _similarity(one: Features, other: Float[Tensor, "B E"]) -> float:
    """Unbiased linear CKA: how alike two descriptions find the same pairs of images; 0 where one is constant."""
    first, second = one @ one.T, other @ other.T
    scale = _dependence(first, first) * _dependence(second, second)
    return _dependence(first, second) / math.sqrt(scale) if scale > 0 else 0.0


def _dependence(first: Float[Tensor, "B B"], second: Float[Tensor, "B B"]) -> float:
    """Unbiased Hilbert-Schmidt independence criterion of two Gram matrices."""
    number = len(first)
    first, second = (gram - torch.diag(gram.diagonal()) for gram in (first, second))
    total = (first * second).sum() + first.sum() * second.sum() / ((number - 1) * (number - 2))
    total = total - 2 / (number - 2) * (first.sum(dim=0) @ second.sum(dim=0))
    return float(total / (number * (number - 3)))
