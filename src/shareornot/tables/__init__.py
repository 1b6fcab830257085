"""Floor 2: standalone accuracies, what training each architecture alone gave.

`contract` defines what every table is; `table` is that of NASBench-101 and `architecture_table` that of any family,
both memory-mapped files. The catalogue finds tables by name; importers make them of official files and of a user's own.
"""

from shareornot.lazy_names import public_names
from shareornot.tables.architecture_table import ArchitectureTable, ArchitectureTableInfo, Column
from shareornot.tables.architecture_table_file import write_architecture_table
from shareornot.tables.catalogue import benchmark_path, open_benchmark, open_table
from shareornot.tables.columns import import_columns
from shareornot.tables.contract import Table
from shareornot.tables.fetch import fetch_nasbench101, fetch_table
from shareornot.tables.macro import import_macro
from shareornot.tables.nasbench101 import import_parquet, import_tfrecord
from shareornot.tables.nasbench201 import import_official_201
from shareornot.tables.space_table import SpaceSummary, summarize_space, summarize_spaces
from shareornot.tables.table import BenchmarkTable, Evaluation
from shareornot.tables.table_file import TableColumns, TableInfo, write_table

__all__ = [
    "ArchitectureTable",
    "ArchitectureTableInfo",
    "BenchmarkTable",
    "Column",
    "Evaluation",
    "SpaceSummary",
    "Table",
    "TableColumns",
    "TableInfo",
    "benchmark_path",
    "fetch_nasbench101",
    "fetch_table",
    "import_columns",
    "import_macro",
    "import_official_201",
    "import_parquet",
    "import_tfrecord",
    "open_benchmark",
    "open_table",
    "summarize_space",
    "summarize_spaces",
    "write_architecture_table",
    "write_table",
]

__dir__ = public_names(__name__)
