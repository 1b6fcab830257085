"""The protocol of tables: results of training the architectures of a family alone, metrics x runs."""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Integer

from shareornot.spaces import Space

TRAIN, VALIDATION, TEST, TIME = "train_accuracy", "validation_accuracy", "test_accuracy", "training_time"
METRICS = (TRAIN, VALIDATION, TEST, TIME)
"""Accuracies are fractions; `training_time` is what one training takes, in seconds."""


@runtime_checkable
class Table(Protocol):
    """Standalone results of architectures of one family, all or some; nothing is filled in."""

    @property
    def name(self) -> str:
        """Name of the table."""

    @property
    def space(self) -> Space:
        """The family whose numbers the table uses, as a space."""

    @property
    def num_architectures(self) -> int:
        """How many of the first architectures of the family the table is about, whether or not it holds them."""

    @property
    def architectures(self) -> Int32[np.ndarray, " rows"]:
        """Numbers of the architectures that the table holds, strictly increasing."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """Those of `METRICS` that the table has. Without `training_time`, costs are counted in trainings."""

    def __len__(self) -> int:
        """Number of architectures that the table holds."""

    def values(self, metric: str) -> Float32[np.ndarray, "rows runs"]:
        """Every run's value for every architecture of the table, NaN if a run is missing.

        Raises:
            SettingsError: the table does not have the metric, or has it more than once.
        """

    def mean(self, metric: str) -> Float64[np.ndarray, " rows"]:
        """Mean over existing runs, NaN if there is none; errors as `values`."""

    def rows_of(
        self, architectures: Integer[np.ndarray, " queries"]
    ) -> tuple[Int32[np.ndarray, " queries"], Bool[np.ndarray, " queries"]]:
        """Rows of architectures, which are out of range for unknown ones; and which of them the table holds.

        Raises:
            ArchitectureError: a number that no architecture of the family has.
        """


def mean_over_runs(values: Float32[np.ndarray, "rows runs"]) -> Float64[np.ndarray, " rows"]:
    """Mean over the runs that there are, added up in their order; NaN if there is none."""
    total = np.zeros(len(values))
    count = np.zeros(len(values))
    for run in values.T:
        there = ~np.isnan(run)
        total += np.where(there, run, 0)
        count += there
    return np.asarray(np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0))
