"""Turns a study into its jobs: what must be computed, each result once."""

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from shareornot.errors import MissingDataError, SettingsError
from shareornot.images import image_source
from shareornot.methods import build_method, check_method
from shareornot.spaces import Space, open_space, space_members
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.job import AppraiseSpec, Job, ScoreSpec, SummariseSpec, TrainSpec, make_job
from shareornot.studies.settings import ChapterSettings, PoolSettings, SupernetSettings
from shareornot.studies.study_settings import StudySettings
from shareornot.tables import BenchmarkTable, Table, open_table
from shareornot.tables.catalogue import benchmark_path

Cells = Int32[np.ndarray, " cells"]


def plan_jobs(study: StudySettings, hashes: DataHashes) -> tuple[Job, ...]:
    """All jobs of a study, each after those that it needs.

    Two chapters that train the same super-net, or score the same cells with it in the same way, share those jobs.

    Args:
        study: what to compute.
        hashes: hashes of the data; remembers what it has hashed.

    Returns:
        The jobs, of which each follows those that it needs.

    Raises:
        MissingDataError: the benchmark, the images or a file of times is not there.
        SettingsError: the network has no room for the cells of the benchmark, a batch is larger than the image set, or
            a method is unknown.
    """
    table = open_table(study.benchmark)
    images_sha256 = hashes.of(image_source(study.images).file())
    jobs: dict[str, Job] = {}

    @cache
    def hash_of_space(space: str) -> str:
        return hash_of_cells(space_members(open_space(space), table.num_architectures))

    def add(job: Job) -> str:
        return jobs.setdefault(job.name, job).name

    chapters = study.chapters()
    for chapter in chapters:
        check_supernet(chapter.supernet, table)
    appraisals = []
    for chapter in chapters:
        shards = []
        for seed in chapter.seeds:
            supernet = chapter.supernet.with_seed(seed)
            train = add(
                make_job(
                    f"{_experiment_of(chapter)}{supernet.space} {supernet.variant}, seed {seed}",
                    TrainSpec(
                        supernet=supernet,
                        space_sha256=hash_of_space(supernet.space),
                        images_sha256=images_sha256,
                        watching=study.watching,
                    ),
                )
            )
            names = [add(job) for job in _score_jobs(study, chapter, supernet, train, table, images_sha256)]
            shards.append(tuple(names))
        appraisals.append(add(appraise_job(chapter, tuple(shards), hashes)))
    distinct = tuple(dict.fromkeys(appraisals))
    add(make_job(f"{len(distinct)} appraisals", SummariseSpec(appraisals=distinct)))
    return tuple(jobs.values())


def appraise_job(chapter: ChapterSettings, shards: tuple[tuple[str, ...], ...], hashes: DataHashes) -> Job:
    """The job that judges a chapter.

    Args:
        chapter: what it is about.
        shards: names of the jobs that score, for each super-net in the order of its pool.
        hashes: hashes of the data.

    Raises:
        MissingDataError: the benchmark or a file of times is not there.
    """
    spec = AppraiseSpec(
        chapter=chapter,
        shards=shards,
        benchmark_sha256=hashes.of(benchmark_path(chapter.supernet.benchmark)),
        times_sha256=(
            _hash_if_any(chapter.search.times, hashes),
            _hash_if_any(chapter.search.supernet_times, hashes),
        ),
    )
    return make_job(chapter.label, spec)


def draw_pool(table: Table, space: str, pool: PoolSettings, seed: int) -> Cells:
    """The cells that a super-net scores: all that the table holds of the space, or some of them at random.

    Args:
        table: states which cells of the space are known.
        space: space that the super-net is trained on.
        pool: how many cells, drawn how. A larger pool of the same seed begins with the cells of a smaller one.
        seed: seed of the draw.

    Returns:
        Numbers of the architectures, in the order in which they are scored.
    """
    cells = space_members(open_space(space), table.num_architectures)
    known: Cells = cells[table.rows_of(cells)[1]]
    if pool.num_cells == "all":
        return known
    rng = np.random.default_rng([seed, 2])
    if pool.with_replacement:
        drawn: Cells = known[rng.integers(len(known), size=pool.num_cells)]
        return drawn
    return known if pool.num_cells >= len(known) else known[rng.permutation(len(known))[: pool.num_cells]]


