"""How the benchmark of small cells of NASBench-101 is made: each cell trained alone three times on the digits."""

import platform
from dataclasses import asdict
from pathlib import Path

import numpy as np

from shareornot.progress import ProgressBars, no_bars
from shareornot.spaces.nasbench101 import Cell, parameter_count, unique_codes
from shareornot.studies.recipes import digits_network
from shareornot.studies.standalone_parts import StandaloneBuild, train_alone
from shareornot.supernet.settings import NetworkSettings, StandaloneTrainingSettings
from shareornot.tables import BenchmarkTable, TableColumns, TableInfo, write_table

MAX_VERTICES = 5


def digits() -> StandaloneBuild:
    """What the embedded benchmark trains: all cells with at most 5 vertices."""
    return StandaloneBuild(
        family="nasbench101",
        architectures=range(len(unique_codes(MAX_VERTICES))),
        network=digits_network(),
        training=StandaloneTrainingSettings(epochs=12),
        part_size=6,
    )


def build_digits(
    out: Path,
    parts: Path,
    *,
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
    build: StandaloneBuild | None = None,
) -> BenchmarkTable:
    """Train the cells that are not trained yet, and write the benchmark table.

    Args:
        out: the table.
        parts: folder of finished trainings; those of other settings are refused.
        num_processes: trainings at the same time, by default one per core.
        bars: shows the progress in cells.
        build: what to train, by default `digits`; cells by their unique indices, from 0 on.

    Raises:
        SettingsError: the folder holds trainings of other settings.
        Interrupted: Ctrl-C; finished parts are saved, and the same call resumes.
        DataError: a finished part is damaged.
    """
    build = build or digits()
    results = train_alone(parts, build, num_processes=num_processes, bars=bars)
    write_table(out, _columns(results, build), _info(build))
    table = BenchmarkTable.open(out)
    table.verify()
    return table


def _columns(results: dict[str, np.ndarray], build: StandaloneBuild) -> TableColumns:
    """The rows of the table."""
    cells = np.array(build.architectures, np.int32)
    hashes = b"".join(bytes.fromhex(Cell.from_index(index).official_hash()) for index in build.architectures)
    return TableColumns(
        cells=cells,
        module_hashes=np.frombuffer(hashes, np.uint8).reshape(-1, 16),
        trainable_parameters=parameter_count(cells, **_size(build.network)),
        values={name.removesuffix("_s"): values[:, None, :].astype(np.float32) for name, values in results.items()},
    )


def _info(build: StandaloneBuild) -> TableInfo:
    import sklearn
    import torch

    return TableInfo(
        name="digits",
        budgets=(build.training.epochs,),
        num_runs=build.num_runs,
        max_vertices=max(Cell.from_index(index).num_vertices for index in build.architectures),
        data_set="scikit-learn digits: 200 training, 797 validation, 800 test images of 8 x 8 pixels",
        network=_size(build.network),
        provenance={
            "training": asdict(build.training),
            "time": "processor time of the training steps of all runs of a cell, shared equally among them",
            "processor": platform.processor() or platform.machine(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
        },
    )


def _size(network: NetworkSettings) -> dict[str, int]:
    """Size of the network, as `parameter_count` takes it."""
    names = ("num_filters", "num_stacks", "cells_per_stack", "num_classes", "image_channels")
    return {name: getattr(network, name) for name in names}
