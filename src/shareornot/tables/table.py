"""Benchmark tables: what training each cell alone gave, looked up in microseconds."""

import operator
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal, SupportsIndex

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int32, Int64, Integer
from numpy.typing import ArrayLike

from shareornot.errors import CellError, DataError, SettingsError, UnknownCellError
from shareornot.spaces import Space, open_family
from shareornot.spaces.contract import check_numbers
from shareornot.spaces.nasbench101 import Cell
from shareornot.tables.contract import METRICS
from shareornot.tables.frames import TableFrame
from shareornot.tables.table_file import MOMENTS, TableColumns, TableInfo, check_contents, read_table

Metric = Literal["train_accuracy", "validation_accuracy", "test_accuracy", "training_time"]
When = Literal["halfway", "final"]
AnyCell = Cell | SupportsIndex | str | tuple[ArrayLike, Sequence[str]]
"""A cell, its unique index, its official hash, or adjacency and operations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Results of a cell that was trained alone: one training, or the mean over all."""

    train_accuracy: float
    validation_accuracy: float
    test_accuracy: float
    training_time_s: float
    trainable_parameters: int


class BenchmarkTable(TableFrame):
    """The results of training cells alone, each several times, perhaps with several budgets.

    A table may hold only some of the cells that its benchmark is about. A query for another cell is an error, and a
    mask where several are requested together: never a zero.

    Args:
        columns: the rows, in the order of unique indices.
        hash_order: row numbers in the order of official hashes.
        info: what the table is about.

    Example:
        >>> table = BenchmarkTable.open(path)  # doctest: +SKIP
        >>> table.query("00005c142e6f48ac74fdcf73e3439874").test_accuracy  # doctest: +SKIP
    """

    def __init__(self, columns: TableColumns, hash_order: Int32[np.ndarray, " cells"], info: TableInfo) -> None:
        self.info = info
        self._columns = columns
        self._hash_order = hash_order

    @classmethod
    def open(cls, path: Path) -> "BenchmarkTable":
        """Map a table into memory: milliseconds, whatever its size.

        Raises:
            MissingDataError: no such file.
            DataError: damaged, or something else than a benchmark table.
        """
        return cls(*read_table(path))

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.info.name

    @property
    def space(self) -> Space:
        """All cells of NASBench-101."""
        return open_family("nasbench101")

    @property
    def num_architectures(self) -> int:
        """Number of cells, from the first one on, that the table covers."""
        return self.info.num_cells

    @property
    def architectures(self) -> Int32[np.ndarray, " cells"]:
        """The same as `cells`."""
        return self._columns.cells

    @property
    def metrics(self) -> tuple[str, ...]:
        """All metrics."""
        return METRICS

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        return f"<BenchmarkTable {self.info.name}: {len(self):,} of {self.info.num_cells:,} cells>"

    @property
    def cells(self) -> Int32[np.ndarray, " cells"]:
        """Unique indices of the cells in this table, increasing."""
        return self._columns.cells

    @property
    def trainable_parameters(self) -> Int64[np.ndarray, " cells"]:
        """Trainable parameters of each cell's network."""
        return self._columns.trainable_parameters

    @property
    def is_complete(self) -> bool:
        """Whether the table holds all cells that its benchmark is about."""
        return len(self) == self.info.num_cells

    def module_hash(self, row: int) -> str:
        """Official hash of the cell in a row."""
        return str(self._columns.module_hashes[row].tobytes().hex())

    def verify(self) -> None:
        """Look at every value, which opening does not.

        Raises:
            DataError: a value that is missing or out of range, or an invalid order.
        """
        check_contents(self._columns, self.info)
        if not np.array_equal(self._hash_order, self._columns.hash_order()):
            raise DataError(
                "hash_order: expected the rows in the order of their hashes; fetch or build the table again"
            )

    def values(
        self, metric: str, *, when: When = "final", budget: int | None = None
    ) -> Float32[np.ndarray, "cells runs"]:
        """Every run's value for every cell of the table; read-only, nothing is copied.

        Args:
            metric: accuracies are fractions, `training_time` is in seconds.
            when: half-way through the training, or at its end.
            budget: epochs; the largest budget if None.

        Raises:
            SettingsError: unknown metric, moment or budget.
        """
        return self._all_budgets(metric, when)[:, self._budget_position(budget)]

    def mean(self, metric: str, *, when: When = "final", budget: int | None = None) -> Float64[np.ndarray, " cells"]:
        """Mean over runs for every cell of the table; arguments and errors as `values`."""
        return _mean_over_runs(self.values(metric, when=when, budget=budget))

    def rows_of(
        self, indices: Integer[np.ndarray, " queries"]
    ) -> tuple[Int32[np.ndarray, " queries"], Bool[np.ndarray, " queries"]]:
        """Rows of cells, and which of the cells the table holds.

        Args:
            indices: unique indices, in any order, repeated or not.

        Returns:
            Rows, which are `len(table)` and so out of range for unknown cells; and the mask.

        Raises:
            ArchitectureError: an index that no cell has.
        """
        check_numbers("nasbench101", indices, len(self._rows))
        rows = self._rows[indices]
        return rows, rows < len(self)

    def query(
        self, cell: AnyCell, *, run: int | None = None, budget: int | None = None, when: When = "final"
    ) -> Evaluation:
        """Look one cell up.

        Args:
            cell: a `Cell`, a unique index, an official hash, or a pair of adjacency and operations; any specification
                of the cell will do.
            run: 0, 1, ..., or the mean over runs if None.
            budget: epochs; the largest budget if None.
            when: half-way through the training, or at its end.

        Returns:
            Accuracies as fractions, and the training time in seconds.

        Raises:
            UnknownCellError: the table does not hold this cell.
            CellError: it is no cell at all.
            SettingsError: unknown run, budget or moment.
        """
        self._check_run(run)
        _check_name("when", when, MOMENTS)
        row = self._row_of(cell)
        num_runs = self.info.num_runs
        first = (row * len(self.info.budgets) + self._budget_position(budget)) * num_runs
        if run is None:
            means = [_mean(values, first, num_runs) for values in self._accessors[when]]
            train, validation, test, time = means
        else:
            train, validation, test, time = [values[first + run] for values in self._accessors[when]]
        return Evaluation(
            train_accuracy=train,
            validation_accuracy=validation,
            test_accuracy=test,
            training_time_s=time,
            trainable_parameters=int(self.trainable_parameters[row]),
        )

    def number_of(self, cell: AnyCell) -> int:
        """Unique index of a cell of the table; arguments and errors as `query`."""
        return int(self.cells[self._row_of(cell)])

    def query_many(
        self,
        indices: Integer[np.ndarray, " queries"],
        metric: Metric,
        *,
        run: int | None = None,
        budget: int | None = None,
        when: When = "final",
    ) -> tuple[Float64[np.ndarray, " queries"], Bool[np.ndarray, " queries"]]:
        """Look many cells up at once.

        Args:
            indices: unique indices, in any order, repeated or not.
            metric: as in `values`.
            run: as in `query`.
            budget: as in `values`.
            when: as in `values`.

        Returns:
            Values, NaN for cells that the table does not hold; and which it holds.

        Raises:
            CellError: an index that no cell has.
            SettingsError: unknown metric, run, budget or moment.
        """
        values = self.values(metric, when=when, budget=budget)
        self._check_run(run)
        rows, known = self.rows_of(indices)
        found = np.full(len(indices), np.nan)
        known_rows = rows[known]
        found[known] = _mean_over_runs(values[known_rows]) if run is None else values[known_rows, run]
        return found, known

    @cached_property
    def _rows(self) -> Int32[np.ndarray, " universe"]:
        """Row of each unique index, `len(self)` where there is none."""
        rows = np.full(len(self.space), len(self), np.int32)
        rows[self.cells] = np.arange(len(self), dtype=np.int32)
        return rows

    @cached_property
    def _accessors(self) -> dict[str, list[memoryview]]:
        """The four metrics at each moment; an element of a memoryview costs a tenth of an element of an array."""
        return {
            moment: [self._columns.values[f"{moment}_{metric}"].reshape(-1).data for metric in METRICS]
            for moment in MOMENTS
        }

    def _all_budgets(self, metric: str, when: str) -> Float32[np.ndarray, "cells budgets runs"]:
        _check_name("metric", metric, METRICS)
        _check_name("when", when, MOMENTS)
        return self._columns.values[f"{when}_{metric}"]

    def _check_run(self, run: int | None) -> None:
        if run is not None and not 0 <= run < self.info.num_runs:
            raise SettingsError(f"run: expected 0 to {self.info.num_runs - 1}, got {run}; leave it out for the mean")

    def _budget_position(self, budget: int | None) -> int:
        budgets = self.info.budgets
        if budget is None:
            return len(budgets) - 1
        if budget not in budgets:
            raise SettingsError(
                f"budget: expected one of {', '.join(map(str, budgets))} epochs, got {budget}; "
                "another table may have other budgets"
            )
        return budgets.index(budget)

    def _row_of(self, cell: AnyCell) -> int:
        """Row of one cell.

        Raises:
            UnknownCellError: it is not in this table.
        """
        if isinstance(cell, str):
            return self._row_of_hash(cell)
        if isinstance(cell, tuple):
            cell = Cell(*cell)
        index = cell.index if isinstance(cell, Cell) else operator.index(cell)
        if not 0 <= index < len(self._rows):
            raise CellError(f"nasbench101: expected architectures 0 to {len(self._rows) - 1:,}, got {index:,}")
        row = int(self._rows[index])
        if row == len(self):
            raise self._unknown(f"cell {index}")
        return row

    def _row_of_hash(self, module_hash: str) -> int:
        try:
            wanted = bytes.fromhex(module_hash)
        except ValueError:
            wanted = b""
        if len(wanted) != 16:
            raise CellError(f"official hash: expected 32 hexadecimal digits, got {module_hash[:40]!r}")
        hashes, order = self._hash_accessors
        position = bisect_left(order, wanted, key=lambda row: hashes[16 * row : 16 * row + 16])
        if position == len(order) or hashes[16 * order[position] : 16 * order[position] + 16] != wanted:
            raise self._unknown(f"a cell with the official hash {module_hash}")
        return order[position]

    @cached_property
    def _hash_accessors(self) -> tuple[bytes, memoryview]:
        """The hashes one after the other, and the rows in their order."""
        return self._columns.module_hashes.tobytes(), self._hash_order.data

    def _unknown(self, what: str) -> UnknownCellError:
        return UnknownCellError(
            f"{what}: not among the {len(self):,} cells of the table {self.info.name}, which is about cells with at "
            f"most {self.info.max_vertices} vertices; choose one of table.cells"
        )


def _check_name(what: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        near = get_close_matches(str(name), known, 1, cutoff=0)[0]
        raise SettingsError(f"{what}: expected one of {', '.join(known)}, got {name!r}; try {near!r}")


def _mean(values: memoryview, first: int, num_values: int) -> float:
    """Mean of successive values, added up in their order."""
    total = 0.0
    for position in range(first, first + num_values):
        total += values[position]  # not sum(), which rounds otherwise from Python 3.12 on
    return total / num_values


def _mean_over_runs(values: Float32[np.ndarray, "cells runs"]) -> Float64[np.ndarray, " cells"]:
    """Mean over runs, added up in their order, so that it equals a single query bit for bit."""
    total = np.zeros(len(values))
    for run in values.T:
        total += run
    return np.asarray(total / values.shape[1])