def check_supernet(supernet: SupernetSettings, table: Table) -> None:
    """Refuse a super-net that cannot be built and trained, before anything is written.

    Raises:
        SettingsError: the space is of another family than the table, the network has no room for the cells of the
            table, the space has no architecture, a batch is larger than the image set, or the method or one of its
            options is unknown.
    """
    space = open_space(supernet.space)
    if space.family != table.space.family:
        raise SettingsError(
            f"space {space.name}: expected a space of {table.space.family}, as the benchmark {table.name} is about it, "
            f"got one of {space.family}; name another space or another benchmark"
        )
    if isinstance(table, BenchmarkTable) and table.info.max_vertices > supernet.network.max_vertices:
        raise SettingsError(
            f"benchmark {table.info.name}: expected cells with at most {supernet.network.max_vertices} vertices, for "
            f"which the network on {supernet.images} has room, got up to {table.info.max_vertices}; take cifar10"
        )
    members = space_members(space, table.num_architectures)
    check_method(supernet.training, space, len(members), supernet.network)
    if supernet.training.options or supernet.training.schedule == "by-size":
        _try_method(supernet, space, members)
    most = image_source(supernet.images).num_train
    if supernet.training.batch_size > most:
        raise SettingsError(
            f"training.batch_size: expected at most the {most:,} training images, got {supernet.training.batch_size:,}"
        )


def _try_method(supernet: SupernetSettings, space: Space, members: Cells) -> None:
    """Build the method on a small network of the same kind, which refuses options out of range.

    Raises:
        SettingsError: see `build_method`.
    """
    from shareornot.methods.contract import Setup
    from shareornot.supernet import build_supernet

    small = build_supernet(space.family, replace(supernet.network, cells_per_stack=1), 0)
    build_method(Setup(small, space, members, supernet.training))


def hash_of_cells(cells: Cells) -> str:
    """SHA-256 of unique indices in their order, whatever the byte order of this machine."""
    return hashlib.sha256(cells.astype("<i4").tobytes()).hexdigest()


def _score_jobs(
    study: StudySettings,
    chapter: ChapterSettings,
    supernet: SupernetSettings,
    train: str,
    table: Table,
    images_sha256: str,
) -> list[Job]:
    """The jobs that score the pool of one super-net."""
    seed = supernet.training.seed
    pool = draw_pool(table, supernet.space, chapter.pool, seed)
    jobs = []
    for start in range(0, len(pool), study.shard_size):
        stop = min(start + study.shard_size, len(pool))
        spec = ScoreSpec(
            supernet=supernet,
            evaluation=chapter.scoring_with_seed(seed),
            pool=chapter.pool,
            train=train,
            start=start,
            stop=stop,
            cells_sha256=hash_of_cells(pool[start:stop]),
            images_sha256=images_sha256,
        )
        jobs.append(make_job(f"{chapter.label}, seed {seed}, cells {start:,} to {stop - 1:,}", spec))
    return jobs


def _experiment_of(chapter: ChapterSettings) -> str:
    """How the label of a job starts: with the experiment that needs the job first, if the study has experiments."""
    return f"{chapter.experiment}: " if chapter.experiment else ""


def _hash_if_any(path: str | None, hashes: DataHashes) -> str | None:
    """Hash of a file, if one is named."""
    if path is None:
        return None
    file = Path(path)
    if not file.is_file():
        raise MissingDataError(f"search times: expected {path}, found no file; make one with: shareornot measure-times")
    return hashes.of(file)
