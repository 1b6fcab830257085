"""How a benchmark of NAS-Bench-201 is made: each distinct architecture, trained alone three times on the digits.

Isomorphic architectures share their trainings, so that the table holds all 15,625.
"""

import platform
from dataclasses import asdict
from pathlib import Path

import numpy as np

from shareornot.progress import ProgressBars, no_bars
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.studies.recipes import digits201_network
from shareornot.studies.standalone_parts import StandaloneBuild, train_alone
from shareornot.supernet.settings import StandaloneTrainingSettings
from shareornot.tables import ArchitectureTable, ArchitectureTableInfo, Column
from shareornot.tables.architecture_table_file import read_architecture_table, write_architecture_table
from shareornot.tables.contract import TEST, TIME, TRAIN, VALIDATION

NAMES = {
    TRAIN: "train_accuracy",
    VALIDATION: "validation_accuracy",
    TEST: "test_accuracy",
    TIME: "training_time_s",
}
"""The metrics of the table, and their names among those of a training."""
TRAINING = StandaloneTrainingSettings(epochs=12)


def digits_201() -> StandaloneBuild:
    """What the benchmark trains: of each isomorphism class the architecture with the smallest number."""
    distinct = np.unique(FAMILY.isomorphism_classes(FAMILY.members)).tolist()
    return StandaloneBuild(
        family=FAMILY.name, architectures=distinct, network=digits201_network(), training=TRAINING, num_runs=3
    )


def build_digits201(
    out: Path,
    parts: Path,
    *,
    num_processes: int | None = None,
    bars: ProgressBars = no_bars,
    build: StandaloneBuild | None = None,
) -> ArchitectureTable:
    """Train the architectures that are not trained yet, and write the benchmark table.

    Args:
        out: the table.
        parts: folder of finished trainings; those of other settings are refused.
        num_processes: trainings at the same time, by default one per core.
        bars: shows the progress in architectures.
        build: what to train, by default `digits_201`; one architecture of each class at most.

    Raises:
        SettingsError: the folder holds trainings of other settings.
        Interrupted: Ctrl-C; finished parts are saved, and the same call resumes.
        DataError: a finished part is damaged.
    """
    build = build or digits_201()
    write_table(out, train_alone(parts, build, num_processes=num_processes, bars=bars), build)
    table = read_architecture_table(out)
    table.verify()
    return table


def write_table(out: Path, results: dict[str, np.ndarray], build: StandaloneBuild) -> None:
    """Write the table of finished trainings, with a row for every architecture of a class that was trained.

    Args:
        out: the table.
        results: for each metric of a training, architectures x runs.
        build: what was trained.
    """
    row_of = {one: row for row, one in enumerate(FAMILY.isomorphism_classes(np.array(build.architectures)).tolist())}
    rows = np.array([row_of.get(one, -1) for one in FAMILY.isomorphism_classes(FAMILY.members).tolist()])
    members = FAMILY.members[rows >= 0]
    rows = rows[rows >= 0]
    # The time of the runs is shared equally, so that one column holds everything.
    values = {name: results[source][rows] for name, source in NAMES.items()}
    values[TIME] = values[TIME][:, :1]
    write_architecture_table(out, _info(build), members, list(values.values()))


def _info(build: StandaloneBuild) -> ArchitectureTableInfo:
    import sklearn
    import torch

    runs = tuple(str(run) for run in range(build.num_runs))
    columns = tuple(
        Column(metric=name, data_set="digits", epochs=build.training.epochs, runs=("mean",) if name == TIME else runs)
        for name in NAMES
    )
    names = ("num_filters", "num_stacks", "cells_per_stack", "num_classes", "image_channels")
    return ArchitectureTableInfo(
        name="digits-201",
        family=build.family,
        num_architectures=len(FAMILY),
        columns=columns,
        provenance={
            "images": "scikit-learn digits: 200 training, 797 validation, 800 test images of 8 x 8 pixels",
            "network": {name: getattr(build.network, name) for name in names},
            "training": asdict(build.training),
            "trained": f"{len(build.architectures):,} architectures, one of each isomorphism class",
            "time": "processor time of the training steps of all runs of an architecture, shared equally among them",
            "processor": platform.processor() or platform.machine(),
            "torch": torch.__version__,
            "scikit-learn": sklearn.__version__,
        },
    )
