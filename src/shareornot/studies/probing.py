"""Probe the super-net that some settings describe, before it is trained."""

from typing import TYPE_CHECKING

import numpy as np

from shareornot.images import image_source
from shareornot.spaces import open_space, space_members
from shareornot.studies.settings import SupernetSettings
from shareornot.tables import open_table

if TYPE_CHECKING:
    from shareornot.supernet.probe import Probe


def probe_settings(supernet: SupernetSettings, *, num_architectures: int = 10, num_images: int = 256) -> "Probe":
    """Build the super-net, and measure how aligned its paths are and how much of the image reaches the classifier.

    Args:
        supernet: what would be trained; its seed is that of the initial weights and of the architectures.
        num_architectures: drawn at random from the space.
        num_images: the first of the training images.

    Raises:
        SettingsError: too few architectures or images.
        MissingDataError: the benchmark or the images are not there.
        MissingExtraError: PyTorch is not installed.
    """
    table, space = open_table(supernet.benchmark), open_space(supernet.space)
    cells = space_members(space, table.num_architectures)
    images = image_source(supernet.images).load()
    from shareornot.supernet import build_supernet
    from shareornot.supernet.probe import probe_supernet

    rng = np.random.default_rng(supernet.training.seed)
    some = rng.choice(cells, min(num_architectures, len(cells)), replace=False)
    network = build_supernet(space.family, supernet.network, supernet.training.seed)
    return probe_supernet(network, images.normalize(images.train_images[:num_images]), some.tolist())
