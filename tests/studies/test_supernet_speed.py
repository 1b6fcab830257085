"""Measuring super-nets, with a clock that is played."""

from itertools import count

import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.images import digits_images
from shareornot.progress import Silent
from shareornot.studies import supernet_speed
from shareornot.studies.supernet_speed import Work, measure_supernets
from shareornot.supernet.engines import KINDS, engines_for
from shareornot.supernet.floor import Floor


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_all_engines_on_digits():
    ticks = count(0.0)
    speed = measure_supernets(
        "num_vertices<=4", images="digits", num_repeats=2, num_supernets=2, num_validation=40, clock=lambda: next(ticks)
    )
    images = digits_images()
    engines = [name for name in engines_for(images.device) if name == "masked" or KINDS[name].suits(images)]
    assert {"plain", "compiled", "masked"} <= set(engines)
    names = [f"train {name}" for name in engines] + ["train masked, 2 super-nets"] + [f"score {n}" for n in engines]
    assert [work.what for work in speed.works] == names
    assert [work.amount for work in speed.works] == [50] * len(engines) + [100] + [2] * len(engines)
    assert speed.seconds == ((1, 1),) * len(names)  # the clock goes on by one at every look
    assert speed.bytes_per_s == 8 * (1 << 24)
    assert speed.matmul_operations_per_s == 2 * 1024**3
    assert speed.operations_per_s == 2 * 9 * 8**2 * 8**2 * 50  # and as many in the second stack
    assert speed.data_share == dict.fromkeys(engines, 1)
    assert speed.memory_bytes == {}
    assert "batch 50, 8 x 8 pixels" in speed.details
    sentences = speed.sentences()
    assert len(sentences) == 5
    assert list(speed.rounding) == engines
    assert all(0 < distance < 1e-2 for distance in speed.rounding.values())
    assert all(name in sentences[2] for name in engines)


def test_sentences():
    speed = supernet_speed.SupernetSpeed(
        works=(Work("train plain", "images/s", 100, int), Work("train masked, 3 super-nets", "images/s", 100, int)),
        seconds=((2.0, 4.0, 9.0), (1.0, 1.0, 1.0)),
        floor=Floor(4e9, 2e9),
        masked_operations=12e9,
        operations_per_s=4e9,
        bytes_per_s=1e9,
        matmul_operations_per_s=8e9,
        data_share={"plain": 0.01},
        memory_bytes={"train plain": 3 << 29},
        rounding={"plain": 0.285},
        details="",
    )
    overall, ceilings, least, share, rounding, memory = speed.sentences()
    assert overall == (
        "Every step trains another cell. Images/s over all steps together: plain 20, masked, 3 super-nets 100."
    )
    assert ceilings == (
        "Ceilings: 4 billion operations/s in convolutions of these shapes, 8 in products of matrices, 1.0 GB/s in a "
        "copy."
    )
    assert least == (
        "Floor of a step over an average cell: 4 billion operations, 2 GB, 2e+03 ms. A step takes so many times as "
        "long: plain 2.0; masked does 3.0 times the operations."
    )
    assert share == "Share of a step that goes into making the mini-batch: plain 1.0%."
    assert rounding == (
        "A fresh network's first step in single precision is off the plain engine's in double precision by so much of "
        "its length: plain 0.28."
    )
    assert memory == "Peak memory: train plain 1.50 GiB."


def test_turns():
    done = []
    works = [Work(name, "", 1.0, lambda name=name: done.append(name)) for name in "ab"]
    ticks = iter([0.0, 1.0, 1.0, 3.0, 3.0, 6.0, 6.0, 10.0])
    seconds = supernet_speed._take_turns(works, 2, lambda: next(ticks), torch.device("cpu"), Silent())
    assert done == ["a", "b"] * 3
    assert seconds == [[1.0, 3.0], [2.0, 4.0]]


@pytest.mark.parametrize(("option", "message"), [("num_supernets", "supernets"), ("num_validation", "validation")])
def test_wrong_settings(option, message):
    with pytest.raises(SettingsError, match=f"{message}.*: expected at least 1, got 0"):
        measure_supernets("A_FULL", **{option: 0})
