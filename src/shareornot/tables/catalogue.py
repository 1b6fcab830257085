"""Tables by name: where each lies, and what to do where it does not.

A name is that of a known table, one under which a user added a table, or the path of a table. Where a table has several
data sets or budgets, a suffix selects one: `nasbench201:cifar10-valid:200`.
"""

import re
from difflib import get_close_matches
from pathlib import Path

from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.storage import data_folder
from shareornot.tables.architecture_table import ArchitectureTable
from shareornot.tables.architecture_table_file import is_architecture_table, read_architecture_table
from shareornot.tables.contract import TEST, VALIDATION, Table
from shareornot.tables.table import BenchmarkTable

EMBEDDED = ("digits", "digits-201")
"""The tables that come with the package."""
NASBENCH101_FILE = "nasbench101.arrow"
NASBENCH101_FULL_FILE = "nasbench101-full.arrow"
NASBENCH201_FILE = "nasbench201.arrow"
MACRO_FILE = "macro.arrow"
ADDED_FOLDER = "tables"
"""Folder in the data folder of the tables that a user added."""
REMEDIES = {
    **dict.fromkeys(EMBEDDED, "install the package again, which contains it"),
    "nasbench101": "run: shareornot data fetch nasbench101",
    "nasbench101-full": "run: shareornot data fetch nasbench101 --full",
    "nasbench201": "run: shareornot data fetch nasbench201 --from FILE",
    "macro": "run: shareornot data fetch macro --from FILE",
}
"""How to get each known table."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""Pattern of the name of a table that a user adds."""


def benchmark_path(name: str | Path) -> Path:
    """Where a table lies.

    Args:
        name: a known table (`nasbench101` may be the full one where only that was fetched), one that was added, or the
            path of a table; a suffix is left out.

    Raises:
        MissingDataError: it is not there; the message explains how to get it.
    """
    folder = data_folder()
    places = {
        **{table: [Path(__file__).parent / f"{table}.arrow"] for table in EMBEDDED},
        "nasbench101": [folder / NASBENCH101_FILE, folder / NASBENCH101_FULL_FILE],
        "nasbench101-full": [folder / NASBENCH101_FULL_FILE],
        "nasbench201": [folder / NASBENCH201_FILE],
        "macro": [folder / MACRO_FILE],
    }
    key = str(name) if Path(name).expanduser().is_file() else str(name).partition(":")[0]
    candidates = places.get(key) or [Path(key).expanduser(), *([added_path(key)] if NAME.fullmatch(key) else [])]
    for path in candidates:
        if path.is_file():
            return path
    known = [*places, *added_names()]
    near = get_close_matches(key, known, 1)
    remedy = REMEDIES.get(
        key, f"name a file or one of {', '.join(known)}{f'; try {near[0]!r}' if near and key not in places else ''}"
    )
    raise MissingDataError(f"benchmark {name}: expected a table at {candidates[0]}, found none; {remedy}")


def added_path(name: str) -> Path:
    """Path of a table that a user adds under a name.

    Raises:
        SettingsError: the name is that of a known table, or none.
    """
    if name in REMEDIES or not NAME.fullmatch(name):
        raise SettingsError(
            f"name of a table: expected letters, digits, dots, hyphens and underscores, other than "
            f"{', '.join(REMEDIES)}, got {name[:80]!r}"
        )
    return data_folder() / ADDED_FOLDER / f"{name}.arrow"


def added_names() -> list[str]:
    """Names of the tables that a user added, sorted."""
    return sorted(path.stem for path in (data_folder() / ADDED_FOLDER).glob("*.arrow"))


def open_table(name: str | Path) -> Table:
    """Open a table by its name or path; milliseconds, whatever its size.

    Args:
        name: as `benchmark_path` takes it, with a suffix where the table has several data sets or budgets:
            `NAME:DATA_SET` or `NAME:DATA_SET:EPOCHS`.

    Raises:
        MissingDataError: it is not there; the message explains how to get it.
        DataError: the file is damaged, or no table.
        SettingsError: the table does not have that data set or budget.

    Example:
        >>> table = open_table("nasbench201:cifar10-valid:200")  # doctest: +SKIP
        >>> best = table.architectures[table.mean("validation_accuracy").argmax()]  # doctest: +SKIP
        >>> table.space.texts(np.array([best]))  # doctest: +SKIP
    """
    text = str(name)
    key, data_set, epochs = text, None, None
    if not Path(text).expanduser().is_file() and ":" in text:
        key, _, rest = text.partition(":")
        data_set, _, last = rest.partition(":")
        if last and not last.isdecimal():
            raise SettingsError(f"table {text}: expected NAME:DATA_SET:EPOCHS with a whole number, got {last!r}")
        epochs = int(last) if last else None
    path = benchmark_path(key)
    if not is_architecture_table(path):
        if data_set is not None:
            raise SettingsError(f"table {key}: expected no suffix because the table has one data set, got {text!r}")
        return BenchmarkTable.open(path)
    table = read_architecture_table(path)
    return table if data_set is None else table.select(data_set=data_set, epochs=epochs)


def default_space(table: Table) -> str:
    """Name of the space that is meant where none is named: all architectures that the table is about."""
    return "A_FULL" if isinstance(table, BenchmarkTable) else table.space.name


def standalone_epochs(table: Table) -> int:
    """Number of epochs for which the architectures of a table were trained alone.

    Raises:
        SettingsError: the table does not state it.
    """
    if isinstance(table, BenchmarkTable):
        return table.info.budgets[-1]
    assert isinstance(table, ArchitectureTable)
    epochs = table.column(VALIDATION if VALIDATION in table.metrics else TEST).epochs
    if epochs is None:
        raise SettingsError(
            f"table {table.name}: expected the number of epochs that its architectures were trained, in which the cost "
            "of a super-net is counted, got none; add the table again with --epochs"
        )
    return epochs


def open_benchmark(name: str | Path) -> BenchmarkTable:
    """Open a table of NASBench-101 cells by its name or path, see `benchmark_path`.

    Raises:
        MissingDataError: it is not there; the message explains how to get it.
        DataError: the file is damaged, no table, or one of another family.

    Example:
        >>> table = open_benchmark("nasbench101")  # doctest: +SKIP
        >>> best = table.cells[table.mean("validation_accuracy").argmax()]  # doctest: +SKIP
        >>> table.query(best).test_accuracy  # doctest: +SKIP
    """
    table = open_table(name)
    if isinstance(table, ArchitectureTable):
        raise DataError(
            f"benchmark {name}: expected a table of cells of NASBench-101 with all that training them gave, got one "
            f"about {table.info.family or 'a list'}; name another table"
        )
    assert isinstance(table, BenchmarkTable)
    return table
