"""Trainings alone in parts: resumable, reproducible, over processes."""

import json
import signal
from dataclasses import astuple, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from shareornot.errors import DataError, Interrupted, JobError, SettingsError
from shareornot.images import digits_images
from shareornot.progress import Silent
from shareornot.studies.execution import only_runner
from shareornot.studies.recipes import digits_network
from shareornot.studies.standalone_parts import StandaloneBuild, read_parts, train_alone, train_parts
from shareornot.supernet.settings import StandaloneTrainingSettings
from shareornot.supernet.standalone_training import train_standalone

SMALL = StandaloneBuild(
    family="nasbench101",
    architectures=range(7),
    network=digits_network(),
    num_runs=2,
    part_size=3,
    training=StandaloneTrainingSettings(epochs=2, batch_size=100),
)
"""The 7 cells with at most 3 vertices, in parts of 3, 3 and 1."""
NAMES = [f"architectures-{first:06d}-{last:06d}.parquet" for first, last in ((0, 2), (3, 5), (6, 6))]
ACCURACIES = [metric for metric in SMALL.metrics if not metric.endswith("_s")]


class Recorder:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[float] = []

    def advance(self, num_done: float | int = 1, note: str = "") -> None:  # noqa: ARG002 (the protocol has it)
        self.steps.append(num_done)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A build in two processes, and what it reported meanwhile."""
    folder, progress = tmp_path_factory.mktemp("parts"), Recorder()
    train_parts(folder, 2, progress, SMALL)
    return folder, progress


@pytest.fixture
def folder(built, tmp_path):
    """A copy of it to do something with."""
    for path in built[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_build_trains_every_cell_and_run(built):
    folder, progress = built
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    assert progress.steps[0] == 0
    assert sorted(progress.steps[1:]) == [1, 3, 3]
    results = read_parts(folder, SMALL)
    assert list(results) == list(SMALL.metrics)
    assert all(values.shape == (7, 2) for values in results.values())
    assert all((results[metric] > 0).all() and (results[metric] < 1).all() for metric in ACCURACIES)
    assert (results["final_training_time_s"] > results["halfway_training_time_s"]).all()


def test_a_training_follows_from_cell_and_run_alone(built):
    """Whoever does it: another process, other cells before it."""
    results = read_parts(built[0], SMALL)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        again = train_standalone(4, range(2), digits_images(), digits_network(), SMALL.training)
    finally:
        torch.set_num_threads(before)
    ours = np.array([[*astuple(half_way), *astuple(final)] for half_way, final in again]).T
    for metric, values in zip(SMALL.metrics, ours, strict=True):
        if metric in ACCURACIES:
            np.testing.assert_array_equal(results[metric][4], values)
    assert not np.array_equal(results["final_test_accuracy"][4], results["final_test_accuracy"][5])


def test_a_stopped_build_does_only_what_is_missing(folder):
    expected = read_parts(folder, SMALL)
    kept = {name: (folder / name).read_bytes() for name in (NAMES[0], NAMES[2])}
    (folder / NAMES[1]).unlink()
    progress = Recorder()
    train_parts(folder, 1, progress, SMALL)
    assert progress.steps == [4, 3]
    assert all((folder / name).read_bytes() == content for name, content in kept.items())
    results = read_parts(folder, SMALL)
    for metric in ACCURACIES:
        np.testing.assert_array_equal(results[metric], expected[metric])


def test_a_finished_build_has_nothing_to_do(folder, monkeypatch):
    monkeypatch.setattr("shareornot.studies.standalone_parts._train_part", None)
    progress = Recorder()
    train_parts(folder, 2, progress, SMALL)
    assert progress.steps == [7]


def test_parts_without_page_checksums_are_read_too(folder):
    expected = read_parts(folder, SMALL)
    for name in NAMES:
        pq.write_table(pq.read_table(folder / name), folder / name)
    results = read_parts(folder, SMALL)
    assert all(np.array_equal(results[metric], expected[metric]) for metric in SMALL.metrics)


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped", "empty"])
def test_a_damaged_part_is_named(damage, folder):
    path = folder / NAMES[1]
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[40] ^= 1
    path.write_bytes({"truncated": content[:-9], "flipped": flipped}.get(damage, b""))
    if damage == "missing":
        path.unlink()
    with pytest.raises(DataError, match=rf"{NAMES[1]}: expected trainings in Parquet format, got .*; delete it"):
        read_parts(folder, SMALL)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.slice(1),
        lambda table: table.drop_columns(["final_test_accuracy"]),
        lambda table: table.set_column(0, "architecture", pa.array([3, 3, 4, 4, 6, 6])),
        lambda table: table.set_column(1, "run", pa.array([0, 1, 0, 1, 0, 2])),
    ],
)
def test_a_part_of_other_trainings_is_refused(change, folder):
    path = folder / NAMES[1]
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(DataError, match=rf"{NAMES[1]}: expected 2 runs of architectures 3 to 5, got others"):
        read_parts(folder, SMALL)


def test_a_folder_of_other_trainings_is_refused(folder):
    train_alone(folder, SMALL)
    settings = json.loads((folder / "settings.json").read_text())
    assert settings["training"]["epochs"] == 2
    with pytest.raises(SettingsError, match=r"holds trainings of other settings, see settings\.json"):
        train_alone(folder, replace(SMALL, training=StandaloneTrainingSettings()))


def test_an_error_in_a_process_comes_here(tmp_path):
    impossible = replace(SMALL, training=StandaloneTrainingSettings(epochs=2, batch_size=201))
    with pytest.raises(JobError, match="batch_size: expected at most the 200 training images, got 201"):
        train_parts(tmp_path, 1, Silent(), impossible)
    assert not list(tmp_path.iterdir())


def test_what_is_wrong_is_refused_before_anything_is_written(folder, tmp_path):
    with pytest.raises(SettingsError, match="processes: expected at least 1, got 0"):
        train_alone(tmp_path / "parts", SMALL, num_processes=0)
    assert not (tmp_path / "parts").exists()
    with only_runner(folder), pytest.raises(SettingsError, match="expected no other process in this folder"):
        train_alone(folder, SMALL)


def test_temporary_files_of_dead_writers_go_away(folder):
    (folder / ".architectures.parquet.x.part").touch()
    train_alone(folder, SMALL)
    assert not list(folder.glob(".*.part"))


def test_a_stopped_build_keeps_finished_trainings(tmp_path):
    class InterruptOnce(Recorder):
        def advance(self, num_done=1, note=""):
            super().advance(num_done, note)
            if num_done:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match="finished parts are saved"):
        train_parts(tmp_path, 1, InterruptOnce(), SMALL)
    assert [path.name for path in tmp_path.iterdir()] == NAMES[:1]
