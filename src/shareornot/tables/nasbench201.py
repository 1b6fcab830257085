"""Makes a table of the official files of NAS-Bench-201.

Two sources: `NAS-Bench-201-v1_1-096897.pth`, one file that `torch.save` wrote, and the folders of NATS-Bench, such as
`NATS-tss-v1_0-3ffb9-simple`, with a `.pickle.pbz2` file for each architecture. Both hold for each architecture, for a
`full` training of 200 epochs and a `less` one of 12, what each data set and seed gave:

    full, or 200: {"arch_str": text, "all_results": {(data set, seed): results}}
    results: {"seed", "epochs", "train_acc1es": {epoch: percent}, "train_times": {epoch: seconds},
              "eval_acc1es": {"x-valid@199": percent, "x-test@199": ..., "ori-test@199": ...}}

The validation accuracy is that on `x-valid`; the test accuracy that on `x-test`, or where a data set has none on
`ori-test`. Accuracies are those after the last epoch; the training time is the sum over epochs. Data sets keep their
official names: on `cifar10-valid` half of CIFAR-10 is held out for validation, on `cifar10` nothing is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from shareornot.errors import ArchitectureError, DataError, MissingDataError
from shareornot.progress import Progress, Silent
from shareornot.spaces.nasbench201 import FAMILY
from shareornot.storage import sha256_of
from shareornot.tables.architecture_table import ArchitectureTable, ArchitectureTableInfo, Column
from shareornot.tables.architecture_table_file import write_architecture_table
from shareornot.tables.contract import METRICS, TEST, TIME, TRAIN, VALIDATION
from shareornot.tables.safe_pickle import read_plain_pickle

SUFFIX = ".pickle.pbz2"
Key = tuple[str, str, int]
"""Metric, data set, epochs."""
Found = dict[Key, dict[int, dict[int, float]]]
"""Values by key, seed and architecture."""


def import_official_201(source: Path, target: Path, progress: Progress | None = None) -> ArchitectureTable:
    """Make a table of official files, with whatever data sets, epochs and seeds they hold.

    Args:
        source: the `.pth` file, which takes several times its size in memory; or a folder of NATS-Bench, which is read
            file by file.
        target: the table; written whole or not at all.
        progress: advances by the number of bytes that are done.

    Raises:
        MissingDataError: no such file, or a folder without `.pickle.pbz2` files.
        DataError: damaged, of another format, or with anything in it that is not plain data.
    """
    progress = progress or Silent()
    found: Found = {}
    if source.is_dir():
        for path in _files_of(source):
            _take(read_plain_pickle(path), str(path), found)
            progress.advance(path.stat().st_size)
    else:
        content = read_plain_pickle(source)
        if not isinstance(content, dict) or not isinstance(content.get("arch2infos"), dict):
            raise DataError(f"{source}: expected a dictionary with arch2infos, as NAS-Bench-201 publishes it")
        for number, one in content["arch2infos"].items():
            _take(one, f"{source}: architecture {number}", found)
        progress.advance(source.stat().st_size)
    if not found:
        raise DataError(f"{source}: expected results of architectures, got none")
    return _write(found, source, target)


def is_official_201(path: Path) -> bool:
    """Whether a path looks like official files, by its name."""
    return path.is_dir() or path.suffix in (".pth", ".pt", ".pickle", ".pkl") or path.name.endswith(SUFFIX)


def _files_of(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith("meta"))
    if not paths:
        raise MissingDataError(f"{folder}: expected files such as 000000{SUFFIX}, found none; name the folder of them")
    return paths


def _take(content: Any, place: str, found: Found) -> None:
    """Add the results of one architecture in the files."""
    if not isinstance(content, dict) or not content:
        raise DataError(f"{place}: expected a dictionary by epochs, got {type(content).__name__}")
    for one in content.values():
        if not isinstance(one, dict) or not isinstance(one.get("all_results"), dict):
            raise DataError(f"{place}: expected a dictionary with arch_str and all_results")
        try:
            (architecture,) = FAMILY.parse([str(one.get("arch_str"))]).tolist()
        except ArchitectureError as error:
            raise DataError(f"{place}: arch_str: {error}") from error
        for key, results in one["all_results"].items():
            if not (isinstance(key, tuple) and [type(part) for part in key] == [str, int]):
                raise DataError(f"{place}: expected results by data set and seed, got {str(key)[:60]}")
            data_set, seed = key
            for metric, epochs, value in _values_of(results, f"{place}, {data_set}, seed {seed}"):
                by_seed = found.setdefault((metric, data_set, epochs), {}).setdefault(seed, {})
                if by_seed.setdefault(architecture, value) != value:
                    raise DataError(f"{place}: expected results of another architecture, got a second {metric}")


def _values_of(results: Any, place: str) -> Iterator[tuple[str, int, float]]:
    """Metric, epochs and value of each result of a training; fractions and seconds."""
    if not isinstance(results, dict) or type(epochs := results.get("epochs")) is not int or epochs < 1:
        raise DataError(f"{place}: expected a dictionary with a number of epochs")
    last = epochs - 1
    accuracies = results.get("eval_acc1es") or {}
    trained = results.get("train_acc1es") or {}
    times = results.get("train_times") or {}
    if not all(isinstance(one, dict) for one in (accuracies, trained, times)):
        raise DataError(f"{place}: expected eval_acc1es, train_acc1es and train_times as dictionaries")
    test = accuracies.get(f"x-test@{last}", accuracies.get(f"ori-test@{last}"))
    for metric, percent in ((TRAIN, trained.get(last)), (VALIDATION, accuracies.get(f"x-valid@{last}")), (TEST, test)):
        if percent is not None:
            yield metric, epochs, _number(percent, f"{place}: {metric}", 100.0) / 100
    if len(times) == epochs:
        yield TIME, epochs, float(sum(_number(one, f"{place}: {TIME}", np.inf) for one in times.values()))


def _number(value: Any, place: str, top: float) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= top:
        expected = "a percentage" if top == 100 else "seconds"
        raise DataError(f"{place}: expected {expected}, got {str(value)[:40]}")
    return float(value)


def _write(found: Found, source: Path, target: Path) -> ArchitectureTable:
    architectures = np.array(
        sorted({one for by_seed in found.values() for values in by_seed.values() for one in values}), np.int32
    )
    keys = sorted(found, key=lambda key: (key[1], key[2], METRICS.index(key[0])))
    columns, arrays = [], []
    for key in keys:
        metric, data_set, epochs = key
        seeds = sorted(found[key])
        array = np.full((len(architectures), len(seeds)), np.nan, np.float32)
        for place, seed in enumerate(seeds):
            values = found[key][seed]
            array[np.searchsorted(architectures, list(values)), place] = list(values.values())
        columns.append(Column(metric=metric, data_set=data_set, epochs=epochs, runs=tuple(map(str, seeds))))
        arrays.append(array)
    info = ArchitectureTableInfo(
        name="nasbench201",
        family=FAMILY.name,
        num_architectures=len(FAMILY),
        columns=tuple(columns),
        source=source.name,
        source_sha256=sha256_of(source) if source.is_file() else None,
        provenance={"official_layout": True},
    )
    return write_architecture_table(target, info, architectures, arrays)
