"""A super-net in a folder: whatever stops it, the same call goes on and ends with the same numbers."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open

from shareornot.errors import DataError, Interrupted, MissingDataError, SettingsError
from shareornot.images import ImageSet, digits_images
from shareornot.progress import Silent
from shareornot.studies import supernet_run
from shareornot.studies.settings import digits_network, digits_settings
from shareornot.studies.supernet_run import CHECKPOINT, PROXIES, evaluate_supernet, train_supernet
from shareornot.studies.training_log import LOG_NAME
from shareornot.supernet import EvaluationSettings, TrainingSettings

SPACE = np.arange(84, 2532, 50, dtype=np.int32)
CELLS = SPACE[[3, 9, 3, 20, 41, 30]]
"""As published code draws them: with replacement."""
EPOCHS, STEPS_PER_EPOCH = 3, 4
EVALUATION = EvaluationSettings(num_batches=2, batch_size=20)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


@pytest.fixture(scope="module")
def settings():
    network = replace(digits_network(), num_filters=4)
    optimizer = digits_settings().training.optimizer
    training = TrainingSettings(epochs=EPOCHS, batch_size=20, optimizer=optimizer, seed=3)
    return replace(digits_settings(), network=network, training=training, evaluation=EVALUATION)


class Recorder:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.total: float = 0
        self.notes: list[str] = []

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        self.total += num_done
        self.notes.append(note)


@pytest.fixture
def train(settings, images):
    def call(folder, num_steps=None, progress=None):
        """Train, and be stopped after so many more steps."""
        asked = itertools.count()
        stop = (lambda: next(asked) >= num_steps) if num_steps is not None else lambda: False
        return train_supernet(folder, settings, images, SPACE, progress or Silent(), stop)

    return call


@pytest.fixture(scope="module")
def finished(settings, images, tmp_path_factory):
    """The folder of a super-net that was never stopped."""
    folder = tmp_path_factory.mktemp("finished")
    train_supernet(folder, settings, images, SPACE, Silent())
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it to do something with."""
    for path in finished.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def assert_same_checkpoint(folder, other):
    """Bit by bit, but for the order of the metadata."""
    (tensors, metadata), (others, other_metadata) = map(read_checkpoint, (folder, other))
    assert metadata == other_metadata
    assert tensors.keys() == others.keys()
    assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())


def read_checkpoint(folder):
    with safe_open(folder / CHECKPOINT, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118 (not a mapping)


def log_lines(folder):
    return [json.loads(line) for line in (folder / LOG_NAME).read_text().splitlines()]


@pytest.mark.parametrize("stops", [[1], [2, 2], [4], [5, 3, 1], [11], [0, 1, 0], [12]])
def test_a_stopped_training_goes_on_bit_by_bit(stops, train, finished, tmp_path):
    done = 0
    for num_steps in stops:
        done += num_steps
        if done < EPOCHS * STEPS_PER_EPOCH:
            with pytest.raises(Interrupted, match=f"stopped after {done} of 12 steps; they are saved"):
                train(tmp_path, num_steps)
    network = train(tmp_path)
    assert_same_checkpoint(tmp_path, finished)
    assert all(tensor.isfinite().all() for tensor in network.state_dict().values())
    assert [line["epoch"] for line in log_lines(tmp_path)] == [1, 2, 3]


def test_a_kill_loses_no_more_than_what_was_not_saved(train, settings, images, finished, tmp_path, monkeypatch):
    """The log may run ahead of the checkpoint; epochs that are done again are logged again."""
    monkeypatch.setattr(supernet_run, "SAVE_INTERVAL_S", 0.0)
    asked = itertools.count()

    def killed():
        if next(asked) == 10:
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        train_supernet(tmp_path, settings, images, SPACE, Silent(), killed)
    assert [line["epoch"] for line in log_lines(tmp_path)] == [1, 2]
    with (tmp_path / LOG_NAME).open("a") as file:
        file.write('{"epoch": 3, "los')
    train(tmp_path)
    assert_same_checkpoint(tmp_path, finished)
    lines = log_lines(tmp_path)
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["loss"] for line in lines] == [line["loss"] for line in log_lines(finished)]
    assert all(line["images_per_s"] > 0 for line in lines)


def test_a_finished_training_is_returned_as_it_is(train, folder):
    progress = Recorder()
    before = (folder / CHECKPOINT).read_bytes()
    train(folder, progress=progress)
    assert (folder / CHECKPOINT).read_bytes() == before
    assert progress.total == 12


def test_progress_counts_every_step_once(train, tmp_path):
    first, second = Recorder(), Recorder()
    with pytest.raises(Interrupted):
        train(tmp_path, 6, first)
    train(tmp_path, progress=second)
    assert first.total == 4
    assert second.total == 12
    assert second.notes[-1].startswith("loss ")


