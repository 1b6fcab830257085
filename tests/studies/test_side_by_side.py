"""Super-nets that train side by side end where each would end alone."""

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from shareornot.errors import Interrupted, SettingsError
from shareornot.images import digits_images
from shareornot.progress import Silent
from shareornot.spaces.nasbench101 import parse_space, space_cells
from shareornot.studies import supernets
from shareornot.studies.settings import digits_settings, read_settings, with_seed
from shareornot.studies.side_by_side import train_side_by_side
from shareornot.studies.supernets import train_supernets
from shareornot.supernet.checkpoint import checkpoint_engine

SPACE = "num_vertices<=4"


def settings(engine="masked"):
    return replace(digits_settings(SPACE, epochs=2), engine=engine)


def weights(folder):
    return load_file(folder / "checkpoint.safetensors")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Three super-nets that the plain engine trained one by one."""
    folder = tmp_path_factory.mktemp("alone")
    return train_supernets(folder, settings("plain"), num_supernets=3, device="cpu", num_processes=1)


def assert_close(folder, other):
    tensors, others = weights(folder), weights(other)
    assert tensors.keys() == others.keys()
    for name, tensor in tensors.items():
        # Single precision, eight steps: see the tests of the masked engine.
        np.testing.assert_allclose(tensor, others[name], rtol=2e-2, atol=2e-3, err_msg=name)


@pytest.mark.parametrize("num_processes", [1, 2])
def test_ends_where_each_ends_alone(num_processes, alone, tmp_path):
    folders = train_supernets(tmp_path, settings(), num_supernets=3, device="cpu", num_processes=num_processes)
    for folder, other in zip(folders, alone, strict=True):
        assert_close(folder, other)
        assert checkpoint_engine(folder / "checkpoint.safetensors") == "masked"
        lines = [json.loads(line) for line in (folder / "training.jsonl").read_text().splitlines()]
        assert [line["epoch"] for line in lines] == [1, 2]
        assert read_settings(folder / "settings.json") == with_seed(settings(), int(folder.name[5:]))
    before = [weights(folder) for folder in folders]
    assert train_supernets(tmp_path, settings(), num_supernets=3, device="cpu") == folders  # nothing is left to do
    for folder, tensors in zip(folders, before, strict=True):
        assert all(np.array_equal(tensor, tensors[name]) for name, tensor in weights(folder).items())


class Count:
    """A progress that adds up."""

    num_done = 0

    def advance(self, num_done=1, _note=""):
        self.num_done += num_done


@pytest.fixture
def train(tmp_path):
    """Trains some of three super-nets in a folder of that name, for so many steps."""
    images, cells = digits_images(), space_cells(parse_space(SPACE), 5)

    def train(name, seeds, num_steps=8):
        folders = [tmp_path / name / f"seed-{seed}" for seed in seeds]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        asked, progress = iter(range(num_steps)), Count()
        with pytest.raises(Interrupted, match="stopped after") if num_steps < 8 else nullcontext():
            train_side_by_side(
                folders,
                [with_seed(settings(), seed) for seed in seeds],
                images,
                cells,
                progress,
                lambda: num_steps < 8 and next(asked, None) is None,
            )
        return folders, progress.num_done

    return train


def test_stops_and_goes_on_to_the_same_bits(train):
    expected, num_done = train("whole", [0, 1])
    assert num_done == 2 * 8
    train("stopped", [0, 1], num_steps=3)
    stopped, num_done = train("stopped", [0, 1])
    assert num_done == 2 * 8  # of which three were done before
    for folder, other in zip(stopped, expected, strict=True):
        tensors = weights(other)
        assert all(np.array_equal(tensor, tensors[name]) for name, tensor in weights(folder).items())


def test_those_that_lag_behind_train_apart(train, alone):
    train("stopped", [0, 1], num_steps=3)
    train("stopped", [2], num_steps=6)
    folders, num_done = train("stopped", [0, 1, 2])
    assert num_done == 3 * 8
    for folder, other in zip(folders, alone, strict=True):
        assert_close(folder, other)


def test_what_another_engine_began_it_ends(tmp_path):
    images, cells = digits_images(), space_cells(parse_space(SPACE), 5)
    plain = with_seed(settings("plain"), 0)
    folders = train_supernets(tmp_path, plain, num_supernets=1, device="cpu")
    before = weights(folders[0])
    masked = [with_seed(settings(), seed) for seed in range(2)]
    folders.append(tmp_path / "seed-1")
    folders[1].mkdir()
    train_side_by_side(folders, masked, images, cells, Silent())
    assert [checkpoint_engine(folder / "checkpoint.safetensors") for folder in folders] == ["plain", "masked"]
    assert all(np.array_equal(tensor, before[name]) for name, tensor in weights(folders[0]).items())


def test_refuses_a_folder_of_others(tmp_path):
    train_supernets(tmp_path, settings("plain"), device="cpu")
    with pytest.raises(SettingsError, match="other settings"):
        train_supernets(tmp_path, replace(settings(), variant="single-k"), device="cpu")


def test_groups():
    arguments = [(Path(f"seed-{seed}"), with_seed(settings(), seed), "x") for seed in range(10)]

    def sizes(device, num_processes):
        return [len(group[0]) for group in supernets._groups(arguments, device, num_processes)]

    assert sizes("cuda", None) == [5, 5]
    assert sizes("cuda", 16) == [10]
    assert sizes("cuda", 4) == [4, 3, 3]
    assert sizes("cpu", 3) == [4, 3, 3]
