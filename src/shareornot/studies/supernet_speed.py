"""How fast super-nets train and score on a device: every engine, in turns, beside the ceilings of the device."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from shareornot.errors import SettingsError
from shareornot.images import ImageSet, cifar10_images, digits_images, draw_epoch
from shareornot.progress import Progress, ProgressBars, no_bars
from shareornot.spaces.nasbench101 import parse_space, space_cells
from shareornot.studies.settings import RunSettings, digits_settings, paper_settings, with_seed
from shareornot.supernet import Evaluator, SuperNet
from shareornot.supernet.engines import KINDS, engines_for, rounding_of_a_step
from shareornot.supernet.floor import Floor, masked_operations, step_floor
from shareornot.supernet.masked.batches import Batches, stack_draws
from shareornot.supernet.masked.scoring import MaskedEvaluator
from shareornot.supernet.masked.training import MaskedTrainer, SideBySide

WARM_UP = 5
"""Steps on an accelerator before anything is measured: the masked engine captures its graph at the fourth."""
NUM_FLOOR_CELLS = 200
Setting = Literal["cifar10", "digits"]


@dataclass(frozen=True, slots=True)
class Work:
    """Something to measure."""

    what: str
    unit: str
    amount: float | int
    """How much of the unit one call does."""
    do: Callable[[], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class SupernetSpeed:
    """What was measured; seconds a call, in the order of the turns."""

    works: tuple[Work, ...]
    seconds: tuple[tuple[float, ...], ...]
    floor: Floor
    """Of a training step, on average over cells of the space."""
    masked_operations: float
    """That the masked engine does in a step."""
    operations_per_s: float
    """The best that convolutions of the network's shapes reach here."""
    bytes_per_s: float
    """Read and written by a large copy."""
    matmul_operations_per_s: float
    data_share: dict[str, float]
    """Of a training step, by engine: making the mini-batch."""
    memory_bytes: dict[str, int]
    """Peak of the device's memory by engine, an accelerator's; empty on a processor."""
    rounding: dict[str, float]
    """Distance of a first step from that of the plain engine in double precision, as a part of the step, by engine."""
    details: str
    """Setting, device, threads, version of PyTorch."""

    def sentences(self) -> tuple[str, ...]:
        """How far the engines are from the floor, what mini-batches cost, and memory."""
        floor, seconds = self.floor, self.floor.seconds(self.operations_per_s, self.bytes_per_s)
        medians = {
            work.what.removeprefix("train "): float(np.median(taken))
            for work, taken in zip(self.works, self.seconds, strict=True)
            if work.what.startswith("train ")
        }
        by_engine = {name: taken for name, taken in medians.items() if name in self.data_share}
        ceilings = (
            f"Ceilings: {self.operations_per_s / 1e9:,.0f} billion operations/s in convolutions of these shapes, "
            f"{self.matmul_operations_per_s / 1e9:,.0f} in products of matrices, {self.bytes_per_s / 1e9:,.1f} GB/s in "
            "a copy."
        )
        times = ", ".join(f"{name} {taken / seconds:,.1f}" for name, taken in by_engine.items())
        least = (
            f"Floor of a step over an average cell: {floor.operations / 1e9:,.3g} billion operations, "
            f"{floor.bytes / 1e9:,.3g} GB, {seconds * 1e3:,.3g} ms. A step takes so many times as long: {times}; "
            f"masked does {self.masked_operations / floor.operations:,.1f} times the operations."
        )
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.data_share.items())
        overall = ", ".join(
            f"{work.what.removeprefix('train ')} {len(taken) * work.amount / sum(taken):,.0f}"
            for work, taken in zip(self.works, self.seconds, strict=True)
            if work.what.startswith("train ")
        )
        apart = ", ".join(f"{name} {distance:.2g}" for name, distance in self.rounding.items())
        texts = [
            f"Every step trains another cell. Images/s over all steps together: {overall}.",
            ceilings,
            least,
            f"Share of a step that goes into making the mini-batch: {shares}.",
            (
                "A fresh network's first step in single precision is off the plain engine's in double precision by so "
                f"much of its length: {apart}."
            ),
        ]
        if self.memory_bytes:
            peaks = ", ".join(f"{name} {peak / 2**30:.2f} GiB" for name, peak in self.memory_bytes.items())
            texts.append(f"Peak memory: {peaks}.")
        return tuple(texts)


