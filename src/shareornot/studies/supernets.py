"""Train, evaluate and appraise the super-nets of one space in a folder: a study of one chapter, step by step.

The folder is that of a study, with the same jobs, results and way to resume; `shareornot study` can continue it.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.appraisal.audit import SpaceAudit, audit_space
from shareornot.appraisal.chapter import Chapter
from shareornot.appraisal.serialization import read_chapter
from shareornot.errors import Interrupted, JobError, MissingDataError, SettingsError
from shareornot.progress import ProgressBars, no_bars
from shareornot.spaces import open_space
from shareornot.studies.appraisal_job import appraise_chapter, scored_pools, settings_used
from shareornot.studies.data_hashes import CACHE_FILE, DataHashes
from shareornot.studies.execution import LOG_NAME, only_runner, read_log
from shareornot.studies.interruption import polite_interruption
from shareornot.studies.job import AppraiseSpec, Job, ScoreSpec, SummariseSpec, TrainSpec, make_job
from shareornot.studies.job_execution import do_job
from shareornot.studies.losses import with_losses
from shareornot.studies.naming import variant_name
from shareornot.studies.overrides import differences, merged
from shareornot.studies.places import choose_place
from shareornot.studies.planning import appraise_job, draw_pool
from shareornot.studies.recipes import EVALUATIONS, evaluation_text
from shareornot.studies.run_bar import RunBar
from shareornot.studies.runner import check_finished, run_study
from shareornot.studies.same_networks import check_networks
from shareornot.studies.settings import ChapterSettings, PoolSettings, as_values
from shareornot.studies.store import Store
from shareornot.studies.study_file import STUDY_FILE, read_study
from shareornot.studies.study_settings import StudySettings
from shareornot.studies.training import LEARNT
from shareornot.tables import open_table


def train_supernets(
    folder: Path,
    study: StudySettings,
    *,
    device: str = "auto",
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> StudySettings:
    """Train super-nets that differ in their seed only. Finished ones are kept, interrupted ones are resumed.

    Args:
        folder: folder of the study; created if it does not exist.
        study: settings with one space, one variant and no experiments.
        device: as PyTorch names it, or "auto" for an accelerator where there is one.
        num_processes: super-nets trained at the same time, by default one per core, or one per accelerator.
        bars: shows the progress in steps.
        warn: gets a sentence as soon as a training turns out to learn nothing.

    Returns:
        The study that the folder holds, with the super-nets that were there before.

    Raises:
        SettingsError: the folder holds super-nets of other settings, or another process uses it.
        MissingDataError: the benchmark or the images are not there; the message states how to get them.
        MissingExtraError: PyTorch is not installed.
        JobError: a training failed.
        Interrupted: Ctrl-C; everything is saved, and the same call resumes.
    """
    if len(study.spaces) != 1 or len(study.variants) != 1 or study.experiments:
        raise SettingsError("train_supernets: expected a study of one space and one variant; use run_study for others")
    requested, study = study, _joined(folder, study)
    seeds = range(requested.seed, requested.seed + requested.supernets)

    def wanted(job: Job) -> bool:
        return isinstance(job.spec, TrainSpec) and job.spec.supernet.training.seed in seeds

    what = f"Training {len(seeds)} super-net{'s' * (len(seeds) > 1)}"
    _run(folder, study, wanted, what, device, num_processes, bars, warn)
    return study


def evaluate_supernets(
    folder: Path,
    *,
    evaluation: Mapping[str, Any] | None = None,
    num_cells: int | None = None,
    device: str = "auto",
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
) -> str:
    """Score the cells of each super-net's pool.

    Scores are kept for each evaluation. A larger pool begins with the cells of a smaller one, whose scores are kept.

    Args:
        folder: folder of `train_supernets`.
        evaluation: settings that differ from those of the recipe, such as `{"adaptation": "none"}`.
        num_cells: cells in a pool, by default as the recipe states; fewer than were scored before change nothing.
        device: as in `train_supernets`.
        num_processes: jobs at the same time, as in `train_supernets`.
        bars: shows the progress in cells.

    Returns:
        The evaluation as the study names it, such as `no-ft` or `bns-ft num_batches=8`.

    Raises:
        MissingDataError: no super-net in the folder.
        SettingsError: a training has not ended, or a value is out of range.
        JobError: scoring failed.
        Interrupted: Ctrl-C; everything is saved, and the same call resumes.
    """
    study = read_folder(folder)
    usual = _usual_evaluation(study)
    name = evaluation_text(as_values(usual.scoring), dict(evaluation or {}))
    if num_cells is not None and num_cells < 1:
        raise SettingsError(f"cells: expected at least 1, got {num_cells}")
    before = study.experiments.get(name, {}).get("pool", {}).get("num_cells")
    sizes = [one for one in (before, num_cells or usual.pool.num_cells) if one is not None]
    size = "all" if "all" in sizes else max(sizes)
    experiment = {"evaluations": [name], "pool": {"num_cells": size}}
    experiments = merged(study.experiments, {name: experiment})
    names = [*EVALUATIONS]
    order = sorted(experiments, key=lambda one: names.index(one.split()[0]) if one.split()[0] in names else len(names))
    study = replace(study, experiments={one: experiments[one] for one in order})
    chapter = next(one for one in study.chapters() if one.experiment == name)
    scorings = [chapter.scoring_with_seed(seed) for seed in chapter.seeds]

    def wanted(job: Job) -> bool:
        return isinstance(job.spec, ScoreSpec) and job.spec.evaluation in scorings

    number = sum(len(_pool(chapter, seed)) for seed in chapter.seeds)
    what = f"Scoring {number:,} cells with {study.supernets} super-net{'s' * (study.supernets > 1)}"
    _run(folder, study, wanted, what, device, num_processes, bars)
    return name


@dataclass(frozen=True, kw_only=True, slots=True)
class AppraisedFolder:
    """Results of the appraisal of a folder: a chapter for each evaluation."""

    study: StudySettings
    chapters: tuple[Chapter, ...]
    settings: tuple[Mapping[str, Any], ...]
    """Behind each chapter, how its cells were scored as the scores record it."""
    notes: tuple[str, ...] = ()
    """Sentences about what was left out."""


def appraise_supernets(
    folder: Path,
    *,
    search: Mapping[str, Any] | None = None,
    read_only: bool = False,
    bars: ProgressBars = no_bars,
) -> AppraisedFolder:
    """Judge the super-nets of a folder whose cells have been scored; needs no PyTorch.

    Args:
        folder: folder of `train_supernets` and `evaluate_supernets`, or of a study.
        search: settings of the comparison with searches that differ from the defaults, such as `{"seed": 1}`.
        read_only: write nothing into the folder.
        bars: shows the progress in chapters.

    Returns:
        One chapter for each way of scoring, with its settings, and notes on what was left out.

    Raises:
        MissingDataError: no scored super-net in the folder, or the benchmark is not there.
        SettingsError: all super-nets diverged.
        DataError: scores are damaged.
    """
    study = read_folder(folder)
    if search is not None:
        study = replace(study, search=merged(study.search, search))
    store = Store(folder)
    jobs, notes = _appraise_jobs(store, study, DataHashes(None if read_only else folder / CACHE_FILE))
    chapters = []
    with ExitStack() as stack:
        if not read_only:
            stack.enter_context(only_runner(folder))
            check_finished(store, [one.name for one in jobs])
        progress = stack.enter_context(bars("Simulating searches", len(jobs)))
        for job in jobs:
            if read_only:
                for name in job.needs:
                    store.verify(name)
                chapter = appraise_chapter(store, _spec(job))
            else:
                do_job(folder, job, "cpu", lambda: False)
                chapter = read_chapter(store.path(job.name))
            chapters.append(with_losses(chapter, store, _spec(job).shards))
            progress.advance()
        if not read_only:
            _summarise(store, jobs)
    settings = tuple(settings_used(store, _spec(job)) for job in jobs)
    return AppraisedFolder(study=study, chapters=tuple(chapters), settings=settings, notes=notes)


def audit_supernets(folder: Path, *, benchmark: str | None = None, seed: int = 0) -> list[SpaceAudit]:
    """Audit the scored super-nets of a folder, once for each evaluation; needs no PyTorch.

    Args:
        folder: folder of `train_supernets` and `evaluate_supernets`, or of a study.
        benchmark: name or path of the table; by default that of the study.
        seed: random seed, for the choice of held-out cells and for ties.

    Raises:
        MissingDataError: no scored super-net in the folder, or no such table.
        DataError: too few cells in a pool, damaged scores, or no super-net converged.
    """
    study, store = read_folder(folder), Store(folder)
    table = open_table(benchmark or study.benchmark)
    audits = []
    for job in _appraise_jobs(store, study, DataHashes())[0]:
        for name in job.needs:
            store.verify(name)
        chapter = _spec(job).chapter
        variant = variant_name(chapter.supernet.variant, chapter.evaluation)
        pools, rng = scored_pools(store, _spec(job))[0], np.random.default_rng(seed)
        audits.append(audit_space(table, open_space(chapter.supernet.space), pools, rng, variant=variant))
    return audits


def read_folder(folder: Path) -> StudySettings:
    """The study of a folder.

    Raises:
        MissingDataError: no super-nets in the folder.
        DataError: its settings are damaged, or an older version wrote it or trained other networks.
    """
    store = Store(folder)
    store.check_format()
    if not (folder / STUDY_FILE).is_file():
        raise MissingDataError(f"{folder}: expected super-nets, found none; train some with: shareornot train {folder}")
    study = read_study(folder)
    check_networks(store, study)
    return study


def larger_than_space(folder: Path, num_cells: int | None) -> str | None:
    """A sentence about a requested pool that is larger than what is known of the space; None for others.

    Args:
        folder: folder of super-nets.
        num_cells: the requested number.
    """
    if num_cells is None:
        return None
    chapter = read_folder(folder).chapters()[0]
    table, space = open_table(chapter.supernet.benchmark), chapter.supernet.space
    known = len(draw_pool(table, space, PoolSettings(num_cells="all"), 0))
    if chapter.pool.with_replacement or num_cells <= known:
        return None
    return (
        f"space {space}: {num_cells:,} cells were requested, and the benchmark holds {known:,}; all of these are scored"
    )


def training_warnings(folder: Path, study: StudySettings) -> list[str]:
    """Sentences about super-nets that have learnt nothing, and about lines of their logs that cannot be read.

    Args:
        folder: folder of the super-nets.
        study: study that the folder holds.
    """
    store, found = Store(folder), []
    guessing = math.log(study.chapters()[0].supernet.network.num_classes)
    for job in store.read_plan():
        if job.kind != "train" or not store.is_finished(job.name):
            continue
        log = read_log(store.path(job.name) / LOG_NAME)
        if log.num_damaged:
            found.append(
                f"{job.label}: damaged lines in {LOG_NAME} are ignored ({log.num_damaged}); no result depends on them"
            )
        loss = log.lines[-1].measures.get("loss", math.nan) if log.lines else 0.0
        if not loss <= LEARNT * guessing:  # also where it is not a number
            found.append(
                f"{job.label}: has learnt nothing: its loss in epoch {log.lines[-1].done:g} was {loss:.3f}, and "
                f"guessing gives {guessing:.3f}"
            )
    return found


def _joined(folder: Path, study: StudySettings) -> StudySettings:
    """The study of a folder with more super-nets, or the requested study where the folder is new.

    Raises:
        SettingsError: the folder holds super-nets of other settings; the message names each with both values.
    """
    if not (folder / STUDY_FILE).is_file():
        Store(folder).check_format()
        return study
    there = read_folder(folder)
    chapters = there.chapters()
    new = study.chapters()[0].supernet
    for old in (one.supernet.with_seed(new.training.seed) for one in chapters):
        if old != new:
            changed = "; ".join(differences(as_values(old), as_values(new)))
            raise SettingsError(f"{folder}: holds super-nets of other settings ({changed}); choose another folder")
    first, last = min(there.seed, study.seed), max(there.seed + there.supernets, study.seed + study.supernets)
    if last - first > there.supernets + study.supernets:
        raise SettingsError(
            f"{folder}: expected seeds that continue {there.seed} to {there.seed + there.supernets - 1}, got "
            f"{study.seed} to {study.seed + study.supernets - 1}; use consecutive seeds or another folder"
        )
    return replace(there, seed=first, supernets=last - first)


def _usual_evaluation(study: StudySettings) -> ChapterSettings:
    """The chapter that scores with adapted statistics as the recipe states."""
    return replace(study, experiments={}, evaluations=("bns-ft",)).chapters()[0]


def _pool(chapter: ChapterSettings, seed: int) -> np.ndarray:
    table = open_table(chapter.supernet.benchmark)
    return draw_pool(table, chapter.supernet.space, chapter.pool, seed)


def _run(
    folder: Path,
    study: StudySettings,
    wanted: Callable[[Job], bool],
    what: str,
    device: str,
    num_processes: int | None,
    bars: ProgressBars,
    warn: Callable[[str], None] = lambda _sentence: None,
) -> None:
    """Do some jobs of a study, with one bar for all of them.

    Raises:
        JobError: a job failed for a reason that the user can fix.
        RuntimeError: a job failed for another reason.
        Interrupted: the user stopped the work.
    """
    place = choose_place(study.images, device, num_processes, most=study.supernets)
    with polite_interruption() as should_stop, RunBar(bars, what, Store(folder), warn) as bar:
        report = run_study(
            folder,
            study,
            place.executor,
            wanted=wanted,
            device=place.device,
            resources=place.resources,
            watch=bar.watch,
            should_stop=should_stop,
            on_plan=bar.expect,
        )
    if report.messages:
        raise JobError("; ".join(report.messages[:3]))
    if report.failed:
        raise RuntimeError(next(iter(report.failed.values())))
    if not report.complete:
        raise Interrupted(
            f"{folder}: stopped; {report.num_found + report.num_done} of {report.num_jobs} jobs are finished, and what "
            "was started is saved"
        )


def _appraise_jobs(store: Store, study: StudySettings, hashes: DataHashes) -> tuple[list[Job], tuple[str, ...]]:
    """The jobs that judge the chapters whose cells are scored, from the plan of the folder; no images are needed.

    Returns:
        The jobs, and sentences about chapters that are left out.

    Raises:
        MissingDataError: nothing is scored to the end.
    """
    planned = {}
    for one in store.read_plan():
        if one.chapter is not None:
            key = (one.chapter.experiment, one.chapter.space, one.chapter.variant, one.chapter.evaluation)
            planned[key] = one.chapter
    jobs, notes = [], []
    for chapter in study.chapters():
        key = (chapter.experiment, chapter.supernet.space, chapter.supernet.variant, chapter.evaluation)
        if key in planned and all(store.is_finished(name) for names in planned[key].shards for name in names):
            jobs.append(appraise_job(chapter, planned[key].shards, hashes))
        else:
            notes.append(f"{chapter.label}: left out, because not all of its cells are scored")
    if not jobs:
        raise MissingDataError(
            f"{store.folder}: expected scored super-nets, found none whose cells are all scored; score them with: "
            f"shareornot evaluate {store.folder}"
        )
    return jobs, tuple(notes)


def _summarise(store: Store, jobs: list[Job]) -> None:
    """Do the last job of the plan, if all that it needs is done."""
    summary = make_job("", SummariseSpec(appraisals=tuple(dict.fromkeys(one.name for one in jobs))))
    for one in store.read_plan():
        if one.name == summary.name:
            do_job(store.folder, replace(summary, label=one.label), "cpu", lambda: False)


def _spec(job: Job) -> AppraiseSpec:
    assert isinstance(job.spec, AppraiseSpec)
    return job.spec
