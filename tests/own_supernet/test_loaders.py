"""Batches of ordinary loaders: what is refused, and that a pass can be repeated without anybody noticing."""

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from shareornot.errors import DataError, SettingsError
from shareornot.own_supernet import loaders as module_of_loaders
from shareornot.own_supernet.loaders import Reading, batch_of, check_loader, first_batch, raw_batches

IMAGES, LABELS = torch.zeros(4, 1, 2, 2), torch.tensor([0, 1, 2, 0])
CPU = torch.device("cpu")


def reading(loader, **changes):
    return Reading(loader, "validation_loader", CPU, **({"seed": 0, "num_classes": 3} | changes))


@pytest.mark.parametrize("kind", [list, tuple])
def test_pairs_are_taken(kind):
    images, labels = batch_of(kind([IMAGES, LABELS.int()]), "train_loader")
    assert images is IMAGES
    assert labels.dtype == torch.int64
    assert labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (
            {"image": IMAGES, "label": LABELS},
            r"got dictionaries with the keys image, label; .*row\['image'\].*row\['label'\]",
        ),
        ((IMAGES, LABELS, LABELS), "expected pairs of images and labels, got 3 things in a batch"),
        (IMAGES, "expected pairs of images and labels, got Tensor"),
        ((IMAGES.tolist(), LABELS), "expected a tensor of images in each batch, got list"),
        ((IMAGES, LABELS.float()), "expected a whole number as the label of each of the 4 images, got torch.float32"),
        ((IMAGES, LABELS[:3]), r"got torch.int64 of shape \(3,\)"),
        ((IMAGES, ["a", "b", "c", "d"]), "got list; give the number of the class"),
    ],
)
def test_other_batches_are_refused_in_one_sentence(batch, message):
    with pytest.raises(DataError, match=f"^train_loader: .*{message}"):
        first_batch([batch], "train_loader", 0)


@pytest.mark.parametrize(
    ("loader", "message"),
    [
        (iter([(IMAGES, LABELS)]), "expected a loader that can be read again, got an iterator"),
        (IMAGES, "expected a loader of batches of images and labels, got Tensor"),
        (7, "expected a loader of batches of images and labels, got int"),
    ],
)
def test_what_is_no_loader_is_refused(loader, message):
    with pytest.raises(SettingsError, match=message):
        check_loader(loader, "train_loader")


def test_an_empty_loader_is_refused():
    with pytest.raises(DataError, match="validation_loader: expected batches of images and labels, got none"):
        list(reading([]))


@pytest.mark.parametrize(("label", "num_classes"), [(3, 3), (-1, 3)])
def test_labels_out_of_range_are_refused(label, num_classes):
    message = f"validation_loader: expected labels from 0 to 2, since the module has 3 outputs, got {label}"
    with pytest.raises(DataError, match=message):
        list(reading([(IMAGES, torch.tensor([0, 1, label, 2]))], num_classes=num_classes))


class Noisy(Dataset):
    """Images that are augmented by all three generators."""

    def __len__(self):
        return 12

    def __getitem__(self, place):
        noise = torch.rand(()) + np.random.random() + random.random()  # noqa: NPY002
        return torch.full((1, 2, 2), float(place)) + noise, place % 3


@pytest.mark.parametrize("own_generator", [False, True])
def test_a_pass_follows_from_the_seed_and_draws_from_nobody(own_generator):
    generator = torch.Generator() if own_generator else None
    loader = DataLoader(Noisy(), batch_size=4, shuffle=True, generator=generator)

    def one_pass(*seed):
        return torch.cat([batch.images for batch in raw_batches(loader, "train_loader", *seed)])

    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
    first = one_pass(0)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert random.getstate() == before[2]
    torch.manual_seed(3)
    next(iter(loader))
    assert torch.equal(one_pass(0), first)
    assert not torch.equal(one_pass(1), first)


@pytest.mark.parametrize("most_bytes", [2**30, 50])
def test_every_pass_of_a_reading_is_the_same_whether_or_not_it_is_kept(most_bytes, monkeypatch):
    monkeypatch.setattr(module_of_loaders, "MOST_KEPT_BYTES", most_bytes)
    read = []

    class Counting(Noisy):
        def __getitem__(self, place):
            read.append(place)
            return super().__getitem__(place)

    passes = reading(DataLoader(Counting(), batch_size=4, shuffle=True))
    first, second = (torch.cat([batch.images for batch in passes]) for _ in range(2))
    assert torch.equal(first, second)
    assert len(read) == (12 if most_bytes > 50 else 24)


@pytest.mark.parametrize("number", [3, 4, 6, 12, 20])
def test_a_reading_ends_after_the_first_images(number):
    passes = reading(DataLoader(Noisy(), batch_size=4), num_images=number)
    for _ in range(2):
        assert sum(len(batch.labels) for batch in passes) == min(number, 12)
