from itertools import product

import numpy as np
import pytest

from shareornot.errors import ArchitectureError
from shareornot.spaces import draw_choices, open_space
from shareornot.spaces.nasbench1shot1 import PARENTS, PUBLISHED, enumerated_topologies, pruned_topologies
from shareornot.spaces.nasbench101 import OPERATIONS, Cell, min_output_edges, space_cells

COUNTS = {"S1": (2_685, 14_580), "S2": (7_773, 29_160), "S3": (55_854, 1_312_200), "S3-5": (306, 972)}


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    space = open_space(name)
    assert (len(space), space.num_specifications) == COUNTS[name]
    assert np.prod([len(decision.options) for decision in space.decisions]) == COUNTS[name][1]
    assert space.num_choices(space.members).sum() == COUNTS[name][1]


@pytest.mark.parametrize("name", COUNTS)
def test_specifications_equal_cells_built_by_hand(name):
    space = open_space(name)
    choices = draw_choices(space, np.random.default_rng(0), 300)
    positions = {decision.name: place for place, decision in enumerate(space.decisions)}
    for row, cell in zip(choices.tolist(), space.architectures(choices).tolist(), strict=True):
        num_vertices = len(PARENTS[name])
        adjacency = np.zeros((num_vertices, num_vertices), int)
        operations = ["input"]
        for vertex in range(1, num_vertices):
            word = "output" if vertex == num_vertices - 1 else str(vertex)
            if f"parents_{word}" in positions:
                place = positions[f"parents_{word}"]
                parents = [int(one) for one in space.decisions[place].options[row[place]].split()]
            else:
                parents = list(range(vertex))
            assert len(parents) == PARENTS[name][vertex]
            adjacency[parents, vertex] = 1
            if word != "output":
                operations.append(OPERATIONS[row[positions[f"operation_{vertex}"]]])
        assert Cell(adjacency, [*operations, "output"]).index == cell


@pytest.mark.parametrize(("name", "share"), [("S1", 0.42), ("S2", 0.27), ("S3", 0.70)])
def test_a_uniform_specification_is_no_uniform_cell(name, share):
    space = open_space(name)
    counts = np.sort(space.num_choices(space.members))[::-1]
    most = counts[: round(0.01 * len(counts))].sum() / counts.sum()
    assert most == pytest.approx(share, abs=0.01)


def test_draws_follow_the_numbers_of_specifications():
    space = open_space("S1")
    drawn = space.architectures(draw_choices(space, np.random.default_rng(0), 60_000))
    often = space.members[np.argsort(-space.num_choices(space.members))[:20]]
    expected = space.num_choices(often) / space.num_specifications
    observed = np.array([(drawn == cell).mean() for cell in often])
    np.testing.assert_allclose(observed, expected, rtol=0.15)


@pytest.mark.parametrize(("name", "found", "valid"), [("S1", 49, 66), ("S2", 65, 190), ("S3", 234, 876)])
def test_the_authors_enumeration_misses_topologies(name, found, valid):
    enumerated, pruned = enumerated_topologies(PARENTS[name]), pruned_topologies(PARENTS[name])
    assert (len(enumerated), len(pruned)) == (found, valid)
    assert enumerated < pruned


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_enumerated_cells_are_a_part_of_the_space(name):
    part = open_space(f"{name}-enumerated")
    assert 0 < len(part) < len(open_space(name))
    assert open_space(name).contains(part.members).all()


def test_they_are_spaces_of_nasbench101():
    space = open_space("s1")
    assert space.family == "nasbench101"
    assert min_output_edges(space) == 1
    assert len(space_cells(space, 6)) == len(space)
    assert len(space_cells(space, 5)) < len(space)


def test_neighbours_equal_all_changes_of_all_specifications():
    space = open_space("S1")
    shape = [len(decision.options) for decision in space.decisions]
    everything = np.array(list(product(*map(range, shape))))
    cells = space.architectures(everything)
    for cell in space.members[[0, 700, 2_684]].tolist():
        own = everything[cells == cell]
        reached = set()
        for position, size in enumerate(shape):
            for option in range(size):
                changed = own.copy()
                changed[:, position] = option
                reached |= set(space.architectures(changed).tolist())
        assert set(space.neighbours(cell).tolist()) == reached - {cell}
        mutants = space.mutate(np.full(200, cell), np.random.default_rng(0))
        assert set(mutants.tolist()) <= reached - {cell}


def test_other_cells_are_refused():
    space = open_space("S1")
    outside = np.setdiff1d(np.arange(100), space.members)[:1]
    with pytest.raises(ArchitectureError, match=f"space S1: expected cells of the space, got cell {outside[0]}"):
        space.choices(outside)
    with pytest.raises(ArchitectureError, match="expected one of the space S1"):
        space.parse(open_space("nasbench101").texts(outside))
