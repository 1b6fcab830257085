"""What a study will cost on this machine: time, memory and disk, from a short measurement.

Each distinct network takes a few steps of training and scores a few cells, in a fresh process whose memory is then its
own. Time grows with the arithmetic of a cell, which is known exactly for every cell; half of it is taken for what every
cell needs alike. Estimates of a first measurement are good to a factor of about one and a half.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64, Int32, Integer

from shareornot.errors import SettingsError
from shareornot.progress import ProgressBars, no_bars
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import flop_count, parameter_count, space_cells
from shareornot.storage import atomic_write
from shareornot.studies.execution import Event, LocalProcesses, Resources, ShouldStop, Task, num_usable_cores
from shareornot.studies.job import AppraiseWork, Piece, ScoreWork, TrainWork, identity
from shareornot.studies.naming import Kind, content_hash
from shareornot.studies.settings import RunSettings
from shareornot.supernet.settings import EvaluationSettings
from shareornot.tables import open_benchmark

MEASURING_S = 3.0
"""How long steps are taken, and how long cells are scored, after one that warms up."""
JUDGING_S = 5.0
"""What judging the super-nets of a chapter takes, about, with 500 runs of each search."""
PIECE_BYTES = {"train": 20_000, "score": 6_000, "appraise": 400_000, "summarise": 50_000}
"""What a finished piece takes on the disk besides weights and scores."""
SCORE_BYTES = 14
"""A scored cell."""
IMAGE_SIZES = {"digits": 8, "cifar10": 32}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What one network takes on this machine."""

    step_s: float
    """A step of training one cell."""
    step_flops: float
    """Operations of the cells that were measured, for one image."""
    score_s: float
    """Scoring one cell with adapted statistics."""
    score_plain_s: float
    """Scoring one cell with the running ones."""
    score_flops: float
    memory_bytes: int
    """Most of the main memory, or of the accelerator's, that the process took."""
    checkpoint_bytes: int
    device: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PieceCost:
    """What a piece will take."""

    name: str
    kind: Kind
    label: str
    finished: bool
    time_s: float | None
    """None where nothing was measured."""
    memory_bytes: int | None
    disk_bytes: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyCost:
    """What is left to do of a study, and what that will take."""

    pieces: tuple[PieceCost, ...]
    device: str | None
    """None where nothing was measured."""
    hours: dict[int, float]
    """Hours that are left with so many processes; empty where nothing was measured."""

    def left(self, kind: Kind) -> tuple[PieceCost, ...]:
        """Pieces of a kind that are not finished."""
        return tuple(one for one in self.pieces if one.kind == kind and not one.finished)

    def total(self, what: str, kind: Kind | None = None) -> float | None:
        """Sum of `time_s` or `disk_bytes` over what is left; None where nothing was measured."""
        values = [getattr(one, what) for one in self.pieces if not one.finished and kind in (None, one.kind)]
        return None if None in values else float(sum(values))

    def most_memory(self) -> int | None:
        """Of any piece that is left; None where nothing was measured."""
        values = [one.memory_bytes for one in self.pieces if not one.finished and one.memory_bytes is not None]
        return max(values, default=None)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "device": self.device,
            "hours_by_processes": {str(number): hours for number, hours in self.hours.items()},
            "pieces": [asdict(one) for one in self.pieces],
        }


def study_cost(
    pieces: Sequence[Piece],
    finished: set[str],
    *,
    device: str = "auto",
    measure: bool = True,
    num_processes: Sequence[int] = (1, 2, 4, 8, 16),
    bars: ProgressBars = no_bars,
) -> StudyCost:
    """What is left of a study, and what that will take here.

    Args:
        pieces: of the study.
        finished: names of those that are done.
        device: on which to measure.
        measure: whether to; without it, pieces are only counted.
        num_processes: for how many processes, each as fast as one alone, to say the time.
        bars: shows the measuring.

    Raises:
        MissingExtraError: PyTorch is not installed.
        SettingsError: a measurement failed.
    """
    left = [one for one in pieces if one.name not in finished]
    networks: dict[str, RunSettings] = {}
    for one in left:
        if isinstance(one.work, TrainWork | ScoreWork):
            networks.setdefault(_network_key(one.work.settings), one.work.settings)
    measured: dict[str, Measured] = {}
    if measure:
        with bars(f"Measuring {len(networks)} network{'s' * (len(networks) != 1)}", len(networks)) as progress:
            for key, settings in networks.items():
                measured[key] = measure_network(settings, device)
                progress.advance()
    costs = _Costs(measured)
    found = tuple(costs.of(one, finished=one.name in finished) for one in pieces)
    hours = {}
    if measure:
        total_s = sum(one.time_s or 0.0 for one in found if not one.finished)
        longest_s = _longest_chain(pieces, {one.name: one.time_s or 0.0 for one in found if not one.finished})
        hours = {number: max(total_s / number, longest_s) / 3600 for number in num_processes}
    devices = {one.device for one in measured.values()}
    return StudyCost(pieces=found, device=", ".join(sorted(devices)) or None, hours=hours)


