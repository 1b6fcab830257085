"""Doing a piece, wherever an executor likes: in this process, in another, on another machine that sees the folder.

A piece reads what it needs from the folders of other pieces, after looking at every byte of it; it writes into its own,
and says last that it is finished. It may be killed at any moment: the next call goes on from what was saved. What it
finds damaged it sets aside, so that whoever runs the study computes it anew.
"""

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Int32

from shareornot.errors import DataError, Interrupted
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.storage import sha256_of
from shareornot.studies.data_hashes import images_file
from shareornot.studies.devices import choose_device
from shareornot.studies.execution import LOG_NAME, LogWriter, open_log
from shareornot.studies.job import AppraiseWork, Piece, ScoreWork, SummariseWork, TrainWork
from shareornot.studies.planning import hash_of_cells
from shareornot.studies.provenance import installed_versions
from shareornot.studies.settings import RunSettings, write_settings
from shareornot.studies.store import Store
from shareornot.studies.supernets import draw_pool
from shareornot.tables import BenchmarkTable, open_benchmark
from shareornot.tables.catalogue import benchmark_path

if TYPE_CHECKING:
    from shareornot.images import ImageSet
    from shareornot.supernet import EpochReport, SuperNet

Cells = Int32[np.ndarray, " cells"]
ShouldStop = Callable[[], bool]
LOG_INTERVAL_S = 1.0
"""How often a piece that scores says how far it is."""


def do_piece(folder: Path, piece: Piece, device: str, should_stop: ShouldStop) -> None:
    """Do one piece of a study, or go on with it; a finished one is left as it is.

    Args:
        folder: of the study.
        piece: what to do.
        device: as PyTorch names it, or "auto".
        should_stop: asked at every step.

    Raises:
        Interrupted: `should_stop` said so; what there is is saved.
        DataError: a result that this one needs is damaged, and was set aside; or data is not what was planned with.
    """
    store = Store(folder)
    if store.is_finished(piece.name):
        return
    started = time.monotonic()
    for name in piece.needs:
        verify_or_set_aside(store, name)
    if should_stop():
        raise Interrupted(f"{piece.label}: not begun")
    store.path(piece.name).mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"machine": platform.machine(), "versions": installed_versions()}
    match piece.work:
        case TrainWork():
            with _threads(piece.work.settings):
                files, about["device"] = _train(store, piece, piece.work, device, should_stop)
        case ScoreWork():
            with _threads(piece.work.settings):
                files, about["device"] = _score(store, piece, piece.work, device, should_stop)
        case AppraiseWork():
            from shareornot.studies.appraisal_job import appraise_piece

            _check_benchmark(piece.work.settings.benchmark, piece.work.benchmark_sha256)
            files = appraise_piece(store, piece, piece.work)
        case SummariseWork():
            from shareornot.studies.summary import summarise_piece

            files = summarise_piece(store, piece, piece.work)
    store.finish(piece, files, duration_s=time.monotonic() - started, about=about)


def verify_or_set_aside(store: Store, name: str) -> None:
    """Look at every byte of a piece that another one reads.

    Raises:
        DataError: it is damaged, and was set aside.
    """
    try:
        store.verify(name)
    except DataError as error:
        aside = store.set_aside(name, str(error))
        raise DataError(str(aside)) from error


def _train(store: Store, piece: Piece, work: TrainWork, device: str, should_stop: ShouldStop) -> tuple[list[str], str]:
    """Train a super-net, from its checkpoint if there is one."""
    from shareornot.studies.supernet_run import CHECKPOINT

    device = choose_device(device)
    images = _images(work.settings.images, work.images_sha256, device)
    table = open_benchmark(work.settings.benchmark)
    cells = space_cells(open_space(work.settings.space), table.info.max_vertices)
    if hash_of_cells(cells) != work.space_sha256:
        raise DataError(f"space {work.settings.space}: expected the cells that the study was planned with, got others")
    try:
        _go_on_training(store, piece, work, images, cells, should_stop)
    except DataError as error:
        if not (store.path(piece.name) / CHECKPOINT).exists():
            raise
        store.set_aside(piece.name, str(error))
        _go_on_training(store, piece, work, images, cells, should_stop)
    return [CHECKPOINT, "settings.json"], _device_name(device)


def _go_on_training(
    store: Store, piece: Piece, work: TrainWork, images: "ImageSet", cells: Cells, should_stop: ShouldStop
) -> None:
    from shareornot.progress import Silent
    from shareornot.studies.supernet_run import continue_training

    folder = store.path(piece.name)
    epochs = work.settings.training.epochs
    write_settings(folder / "settings.json", work.settings)
    correlation = _Correlation(work, images, should_stop)
    with open_log(folder / LOG_NAME) as log:

        def tell(network: "SuperNet", report: "EpochReport", images_per_s: float) -> None:
            measures = {"loss": report.loss, "images_per_s": images_per_s, **correlation.measure(network, report.epoch)}
            log.write(report.epoch, epochs, "epochs", **measures)

        continue_training(folder, work.settings, images, cells, Silent(), should_stop, on_epoch=tell)


