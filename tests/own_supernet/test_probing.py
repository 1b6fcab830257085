"""The probe of a user's super-net."""

import pytest
import torch
from tiny_supernet import ARCHITECTURES, same, state_of

from shareornot.errors import SettingsError
from shareornot.own_supernet import probe


def test_images_may_be_a_tensor_or_a_loader(module, data, loaders):
    before = state_of(module)
    images = data[0].tensors[0]
    by_tensor = probe(module, images, ARCHITECTURES)
    assert by_tensor.num_images == 64
    assert by_tensor.num_architectures == 9
    assert -1 <= by_tensor.lowest_alignment <= by_tensor.alignment <= 1
    batches = [(part, torch.zeros(len(part), dtype=torch.int64)) for part in images.split(16)]
    assert probe(module, batches, ARCHITECTURES) == by_tensor
    few = probe(module, loaders[0], ARCHITECTURES, num_images=20, num_architectures=3)
    assert (few.num_images, few.num_architectures) == (20, 3)
    assert same(state_of(module), before)


def test_too_little_is_refused(module, data):
    with pytest.raises(SettingsError, match="expected at least 8 images and 2 different architectures, got 4 and 9"):
        probe(module, data[0].tensors[0][:4], ARCHITECTURES)