def measure_network(settings: RunSettings, device: str = "auto") -> Measured:
    """Measure one network in a fresh process.

    Raises:
        SettingsError: it failed; the message says how.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "measured.json"
        failures: list[str] = []

        def watch(event: Event) -> None:
            if event.what == "failed":
                failures.append(event.traceback or "")

        cores = 1 if settings.images == "digits" else num_usable_cores()
        task = Task(
            name="measure", work=_measure, arguments=(settings, device, path), resources=Resources(num_cores=cores)
        )
        LocalProcesses(num_processes=1).run([task], watch, lambda: False)
        if failures or not path.is_file():
            reason = failures[0].strip().splitlines()[-1] if failures else "it was stopped"
            raise SettingsError(f"measurement on {device}: expected it to finish, got: {reason}; try --no-measure")
        return Measured(**json.loads(path.read_bytes()))


def _measure(settings: RunSettings, device: str, path: Path, should_stop: ShouldStop) -> None:
    """In the fresh process: take steps, score cells, and write what they took."""
    import time

    import torch

    from shareornot.methods import Setup, SinglePath
    from shareornot.methods.uniform import draw_uniformly
    from shareornot.studies.devices import choose_device
    from shareornot.studies.supernets import _load_images
    from shareornot.supernet import Evaluator, NASBench101SuperNet, Trainer
    from shareornot.supernet.checkpoint import save_checkpoint

    device = choose_device(device)
    images = _load_images(settings, device)
    table = open_benchmark(settings.benchmark)
    cells = space_cells(open_space(settings.space), table.info.max_vertices)
    # One cell a step: steps of several take as many times longer.
    training = replace(settings.training, paths_per_step=1, method="uniform", options={})
    space = open_space(settings.space)
    network = NASBench101SuperNet(settings.network, 0).to(device)
    sampled: list[int] = []
    draw = draw_uniformly(cells)
    method = SinglePath(Setup(network, space, cells, training), lambda rng, number: _noted(draw(rng, number), sampled))
    trainer = Trainer(network, method, images, training)
    trainer.network.train()
    trainer.step().item()
    begin, start = trainer.steps_done, time.perf_counter()
    while not should_stop() and (trainer.steps_done < begin + 2 or time.perf_counter() - start < MEASURING_S):
        trainer.step().item()
    step_s = (time.perf_counter() - start) / (trainer.steps_done - begin)
    stepped = np.array(sampled[begin : trainer.steps_done], np.int32)
    save_checkpoint(path.with_suffix(".checkpoint"), trainer)
    # Two sizes of the validation set tell what a cell and what an image takes.
    pool = np.random.default_rng(0).choice(cells, 1000).astype(np.int32)
    num_images = len(images.validation_images)
    few, more = min(128, num_images), min(640, num_images)
    num_scored = 1

    def seconds_a_cell(adaptation: Literal["average", "none"], size: int) -> float:
        nonlocal num_scored
        fewer = replace(
            images,
            validation_images=images.validation_images[:size],
            validation_labels=images.validation_labels[:size],
        )
        config = replace(settings.evaluation, adaptation=adaptation, fine_tuning_steps=0)
        scores = Evaluator(trainer.network, fewer, config).scores(pool)
        next(scores)
        start, number = time.perf_counter(), 0
        while number < 1 or (time.perf_counter() - start < MEASURING_S / 4 and number < len(pool) - 1):
            next(scores)
            number += 1
        num_scored = max(num_scored, number + 1)
        return (time.perf_counter() - start) / number

    adapted_s, more_s, plain_s = (
        seconds_a_cell("average", few),
        seconds_a_cell("average", more),
        seconds_a_cell("none", few),
    )
    image_s = max((more_s - adapted_s) / max(more - few, 1), 0.0)
    measured = Measured(
        step_s=step_s,
        step_flops=float(_flops(stepped, settings).mean()),
        score_s=adapted_s + image_s * (num_images - few),
        score_plain_s=plain_s + image_s * (num_images - few),
        score_flops=float(_flops(pool[1:num_scored], settings).mean()),
        memory_bytes=_peak_memory(device),
        checkpoint_bytes=path.with_suffix(".checkpoint").stat().st_size,
        device=device if device == "cpu" else torch.cuda.get_device_name(device),
    )
    with atomic_write(path) as file:
        file.write(json.dumps(asdict(measured)).encode())


def _noted(cells: Integer[np.ndarray, "draws paths"], into: list[int]) -> Integer[np.ndarray, "draws paths"]:
    """The same cells, after taking them down."""
    into.extend(cells.ravel().tolist())
    return cells


def _peak_memory(device: str) -> int:
    import resource
    import sys

    if device != "cpu":
        import torch

        return int(torch.cuda.max_memory_reserved(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


class _Costs:
    """Estimates for pieces, from what was measured of their networks."""

    def __init__(self, measured: dict[str, Measured]) -> None:
        self.measured = measured
        self._flops: dict[tuple[str, ...], float] = {}

    def of(self, piece: Piece, *, finished: bool) -> PieceCost:
        work = piece.work
        time_s: float | None
        memory: int | None
        if isinstance(work, TrainWork | ScoreWork):
            known = self.measured.get(_network_key(work.settings))
            if known is None:
                time_s = memory = disk = None
            elif isinstance(work, TrainWork):
                training = work.settings.training
                steps = training.epochs * -(-_num_train_images(work.settings) // training.batch_size)
                factor = _factor(self._mean_flops(work.settings, training.method), known.step_flops)
                time_s = steps * training.paths_per_step * known.step_s * factor
                memory, disk = known.memory_bytes, known.checkpoint_bytes + PIECE_BYTES["train"]
            else:
                factor = _factor(self._mean_flops(work.settings, "uniform"), known.score_flops)
                time_s = (work.stop - work.start) * _seconds_a_cell(known, work.evaluation) * factor
                memory = known.memory_bytes
                disk = (work.stop - work.start) * SCORE_BYTES + PIECE_BYTES["score"]
        else:
            time_s = None if not self.measured else JUDGING_S if isinstance(work, AppraiseWork) else 1.0
            memory, disk = None, None if not self.measured else PIECE_BYTES[piece.kind]
        return PieceCost(
            name=piece.name,
            kind=piece.kind,
            label=piece.label,
            finished=finished,
            time_s=time_s,
            memory_bytes=memory,
            disk_bytes=disk,
        )

    def _mean_flops(self, settings: RunSettings, method: str) -> float:
        """Mean operations of a cell that is drawn so."""
        key = (settings.space, method, settings.benchmark, _network_key(settings))
        if key not in self._flops:
            cells = space_cells(open_space(settings.space), open_benchmark(settings.benchmark).info.max_vertices)
            few = np.random.default_rng(0).choice(cells, min(len(cells), 20_000), replace=False)
            weights = parameter_count(few).astype(np.float64) if method == "pro-rata" else np.ones(len(few))
            self._flops[key] = float(np.average(_flops(few, settings), weights=weights))
        return self._flops[key]


def _factor(flops: float, measured: float) -> float:
    """How much longer a cell of so many operations takes; half of the time is the same for all."""
    return (1 + flops / measured) / 2


def _seconds_a_cell(known: Measured, evaluation: EvaluationSettings) -> float:
    scoring_s = known.score_plain_s if evaluation.adaptation == "none" else known.score_s
    return scoring_s + evaluation.fine_tuning_steps * known.step_s


def _flops(cells: Int32[np.ndarray, " cells"], settings: RunSettings) -> Float64[np.ndarray, " cells"]:
    network = settings.network
    return flop_count(
        cells,
        num_filters=network.num_filters,
        image_size=IMAGE_SIZES[settings.images],
        num_stacks=network.num_stacks,
        cells_per_stack=network.cells_per_stack,
        num_classes=network.num_classes,
        image_channels=network.image_channels,
    ).astype(np.float64)


def _num_train_images(settings: RunSettings) -> int:
    """Known without loading them."""
    return {"digits": 200, "cifar10": 40_000}[settings.images]


def _network_key(settings: RunSettings) -> str:
    """What is measured once."""
    return content_hash(
        {
            "network": identity(settings.network),
            "images": settings.images,
            "batch_size": settings.training.batch_size,
            "scoring": [settings.evaluation.num_batches, settings.evaluation.batch_size],
        }
    )


def _longest_chain(pieces: Sequence[Piece], times_s: dict[str, float]) -> float:
    """Seconds of the longest chain of pieces that need one another; pieces come after those that they need."""
    ends: dict[str, float] = {}
    for one in pieces:
        ends[one.name] = times_s.get(one.name, 0.0) + max((ends[name] for name in one.needs), default=0.0)
    return max(ends.values(), default=0.0)


def count_kinds(pieces: Sequence[PieceCost], *, finished: bool) -> Counter[Kind]:
    """How many pieces of each kind are done, or left."""
    return Counter(one.kind for one in pieces if one.finished == finished)
