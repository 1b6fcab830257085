"""How fast this machine is at what the project exists for: cells, searches on tables, super-nets, studies."""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shareornot.errors import SettingsError
from shareornot.progress import ProgressBars, no_bars

TARGETS = ("cells", "search", "supernet", "standalone", "study")


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
    notes: tuple[str, ...] = ()
    """What the figures mean, in sentences."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Further figures, by name."""
    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="minutes"))
    """When it was measured."""

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def measure_speed(
    what: str,
    *,
    space: str = "A_FULL",
    images: Literal["cifar10", "digits"] = "cifar10",
    num_repeats: int = 5,
    device: str = "auto",
    num_threads: int | None = None,
    num_supernets: int = 4,
    clock: Callable[[], float] = time.perf_counter,
    bars: ProgressBars = no_bars,
) -> SpeedReport:
    """Measure one part of the project.

    Args:
        what: `cells`, `search`, `supernet`, `standalone` or `study`.
        space: of the super-net.
        images: of the super-net: `cifar10` is the paper's setting, 16 filters, batch 256, on random images of that
            size; `digits` is the demo's.
        num_repeats: measurements, taken in turns after one that warms up.
        device: of the super-net.
        num_threads: of PyTorch, by default all cores, and one on digits and for cells trained alone.
        num_supernets: that the masked engine trains side by side, and cells that it scores at once.
        clock: seconds.
        bars: shows the progress.

    Raises:
        SettingsError: something else to measure, or fewer than one measurement.
    """
    if num_repeats < 1:
        raise SettingsError(f"num_repeats: expected at least 1, got {num_repeats}")
    if what not in TARGETS:
        raise SettingsError(f"bench: expected one of {', '.join(TARGETS)}, got {what!r}")
    if what == "supernet":
        return _measure_supernet(space, images, num_repeats, device, num_threads, num_supernets, clock, bars)
    if what == "standalone":
        return _measure_standalone(num_repeats, device, num_threads or 1, clock, bars)
    with bars(f"Measuring {what}", 1) as progress:
        report = (
            _measure_machinery(num_repeats, clock) if what == "study" else _measure_tables(what, num_repeats, clock)
        )
        progress.advance()
    return report


def _measure_tables(what: str, num_repeats: int, clock: Callable[[], float]) -> SpeedReport:
    measures = _measure_cells(num_repeats, clock) if what == "cells" else _measure_search(num_repeats)
    return SpeedReport(measures=measures, machine=_machine())


def _measure_machinery(num_repeats: int, clock: Callable[[], float]) -> SpeedReport:
    from shareornot.studies.machinery_speed import measure_machinery

    seconds, left_out = measure_machinery(num_repeats, clock=clock)
    measures = tuple(_measure(name, "s", values) for name, values in seconds.items())
    return SpeedReport(measures=measures, machine=_machine() + left_out)


def _measure_cells(num_repeats: int, clock: Callable[[], float]) -> tuple[Measure, ...]:
    from shareornot.spaces.nasbench101 import encode, find_index, index_tables, random_valid_specifications, unpack

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
    space: str,
    images: Literal["cifar10", "digits"],
    num_repeats: int,
    device: str,
    num_threads: int | None,
    num_supernets: int,
    clock: Callable[[], float],
    bars: ProgressBars,
) -> SpeedReport:
    from shareornot.studies.devices import choose_device
    from shareornot.studies.workers import num_usable_cores

    device = choose_device(device)  # which says so where PyTorch is missing
    from shareornot.studies.supernet_speed import measure_supernets

    before = _load()
    speed = measure_supernets(
        space,
        images=images,
        num_repeats=num_repeats,
        device=device,
        num_threads=num_threads or (1 if images == "digits" else num_usable_cores()),
        num_supernets=num_supernets,
        clock=clock,
        bars=bars,
    )
    measures = [
        _measure(work.what, work.unit, [work.amount / one for one in taken])
        for work, taken in zip(speed.works, speed.seconds, strict=True)
    ]
    figures = {
        "floor_operations": speed.floor.operations,
        "floor_bytes": speed.floor.bytes,
        "masked_operations": speed.masked_operations,
        "operations_per_s": speed.operations_per_s,
        "matmul_operations_per_s": speed.matmul_operations_per_s,
        "bytes_per_s": speed.bytes_per_s,
        "data_share": speed.data_share,
        "memory_bytes": speed.memory_bytes,
        "rounding": speed.rounding,
        "load_before": before,
        "load_after": _load(),
    }
    return SpeedReport(
        measures=tuple(measures),
        machine=f"{_machine()}, {speed.details}",
        notes=speed.sentences(),
        figures=figures,
    )


def _measure_standalone(
    num_repeats: int, device: str, num_threads: int, clock: Callable[[], float], bars: ProgressBars
) -> SpeedReport:
    from shareornot.studies.devices import choose_device

    if choose_device("cpu" if device == "auto" else device) != "cpu":  # which says so where PyTorch is missing
        raise SettingsError(f"device: expected cpu, where cells are trained alone on both engines, got {device!r}")
    import torch

    from shareornot.studies.standalone_speed import measure_standalone

    before = _load()
    speed = measure_standalone(num_repeats=num_repeats, num_threads=num_threads, clock=clock, bars=bars)
    works = (
        ("train", "images/s", speed.num_training_images, speed.training),
        ("score", "images/s", speed.num_scored_images, speed.scoring),
    )
    measures = [
        _measure(f"{what} {engine}", unit, (len(taken) * amount / taken.sum(axis=0)).tolist())
        for what, unit, amount, seconds in works
        for engine, taken in seconds.items()
    ]
    return SpeedReport(
        measures=tuple(measures),
        machine=f"{_machine()}, embedded benchmark, torch {torch.__version__}, {torch.get_num_threads()} threads, cpu",
        notes=speed.sentences(),
        figures={"load_before": before, "load_after": _load()},
    )


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

    load = _load()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}"
    busy = "" if load is None else f", load {load:.1f}"
    return f"{_processor()}, {os.cpu_count()} cores, {versions}{busy}"


def _processor() -> str:
    """What the processor calls itself, where the system tells, else its kind."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _load() -> float | None:
    """Processes that ran or waited in the last minute, where the system counts them."""
    import os

    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
