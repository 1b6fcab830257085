import numpy as np
import pytest

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces import LabelledGraph, list_architectures, open_space
from shareornot.spaces.nasbench101 import Cell

EDGES = "|nor_conv_3x3~0|+|none~0|skip_connect~1|"


def test_cells_have_the_features_of_their_family():
    texts = [str(Cell.from_index(cell)) for cell in (4, 7)]
    listed = list_architectures(texts, {"own": np.array([0.5, 1.5])}, sizes=["own"])
    assert listed.kind == open_space("nasbench101")
    assert listed.numbers.tolist() == [4, 7]
    assert listed.texts(np.array([1])) == texts[1:]
    assert listed.graph(0) == open_space("nasbench101").graph(4)
    features = listed.features(np.array([1, 0]))
    expected = open_space("nasbench101").features(np.array([7, 4]))
    assert features["residual"].tolist() == expected["residual"].tolist()
    assert features["own"].tolist() == [1.5, 0.5]
    assert set(listed.sizes(np.array([0]))) == {"number of parameters", "number of operations", "own"}


def test_graphs_with_operations_on_edges():
    listed = list_architectures([EDGES])
    assert listed.graph(0) == LabelledGraph(
        vertices=("input", "node 1", "output"), edges=((0, 1, "nor_conv_3x3"), (1, 2, "skip_connect"))
    )
    assert listed.features(np.array([0]))["edge_0_2"].tolist() == ["none"]


def test_names_alone():
    listed = list_architectures(["<script>alert(1)</script>", "b"])
    assert listed.features(np.array([0])) == listed.sizes(np.array([0])) == {}
    assert listed.graph(0) is None
    assert listed.texts(np.array([0])) == ["<script>alert(1)</script>"]
    assert listed.neighbours(0).tolist() == []
    with pytest.raises(SettingsError, match="expected neighbours of 'b' in the list, got none"):
        listed.mutate(np.array([1]), np.random.default_rng(0))


def test_a_column_of_the_user_wins():
    listed = list_architectures([EDGES], {"depth": np.array([7.0])})
    assert listed.features(np.array([0]))["depth"].tolist() == [7]


def test_a_column_of_another_length_is_refused():
    with pytest.raises(SettingsError, match="column kind: expected 2 values, one for each text, got 3"):
        list_architectures(["a", "b"], {"kind": np.array(["x", "y", "z"])})


def test_texts_are_found_by_themselves():
    listed = list_architectures(["a", "b", "a"])
    assert listed.parse(["b", "a"]).tolist() == [1, 0]
    assert listed.isomorphism_classes(np.arange(3)).tolist() == [0, 1, 0]
    with pytest.raises(ArchitectureError, match="architecture 2 of 2, 'c': expected one of the 3 texts"):
        listed.parse(["a", "c"])


def test_neighbours_are_those_of_the_family_in_the_list():
    family = open_space("nasbench101")
    inside = family.neighbours(4)[:3]
    numbers = np.array([4, *inside, 100_000])
    listed = list_architectures(family.texts(numbers))
    assert listed.neighbours(0).tolist() == [1, 2, 3]
    assert set(listed.mutate(np.zeros(20, np.int32), np.random.default_rng(0)).tolist()) == {1, 2, 3}


def test_isomorphic_texts_are_one_class():
    texts = [
        "0110000100010000;input,conv1x1-bn-relu,conv3x3-bn-relu,output",
        "0100;input,output",
        "0110000100010000;input,conv3x3-bn-relu,conv1x1-bn-relu,output",
    ]
    classes = list_architectures(texts).isomorphism_classes(np.arange(3))
    assert classes[0] == classes[2] != classes[1]
