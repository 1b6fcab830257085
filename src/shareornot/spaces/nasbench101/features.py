"""Structural features of cells: depth, width, edges, and which operations stand where."""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Int8, Integer

from shareornot.spaces.nasbench101.codes import unpack
from shareornot.spaces.nasbench101.index import canonical_codes
from shareornot.spaces.nasbench101.vocabulary import (
    CONV1X1,
    CONV3X3,
    MAX_VERTICES,
    MAXPOOL3X3,
    NO_OPERATION,
    OPERATIONS,
)

OUTPUT = MAX_VERTICES - 1
OPERATION_WORDS = np.array([*(name.removesuffix("-bn-relu") for name in OPERATIONS), ""])
"""Words by code; the last is that of a vertex that a cell does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CellFeatures:
    """Features of many cells, an array each, all of the same length."""

    residual: Bool[np.ndarray, " cells"]
    """Whether an edge leads from input to output."""
    num_vertices: Int8[np.ndarray, " cells"]
    """Vertices, input and output included."""
    num_edges: Int8[np.ndarray, " cells"]
    depth: Int8[np.ndarray, " cells"]
    """Edges on the longest path from input to output."""
    width: Int8[np.ndarray, " cells"]
    """Largest number of interior vertices whose longest path from the input has the same length."""
    num_output_edges: Int8[np.ndarray, " cells"]
    """Interior vertices that feed the output."""
    num_conv3x3: Int8[np.ndarray, " cells"]
    num_conv1x1: Int8[np.ndarray, " cells"]
    num_maxpool3x3: Int8[np.ndarray, " cells"]
    output_conv3x3: Bool[np.ndarray, " cells"]
    """Whether a vertex with this operation feeds the output; so for the two below."""
    output_conv1x1: Bool[np.ndarray, " cells"]
    output_maxpool3x3: Bool[np.ndarray, " cells"]
    operation_1: Int8[np.ndarray, " cells"]
    """Operation of the first interior vertex of the published specification: its position in `OPERATIONS`, 3 = none."""
    operation_2: Int8[np.ndarray, " cells"]
    operation_3: Int8[np.ndarray, " cells"]
    operation_4: Int8[np.ndarray, " cells"]
    operation_5: Int8[np.ndarray, " cells"]

    def as_dict(self) -> dict[str, np.ndarray]:
        """The arrays by name, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def cell_features(indices: Integer[np.ndarray, " cells"]) -> CellFeatures:
    """Features of the cells with these unique indices.

    Raises:
        CellError: an index is none.
    """
    edges, operations = unpack(canonical_codes(indices))
    exists = edges[:, 1:OUTPUT].any(axis=2)
    operations = np.where(exists, operations, NO_OPERATION).astype(np.int8)
    distance = _longest_path(edges)
    levels = np.where(exists, distance[:, 1:OUTPUT], 0)
    width = np.stack([(levels == level).sum(axis=1) for level in range(1, OUTPUT)]).max(axis=0)
    feeds_output = edges[:, 1:OUTPUT, OUTPUT]
    return CellFeatures(
        residual=edges[:, 0, OUTPUT].copy(),  # a view would keep all the edges alive
        num_vertices=(2 + exists.sum(axis=1)).astype(np.int8),
        num_edges=edges.sum(axis=(1, 2)).astype(np.int8),
        depth=distance[:, OUTPUT],
        width=width.astype(np.int8),
        num_output_edges=feeds_output.sum(axis=1).astype(np.int8),
        num_conv3x3=(operations == CONV3X3).sum(axis=1).astype(np.int8),
        num_conv1x1=(operations == CONV1X1).sum(axis=1).astype(np.int8),
        num_maxpool3x3=(operations == MAXPOOL3X3).sum(axis=1).astype(np.int8),
        output_conv3x3=(feeds_output & (operations == CONV3X3)).any(axis=1),
        output_conv1x1=(feeds_output & (operations == CONV1X1)).any(axis=1),
        output_maxpool3x3=(feeds_output & (operations == MAXPOOL3X3)).any(axis=1),
        **{f"operation_{vertex + 1}": operations[:, vertex] for vertex in range(OUTPUT - 1)},
    )


def structural_features(indices: Integer[np.ndarray, " cells"]) -> dict[str, np.ndarray]:
    """Features by name with operations in words, empty for a vertex that a cell does not have.

    Raises:
        CellError: an index is none.
    """
    return {
        name: OPERATION_WORDS[values] if name.startswith("operation_") else values
        for name, values in cell_features(indices).as_dict().items()
    }


def _longest_path(edges: Bool[np.ndarray, "cells 7 7"]) -> Int8[np.ndarray, "cells 7"]:
    """Edges on the longest path from the input to each vertex."""
    distance = np.zeros(edges.shape[:2], np.int8)
    for target in range(1, MAX_VERTICES):
        steps = np.where(edges[:, :target, target], distance[:, :target] + 1, 0)
        distance[:, target] = steps.max(axis=1)
    return distance
