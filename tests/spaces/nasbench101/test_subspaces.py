"""Named spaces, and those that users describe."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shareornot.errors import SettingsError
from shareornot.spaces import list_architectures, open_space
from shareornot.spaces.nasbench101 import SPACES, Cell, CellSpace, cell_features, min_output_edges, space_cells
from shareornot.spaces.nasbench101.subspaces import FEATURES

COUNTS = {
    "A1": 120_933,
    "A2": 201_441,
    "A3": 90_782,
    "A4": 10_467,
    "A_FULL": 423_624,
    "A_FULL^RES": 81_020,
    "A_FULL^NRES": 342_604,
}


def test_counts_of_the_paper():
    assert {space.name: len(space_cells(space)) for space in SPACES} == COUNTS


def test_only_the_direct_edge_is_in_none_of_the_four():
    members = np.concatenate([space_cells(space) for space in SPACES[:4]])
    missing = np.setdiff1d(np.arange(423_624), members)
    assert len(members) == len(np.unique(members))
    assert [str(Cell.from_index(int(index))) for index in missing] == ["0100;input,output"]


def test_with_few_vertices():
    cells = [Cell.from_index(index) for index in range(2532)]
    by_output_edges = [cell.adjacency[1:-1, -1].sum() for cell in cells]
    residual = [cell.adjacency[0, -1] == 1 for cell in cells]
    for number in (1, 2, 3):
        assert (
            space_cells(open_space(f"A{number}"), 5).tolist()
            == np.flatnonzero(np.equal(by_output_edges, number)).tolist()
        )
    assert space_cells(open_space("A_FULL^RES"), 5).tolist() == np.flatnonzero(residual).tolist()
    assert space_cells(open_space("A_FULL^NRES"), 5).tolist() == np.flatnonzero(np.logical_not(residual)).tolist()
    with pytest.raises(SettingsError, match="space A4: expected at least one architecture among the first 2,532"):
        space_cells(open_space("A4"), 5)


def test_fewest_vertices_that_share_the_output():
    assert [min_output_edges(space) for space in SPACES] == [1, 2, 3, 4, 1, 1, 1]
    assert min_output_edges(open_space("num_output_edges>=2,depth>=3"), 5) == 2


@pytest.mark.parametrize("text", ["a_full^res", "A_FULL_RES", " A_Full_Res "])
def test_names_are_found_however_they_are_written(text):
    assert open_space(text).name == "A_FULL^RES"


def test_conditions():
    space = open_space("num_output_edges = 2, residual=true")
    features = cell_features(space_cells(space))
    assert space.name == "num_output_edges=2,residual=true"
    assert (features.num_output_edges == 2).all()
    assert features.residual.all()
    assert len(space_cells(open_space("num_output_edges=2"))) == COUNTS["A2"]
    assert len(space_cells(open_space("residual=no"))) == COUNTS["A_FULL^NRES"]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(FEATURES), st.sampled_from(["=", "==", "!=", "<", "<=", ">", ">="]), st.integers(0, 200)
        ),
        min_size=1,
        max_size=3,
    )
)
def test_conditions_equal_a_plain_loop(conditions):
    python = {
        "=": "__eq__",
        "==": "__eq__",
        "!=": "__ne__",
        "<": "__lt__",
        "<=": "__le__",
        ">": "__gt__",
        ">=": "__ge__",
    }
    indices = np.arange(91, dtype=np.int32)
    features = {name: values.tolist() for name, values in cell_features(indices).as_dict().items()}
    expected = [
        index
        for index in indices.tolist()
        if all(
            getattr(int(features[feature][index]), python[sign])(value) is True for feature, sign, value in conditions
        )
    ]
    space = open_space(", ".join(f"{feature}{sign}{value}" for feature, sign, value in conditions))
    assert np.flatnonzero(space.predicate(cell_features(indices))).tolist() == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A5", "try 'A"),
        ("", "expected one of A1"),
        ("depht>=3", "try 'depth'"),
        ("depth>=three", "expected a number, or true or false, got 'three'"),
        ("depth>=3.5.1", "expected a number, or true or false"),
        ("operation_1=conv5x5", "operation_1: expected = or != and one of conv3x3, conv1x1, maxpool3x3, none"),
        ("operation_1>conv3x3", "got >conv3x3"),
        ("depth>=", "expected a feature, a comparison and a value"),
        ("depth>=3,", "expected a feature, a comparison and a value, as in depth>=3, got ''"),
        ("__class__=1", "feature: expected one of"),
        ("depth=3;import os", "expected a feature, a comparison and a value"),
        ("depth=(1)", "expected a feature, a comparison and a value"),
    ],
)
def test_refuses_what_it_does_not_understand(text, message):
    with pytest.raises(SettingsError, match=message):
        open_space(text)


@pytest.mark.parametrize("predicate", [lambda cells: cells.depth, lambda cells: True, lambda cells: cells.residual[:3]])  # noqa: ARG005
def test_refuses_predicates_that_give_no_truth_values(predicate):
    with pytest.raises(SettingsError, match="a truth value for each of 2,532 cells"):
        CellSpace(name="wrong", description="", predicate=predicate).members_below(2_532)


def test_operations_in_words():
    cells = open_space("Operation_2 = Conv1x1, operation_3 != none").members
    features = cell_features(cells)
    assert (features.operation_2 == 1).all()
    assert (features.operation_3 != 3).all()
    assert cells.tolist() == open_space("operation_2=1,operation_3<3").members.tolist()


def test_only_spaces_of_this_family_have_cells():
    with pytest.raises(SettingsError, match="space list: expected a space of nasbench101, got one of list"):
        space_cells(list_architectures(["a"]))
