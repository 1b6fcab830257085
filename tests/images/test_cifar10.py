"""The split of CIFAR-10."""

import io

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from shareornot.images import cifar10_images


@pytest.fixture(scope="module")
def arrays():
    rng = np.random.default_rng(0)
    train = np.zeros((50_000, 3, 32, 32), np.uint8)
    train[:, :, 0, 0] = rng.integers(256, size=(50_000, 3))
    test = np.zeros((10_000, 3, 32, 32), np.uint8)
    test[:, 0, 5, 7] = rng.integers(256, size=10_000)
    labels = rng.integers(10, size=60_000).astype(np.uint8)
    for array in (train, test, labels):
        array.flags.writeable = False  # as those of a file that is mapped into memory
    return train, labels[:50_000], test, labels[50_000:]


def test_the_last_10000_training_images_validate(arrays):
    train, train_labels, test, test_labels = arrays
    images = cifar10_images(*arrays)
    for ours, expected in (
        (images.train_images, train[:40_000]),
        (images.train_labels, train_labels[:40_000]),
        (images.validation_images, train[40_000:]),
        (images.validation_labels, train_labels[40_000:]),
        (images.test_images, test),
        (images.test_labels, test_labels),
    ):
        assert torch.equal(ours, torch.tensor(expected).to(ours.dtype))
    assert images.train_labels.dtype == torch.int64


def test_it_is_augmented_as_in_the_paper(arrays):
    images = cifar10_images(*arrays)
    assert (images.num_classes, images.image_channels, images.crop_padding, images.flip) == (10, 3, 4, True)


def test_mean_and_deviation_are_those_of_the_channels(arrays, shared_data):
    column = pq.read_table(shared_data / "cifar10-jpeg-train.parquet", columns=["image"])["image"][:3000]
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(value.as_py()))) for value in column]) / 255
    images = cifar10_images(*arrays)
    np.testing.assert_allclose(images.mean, pixels.mean(axis=(0, 1, 2)), atol=0.01)
    np.testing.assert_allclose(images.std, pixels.std(axis=(0, 1, 2)), atol=0.01)
