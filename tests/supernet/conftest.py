"""Small images, small networks, and cells of every space."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from shareornot.images import ImageSet
from shareornot.spaces.nasbench101 import SPACES, space_cells
from shareornot.supernet import NetworkSettings

NUM_TRAIN, NUM_VALIDATION = 22, 30


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Networks so small lose time on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def images() -> ImageSet:
    """Coloured noise of 8 x 8 pixels in four classes, brighter from class to class so that there is something to learn.

    The number of training images is no multiple of a batch size, so that epochs end with a smaller batch.
    """
    rng = np.random.default_rng(0)

    def part(num_images: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = rng.integers(4, size=num_images)
        pixels = rng.integers(0, 128, (num_images, 3, 8, 8)) + 40 * labels[:, None, None, None]
        return torch.from_numpy(pixels.astype(np.uint8)), torch.from_numpy(labels)

    (train, train_labels), (validation, validation_labels), (test, test_labels) = map(part, (NUM_TRAIN, 30, 10))
    return ImageSet(
        name="noise",
        num_classes=4,
        train_images=train,
        train_labels=train_labels,
        validation_images=validation,
        validation_labels=validation_labels,
        test_images=test,
        test_labels=test_labels,
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.25, 0.3),
        crop_padding=1,
        flip=True,
    )


@pytest.fixture(scope="session")
def network_config() -> Callable[..., NetworkSettings]:
    """A network of two stacks of one cell with six filters, which four vertices share unequally."""

    def make(**changes) -> NetworkSettings:
        sizes = {"num_filters": 6, "num_stacks": 2, "cells_per_stack": 1, "num_classes": 4, "bn_momentum": 0.1}
        return NetworkSettings(**(sizes | changes))

    return make


@pytest.fixture(scope="session")
def some_cells() -> Callable[[str, int], np.ndarray]:
    """Cells of a space, drawn at random but always the same."""
    spaces = {space.name: space for space in SPACES}

    def draw(space: str, num_cells: int) -> np.ndarray:
        return np.random.default_rng(7).choice(space_cells(spaces[space]), num_cells, replace=False)

    return draw
