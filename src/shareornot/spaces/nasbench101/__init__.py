"""NASBench-101: cells, packed codes, unique indices, official hashes, features, mutation, and named sub-spaces."""

from shareornot.lazy_names import public_names
from shareornot.spaces.nasbench101.cell import Cell
from shareornot.spaces.nasbench101.channels import parameter_count, vertex_channels
from shareornot.spaces.nasbench101.codes import decode, encode, unpack
from shareornot.spaces.nasbench101.features import CellFeatures, cell_features, structural_features
from shareornot.spaces.nasbench101.flops import flop_count, interior_widths
from shareornot.spaces.nasbench101.index import (
    INVALID,
    IndexTables,
    canonical_codes,
    find_index,
    index_tables,
    unique_codes,
    unique_index,
)
from shareornot.spaces.nasbench101.official_hash import official_hash
from shareornot.spaces.nasbench101.sampling import mutate, random_specifications, random_valid_specifications
from shareornot.spaces.nasbench101.space import NASBench101
from shareornot.spaces.nasbench101.subspaces import (
    FAMILY,
    SPACES,
    CellSpace,
    cells_by_conditions,
    min_output_edges,
    space_cells,
)
from shareornot.spaces.nasbench101.texts import cell_text, parse_codes
from shareornot.spaces.nasbench101.vocabulary import (
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
    "FAMILY",
    "INVALID",
    "MAXPOOL3X3",
    "MAX_EDGES",
    "MAX_VERTICES",
    "NO_OPERATION",
    "NUM_CELLS",
    "OPERATIONS",
    "SPACES",
    "Cell",
    "CellFeatures",
    "CellSpace",
    "IndexTables",
    "NASBench101",
    "canonical_codes",
    "cell_features",
    "cell_text",
    "cells_by_conditions",
    "decode",
    "encode",
    "find_index",
    "flop_count",
    "index_tables",
    "interior_widths",
    "min_output_edges",
    "mutate",
    "official_hash",
    "parameter_count",
    "parse_codes",
    "random_specifications",
    "random_valid_specifications",
    "space_cells",
    "structural_features",
    "unique_codes",
    "unique_index",
    "unpack",
    "vertex_channels",
]

__dir__ = public_names(__name__)