def measure_supernets(
    space: str,
    *,
    images: Setting = "cifar10",
    num_repeats: int = 5,
    device: str = "cpu",
    num_threads: int = 1,
    num_supernets: int = 4,
    num_validation: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
    bars: ProgressBars = no_bars,
) -> SupernetSpeed:
    """Measure every engine that runs on a device and may be the fastest for such images, and the masked one.

    Args:
        space: of the super-nets.
        images: `cifar10` is the paper's setting on random images of that size; `digits` is the demo's.
        num_repeats: measurements of each work, in turns.
        device: as PyTorch names it.
        num_threads: of PyTorch.
        num_supernets: that the masked engine trains side by side, and cells that it scores at once.
        num_validation: images on which cells are scored; by default 10,000 on an accelerator, 1,000 on a processor,
            which is enough there; never more than there are.
        clock: seconds.
        bars: shows the progress, in turns of a work.

    Raises:
        SettingsError: a number below 1.
    """
    for name, number in (("supernets", num_supernets), ("validation images", num_validation)):
        if number is not None and number < 1:
            raise SettingsError(f"{name}: expected at least 1, got {number}")
    torch.set_num_threads(num_threads)
    settings, image_set = _setting(space, images)
    image_set = image_set.to(device)
    cells = space_cells(parse_space(space), settings.network.max_vertices)
    num_validation = num_validation or (1_000 if image_set.device.type == "cpu" else 10_000)
    engines = [
        name for name in engines_for(image_set.device) if KINDS[name].suits(image_set) or name == MaskedTrainer.engine
    ]
    few = replace(
        image_set,
        validation_images=image_set.validation_images[:num_validation],
        validation_labels=image_set.validation_labels[:num_validation],
    )
    works, memory = _works(engines, settings, image_set, few, cells, num_supernets)
    ceilings = _ceilings(settings, image_set)
    everything = [*works, *_data(settings, image_set), *ceilings]
    with bars(f"Measuring {', '.join(engines)} on {space}", len(everything) * (num_repeats + 1)) as progress:
        seconds = _take_turns(everything, num_repeats, clock, image_set.device, progress)
    best = {one.what: one.amount / min(taken) for one, taken in zip(everything, seconds, strict=True)}
    medians = {one.what: float(np.median(taken)) for one, taken in zip(everything, seconds, strict=True)}
    batch_size, size = settings.training.batch_size, image_set.train_images.shape[2]
    sample = np.random.default_rng(0).choice(cells, min(NUM_FLOOR_CELLS, len(cells)), replace=False)
    k = settings.training.cells_per_step
    floor = step_floor(sample, settings.network, batch_size=batch_size * k, image_size=size)
    share = {
        engine: medians["mini-batch, gathered" if engine == "masked" else "mini-batch"] / medians[f"train {engine}"]
        for engine in engines
    }
    return SupernetSpeed(
        works=tuple(works),
        seconds=tuple(tuple(taken) for taken in seconds[: len(works)]),
        floor=floor,
        masked_operations=masked_operations(settings.network, batch_size=batch_size * k, image_size=size),
        operations_per_s=max(best[one.what] for one in ceilings if one.what.startswith("convolution")),
        bytes_per_s=best["copy"],
        matmul_operations_per_s=best["product of matrices"],
        data_share=share,
        memory_bytes=memory,
        rounding=rounding_of_a_step(
            engines, SuperNet(settings.network, 0).to(image_set.device), image_set, cells, settings.training
        ),
        details=_details(settings, image_set, space),
    )


def _setting(space: str, images: Setting) -> tuple[RunSettings, ImageSet]:
    """Settings and images: random ones of CIFAR-10's size, or the digits."""
    if images == "digits":
        return digits_settings(space), digits_images()
    rng = np.random.default_rng(0)
    labels = rng.integers(10, size=50_000, dtype=np.uint8)
    noise = rng.integers(256, size=(50_000, 3, 32, 32), dtype=np.uint8)
    return paper_settings(space), cifar10_images(noise, labels, noise[:10_000], labels[:10_000])