def test_a_folder_of_other_settings_is_refused(settings, images, folder):
    others = replace(settings, training=replace(settings.training, seed=4))
    before = (folder / CHECKPOINT).read_bytes()
    with pytest.raises(SettingsError, match=r"holds a super-net of other settings, see settings\.json"):
        train_supernet(folder, others, images, SPACE, Silent())
    assert (folder / CHECKPOINT).read_bytes() == before


def test_a_damaged_checkpoint_is_refused(train, evaluate, folder):
    content = (folder / CHECKPOINT).read_bytes()
    (folder / CHECKPOINT).write_bytes(content[:-1])
    for call in (train, evaluate):
        with pytest.raises(DataError, match=r"checkpoint\.safetensors: expected a checkpoint"):
            call(folder)


@pytest.fixture
def evaluate(images):
    def call(folder, num_cells=None, *, cells=CELLS, evaluation=EVALUATION, progress=None):
        """Score, and be stopped after so many more cells."""
        asked = itertools.count(1)
        stop = (lambda: next(asked) >= num_cells) if num_cells is not None else lambda: False
        return evaluate_supernet(folder, evaluation, images, cells, progress or Silent(), stop)

    return call


@pytest.mark.parametrize("adaptation", ["none", "average", "last-batch"])
def test_a_stopped_evaluation_goes_on_with_equal_numbers(adaptation, evaluate, folder):
    evaluation = replace(EVALUATION, adaptation=adaptation)
    expected = evaluate(folder, evaluation=evaluation)
    (folder / PROXIES).unlink()
    for done, num_cells in ((1, 1), (3, 2)):
        with pytest.raises(Interrupted, match=f"stopped after {done} of 6 cells; they are saved"):
            evaluate(folder, num_cells, evaluation=evaluation)
        assert not (folder / PROXIES).exists()
    progress = Recorder()
    np.testing.assert_array_equal(evaluate(folder, evaluation=evaluation, progress=progress), expected)
    assert progress.total == 6
    assert len(progress.notes) == 1 + 3  # those that were done, and three more
    assert sorted(path.name for path in folder.iterdir()) == [CHECKPOINT, PROXIES, "settings.json", LOG_NAME]
    table = pq.read_table(folder / PROXIES)
    np.testing.assert_array_equal(table["cell"], CELLS)
    np.testing.assert_array_equal(table["proxy_validation_accuracy"], expected)
    assert expected[0] == expected[2]
    assert len(set(expected)) > 1


def test_scores_are_kept_while_scoring(evaluate, folder, monkeypatch):
    monkeypatch.setattr(supernet_run, "SAVE_INTERVAL_S", 0.0)
    scored = []

    class Killer(Recorder):
        def advance(self, num_done=1, note=""):
            if num_done:
                scored.append(note)
            if len(scored) == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(folder, progress=Killer())
    progress = Recorder()
    evaluate(folder, progress=progress)
    assert len(progress.notes) == 1 + 3


def test_scores_that_are_there_are_not_made_again(evaluate, folder, monkeypatch):
    expected = evaluate(folder)
    monkeypatch.setattr(supernet_run, "Evaluator", None)
    progress = Recorder()
    np.testing.assert_array_equal(evaluate(folder, progress=progress), expected)
    np.testing.assert_array_equal(
        evaluate(folder, evaluation=replace(EVALUATION, forward_size=3)), expected
    )  # it changes the speed only
    assert progress.total == 6


def test_scores_of_another_evaluation_are_made_anew(evaluate, folder):
    expected = {seed: evaluate(folder, evaluation=replace(EVALUATION, seed=seed)) for seed in (0, 1)}
    assert not np.array_equal(expected[0], expected[1])
    with pytest.raises(Interrupted):
        evaluate(folder, 2)
    np.testing.assert_array_equal(evaluate(folder, evaluation=replace(EVALUATION, seed=1)), expected[1])
    np.testing.assert_array_equal(evaluate(folder, cells=CELLS[::-1].copy()), expected[0][::-1])


@pytest.mark.parametrize("name", [PROXIES, "proxies.partial.parquet"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other"])
def test_damaged_scores_are_refused(damage, name, evaluate, folder):
    if name == PROXIES:
        evaluate(folder)
    else:
        with pytest.raises(Interrupted):
            evaluate(folder, 3)
    path = folder / name
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[30] ^= 1
    path.write_bytes({"truncated": content[:-1], "flipped": flipped, "empty": b"", "other": b"<html>"}[damage])
    with pytest.raises(DataError, match=rf"{name}: expected scored cells in Parquet format, got .*; delete it"):
        evaluate(folder)


def test_an_untrained_super_net_is_not_scored(train, evaluate, tmp_path):
    with pytest.raises(MissingDataError, match=r"expected a trained super-net, got no checkpoint\.safetensors"):
        evaluate(tmp_path)
    with pytest.raises(Interrupted):
        train(tmp_path, 3)
    with pytest.raises(SettingsError, match="got one after 3 of 12 steps; go on with its training first"):
        evaluate(tmp_path)
