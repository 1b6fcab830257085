"""Gathered mini-batches against those of the image set, number for number."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from shareornot.images import draw_epoch
from shareornot.supernet.masked.batches import Batches, stack_draws


@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("flip", [False, True])
def test_pixels_are_those_of_the_image_set(padding, flip, images):
    images = replace(images, crop_padding=padding, flip=flip)
    draws = [draw_epoch(images, np.random.default_rng(seed)) for seed in range(3)]
    batch, labels = Batches(images, torch.float32).training(stack_draws(draws), torch.arange(8, 14))
    for lane, draw in enumerate(draws):
        expected, expected_labels = images.training_batch(draw, 8, 14)
        assert torch.equal(batch[:, 3 * lane : 3 * lane + 3], expected)
        assert torch.equal(labels[:, lane], expected_labels)
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_images_that_are_not_square_and_grey(images):
    parts = ("train_images", "validation_images", "test_images")
    cut = {part: getattr(images, part)[:, :1, :, :5].contiguous() for part in parts}
    images = replace(images, mean=(0.5,), std=(0.25,), **cut)
    draw = draw_epoch(images, np.random.default_rng(0))
    batch, _ = Batches(images, torch.float64).training(stack_draws([draw]), torch.arange(22))
    expected, _ = images.training_batch(draw, 0, 22)
    assert batch.dtype == torch.float64
    assert torch.equal(batch, expected.double())
