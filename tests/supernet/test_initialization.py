"""The aligned start: its matrices, what it changes and what it leaves alone, and that paths agree with it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from shareornot.errors import SettingsError
from shareornot.spaces.nasbench101 import SPACES, decode, space_cells, unique_codes
from shareornot.supernet import NASBench101SuperNet, NetworkSettings
from shareornot.supernet.initialization import aligned_projection


def generator():
    return torch.Generator().manual_seed(3)


def test_the_matrix_takes_the_mean_over_blocks():
    matrix = aligned_projection(6, 2, 2, generator())
    torch.testing.assert_close(matrix, torch.tensor([[1, 0, 1, 0, 1, 0], [0, 1, 0, 1, 0, 1]]) / 3)
    uneven = aligned_projection(5, 2, 2, generator())  # channels 0, 2, 4 and 1, 3
    torch.testing.assert_close(uneven.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(uneven[1], torch.tensor([0, 0.5, 0, 0.5, 0]))


def test_where_channels_double_one_mixing_serves_all_vertices():
    matrix = aligned_projection(6, 2, 4, generator())
    assert matrix.shape == (4, 6)
    torch.testing.assert_close(matrix[:, :2], matrix[:, 2:4])  # blocks count alike
    assert torch.linalg.matrix_rank(matrix) == 2
    network = NASBench101SuperNet(
        NetworkSettings(num_filters=8, cells_per_stack=1, min_output_edges=2, initial_weights="aligned"), 0
    )
    cell = network.cells[1]
    weights = [unit.weight[:, :, 0, 0] for unit in cell.projections]
    assert all(torch.equal(weight, weights[0]) for weight in weights)
    assert torch.equal(cell.output_projection.weight[:, :, 0, 0], weights[0].repeat(2, 1))


@pytest.mark.parametrize("single_kernel", [False, True])
def test_convolutions_start_near_the_identity(single_kernel):
    settings = NetworkSettings(num_filters=8, num_stacks=1, cells_per_stack=1, single_kernel=single_kernel)
    random = NASBench101SuperNet(settings, 0).cells[0]
    aligned = NASBench101SuperNet(replace(settings, initial_weights="aligned"), 0).cells[0]
    for before, after in zip((*random.conv3x3, *random.conv1x1), (*aligned.conv3x3, *aligned.conv1x1), strict=True):
        expected = 0.2 * before.weight.detach()
        centre = expected.shape[2] // 2
        expected[:, :, centre, centre] += 0.5 * torch.eye(8)
        torch.testing.assert_close(after.weight.detach(), expected)
        assert (after.beta == 1).all()
        assert (after.gamma == 1).all()


def test_the_random_start_is_what_it_was_and_the_classifier_is_the_same_in_both():
    settings = NetworkSettings(num_filters=4, cells_per_stack=1)
    first, second = NASBench101SuperNet(settings, 5), NASBench101SuperNet(settings, 5)
    aligned = NASBench101SuperNet(replace(settings, initial_weights="aligned"), 5)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    for name in ("stem.weight", "classifier.weight", "classifier.bias"):
        assert torch.equal(first.state_dict()[name], aligned.state_dict()[name])
    assert (first.stem.beta == 0).all()
    assert (aligned.stem.beta == 1).all()


@pytest.mark.parametrize(("space", "expected"), [("A1", 5), ("A2", 4), ("A3", 3), ("A4", 2), ("A_FULL", 5)])
def test_the_depth_is_that_of_the_deepest_cell(space, expected):
    cells = space_cells(next(one for one in SPACES if one.name == space))
    some = np.random.default_rng(0).choice(cells, 3000, replace=False)
    longest = max(shortest_way(decode(int(unique_codes()[cell]))[0]) for cell in some)
    edges = {"A_FULL": 1}.get(space) or int(space[1:])
    settings = NetworkSettings(num_stacks=3, cells_per_stack=3, min_output_edges=edges)
    assert settings.depth == 9 * expected
    assert longest <= expected
    if space != "A_FULL":  # whose deepest cells are few
        assert longest == expected


def shortest_way(adjacency) -> int:
    """Operations on the shortest way from the input to the output of a cell."""
    distance = {0: 0}
    for vertex in range(1, len(adjacency)):
        distance[vertex] = 1 + min(distance[source] for source in range(vertex) if adjacency[source][vertex])
    return distance[len(adjacency) - 1] - 1


def test_an_unknown_start_is_refused():
    with pytest.raises((SettingsError, TypeCheckError), match=r"initial_weights.*'zero'"):
        NetworkSettings(initial_weights="zero")  # type: ignore[arg-type]
