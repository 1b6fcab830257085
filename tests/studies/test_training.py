"""A training in a folder: whatever stops it, the same call resumes and ends with the same numbers."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open

from shareornot.errors import DataError, Interrupted
from shareornot.images import ImageSet, digits_images
from shareornot.studies import training
from shareornot.studies.recipes import digits_network
from shareornot.studies.settings import SupernetSettings
from shareornot.studies.training import CHECKPOINT, continue_training
from shareornot.supernet import OptimizerSettings, TrainingSettings

SPACE = np.arange(84, 2532, 50, dtype=np.int32)
EPOCHS, STEPS_PER_EPOCH = 3, 4
SUPERNET = SupernetSettings(
    benchmark="digits",
    images="digits",
    space="A_FULL",
    recipe="as-described",
    variant="baseline",
    network=replace(digits_network(), num_filters=4),
    training=TrainingSettings(
        epochs=EPOCHS, batch_size=20, optimizer=OptimizerSettings(name="sgd", learning_rate=0.05), seed=3
    ),
)


@pytest.fixture(scope="module")
def images() -> ImageSet:
    """A few of the digits."""
    digits = digits_images()
    parts = {"train": 70, "validation": 40, "test": 10}
    smaller = {
        f"{part}_{kind}": getattr(digits, f"{part}_{kind}")[:number]
        for part, number in parts.items()
        for kind in ("images", "labels")
    }
    return replace(digits, **smaller)


@pytest.fixture
def train(images):
    def call(folder, num_steps=None, supernet=SUPERNET):
        """Train, and be stopped after this number of further steps; returns the epochs that were reported."""
        asked, epochs = itertools.count(), []
        stop = (lambda: next(asked) >= num_steps) if num_steps is not None else lambda: False
        continue_training(
            folder, supernet, images, SPACE, stop, on_epoch=lambda _net, report, _rate: epochs.append(report.epoch)
        )
        return epochs

    return call


@pytest.fixture(scope="module")
def finished(images, tmp_path_factory):
    """The folder of a super-net that was never stopped."""
    folder = tmp_path_factory.mktemp("finished")
    continue_training(folder, SUPERNET, images, SPACE)
    return folder


def read_checkpoint(folder):
    with safe_open(folder / CHECKPOINT, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 (not a mapping)


def assert_same_checkpoint(folder, other):
    """Bit by bit, but for the order of the metadata."""
    (tensors, metadata), (others, other_metadata) = map(read_checkpoint, (folder, other))
    assert metadata == other_metadata
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())


@pytest.mark.parametrize("stops", [[1], [2, 2], [5, 3, 1], [11], [0, 1, 0], [12]])
def test_a_stopped_training_resumes_bit_by_bit(stops, train, finished, tmp_path):
    done = 0
    for num_steps in stops:
        done += num_steps
        if done < EPOCHS * STEPS_PER_EPOCH:
            with pytest.raises(Interrupted, match=f"stopped after {done} of 12 steps; they are saved"):
                train(tmp_path, num_steps)
    train(tmp_path)
    assert_same_checkpoint(tmp_path, finished)


def test_a_kill_loses_no_more_than_what_was_not_saved(train, images, finished, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SAVE_INTERVAL_S", 0.0)
    asked = itertools.count()

    def killed():
        if next(asked) == 10:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        continue_training(tmp_path, SUPERNET, images, SPACE, killed)
    assert train(tmp_path) == [3]
    assert_same_checkpoint(tmp_path, finished)


def test_a_finished_training_is_left_as_it_is(train, finished):
    before = (finished / CHECKPOINT).read_bytes()
    assert train(finished) == []
    assert (finished / CHECKPOINT).read_bytes() == before


def test_a_checkpoint_of_other_settings_is_refused(train, finished):
    other = replace(SUPERNET, training=replace(SUPERNET.training, epochs=4))
    with pytest.raises(DataError, match="expected a checkpoint of these training settings"):
        train(finished, supernet=other)


def test_a_damaged_checkpoint_is_refused(train, finished, tmp_path):
    (tmp_path / CHECKPOINT).write_bytes((finished / CHECKPOINT).read_bytes()[:-1])
    with pytest.raises(DataError, match=r"checkpoint\.safetensors: expected a checkpoint"):
        train(tmp_path)
