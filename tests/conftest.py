"""Settings and fixtures that all floors share: real data, a small benchmark with made-up values, evaluations on it."""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

from shareornot.reproduction.evaluations import EvaluatedSupernet, Evaluations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import Cell, parameter_count, space_cells
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.tables import BenchmarkTable, import_columns
from shareornot.tables.table_file import VALUE_COLUMNS, TableColumns, TableInfo

settings.register_profile("compiled", deadline=None)  # the first example of a property test may compile a kernel
settings.load_profile("compiled")


REAL_DATA = "SHAREORNOT_TEST_DATA"
"""Environment variable that names a folder with real data, which is not part of the project."""


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data; tests that need it are skipped where there is none."""
    folder = Path(os.environ.get(REAL_DATA, ""))
    if not os.environ.get(REAL_DATA) or not folder.is_dir():
        pytest.skip(f"no real data: {REAL_DATA} names no folder")
    return folder


@lru_cache
def official_hashes():
    """Of all cells with at most 5 vertices, in the order of unique indices."""
    digests = [bytes.fromhex(Cell.from_index(cell).official_hash()) for cell in range(2_532)]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)


def make_table(cells, name="made up", equal_times=False):
    rng = np.random.default_rng(0)
    parameters = parameter_count(cells)
    ability = np.argsort(np.argsort(parameters + rng.random(len(cells)))) / len(cells)
    values = {}
    for column in VALUE_COLUMNS:
        accuracies = 0.6 + 0.3 * ability[:, None] + 0.02 * rng.random((len(cells), 3))
        times = np.full((len(cells), 3), 500) if equal_times else 100 + 900 * rng.random((len(cells), 3))
        values[column] = (times if column.endswith("time") else accuracies).astype(np.float32)[:, None]
    columns = TableColumns(
        cells=cells,
        module_hashes=official_hashes()[cells],
        trainable_parameters=parameters,
        values=values,
    )
    info = TableInfo(
        name=name, budgets=(108,), num_runs=3, max_vertices=5, data_set="noise", network={"num_filters": 8}
    )
    return BenchmarkTable(columns, columns.hash_order(), info)


@pytest.fixture(scope="session")
def replay_table():
    """All 2,532 cells with at most 5 vertices; larger networks are better."""
    return make_table(np.arange(2_532, dtype=np.int32))


@pytest.fixture(scope="session")
def equal_times_table():
    """The cells with at most 5 vertices, each of which takes equally long to train."""
    return make_table(np.arange(2_532, dtype=np.int32), equal_times=True)


@pytest.fixture(scope="session")
def partial_table():
    """Every other cell, under the name of the paper's benchmark."""
    return make_table(np.arange(0, 2_532, 2, dtype=np.int32), name="NASBench-101 made up")


@pytest.fixture(scope="session")
def make_evaluations():
    """Evaluations by super-nets that see the accuracies through noise; pools are drawn with replacement."""

    def make(table, variants=("BNS-FT", "own"), spaces=("A1", "A_FULL"), num_seeds=3, num_cells=60, seed=0):
        rng = np.random.default_rng(seed)
        supernets = []
        for variant in variants:
            for space in spaces:
                candidates = np.intersect1d(space_cells(open_space(space), 5), table.cells)
                for number in range(num_seeds):
                    cells = rng.choice(candidates, num_cells).astype(np.int32)
                    truth = table.query_many(cells, "validation_accuracy")[0]
                    proxies = np.clip(truth + rng.normal(0, 0.05, num_cells), 0, 1)
                    supernets.append(
                        EvaluatedSupernet(variant=variant, space=space, seed=number, cells=cells, proxies=proxies)
                    )
        return Evaluations(supernets=tuple(supernets))

    return make


@pytest.fixture(scope="session")
def images():
    """Coloured noise of 8 x 8 pixels in four classes, brighter from class to class so that there is something to learn.

    The number of training images is no multiple of a batch size, so that epochs end with a smaller batch.
    """
    import torch

    from shareornot.images import ImageSet

    rng = np.random.default_rng(0)

    def part(num_images):
        labels = rng.integers(4, size=num_images)
        pixels = rng.integers(0, 128, (num_images, 3, 8, 8)) + 40 * labels[:, None, None, None]
        return torch.from_numpy(pixels.astype(np.uint8)), torch.from_numpy(labels)

    (train, train_labels), (validation, validation_labels), (test, test_labels) = map(part, (22, 30, 10))
    return ImageSet(
        name="noise",
        num_classes=4,
        train_images=train,
        train_labels=train_labels,
        validation_images=validation,
        validation_labels=validation_labels,
        test_images=test,
        test_labels=test_labels,
        mean=(0.4, 0.5, 0.6),
        std=(0.2, 0.25, 0.3),
        crop_padding=1,
        flip=True,
    )


