"""Makes a table of the published file of NAS-Bench-Macro, or of its columns as CSV or Parquet.

The published JSON file has for each architecture, eight digits, the percentages of three trainings in `test_acc`, and
its parameters and FLOPs, which are checked against those of the space. There are no validation accuracies and no
training times.
"""

import json
from pathlib import Path

import numpy as np

from shareornot.errors import ArchitectureError, DataError
from shareornot.spaces.macro import FAMILY
from shareornot.tables.architecture_table import ArchitectureTable
from shareornot.tables.columns import import_columns
from shareornot.tables.contract import TEST

NUM_RUNS = 3


def import_macro(source: Path, target: Path) -> ArchitectureTable:
    """Make a table of the published file.

    Args:
        source: `nas-bench-macro_cifar10.json`, or CSV or Parquet with the columns `architecture` and
            `test_accuracy_0`, ... in percent.
        target: the table; written whole or not at all.

    Raises:
        MissingDataError: no such file.
        DataError: damaged, of another format, or with other parameters or FLOPs than the architectures have.
        UnitError: fractions for percentages.
    """
    columns = None
    if source.suffix == ".json" and source.is_file():
        _check_costs(source)
        columns = {TEST: [f"test_acc_{run}" for run in range(NUM_RUNS)]}
    return import_columns(source, target, name="macro", space=FAMILY, columns=columns, percent=True, data_set="cifar10")


def _check_costs(source: Path) -> None:
    """Compare the parameters and FLOPs in a file with those of the architectures."""
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        texts = list(content)
        sizes = FAMILY.sizes(FAMILY.parse(texts))
        for key, size in (("params", "number of parameters"), ("flops", "number of operations")):
            stated = np.array([content[text].get(key, np.nan) for text in texts], float)
            if (wrong := ~np.isnan(stated) & (stated != sizes[size])).any():
                row = int(np.argmax(wrong))
                raise DataError(f"{key} of {texts[row]}: expected {sizes[size][row]:,.0f}, got {stated[row]:,.0f}")
    except (ArchitectureError, DataError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{source}: not a file of NAS-Bench-Macro, or damaged: {error}") from error
