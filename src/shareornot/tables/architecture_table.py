"""Tables of any family: some metrics, each on a data set after a number of epochs, in several runs.

A selection is explicit: where a table has a metric on several data sets or after several numbers of epochs,
`select` chooses one. A run that is missing is NaN; nothing is filled in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Integer

from shareornot.errors import DataError, SettingsError
from shareornot.spaces import Space, list_architectures, open_family
from shareornot.spaces.contract import check_numbers
from shareornot.tables.contract import METRICS, TIME, mean_over_runs
from shareornot.tables.frames import TableFrame

Values = Float32[np.ndarray, "rows _"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One metric of the trainings on one data set."""

    metric: str
    """One of `METRICS`."""
    data_set: str
    epochs: int | None = None
    """Number of epochs of each training; None if unknown."""
    runs: tuple[str, ...]
    """Names of the runs, such as their seeds."""

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise DataError(f"metric: expected one of {', '.join(METRICS)}, got {self.metric!r}")
        if not self.runs or len(set(self.runs)) < len(self.runs):
            raise DataError(f"{self.metric}: expected at least one run, each with a different name, got {self.runs}")

    @property
    def setting(self) -> str:
        """The data set and the epochs, joined by a colon, as the name of a table gives them."""
        return self.data_set if self.epochs is None else f"{self.data_set}:{self.epochs}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchitectureTableInfo:
    """Description of a table."""

    name: str
    family: str | None
    """Name of the family whose numbers the table uses; None if it is a list, of which the table holds the texts."""
    num_architectures: int
    """How many of the first architectures of the family it is about."""
    columns: tuple[Column, ...]
    source: str | None = None
    """Name of the file that the table was made from."""
    source_sha256: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """Anything else worth knowing about where the values come from."""

    def __post_init__(self) -> None:
        keys = [(column.metric, column.setting) for column in self.columns]
        if not keys or len(set(keys)) < len(keys):
            raise DataError("columns: expected at least one, and each metric once for a data set and number of epochs")


class ArchitectureTable(TableFrame):
    """Results of training the architectures of a family alone.

    Args:
        info: what the table is about.
        architectures: numbers of the architectures that it holds, strictly increasing.
        values: for each of `info.columns`, architectures x runs; fractions or seconds, NaN if a run is missing.
        texts: texts of all architectures, where the table is about a list.

    Example:
        >>> table = open_table("nasbench201").select(data_set="cifar10-valid", epochs=200)  # doctest: +SKIP
        >>> table.mean("validation_accuracy").max()  # doctest: +SKIP
    """

    def __init__(
        self,
        info: ArchitectureTableInfo,
        architectures: Int32[np.ndarray, " rows"],
        values: tuple[Values, ...],
        texts: Sequence[str] | None = None,
    ) -> None:
        self.info = info
        self.architectures = architectures
        self._values = values
        self._texts = texts

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.info.name

    @cached_property
    def space(self) -> Space:
        """The family whose numbers the table uses; of a list, the list."""
        if self.info.family is not None:
            return open_family(self.info.family)
        assert self._texts is not None
        return list_architectures(list(self._texts), name=self.name)

    @property
    def num_architectures(self) -> int:
        """Number of architectures of the family, from the first one on, that the table covers."""
        return self.info.num_architectures

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that the table has."""
        there = {column.metric for column in self.info.columns}
        return tuple(metric for metric in METRICS if metric in there)

    @property
    def settings(self) -> tuple[str, ...]:
        """Each data set with its epochs, joined by a colon."""
        return tuple(dict.fromkeys(column.setting for column in self.info.columns))

    def __len__(self) -> int:
        return len(self.architectures)

    def __repr__(self) -> str:
        of = self.info.family or "a list"
        return f"<ArchitectureTable {self.name}: {len(self):,} of {self.num_architectures:,} of {of}>"

    def select(self, *, data_set: str | None = None, epochs: int | None = None) -> "ArchitectureTable":
        """The same table with the columns of one data set, or of one number of epochs, or of both.

        Returns:
            A table that shares the values with this one; nothing is copied.

        Raises:
            SettingsError: there are none.
        """
        kept = [
            number
            for number, column in enumerate(self.info.columns)
            if data_set in (None, column.data_set) and epochs in (None, column.epochs)
        ]
        if not kept:
            wanted = ", ".join(
                [*([data_set] if data_set else []), *([f"{epochs} epochs"] if epochs is not None else [])]
            )
            raise SettingsError(
                f"table {self.name}: expected a data set and epochs among {', '.join(self.settings)}, got {wanted}"
            )
        info = replace(self.info, columns=tuple(self.info.columns[number] for number in kept))
        return ArchitectureTable(info, self.architectures, tuple(self._values[number] for number in kept), self._texts)

    def column(self, metric: str) -> Column:
        """The column that holds a metric.

        Raises:
            SettingsError: the table does not have the metric, or has it more than once.
        """
        return self.info.columns[self._position(metric)]

    def values(self, metric: str) -> Values:
        """Every run's value for every architecture, NaN if a run is missing; read-only, nothing is copied.

        Raises:
            SettingsError: the table does not have the metric, or has it more than once.
        """
        return self._values[self._position(metric)]

    def mean(self, metric: str) -> Float64[np.ndarray, " rows"]:
        """Mean over existing runs, NaN if there is none.

        Raises:
            SettingsError: the table does not have the metric, or has it more than once.
        """
        return mean_over_runs(self.values(metric))

    def rows_of(
        self, architectures: Integer[np.ndarray, " queries"]
    ) -> tuple[Int32[np.ndarray, " queries"], Bool[np.ndarray, " queries"]]:
        """Rows of architectures, which are `len(table)` for unknown ones; and which of them the table holds.

        Raises:
            ArchitectureError: a number that no architecture of the family has.
        """
        check_numbers(self.info.family or self.name, architectures, len(self._rows))
        rows = self._rows[architectures]
        return rows, rows < len(self)

    def verify(self) -> None:
        """Look at every value.

        Raises:
            DataError: an accuracy that is no fraction, or a time that is negative or not finite.
        """
        for column, values in zip(self.info.columns, self._values, strict=True):
            top = np.inf if column.metric == TIME else 1.0
            bad = ~(np.isnan(values) | ((values >= 0) & (values <= top) & np.isfinite(values)))
            if bad.any():
                row = int(np.argwhere(bad)[0, 0])
                expected = "seconds" if column.metric == TIME else "fractions from 0 to 1"
                raise DataError(
                    f"{column.metric} of architecture {self.architectures[row]} on {column.setting}: expected "
                    f"{expected}, got {values[bad][0]:g}"
                )

    def _position(self, metric: str) -> int:
        found = [number for number, column in enumerate(self.info.columns) if column.metric == metric]
        if len(found) == 1:
            return found[0]
        if not found:
            raise SettingsError(f"table {self.name}: expected a metric among {', '.join(self.metrics)}, got {metric!r}")
        settings = ", ".join(self.info.columns[number].setting for number in found)
        raise SettingsError(
            f"table {self.name}: {metric} is there for {settings}; select one, as in "
            f"{self.name}:{self.info.columns[found[0]].setting}, or with select(data_set=..., epochs=...)"
        )

    @cached_property
    def _rows(self) -> Int32[np.ndarray, " family"]:
        """Row of each architecture of the family, `len(self)` where there is none."""
        rows = np.full(self.space.universes[-1], len(self), np.int32)
        rows[self.architectures] = np.arange(len(self), dtype=np.int32)
        return rows
