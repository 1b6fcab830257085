"""Doing a job, wherever an executor runs it: in this process, in another, on another machine that sees the folder.

A job reads what it needs from the folders of other jobs, after checking every byte of it; it writes into its own, and
is marked as finished last of all. It may be killed at any moment: the next call resumes from what was saved. Results
that are damaged are set aside, so that whoever runs the study recomputes them.
"""

import platform
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shareornot.errors import DataError, Interrupted
from shareornot.images import image_source
from shareornot.storage import sha256_of
from shareornot.studies.devices import choose_device
from shareornot.studies.job import AppraiseSpec, Job, ScoreSpec, SummariseSpec, TrainSpec
from shareornot.studies.provenance import installed_versions
from shareornot.studies.store import Store
from shareornot.tables.catalogue import benchmark_path

if TYPE_CHECKING:
    from shareornot.images import ImageSet

ShouldStop = Callable[[], bool]


def do_job(folder: Path, job: Job, device: str, should_stop: ShouldStop) -> None:
    """Do one job of a study, or resume it; a finished one is left as it is.

    Args:
        folder: folder of the study.
        job: what to do.
        device: as PyTorch names it, or "auto".
        should_stop: called at every step.

    Raises:
        Interrupted: `should_stop` turned true; what was computed is saved.
        DataError: a result that this job needs is damaged, and was set aside; or data is not what was planned with.
    """
    store = Store(folder)
    if store.is_finished(job.name):
        return
    started = time.monotonic()
    for name in job.needs:
        verify_or_set_aside(store, name)
    if should_stop():
        raise Interrupted(f"{job.label}: not started")
    about: dict[str, Any] = {"machine": platform.machine(), "versions": installed_versions()}
    match job.spec:
        case TrainSpec() | ScoreSpec():
            from shareornot.studies.scoring import score_job
            from shareornot.studies.training import train_job

            device = choose_device(device)
            images = _images(job.spec.supernet.images, job.spec.images_sha256, device)
            about["device"] = _device_name(device)
            if isinstance(job.spec, TrainSpec):
                files = train_job(store, job, job.spec, images, should_stop)
            else:
                files = score_job(store, job, job.spec, images, should_stop)
        case AppraiseSpec():
            from shareornot.studies.appraisal_job import appraise_job

            _check_benchmark(job.spec.chapter.supernet.benchmark, job.spec.benchmark_sha256)
            files = appraise_job(store, job, job.spec)
        case SummariseSpec():
            from shareornot.studies.summary import summarise_job

            files = summarise_job(store, job, job.spec)
    store.finish(job, files, duration_s=time.monotonic() - started, about=about)


def verify_or_set_aside(store: Store, name: str) -> None:
    """Check every byte of a job's results before they are read.

    Raises:
        MissingDataError: the job is not finished.
        DataError: a result is damaged, and the job was set aside.
    """
    try:
        store.verify(name)
    except DataError as error:
        aside = store.set_aside(name, str(error))
        raise DataError(str(aside)) from error


@lru_cache(maxsize=1)
def _images(name: str, digest: str, device: str) -> "ImageSet":
    """Images on their device, kept for the next job of this process.

    Raises:
        DataError: they are not those that the study was planned with.
    """
    source = image_source(name)
    path = source.file()
    if sha256_of(path) != digest:
        raise DataError(f"{path}: expected the images that the study was planned with, got others; plan it again")
    return source.load().to(device)


@lru_cache(maxsize=1)
def _check_benchmark(name: str, digest: str) -> None:
    """Refuse a benchmark that is not the one that the study was planned with.

    Raises:
        DataError: it is another.
    """
    path = benchmark_path(name)
    if sha256_of(path) != digest:
        raise DataError(f"{path}: expected the benchmark that the study was planned with, got another; plan it again")


def _device_name(device: str) -> str:
    """What a person calls a device."""
    if not device.startswith("cuda"):
        return device
    import torch

    return f"{device}, {torch.cuda.get_device_name(device)}"