@pytest.fixture(scope="session")
def network_config():
    """A network of two stacks of one cell with six filters, which four vertices share unequally."""

    from shareornot.supernet import NetworkSettings

    def make(**changes):
        sizes = {"num_filters": 6, "num_stacks": 2, "cells_per_stack": 1, "num_classes": 4, "bn_momentum": 0.1}
        return NetworkSettings(**(sizes | changes))

    return make


@pytest.fixture(scope="session")
def some_cells():
    """Cells of a space, drawn at random but always the same."""

    def draw(space, num_cells):
        return np.random.default_rng(7).choice(space_cells(open_space(space)), num_cells, replace=False)

    return draw


@pytest.fixture(scope="session")
def make_scored_folder():
    """Makes a study folder of super-nets whose scores are made up, and no weights."""
    import json

    from shareornot.appraisal.scores_file import ScoredCells, write_scores
    from shareornot.studies import Store, plan_jobs, write_study
    from shareornot.studies.data_hashes import DataHashes
    from shareornot.studies.planning import draw_pool
    from shareornot.studies.settings import as_values
    from shareornot.tables import open_benchmark

    def make(folder, study, proxies_of):
        """`proxies_of` gives the proxies of cells from the cells and a generator."""
        store, jobs, table = Store(folder), plan_jobs(study, DataHashes()), open_benchmark(study.benchmark)
        write_study(folder / "study.toml", study)
        store.write_plan(jobs)
        for job in jobs:
            if job.kind == "train":
                store.path(job.name).mkdir(parents=True)
                (store.path(job.name) / "checkpoint.safetensors").write_bytes(b"no weights")
                store.finish(job, ["checkpoint.safetensors"], duration_s=0.0, about={})
            elif job.kind == "score":
                spec = job.spec
                seed = spec.supernet.training.seed
                cells = draw_pool(table, spec.supernet.space, spec.pool, seed)[spec.start : spec.stop]
                evaluation = json.loads(json.dumps(as_values(spec.evaluation)))
                origin = {"evaluation": evaluation, "num_train_images": 200, "num_validation_images": 200}
                proxies = np.clip(proxies_of(cells, np.random.default_rng([seed, spec.start])), 0, 1)
                path = store.path(job.name) / "proxies.parquet"
                write_scores(path, ScoredCells(cells=cells, proxies=proxies, origin=origin))
                store.finish(job, ["proxies.parquet"], duration_s=0.0, about={})
        return folder

    return make


WIDE = 200
"""Architectures of the wide table."""


@pytest.fixture(scope="session")
def wide_folder(tmp_path_factory):
    """A made-up wide table in the layout of published ones: super-nets of NAS-Bench-201, and what each of them is.

    Files: `scores.parquet`, `index.parquet`, `truth.parquet` with zero-cost scores, and the table `truth.arrow`.
    """
    folder, rng = tmp_path_factory.mktemp("wide"), np.random.default_rng(0)
    numbers = np.sort(rng.choice(15_625, WIDE, replace=False))
    texts = FAMILY.texts(numbers)
    ability = np.argsort(np.argsort(FAMILY.features(numbers)["num_nor_conv_3x3"] + rng.normal(size=WIDE))) / WIDE
    runs = 60 + 30 * ability[:, None] + rng.normal(0, 0.5, (WIDE, 3))
    columns = {"index": np.arange(WIDE), "architecture": texts}
    index = {"supernet": [], "seed": [], "kind": [], "thresholds": [], "balanced": [], "epochs": [], "kendall_tau": []}
    for seed in (0, 118, 5349):
        for balanced in (False, True):
            for thresholds in ("", "15,20"):
                name = f"seed-{seed}-{thresholds or 'one'}{'-balanced' if balanced else ''}"
                noise = 0.4 - 0.2 * balanced - 0.02 * bool(thresholds)
                columns[name] = (100 * (ability + noise * rng.normal(size=WIDE))).astype(np.float32)
                values = (name, seed, "few-shot" if thresholds else "one-shot", thresholds, balanced, 250.0, 0.123)
                for column, value in zip(index, values, strict=True):
                    index[column].append(value)
    pq.write_table(pa.table(columns), folder / "scores.parquet")
    pq.write_table(pa.table(index), folder / "index.parquet")
    free = ability + 0.3 * rng.normal(size=WIDE)
    free[3] = -np.inf
    truth = {"architecture": texts, "zero_cost": free, **{f"run_{run}": runs[:, run] for run in range(3)}}
    pq.write_table(pa.table(truth).take(pa.array(rng.permutation(WIDE))), folder / "truth.parquet")
    import_columns(
        folder / "truth.parquet",
        folder / "truth.arrow",
        name="made up",
        space=FAMILY,
        columns={"test_accuracy": ["run_0", "run_1", "run_2"]},
        percent=True,
        data_set="cifar10",
        epochs=200,
    )
    return folder
