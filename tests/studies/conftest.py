"""A tiny study of the digits that is finished, and what it takes to compare two folders number by number."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors import safe_open

from shareornot.studies import decode_study, run_study
from shareornot.studies.execution import InProcess

TINY = {
    "preset": "digits",
    "name": "tiny",
    "spaces": ["A3"],
    "variants": ["baseline"],
    "supernets": 2,
    "shard_size": 7,
    "network": {"num_stacks": 2, "cells_per_stack": 1},
    "training": {"epochs": 3},
    "pool": {"num_cells": 12},
    "search": {"num_trained": [1, 5], "num_runs": 100},
    "watching": {"num_times": 1, "num_cells": 4, "num_images": 50},
}
NUM_JOBS = 2 + 2 * 2 * 2 + 2 + 1


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny():
    """The values of the study, to change some."""
    return TINY


@pytest.fixture(scope="session")
def study():
    return decode_study(TINY)


@pytest.fixture(scope="session")
def finished(study, tmp_path_factory):
    """The folder of a study that nothing disturbed."""
    folder = tmp_path_factory.mktemp("finished") / "tiny"
    report = run_study(folder, study, InProcess(), device="cpu")
    assert report.complete, report.failed
    assert report.num_done == NUM_JOBS
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it to do something with."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


def numbers(folder):
    """Every number of every finished job, by job and name."""
    found = {}
    for job in sorted((folder / "jobs").iterdir()):
        if not (job / "job.json").exists():
            continue
        if (job / "checkpoint.safetensors").exists():
            with safe_open(job / "checkpoint.safetensors", framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 (not a mapping)
                    found[job.name, name] = file.get_tensor(name).numpy()
        for path in sorted(job.glob("*.parquet")):
            table = pq.read_table(path)
            for name in table.column_names:
                found[job.name, path.name, name] = np.array(table[name].to_pylist(), dtype=object).astype(str)
        if (job / "arrays.npz").exists():
            with np.load(job / "arrays.npz", allow_pickle=False) as arrays:
                for name in arrays.files:
                    found[job.name, name] = arrays[name]
        for name in ("record.json", "numbers.json"):
            if (job / name).exists():
                found[job.name, name] = np.array(json.dumps(json.loads((job / name).read_bytes())))
    return found


def assert_equal_bits(folder, other):
    """The same jobs with the same numbers, to the last bit."""
    ours, theirs = numbers(folder), numbers(other)
    assert ours.keys() == theirs.keys()
    assert len(ours) > 50
    for name, values in ours.items():
        assert values.dtype == theirs[name].dtype
        assert values.tobytes() == theirs[name].tobytes(), name


@pytest.fixture
def same_numbers(finished):
    """Returns whether a folder holds the same numbers as that of the undisturbed study."""
    return lambda folder: assert_equal_bits(folder, finished)
