"""Floor 1: what training each cell alone gave."""

from shareornot.benchmarks.catalogue import benchmark_path, open_benchmark
from shareornot.benchmarks.fetch import fetch_nasbench101
from shareornot.benchmarks.nasbench101 import import_parquet, import_tfrecord
from shareornot.benchmarks.spaces import (
    SPACES,
    Space,
    SpaceSummary,
    parse_space,
    space_cells,
    summarize_space,
    summarize_spaces,
)
from shareornot.benchmarks.table import BenchmarkTable, Evaluation
from shareornot.benchmarks.table_file import TableColumns, TableInfo, write_table

__all__ = [
    "SPACES",
    "BenchmarkTable",
    "Evaluation",
    "Space",
    "SpaceSummary",
    "TableColumns",
    "TableInfo",
    "benchmark_path",
    "fetch_nasbench101",
    "import_parquet",
    "import_tfrecord",
    "open_benchmark",
    "parse_space",
    "space_cells",
    "summarize_space",
    "summarize_spaces",
    "write_table",
]