def _works(
    engines: list[str], settings: RunSettings, images: ImageSet, few: ImageSet, cells: np.ndarray, num_supernets: int
) -> tuple[list[Work], dict[str, int]]:
    """Training steps, then scorings, of every engine; each has a network of its own."""
    works, memory = [], {}
    batch_size = settings.training.batch_size

    def network(seed: int = 0) -> SuperNet:
        return SuperNet(settings.network, seed).to(images.device).train()

    def add(name: str, work: Work) -> None:
        before = _memory(images.device)
        for _ in range(WARM_UP if work.what.startswith("train") and images.device.type != "cpu" else 1):
            work.do()
        works.append(work)
        if before is not None:
            memory[name] = torch.cuda.max_memory_allocated(images.device) - before

    for engine in engines:
        trainer = KINDS[engine].trainer(network(), images, cells, settings.training)
        add(f"train {engine}", Work(f"train {engine}", "images/s", batch_size, trainer.step))
    if num_supernets > 1:
        trainers = [
            MaskedTrainer(network(seed), images, cells, with_seed(settings, seed).training)
            for seed in range(num_supernets)
        ]
        name = f"train masked, {num_supernets} super-nets"
        add(name, Work(name, "images/s", batch_size * num_supernets, SideBySide(trainers).step))
    pool = np.random.default_rng(0).choice(cells, num_supernets).astype(np.int32)
    for engine in engines:
        name = f"score {engine}"
        if engine == "masked":
            evaluator: Evaluator = MaskedEvaluator(network(), few, settings.evaluation, num_supernets)
        else:
            evaluator = KINDS[engine].evaluator(network(), few, settings.evaluation)

        def score(evaluator: Evaluator = evaluator) -> list[float]:
            return list(evaluator.scores(pool))

        add(name, Work(name, "cells/s", len(pool), score))
    return works, memory


def _data(settings: RunSettings, images: ImageSet) -> list[Work]:
    """Making a mini-batch, as the masked engine does and as the others do."""
    draws = draw_epoch(images, np.random.default_rng(0))
    batches, batch_size = Batches(images, torch.float32), settings.training.batch_size
    stacked, positions = stack_draws([draws]), torch.arange(batch_size, device=images.device)
    return [
        Work("mini-batch", "images/s", batch_size, lambda: images.training_batch(draws, 0, batch_size)),
        Work("mini-batch, gathered", "images/s", batch_size, lambda: batches.training(stacked, positions)),
    ]


def _ceilings(settings: RunSettings, images: ImageSet) -> list[Work]:
    """What the device does at best: convolutions of the network's shapes, a product of matrices, a copy."""
    device, config = images.device, settings.network
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(device)

    works = []
    size = images.train_images.shape[2]
    for stack in range(config.num_stacks):
        channels, pixels = config.num_filters << stack, size >> stack
        x = random(settings.training.batch_size, channels, pixels, pixels).contiguous(memory_format=torch.channels_last)
        kernels = random(channels, channels, 3, 3).contiguous(memory_format=torch.channels_last)

        def convolve(x: Tensor = x, kernels: Tensor = kernels) -> Tensor:
            return torch.nn.functional.conv2d(x, kernels, padding=1)

        operations = 2.0 * 9 * channels**2 * pixels**2 * settings.training.batch_size
        works.append(Work(f"convolution, {channels} channels", "operations/s", operations, convolve))
    on_processor = device.type == "cpu"
    length, num_values = (1024, 1 << 24) if on_processor else (8192, 1 << 28)
    one, other = random(length, length), random(length, length)
    source, target = torch.ones(num_values, device=device), torch.empty(num_values, device=device)
    works.append(Work("product of matrices", "operations/s", 2.0 * length**3, lambda: one @ other))
    works.append(Work("copy", "bytes/s", 8.0 * num_values, lambda: target.copy_(source)))
    return works


def _take_turns(
    works: list[Work], num_repeats: int, clock: Callable[[], float], device: torch.device, progress: Progress
) -> list[list[float]]:
    """Seconds of each work, one after the other and again, so that a slow moment hits all of them."""

    def now() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return clock()

    seconds: list[list[float]] = [[] for _ in works]
    for work in works:
        work.do()
        progress.advance()
    for _ in range(num_repeats):
        for work, taken in zip(works, seconds, strict=True):
            start = now()
            work.do()
            taken.append(now() - start)
            progress.advance()
    return seconds


def _memory(device: torch.device) -> int | None:
    """Memory in use, from which on the peak counts; None on a processor."""
    if device.type != "cuda":
        return None
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def _details(settings: RunSettings, images: ImageSet, space: str) -> str:
    """The setting, the device and the version of PyTorch."""
    config, device = settings.network, images.device
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    size = images.train_images.shape[2]
    return (
        f"{space}, {config.num_filters} filters, batch {settings.training.batch_size}, {size} x {size} pixels, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads, {name}"
    )
