"""Floor 2: standalone accuracies, what training each architecture alone gave.

The memory-mapped table file, the catalogue of tables by name, importers of official files, and the embedded table.
"""

from shareornot.tables.catalogue import benchmark_path, open_benchmark
from shareornot.tables.fetch import fetch_nasbench101
from shareornot.tables.nasbench101 import import_parquet, import_tfrecord
from shareornot.tables.space_table import SpaceSummary, summarize_space, summarize_spaces
from shareornot.tables.table import BenchmarkTable, Evaluation
from shareornot.tables.table_file import TableColumns, TableInfo, write_table

__all__ = [
    "BenchmarkTable",
    "Evaluation",
    "SpaceSummary",
    "TableColumns",
    "TableInfo",
    "benchmark_path",
    "fetch_nasbench101",
    "import_parquet",
    "import_tfrecord",
    "open_benchmark",
    "summarize_space",
    "summarize_spaces",
    "write_table",
]
