"""What is known of the data sets without loading them is true of what is loaded."""

import importlib.util

import numpy as np
import pytest

from shareornot.errors import MissingDataError, MissingExtraError, SettingsError
from shareornot.images import IMAGE_SOURCES, image_source
from shareornot.images.cifar10_files import FILE_NAME, SHAPE, ImageArrays, write_arrays


@pytest.fixture
def _empty_cifar10(tmp_path, monkeypatch):
    """Black images in the file that a user would have fetched."""
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    sizes = (50_000, 10_000)
    images = [np.zeros((size, *SHAPE), np.uint8) for size in sizes]
    labels = [np.arange(size, dtype=np.uint8) % 10 for size in sizes]
    write_arrays(tmp_path / FILE_NAME, ImageArrays(images[0], labels[0], images[1], labels[1]), {})


@pytest.mark.usefixtures("_empty_cifar10")
@pytest.mark.parametrize("name", IMAGE_SOURCES)
def test_the_sizes_are_those_of_the_images(name):
    source = image_source(name)
    images = source.load()
    parts = (images.train_images, images.validation_images, images.test_images)
    assert [len(part) for part in parts] == [source.num_train, source.num_validation, source.num_test]
    assert all(part.shape[1:] == source.shape for part in parts)
    assert (images.name, images.num_classes) == (name, source.num_classes)
    assert source.file().is_file()


def test_only_digits_are_small():
    assert [name for name, source in IMAGE_SOURCES.items() if source.is_small] == ["digits"]


def test_files_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path))
    with pytest.raises(MissingDataError, match=r"cifar10\.arrow, found none; run: shareornot data fetch cifar10"):
        image_source("cifar10").file()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match="scikit-learn"):
        image_source("digits").file()


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(SettingsError, match="expected one of digits, cifar10, got 'cifar'; try 'cifar10'"):
        image_source("cifar")
