"""Benchmarks by name: where each lies, and what to do where it does not."""

from pathlib import Path

from shareornot.errors import MissingDataError
from shareornot.storage import data_folder
from shareornot.tables.table import BenchmarkTable

EMBEDDED_DIGITS = Path(__file__).parent / "digits.arrow"
"""The benchmark that comes with the package."""
NASBENCH101_FILE = "nasbench101.arrow"
NASBENCH101_FULL_FILE = "nasbench101-full.arrow"


def benchmark_path(name: str | Path) -> Path:
    """Where a benchmark table lies.

    Args:
        name: "digits"; "nasbench101", which may be the full table where only that one was fetched;
            "nasbench101-full"; or the path of a table.

    Raises:
        MissingDataError: it is not there; the message says how to get it.
    """
    folder = data_folder()
    places = {
        "digits": [EMBEDDED_DIGITS],
        "nasbench101": [folder / NASBENCH101_FILE, folder / NASBENCH101_FULL_FILE],
        "nasbench101-full": [folder / NASBENCH101_FULL_FILE],
    }
    remedies = {
        "digits": "run: shareornot benchmark build digits",
        "nasbench101": "run: shareornot data fetch nasbench101",
        "nasbench101-full": "run: shareornot data fetch nasbench101 --full",
    }
    candidates = places.get(str(name), [Path(name).expanduser()])
    for path in candidates:
        if path.is_file():
            return path
    remedy = remedies.get(str(name), f"name a file or one of {', '.join(places)}")
    raise MissingDataError(f"benchmark {name}: expected a table at {candidates[0]}, found none; {remedy}")


def open_benchmark(name: str | Path) -> BenchmarkTable:
    """Open a benchmark by its name or path, see `benchmark_path`.

    Raises:
        MissingDataError: it is not there; the message says how to get it.
        DataError: the file is damaged, or no benchmark table.

    Example:
        >>> table = open_benchmark("nasbench101")  # doctest: +SKIP
        >>> best = table.cells[table.mean("validation_accuracy").argmax()]  # doctest: +SKIP
        >>> table.query(best).test_accuracy  # doctest: +SKIP
    """
    return BenchmarkTable.open(benchmark_path(name))