class _Correlation:
    """Spearman's correlation of a few proxies with what training those cells alone gave, every few epochs."""

    def __init__(self, work: TrainWork, images: "ImageSet", should_stop: ShouldStop) -> None:
        self.work, self.images, self.should_stop = work, images, should_stop
        num_times = work.watching.num_times
        self.interval = max(1, work.settings.training.epochs // num_times) if num_times else 0

    def measure(self, network: "SuperNet", epoch: int) -> dict[str, float]:
        """The correlation after some epochs; nothing after the others, or where it is none."""
        if not self.interval or epoch % self.interval:
            return {}
        from shareornot.statistics import spearman
        from shareornot.supernet import Evaluator

        number = self.work.watching.num_images
        fewer = replace(
            self.images,
            validation_images=self.images.validation_images[:number],
            validation_labels=self.images.validation_labels[:number],
        )
        cells, accuracies = _some_cells(self.work.settings, self.work.watching.num_cells)
        proxies = []
        for proxy in Evaluator(network, fewer, self.work.settings.evaluation).scores(cells):
            if self.should_stop():
                return {}
            proxies.append(proxy)
        value = spearman(np.array(proxies), accuracies).value if len(proxies) > 2 else None
        return {} if value is None else {"proxy_correlation": round(value, 4)}


def _some_cells(settings: RunSettings, number: int) -> tuple[Cells, np.ndarray]:
    """A few cells of the space that the benchmark knows, and their mean validation accuracies."""
    table = open_benchmark(settings.benchmark)
    cells = draw_pool(table, replace(settings, num_cells=number, with_replacement=False))
    rows, _ = table.rows_of(cells)
    return cells, table.mean("validation_accuracy")[rows]


def _score(store: Store, piece: Piece, work: ScoreWork, device: str, should_stop: ShouldStop) -> tuple[list[str], str]:
    """Score a part of a pool, from what is scored already if there is something."""
    from shareornot.studies.supernet_run import CHECKPOINT, PROXIES, score_cells
    from shareornot.supernet.checkpoint import load_supernet

    device = choose_device(device)
    images = _images(work.settings.images, work.images_sha256, device)
    cells = draw_pool(open_benchmark(work.settings.benchmark), work.settings)[work.start : work.stop]
    if hash_of_cells(cells) != work.cells_sha256:
        raise DataError(
            f"benchmark {work.settings.benchmark}: expected the cells that the study was planned with, got others"
        )
    network, num_steps = load_supernet(store.path(work.train) / CHECKPOINT)

    def go_on() -> None:
        folder = store.path(piece.name)
        with open_log(folder / LOG_NAME) as log:
            progress = _ScoringLog(log, len(cells))
            score_cells(folder, network, num_steps, work.evaluation, images, cells, progress, should_stop)

    try:
        go_on()
    except DataError as error:
        if not any(store.path(piece.name).glob("*.parquet")):
            raise
        store.set_aside(piece.name, str(error))
        go_on()
    return [PROXIES], _device_name(device)


class _ScoringLog:
    """A `Progress` that writes into a log, about once a second."""

    def __init__(self, log: LogWriter, total: int) -> None:
        self.log, self.total = log, total
        self.num_done: float = 0
        self.told_s = time.monotonic()
        self.num_told: float | None = None

    def advance(self, num_done: float | int = 1, note: str = "") -> None:  # noqa: ARG002 (the note is for people)
        now = time.monotonic()
        if self.num_told is None:  # what an earlier call scored comes first, and took no time now
            self.num_told = num_done
        self.num_done += num_done
        passed_s = now - self.told_s
        if passed_s >= LOG_INTERVAL_S or self.num_done >= self.total:
            rate = (self.num_done - self.num_told) / max(passed_s, 1e-9)
            self.log.write(self.num_done, self.total, "cells", cells_per_s=round(rate, 3))
            self.told_s, self.num_told = now, self.num_done


@lru_cache(maxsize=1)
def _images(name: str, digest: str, device: str) -> "ImageSet":
    """Images on their device, kept for the next piece of this process.

    Raises:
        DataError: they are not those that the study was planned with.
    """
    path = images_file(name)
    if sha256_of(path) != digest:
        raise DataError(f"{path}: expected the images that the study was planned with, got others; plan it again")
    from shareornot.images import cifar10_images, digits_images, open_cifar10

    images = digits_images() if name == "digits" else cifar10_images(*open_cifar10())
    return images.to(device)


@lru_cache(maxsize=1)
def _check_benchmark(name: str, digest: str) -> BenchmarkTable:
    """The benchmark, if it is the one that the study was planned with.

    Raises:
        DataError: it is not.
    """
    path = benchmark_path(name)
    if sha256_of(path) != digest:
        raise DataError(f"{path}: expected the benchmark that the study was planned with, got another; plan it again")
    return open_benchmark(name)


@contextmanager
def _threads(settings: RunSettings) -> Iterator[None]:
    """One thread for the small networks of the digits, which lose by sharing the work out."""
    if settings.images != "digits":
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _device_name(device: str) -> str:
    """What a person calls a device."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device}, {torch.cuda.get_device_name(device)}"
