"""Makes a table of a user's CSV, Parquet or JSON file: a row for each architecture, columns for what its training gave.

Two columns are needed: the architecture and an accuracy. Columns are found by their names, or named:

| column | what it holds |
|---|---|
| `architecture` | the text of the architecture |
| `accuracy`, `validation_accuracy`, `validation`, `standalone` | validation accuracy |
| `test_accuracy`, `test` | test accuracy |
| `train_accuracy`, `train` | accuracy on the training images |
| `training_time`, `time`, `cost` | what one training took, in seconds |

With `_0`, `_1`, ... at the end of the name there is a column for each run. An empty field is a missing run.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shareornot.errors import ArchitectureError, DataError, MissingDataError, SettingsError, UnitError
from shareornot.spaces import Space, known_families, list_architectures
from shareornot.storage import sha256_of
from shareornot.tables.architecture_table import ArchitectureTable, ArchitectureTableInfo, Column
from shareornot.tables.architecture_table_file import write_architecture_table
from shareornot.tables.contract import TEST, TIME, TRAIN, VALIDATION

NAMES = {
    VALIDATION: ("accuracy", "validation_accuracy", "validation", "standalone"),
    TEST: ("test_accuracy", "test"),
    TRAIN: ("train_accuracy", "train"),
    TIME: ("training_time", "time", "cost"),
}
"""Names of columns that are found automatically, for each metric."""
ARCHITECTURE = "architecture"


def import_columns(
    source: Path,
    target: Path,
    *,
    name: str,
    space: Space | None = None,
    architecture: str = ARCHITECTURE,
    columns: Mapping[str, Sequence[str]] | None = None,
    percent: bool = False,
    data_set: str = "unnamed",
    epochs: int | None = None,
) -> ArchitectureTable:
    """Make a table of a file with a row for each architecture, all or some.

    Args:
        source: CSV, Parquet, or JSON (a list of objects, or a dictionary of objects by architecture).
        target: the table; written whole or not at all.
        name: name of the table.
        space: the space that the architectures belong to. By default the known family whose texts they all are, or else
            the list itself.
        architecture: name of the column with the texts.
        columns: for each metric the names of its columns, one for each run; by default those found by their names.
        percent: accuracies are percentages; by default fractions.
        data_set: what the networks were trained on.
        epochs: how long.

    Returns:
        The table that was written, read from its file.

    Raises:
        MissingDataError: no such file.
        DataError: not such a file, a missing column, or an invalid or repeated architecture.
        UnitError: percentages for fractions, or the reverse.
        SettingsError: an unknown metric.
    """
    if not source.is_file():
        raise MissingDataError(f"{source}: expected a CSV, Parquet or JSON file, found none; check the name")
    try:
        table = _read(source)
        texts = _texts(table, architecture)
        chosen = _chosen_columns([one for one in table if one != architecture], columns)
        arrays = {metric: _numbers(table, names) for metric, names in chosen.items()}
        numbers, family = _numbered(texts, space)
    except (DataError, ArchitectureError) as error:
        raise DataError(f"{source}: {error}") from error
    for metric, array in arrays.items():
        if metric != TIME:
            arrays[metric] = _fractions(array, f"{source}: {metric}", percent=percent)
    info = ArchitectureTableInfo(
        name=name,
        family=None if family is None else family.family,
        num_architectures=len(texts) if family is None else _universe(family, numbers),
        columns=tuple(
            Column(
                metric=metric,
                data_set=data_set,
                epochs=epochs,
                runs=tuple(map(str, range(array.shape[1]))),
            )
            for metric, array in arrays.items()
        ),
        source=source.name,
        source_sha256=sha256_of(source),
        provenance={"columns": {metric: list(names) for metric, names in chosen.items()}},
    )
    try:
        return write_architecture_table(
            target, info, numbers, list(arrays.values()), None if family is not None else texts
        )
    except DataError as error:
        raise DataError(f"{source}: {error}") from error


def _read(source: Path) -> dict[str, list[Any]]:
    """The columns of a file, by name."""
    try:
        if source.suffix == ".parquet":
            table = pq.read_table(source)
            return {column: table[column].to_pylist() for column in table.column_names}
        if source.suffix == ".json":
            return _columns_of_json(json.loads(source.read_text(encoding="utf-8")))
        with source.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            cells = list(rows)
    except (pa.ArrowException, OSError, ValueError, RecursionError, csv.Error) as error:
        raise DataError(f"expected CSV, Parquet or JSON: {error}") from error
    if not header or len(set(header)) < len(header):
        raise DataError(f"expected a first line with the names of the columns, each once, got {header[:8]}")
    for line, row in enumerate(cells, start=2):
        if len(row) != len(header):
            raise DataError(f"line {line}: expected {len(header)} values, got {len(row)}")
    return {column.strip(): [row[place].strip() or None for row in cells] for place, column in enumerate(header)}


def _columns_of_json(content: Any) -> dict[str, list[Any]]:
    if isinstance(content, dict):
        content = [{ARCHITECTURE: text, **(one if isinstance(one, dict) else {})} for text, one in content.items()]
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise DataError("expected a list of objects, or an object of objects by architecture")
    rows: list[dict[str, Any]] = []
    for one in content:
        row: dict[str, Any] = {}
        for key, value in one.items():
            row |= {f"{key}_{run}": each for run, each in enumerate(value)} if isinstance(value, list) else {key: value}
        rows.append(row)
    names = list(dict.fromkeys(key for row in rows for key in row))
    return {key: [row.get(key) for row in rows] for key in names}


def _texts(table: Mapping[str, list[Any]], architecture: str) -> list[str]:
    if architecture not in table:
        raise DataError(
            f"expected a column {architecture!r} with the texts of the architectures, got "
            f"{', '.join(list(table)[:8])}; name the column"
        )
    texts = table[architecture]
    if not texts:
        raise DataError("expected at least one row, got none")
    for row, text in enumerate(texts):
        if text is None or isinstance(text, float | bool | list | dict):
            raise DataError(f"{architecture} of row {row + 1}: expected text, got {text!r}")
    return [str(text) for text in texts]


def _chosen_columns(present: Iterable[str], columns: Mapping[str, Sequence[str]] | None) -> dict[str, tuple[str, ...]]:
    """The columns of each metric."""
    present = list(present)
    if columns:
        if unknown := [metric for metric in columns if metric not in NAMES]:
            raise SettingsError(f"metric: expected one of {', '.join(NAMES)}, got {unknown[0]!r}")
        for metric, names in columns.items():
            for name in names:
                if name not in present:
                    raise DataError(f"{metric}: expected a column {name!r}, got {', '.join(present[:12])}")
        found = {metric: tuple(names) for metric, names in columns.items() if names}
    else:
        found = {}
        for metric, names in NAMES.items():
            for name in names:
                numbered = sorted(
                    (int(match[1]), column)
                    for column in present
                    if (match := re.fullmatch(rf"{name}_([0-9]{{1,3}})", column))
                )
                if name in present:
                    found[metric] = (name,)
                elif numbered:
                    found[metric] = tuple(column for _, column in numbered)
                if metric in found:
                    break
    if not found.keys() - {TIME}:
        raise DataError(
            f"expected a column with accuracies, such as 'accuracy' or 'test_accuracy_0', got "
            f"{', '.join(present[:12]) or 'none'}; name the columns"
        )
    return {metric: found[metric] for metric in NAMES if metric in found}


def _numbers(table: Mapping[str, list[Any]], names: Sequence[str]) -> np.ndarray:
    """The values of some columns, NaN if a cell is empty."""
    columns = []
    for name in names:
        values = []
        for row, value in enumerate(table[name]):
            try:
                if isinstance(value, bool):
                    raise TypeError
                values.append(np.nan if value is None else float(value))
            except (TypeError, ValueError):
                raise DataError(f"{name} of row {row + 1}: expected a number, got {str(value)[:40]!r}") from None
        columns.append(values)
    return np.array(columns, np.float64).T


def _fractions(array: np.ndarray, place: str, *, percent: bool) -> np.ndarray:
    known = array[~np.isnan(array)]
    if not known.size:
        raise DataError(f"{place}: expected accuracies, got none")
    if not percent and known.max() > 1:
        raise UnitError(
            f"{place}: expected fractions from 0 to 1, got {known.max():g}; state that they are percentages (--percent)"
        )
    if percent and known.max() <= 1:
        raise UnitError(f"{place}: expected percentages, got none above {known.max():g}; leave out --percent")
    return array / 100 if percent else array


def _numbered(texts: list[str], space: Space | None) -> tuple[np.ndarray, Space | None]:
    """Numbers of the architectures, and the family whose numbers they are; None for a list of its own."""
    if space is not None and space.family not in {family.name for family in known_families()}:
        numbers = space.parse(texts)  # the table holds the texts, because no process can open the space by its name
        space = None
    if space is None:
        listed = list_architectures(texts)
        if listed.kind is None or listed.numbers is None:
            if len(set(texts)) < len(texts):
                repeated = next(text for place, text in enumerate(texts) if text in texts[:place])
                raise DataError(f"architecture: expected each once, got {repeated[:80]!r} twice")
            return np.arange(len(texts)), None
        numbers, family = listed.numbers, listed.kind
    else:
        numbers, family = space.parse(texts), space
    distinct, first = np.unique(numbers, return_index=True)
    if len(distinct) < len(numbers):
        place = int(np.setdiff1d(np.arange(len(numbers)), first)[0])
        raise DataError(f"architecture: expected each once, got {texts[place][:120]!r} or one isomorphic to it twice")
    return numbers, family


def _universe(family: Space, numbers: np.ndarray) -> int:
    """The smallest part of the family that holds all of the architectures."""
    return next(size for size in family.universes if size > numbers.max())
