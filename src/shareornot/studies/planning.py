"""From a study to its pieces: what must be computed, each thing once, whoever asks for it."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Int32

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.studies.data_hashes import DataHashes, images_file
from shareornot.studies.job import AppraiseWork, Piece, ScoreWork, SummariseWork, TrainWork, make_piece
from shareornot.studies.study_settings import StudySettings, evaluation_config, supernet_settings
from shareornot.studies.supernets import draw_pool
from shareornot.tables import open_benchmark
from shareornot.tables.catalogue import benchmark_path

Cells = Int32[np.ndarray, " cells"]


def plan_pieces(study: StudySettings, hashes: DataHashes) -> tuple[Piece, ...]:
    """All pieces of a study, each after those that it needs.

    Two chapters that train the same super-net, or score the same cells with it in the same way, share those pieces.

    Args:
        study: what is asked for.
        hashes: of the data; remembers what it has hashed.

    Raises:
        MissingDataError: the benchmark, the images or a file of times is not there.
        SettingsError: the network has no room for the cells of the benchmark.
    """
    table = open_benchmark(study.benchmark)
    benchmark_sha256 = hashes.of(benchmark_path(study.benchmark))
    images_sha256 = hashes.of(images_file(study.images))
    pieces: dict[str, Piece] = {}

    @cache
    def hash_of_space(space: str) -> str:
        return hash_of_cells(space_cells(open_space(space), table.info.max_vertices))

    def add(piece: Piece) -> str:
        return pieces.setdefault(piece.name, piece).name

    appraisals = []
    for chapter in study.chapters():
        first = supernet_settings(study, chapter, chapter.seeds[0])
        if table.info.max_vertices > first.network.max_vertices:
            raise SettingsError(
                f"benchmark {table.info.name}: expected cells with at most {first.network.max_vertices} vertices, for "
                f"which the network on {study.images} has room, got up to {table.info.max_vertices}; take cifar10"
            )
        shards = []
        for seed in chapter.seeds:
            settings = supernet_settings(study, chapter, seed)
            train = add(
                make_piece(
                    f"{chapter.space} {chapter.variant}, seed {seed}",
                    TrainWork(
                        settings=settings,
                        space_sha256=hash_of_space(chapter.space),
                        images_sha256=images_sha256,
                        watching=study.watching,
                    ),
                )
            )
            pool = draw_pool(table, settings)
            evaluation = evaluation_config(study, chapter.evaluation, settings)
            names = []
            for start in range(0, len(pool), study.shard_size):
                stop = min(start + study.shard_size, len(pool))
                work = ScoreWork(
                    settings=settings,
                    evaluation=evaluation,
                    train=train,
                    start=start,
                    stop=stop,
                    cells_sha256=hash_of_cells(pool[start:stop]),
                    images_sha256=images_sha256,
                )
                words = f"{chapter.space} {chapter.variant} {chapter.evaluation}, seed {seed}"
                names.append(add(make_piece(f"{words}, cells {start:,} to {stop - 1:,}", work)))
            shards.append(tuple(names))
        times = (chapter.search.times, chapter.search.supernet_times)
        judging = AppraiseWork(
            settings=first,
            chapter=chapter,
            shards=tuple(shards),
            benchmark_sha256=benchmark_sha256,
            times_sha256=(_hash_if_any(times[0], hashes), _hash_if_any(times[1], hashes)),
        )
        appraisals.append(add(make_piece(chapter.label, judging)))
    distinct = tuple(dict.fromkeys(appraisals))
    add(make_piece(f"{len(distinct)} appraisals", SummariseWork(appraisals=distinct)))
    return tuple(pieces.values())


def hash_of_cells(cells: Cells) -> str:
    """SHA-256 of unique indices in their order, whatever the byte order of this machine."""
    return hashlib.sha256(cells.astype("<i4").tobytes()).hexdigest()


def _hash_if_any(path: str | None, hashes: DataHashes) -> str | None:
    """Hash of a file, if one is named."""
    if path is None:
        return None
    file = Path(path)
    if not file.is_file():
        from shareornot.errors import MissingDataError

        raise MissingDataError(f"search times: expected {path}, found no file; make one with: shareornot measure-times")
    return hashes.of(file)
