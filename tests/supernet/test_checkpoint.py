"""A training that stops after any step resumes with identical bits, and a damaged checkpoint is recognized as one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from shareornot.errors import DataError
from shareornot.methods import make_trainer
from shareornot.spaces import open_space
from shareornot.supernet import NASBench101SuperNet, OptimizerSettings, Trainer, TrainingSettings
from shareornot.supernet.checkpoint import load_checkpoint, load_supernet, save_checkpoint

PUBLISHED = OptimizerSettings(accumulate_epsilon=True, move_whole_tensors=True)
CONFIG = TrainingSettings(epochs=3, batch_size=8, seed=2)
STEPS_PER_EPOCH = 3


@pytest.fixture
def trainer(images, network_config, some_cells):
    def make(config=CONFIG, **network_changes) -> Trainer:
        network = NASBench101SuperNet(network_config(**network_changes), config.seed)
        return make_trainer(network, open_space("A_FULL"), some_cells("A_FULL", 40), images, config)

    return make


def train(trainer, num_steps=None):
    """Train up to this number of steps, or to the end."""
    for _ in trainer.run(lambda: trainer.steps_done == num_steps):
        pass
    return trainer


def assert_same(one, other):
    assert one.steps_done == other.steps_done
    for tensors, others in (
        (one.network.state_dict(), other.network.state_dict()),
        (one.method.state_dict(), other.method.state_dict()),
    ):
        assert tensors.keys() == others.keys()
        assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": PUBLISHED, "method": "pro-rata", "paths_per_step": 2},
        {"optimizer": OptimizerSettings(name="sgd", learning_rate=0.05)},
    ],
    ids=["as described", "as published", "sgd"],
)
def test_stop_after_any_step_and_resume(changes, trainer, tmp_path):
    config = replace(CONFIG, **changes)
    expected = train(trainer(config))
    assert expected.steps_done == 3 * STEPS_PER_EPOCH
    for num_steps in (0, 1, 3, 5, 9):
        path = tmp_path / f"{num_steps}.safetensors"
        stopped = train(trainer(config), num_steps)
        save_checkpoint(path, stopped)
        resumed = trainer(replace(config))
        load_checkpoint(path, resumed)
        assert_same(resumed, stopped)
        assert_same(train(resumed), expected)


def test_stop_again_and_again(trainer, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    for num_steps in range(1, 10):
        one = trainer()
        if path.exists():
            load_checkpoint(path, one)
        save_checkpoint(path, train(one, num_steps))
    assert_same(one, train(trainer()))


def test_the_network_of_a_checkpoint(trainer, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    one = train(trainer(single_kernel=True), 4)
    save_checkpoint(path, one)
    network, num_steps = load_supernet(path)
    assert num_steps == 4
    assert network.config == one.network.config
    tensors = network.state_dict()
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in one.network.state_dict().items())


@pytest.fixture
def checkpoint(trainer, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, train(trainer(num_filters=4), 1))
    return path


def flip(path, position, bit):
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def assert_refused(path, trainer):
    """By both functions that read it, with the file's name; and the trainer stays as it was."""
    one = trainer(num_filters=4)
    before = {name: tensor.clone() for name, tensor in one.network.state_dict().items()}
    with pytest.raises(DataError, match=r"checkpoint\.safetensors: "):
        load_checkpoint(path, one)
    assert one.steps_done == 0
    assert all(torch.equal(tensor, before[name]) for name, tensor in one.network.state_dict().items())
    with pytest.raises(DataError, match=r"checkpoint\.safetensors: "):
        load_supernet(path)


def test_a_flipped_bit_is_found_wherever_it_is(trainer, checkpoint):
    content = checkpoint.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    rng = np.random.default_rng(0)
    everywhere = [*range(8), *rng.integers(8, header, 25), *rng.integers(header, len(content), 10), len(content) - 1]
    for position in everywhere:
        flip(checkpoint, position, int(rng.integers(8)))
        assert_refused(checkpoint, trainer)
        checkpoint.write_bytes(content)
    load_checkpoint(checkpoint, trainer(num_filters=4))  # whole again


@pytest.mark.parametrize("field", [b'"steps_done":"', b'"sha256":"', b'\\"num_filters\\": ', b'\\"seed\\": '])
def test_changed_metadata_are_found(field, trainer, checkpoint):
    """A digit that is replaced by another leaves the format whole; only the checksum detects it."""
    position = checkpoint.read_bytes().index(field) + len(field)
    flip(checkpoint, position, 0)
    assert_refused(checkpoint, trainer)


@pytest.mark.parametrize("length", [0, 5, 100, 5000, -1])
def test_a_truncated_file_is_refused(length, trainer, checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes()[:length])
    assert_refused(checkpoint, trainer)


@pytest.mark.parametrize("content", [b"<html>not found</html>", b"\x80\x04\x95" + bytes(100), bytes(1000)])
def test_something_else_is_refused(content, trainer, checkpoint):
    checkpoint.write_bytes(content)
    assert_refused(checkpoint, trainer)


def test_tensors_of_something_else_are_refused(trainer, checkpoint):
    save_file(load_file(checkpoint), checkpoint)
    assert_refused(checkpoint, trainer)


@pytest.mark.parametrize(
    "config",
    [
        replace(CONFIG, epochs=4),
        replace(CONFIG, seed=3),
        replace(CONFIG, method="pro-rata"),
        replace(CONFIG, optimizer=PUBLISHED),
    ],
)
def test_a_checkpoint_of_other_training_settings_is_refused(config, trainer, checkpoint):
    one = trainer(config, num_filters=4)
    with pytest.raises(DataError, match=r"checkpoint.safetensors: expected a checkpoint of these training settings"):
        load_checkpoint(checkpoint, one)
    assert one.steps_done == 0


@pytest.mark.parametrize("changes", [{"num_filters": 8}, {"single_kernel": True}, {"bn_momentum": 0.2}])
def test_a_checkpoint_of_another_network_is_refused(changes, trainer, checkpoint):
    one = trainer(**({"num_filters": 4} | changes))
    with pytest.raises(DataError, match=r"checkpoint.safetensors: expected a checkpoint of these network settings"):
        load_checkpoint(checkpoint, one)


def test_a_checkpoint_is_written_whole_or_not_at_all(trainer, checkpoint, monkeypatch):
    content = checkpoint.read_bytes()

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(checkpoint, train(trainer(), 2))
    assert checkpoint.read_bytes() == content
    assert list(checkpoint.parent.iterdir()) == [checkpoint]
