"""How many validation images scores need, and that scores use them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from shareornot.errors import SettingsError
from shareornot.supernet import EvaluationSettings, Evaluator, NASBench101SuperNet
from shareornot.supernet.score_reliability import ROUNDING, enough_images

AUTO = EvaluationSettings(adaptation="none", num_images="auto")


class Coins(nn.Module):
    """Architecture a is right on an image with a probability that depends on a; the first pixel holds the label."""

    def __init__(self, spread):
        super().__init__()
        self.thresholds = nn.Parameter(128 + spread * torch.linspace(-1, 1, 60), requires_grad=False)

    def activate(self, architecture):
        self.active = architecture

    def forward(self, images):
        torch.manual_seed(self.active)
        right = 256 * torch.rand(len(images)) < self.thresholds[self.active]
        labels = images[:, 0, 0, 0].round().long()
        return nn.functional.one_hot((labels + ~right) % 4, 4).float()


def labelled(images, number):
    """Images whose first pixel is their label, and a normalization that leaves them as they are."""
    labels = torch.arange(number) % 4
    pixels = labels.to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 8, 8).contiguous()
    return replace(
        images, validation_images=pixels, validation_labels=labels, mean=(0.0,) * 3, std=(1 / 255,) * 3, crop_padding=0
    )


def test_scores_that_differ_much_need_few_images_and_others_all(images):
    many = labelled(images, 6_000)
    much = enough_images(Coins(100.0), many, AUTO, range(60)).num_images
    little = enough_images(Coins(25.0), many, AUTO, range(60)).num_images
    assert isinstance(much, int)
    assert isinstance(little, int)
    assert ROUNDING <= much < little < 6_000
    assert enough_images(Coins(0.5), many, AUTO, range(60)).num_images == "all"
    assert enough_images(Coins(25.0), labelled(images, 500), AUTO, range(60)).num_images == "all"


def test_a_given_number_of_images_is_kept(images):
    for number in (100, "all"):
        asked = replace(AUTO, num_images=number)
        assert enough_images(Coins(100.0), images, asked, range(60)) == asked


def test_a_network_that_scores_everything_alike_gets_all_images(images):
    assert enough_images(Coins(0.0), labelled(images, 3_000), AUTO, [7] * 60).num_images == "all"


def test_scores_use_the_first_images(images, network_config, some_cells):
    network, cells = NASBench101SuperNet(network_config(), 0), some_cells("A_FULL", 5)
    settings = EvaluationSettings(batch_size=8, num_batches=2, num_images=11)
    fewer = replace(
        images, validation_images=images.validation_images[:11], validation_labels=images.validation_labels[:11]
    )
    expected = list(Evaluator(network, fewer, replace(settings, num_images="all")).scores(cells))
    assert list(Evaluator(network, images, settings).scores(cells)) == expected
    halves = np.array(list(Evaluator(network, images, settings).correct_in_halves(cells)))
    np.testing.assert_array_equal(halves.sum(axis=1) / 11, expected)
    assert halves[:, 0].max() <= 6
    assert halves[:, 1].max() <= 5


def test_too_few_images_are_refused():
    with pytest.raises(SettingsError, match="num_images: expected at least 2, 'all' or 'auto', got 1"):
        EvaluationSettings(num_images=1)
