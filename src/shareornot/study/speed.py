"""How fast this machine is at what the project exists for: cells, searches on tables, super-nets."""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shareornot.errors import SettingsError

TARGETS = ("cells", "search", "supernet", "study")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One figure, over several measurements."""

    what: str
    unit: str
    median: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SpeedReport:
    """What was measured, and on what."""

    measures: tuple[Measure, ...]
    machine: str
    """Processor, versions, load: what the figures depend on."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def measure_speed(
    what: str,
    *,
    space: str = "A_FULL",
    num_repeats: int = 5,
    device: str = "auto",
    num_threads: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> SpeedReport:
    """Measure one part of the project.

    Args:
        what: `cells`, `search`, `supernet` or `study`.
        space: of the super-net; 16 filters, batch 256, random images of CIFAR-10's size.
        num_repeats: measurements, taken in turns after one that warms up.
        device: of the super-net.
        num_threads: of PyTorch, by default all cores.
        clock: seconds.

    Raises:
        SettingsError: something else to measure, or fewer than one measurement.
    """
    if num_repeats < 1:
        raise SettingsError(f"num_repeats: expected at least 1, got {num_repeats}")
    if what == "cells":
        return SpeedReport(measures=_measure_cells(num_repeats, clock), machine=_machine())
    if what == "search":
        return SpeedReport(measures=_measure_search(num_repeats), machine=_machine())
    if what == "supernet":
        measures, details = _measure_supernet(space, num_repeats, device, num_threads, clock)
        return SpeedReport(measures=measures, machine=f"{_machine()}, {details}")
    if what == "study":
        from shareornot.study.machinery_speed import measure_machinery

        seconds, left_out = measure_machinery(num_repeats, clock=clock)
        measures = tuple(_measure(name, "s", values) for name, values in seconds.items())
        return SpeedReport(measures=measures, machine=_machine() + left_out)
    raise SettingsError(f"bench: expected one of {', '.join(TARGETS)}, got {what!r}")


def _measure_cells(num_repeats: int, clock: Callable[[], float]) -> tuple[Measure, ...]:
    from shareornot.cells import encode, find_index, index_tables, random_valid_specifications, unpack

    codes = random_valid_specifications(np.random.default_rng(0), 2_000_000)
    edges, operations = unpack(codes)
    adjacencies = edges.astype(np.int8)

    def enumerate_cells() -> None:
        index_tables.cache_clear()
        index_tables()

    rates = _rates(
        {
            "adjacency and operations to unique index": lambda: find_index(encode(adjacencies, operations)),
            "packed code to unique index": lambda: find_index(codes),
            "enumeration of all 423,624 cells and their tables": enumerate_cells,
        },
        num_repeats,
        clock,
    )
    names = list(rates)
    return (
        *(_measure(name, "cells/s", [len(codes) / seconds for seconds in rates[name]]) for name in names[:2]),
        _measure(names[2], "s", rates[names[2]]),
    )


def _measure_search(num_repeats: int) -> tuple[Measure, ...]:
    from shareornot.search import time_searches

    timed = time_searches(num_repeats=num_repeats)
    what = "{} of {num_runs} runs x {num_evaluations:,} evaluations on a simulated A_FULL"
    return tuple(
        Measure(
            what=what.format(name.replace("_", " "), **timed["settings"]),
            unit="s",
            median=seconds["median_s"],
            low=seconds["fastest_s"],
            high=seconds["slowest_s"],
        )
        for name, seconds in timed.items()
        if name != "settings"
    )


def _measure_supernet(
    space: str, num_repeats: int, device: str, num_threads: int | None, clock: Callable[[], float]
) -> tuple[tuple[Measure, ...], str]:
    from shareornot.study.devices import choose_device
    from shareornot.study.workers import num_usable_cores

    device = choose_device(device)
    import torch

    from shareornot.benchmarks import parse_space, space_cells
    from shareornot.images import cifar10_images
    from shareornot.study.settings import paper_settings
    from shareornot.supernet import Evaluator, SuperNet, Trainer

    torch.set_num_threads(num_threads or num_usable_cores())
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=50_000, dtype=np.uint8)
    noise = rng.integers(256, size=(50_000, 3, 32, 32), dtype=np.uint8)
    images = cifar10_images(noise, labels, noise[:10_000], labels[:10_000]).to(device)
    settings = paper_settings(space)
    cells = space_cells(parse_space(space))
    network = SuperNet(settings.network, 0).to(device)
    trainer = Trainer(network, images, cells, settings.training)
    evaluator = Evaluator(network, images, settings.evaluation)
    scored = iter(evaluator.scores(rng.choice(cells, 10_000).astype(np.int32)))

    def train() -> None:
        network.train()
        trainer.step().item()

    seconds = _rates({"train": train, "score": lambda: next(scored)}, num_repeats, clock)
    batch = settings.training.batch_size
    return (
        _measure("training", "images/s", [batch / one for one in seconds["train"]]),
        _measure("a training step", "s", seconds["train"]),
        _measure("scoring a cell, BNS-FT on 10,000 images", "s", seconds["score"]),
    ), f"{space}, torch {torch.__version__}, {torch.get_num_threads()} threads, {device}"


def _rates(
    works: dict[str, Callable[[], object]], num_repeats: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of each work, taken in turns so that a slow moment hits all of them."""
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(num_repeats):
        for name, work in works.items():
            start = clock()
            work()
            seconds[name].append(clock() - start)
    return seconds


def _measure(what: str, unit: str, values: list[float]) -> Measure:
    return Measure(what=what, unit=unit, median=float(np.median(values)), low=min(values), high=max(values))


def _machine() -> str:
    import os

    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {versions}{load}"
