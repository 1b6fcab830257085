"""Augmentation on the device against a plain loop over images."""

import numpy as np
import pytest
import torch

from shareornot.images import Draws, ImageSet, draw_epoch

NUM_TRAIN = 40


@pytest.fixture
def image_set():
    def make(crop_padding=2, flip=True) -> ImageSet:
        rng = np.random.default_rng(0)

        def part(num_images):
            pixels = rng.integers(0, 256, (num_images, 3, 5, 6), dtype=np.uint8)
            return torch.from_numpy(pixels), torch.from_numpy(rng.integers(4, size=num_images))

        (train, train_labels), (validation, validation_labels), (test, test_labels) = map(part, (NUM_TRAIN, 7, 3))
        return ImageSet(
            name="noise",
            num_classes=4,
            train_images=train,
            train_labels=train_labels,
            validation_images=validation,
            validation_labels=validation_labels,
            test_images=test,
            test_labels=test_labels,
            mean=(0.1, 0.2, 0.3),
            std=(0.5, 0.6, 0.7),
            crop_padding=crop_padding,
            flip=flip,
        )

    return make


def plain_batch(images, draws, positions):
    """One image, one pixel after the other."""
    batch = []
    for position in positions:
        image = images.train_images[int(draws.order[position])].numpy()
        channels, height, width = image.shape
        top, left = (draws.offsets[position] - images.crop_padding).tolist()
        new = np.zeros((channels, height, width))
        for c in range(channels):
            for y in range(height):
                for x in range(width):
                    column = width - 1 - x if images.flip and draws.flips[position] else x
                    if 0 <= y + top < height and 0 <= column + left < width:
                        new[c, y, x] = image[c, y + top, column + left]
                    new[c, y, x] = (new[c, y, x] / 255 - images.mean[c]) / images.std[c]
        batch.append(new)
    return np.array(batch)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("crop_padding", [0, 1, 4])
def test_crops_and_flips_are_those_of_a_plain_loop(crop_padding, flip, image_set):
    images = image_set(crop_padding, flip)
    draws = draw_epoch(images, np.random.default_rng(1))
    batch, labels = images.training_batch(draws, 8, 32)
    assert batch.shape == (24, 3, 5, 6)
    assert batch.dtype == torch.float32
    assert batch.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(batch, plain_batch(images, draws, range(8, 32)), rtol=0, atol=1e-5)
    assert torch.equal(labels, images.train_labels[draws.order[8:32]])


def test_the_last_batch_is_what_is_left(image_set):
    images = image_set()
    draws = draw_epoch(images, np.random.default_rng(1))
    batch, labels = images.training_batch(draws, 32, 48)
    assert len(batch) == len(labels) == 8


def test_normalized_training_images_have_mean_0_and_deviation_1(image_set):
    images = image_set()
    pixels = images.train_images.double() / 255
    values = pixels.transpose(0, 1).flatten(1)
    fitted = ImageSet(**vars(images) | {"mean": tuple(values.mean(1).tolist()), "std": tuple(values.std(1).tolist())})
    normal = fitted.normalize(images.train_images).transpose(0, 1).flatten(1)
    torch.testing.assert_close(normal.mean(dim=1), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(normal.std(dim=1), torch.ones(3), rtol=0, atol=1e-5)


def test_an_epoch_draws_each_image_once_and_all_crops_alike(image_set):
    images = image_set(crop_padding=1)
    rng = np.random.default_rng(2)
    epochs = [draw_epoch(images, rng) for _ in range(100)]
    assert all(sorted(draws.order.tolist()) == list(range(NUM_TRAIN)) for draws in epochs)
    assert len({tuple(draws.order.tolist()) for draws in epochs}) == 100
    offsets = torch.cat([draws.offsets for draws in epochs])
    counts = np.histogram2d(*offsets.T.numpy(), bins=3, range=[[0, 3]] * 2)[0]
    assert counts.sum() == 4000
    assert (abs(counts - 4000 / 9) < 5 * np.sqrt(4000 / 9)).all()
    flips = torch.cat([draws.flips for draws in epochs])
    assert abs(flips.double().mean().item() - 0.5) < 5 * 0.5 / np.sqrt(4000)


def test_draws_follow_from_the_generator(image_set):
    images = image_set()
    first, again, other = (draw_epoch(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    for name in Draws.__slots__:
        assert torch.equal(getattr(first, name), getattr(again, name))
        assert not torch.equal(getattr(first, name), getattr(other, name))


def test_the_same_images_elsewhere(image_set):
    images = image_set()
    moved = images.to("meta")
    assert moved.device.type == "meta"
    assert moved.test_labels.device.type == "meta"
    assert (moved.name, moved.mean, moved.crop_padding) == (images.name, images.mean, images.crop_padding)
    assert images.device.type == "cpu"
    assert images.image_channels == 3
