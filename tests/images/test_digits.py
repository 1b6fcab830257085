"""The digits and their split."""

import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from shareornot.errors import MissingExtraError
from shareornot.images import digits_images


def test_the_split_holds_every_digit_once():
    images = digits_images()
    parts = [
        (images.train_images, images.train_labels),
        (images.validation_images, images.validation_labels),
        (images.test_images, images.test_labels),
    ]
    assert [len(part) for part, _ in parts] == [len(labels) for _, labels in parts] == [200, 797, 800]
    pixels = torch.cat([part for part, _ in parts]).flatten(1).numpy()
    labels = torch.cat([labels for _, labels in parts]).numpy()
    bunch = load_digits()
    original = np.column_stack([np.rint(bunch.data * 255 / 16), bunch.target])
    ours = np.column_stack([pixels, labels])
    np.testing.assert_array_equal(ours[np.lexsort(ours.T)], original[np.lexsort(original.T)])


def test_they_are_small_grey_and_not_augmented():
    images = digits_images()
    assert images.train_images.shape == (200, 1, 8, 8)
    assert (images.num_classes, images.image_channels, images.crop_padding, images.flip) == (10, 1, 0, False)
    for labels in (images.train_labels, images.validation_labels, images.test_labels):
        assert set(labels.tolist()) == set(range(10))
    normal = images.normalize(images.train_images)
    assert normal.mean().abs() < 1e-5
    assert abs(normal.std() - 1) < 1e-5


def test_the_split_is_always_the_same():
    assert torch.equal(digits_images().train_images, digits_images().train_images)


def test_without_scikit_learn_the_message_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(MissingExtraError, match=r"pip install shareornot\[train\]"):
        digits_images()
