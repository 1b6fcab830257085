import numpy as np
import pytest
from plain_searches import RandomStream, draw_specification, mutate_once
from scipy.stats import chisquare

from shareornot.errors import SettingsError
from shareornot.search.nasbench101.specification import Mutation, SpecificationSpace
from shareornot.search.random_stream import stream_states
from shareornot.spaces.nasbench101 import encode, find_index, mutate, unique_codes


def stream(seed=0):
    return RandomStream(stream_states(np.random.default_rng(seed), 1)[0])


def row_distribution(mutation, row):
    """Exact probability of each outcome of a row, from its table."""
    below = mutation.thresholds[row] / 2.0**56 / 256
    probabilities = {}
    for column in range(256):
        for outcome, share in zip(
            mutation.outcomes[row, column], (1 / 256 - below[column], below[column]), strict=True
        ):
            probabilities[int(outcome)] = probabilities.get(int(outcome), 0.0) + share
    return {outcome: probability for outcome, probability in probabilities.items() if probability > 1e-15}


@pytest.mark.parametrize("max_vertices", [2, 3, 5, 7])
@pytest.mark.parametrize("edge_flips", [0.3, 1.0])
def test_each_edge_flips_independently(max_vertices, edge_flips):
    space = SpecificationSpace.up_to(max_vertices)
    mutation = Mutation.of(space, edge_flips=edge_flips, operation_changes=0.5)
    p = edge_flips / len(space.edge_bits)
    for row in range(len(mutation.thresholds) - 1):
        bits = space.edge_bits[8 * row : 8 * row + 8]
        found = row_distribution(mutation, row)
        if p < 1:
            assert len(found) == 2 ** len(bits)
        for mask, probability in found.items():
            flips = sum(mask >> int(bit) & 1 for bit in bits)
            assert mask & ~sum(1 << int(bit) for bit in bits) == 0
            assert probability == pytest.approx(p**flips * (1 - p) ** (len(bits) - flips), rel=1e-9)


@pytest.mark.parametrize("max_vertices", [3, 5, 7])
def test_each_operation_changes_independently(max_vertices):
    space = SpecificationSpace.up_to(max_vertices)
    mutation = Mutation.of(space, edge_flips=1.0, operation_changes=0.7)
    p = 0.7 / space.num_interior
    found = row_distribution(mutation, -1)
    assert len(found) == space.num_labellings == len(mutation.changed)
    powers = 3 ** np.arange(space.num_interior)
    for change, probability in found.items():
        for label, after in list(enumerate(mutation.changed[:, change]))[::17]:
            changed = int(((label // powers % 3) != (int(after) // powers % 3)).sum())
            expected = (p / 2) ** changed * (1 - p) ** (space.num_interior - changed)
            assert probability == pytest.approx(expected, rel=1e-9)
    for after in mutation.changed:  # every change leads elsewhere
        assert len(set(after)) == space.num_labellings


def test_children_are_distributed_as_those_of_cells_mutate():
    parent = unique_codes()[200_000]
    reference = find_index(mutate(np.full(20_000, parent), np.random.default_rng(0)))[0]
    mutation = Mutation.of(SpecificationSpace.up_to(7), edge_flips=1.0, operation_changes=1.0)
    source = stream()
    tries = np.array([mutate_once(mutation, int(parent), source) for _ in range(10_000)], np.uint32)
    indices, valid = find_index(tries)
    children = indices[valid]
    top = np.unique(reference, return_counts=True)
    common = top[0][np.argsort(-top[1])[:25]]
    observed = [*((children == cell).sum() for cell in common), (~np.isin(children, common)).sum()]
    expected = [*((reference == cell).sum() for cell in common), (~np.isin(reference, common)).sum()]
    both = np.array([observed, expected], float)
    shares = both.sum(axis=0) / both.sum()
    statistic = (
        (both - both.sum(axis=1, keepdims=True) * shares) ** 2 / (both.sum(axis=1, keepdims=True) * shares)
    ).sum()
    assert statistic < 60  # 25 degrees of freedom: exceeded once in 10,000 if the distributions are equal


def test_a_small_universe_has_specifications_on_few_vertices():
    space = SpecificationSpace.up_to(4)
    source = stream()
    codes = np.array([draw_specification(space, source) for _ in range(5_000)], np.uint32)
    indices, valid = find_index(codes)
    assert (indices[valid] < 91).all()
    assert len(np.unique(indices[valid])) > 80
    raw = encode(np.triu(np.ones((1, 4, 4), np.int8), 1), np.array([[2, 2]]))
    assert codes.max() <= raw[0]
    assert chisquare(np.unique(codes >> 21, return_counts=True)[1]).pvalue > 1e-4


@pytest.mark.parametrize(("edge_flips", "operation_changes"), [(0.0, 1.0), (22.0, 1.0), (1.0, 0.0), (1.0, 5.1)])
def test_impossible_expectations_are_refused(edge_flips, operation_changes):
    with pytest.raises(SettingsError, match="expected above 0"):
        Mutation.of(SpecificationSpace.up_to(7), edge_flips=edge_flips, operation_changes=operation_changes)
