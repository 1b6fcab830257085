"""Floor 0: what a cell is."""

from shareornot.cells.cell import Cell
from shareornot.cells.channels import parameter_count, vertex_channels
from shareornot.cells.codes import decode, encode, unpack
from shareornot.cells.features import CellFeatures, cell_features
from shareornot.cells.flops import flop_count, interior_widths
from shareornot.cells.index import (
    INVALID,
    IndexTables,
    canonical_codes,
    find_index,
    index_tables,
    unique_codes,
    unique_index,
)
from shareornot.cells.official_hash import official_hash
from shareornot.cells.sampling import mutate, random_specifications, random_valid_specifications
from shareornot.cells.vocabulary import (
    CONV1X1,
    CONV3X3,
    MAX_EDGES,
    MAX_VERTICES,
    MAXPOOL3X3,
    NO_OPERATION,
    NUM_CELLS,
    OPERATIONS,
)

__all__ = [
    "CONV1X1",
    "CONV3X3",
    "INVALID",
    "MAXPOOL3X3",
    "MAX_EDGES",
    "MAX_VERTICES",
    "NO_OPERATION",
    "NUM_CELLS",
    "OPERATIONS",
    "Cell",
    "CellFeatures",
    "IndexTables",
    "canonical_codes",
    "cell_features",
    "decode",
    "encode",
    "find_index",
    "flop_count",
    "index_tables",
    "interior_widths",
    "mutate",
    "official_hash",
    "parameter_count",
    "random_specifications",
    "random_valid_specifications",
    "unique_codes",
    "unique_index",
    "unpack",
    "vertex_channels",
]
