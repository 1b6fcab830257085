import numpy as np
import pytest

from shareornot.spaces.architectures import (
    ArchitectureGraph,
    Architectures,
    CellArchitectures,
    list_architectures,
    structural_features,
)
from shareornot.spaces.nasbench101 import Cell, parameter_count

EDGES = "|nor_conv_3x3~0|+|none~0|skip_connect~1|"


def test_cells():
    rows = np.array([0, 4, 100_000])
    cells = CellArchitectures()
    assert cells.names(rows) == [str(Cell.from_index(row)) for row in rows]
    assert cells.features(rows).keys() == structural_features(rows).keys()
    np.testing.assert_array_equal(cells.sizes(rows)["number of parameters"], parameter_count(rows))
    graph = cells.graph(4)
    assert graph == ArchitectureGraph(
        vertices=("input", "conv3x3", "output"), edges=((0, 1, ""), (0, 2, ""), (1, 2, ""))
    )


@pytest.mark.parametrize("row", [0, 1, 5, 2_531, 423_623])
def test_graphs_are_drawn_from_input_to_output(row):
    graph = CellArchitectures().graph(row)
    assert (graph.vertices[0], graph.vertices[-1]) == ("input", "output")
    assert all(0 <= source < target < len(graph.vertices) for source, target, _ in graph.edges)
    assert len(graph.edges) == structural_features(np.array([row]))["num_edges"][0]


def test_listed_cells():
    texts = [str(Cell.from_index(cell)) for cell in (4, 7)]
    listed = list_architectures(texts, {"own": np.array([0.5, 1.5])}, sizes=["own"])
    assert listed.cells.tolist() == [4, 7]
    assert listed.names(np.array([1])) == texts[1:]
    assert listed.graph(0) == CellArchitectures().graph(4)
    features = listed.features(np.array([1, 0]))
    assert features["residual"].tolist() == structural_features(np.array([7, 4]))["residual"].tolist()
    assert features["own"].tolist() == [1.5, 0.5]
    assert set(listed.sizes(np.array([0]))) == {"number of parameters", "number of operations", "own"}


def test_listed_graphs_with_operations_on_edges():
    listed = list_architectures([EDGES])
    assert listed.graph(0) == ArchitectureGraph(
        vertices=("input", "node 1", "output"), edges=((0, 1, "nor_conv_3x3"), (1, 2, "skip_connect"))
    )
    assert listed.features(np.array([0]))["edge_0_2"].tolist() == ["none"]


def test_names_alone():
    listed = list_architectures(["<script>alert(1)</script>", "b"])
    assert listed.features(np.array([0])) == listed.sizes(np.array([0])) == {}
    assert listed.graph(0) is None
    assert listed.names(np.array([0])) == ["<script>alert(1)</script>"]


def test_a_column_of_the_user_wins():
    listed = list_architectures([EDGES], {"depth": np.array([7.0])})
    assert listed.features(np.array([0]))["depth"].tolist() == [7]


def test_both_are_architectures():
    assert isinstance(CellArchitectures(), Architectures)
    assert isinstance(list_architectures(["a"]), Architectures)
