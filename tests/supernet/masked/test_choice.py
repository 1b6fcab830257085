"""Masks of cells against their plans."""

import numpy as np
import pytest
import torch

from shareornot.errors import CellError, SettingsError
from shareornot.spaces.nasbench101 import CONV1X1, CONV3X3, MAXPOOL3X3
from shareornot.supernet import NetworkConfig
from shareornot.supernet.cell_plan import plan_cell
from shareornot.supernet.masked.choice import Sizes, Slots, describe_cells, expand


def choice_of(cells, config):
    sizes = Sizes(config)
    return expand(torch.from_numpy(describe_cells(np.asarray(cells), config)), sizes, torch.float64), sizes


def first(num_ones, length):
    return [1] * num_ones + [0] * (length - num_ones)


def test_masks_say_what_the_plans_say(space, some_cells, network_for):
    config = network_for(space).config
    cells = [*some_cells(space, 30).tolist(), *([0] if space in ("A_FULL", "A_FULL^RES") else [])]
    choice, sizes = choice_of(cells, config)
    slots = Slots(sizes)
    for lane, index in enumerate(cells):
        plan = plan_cell(index, config.num_filters, config.num_stacks)
        assert bool(choice.slots[lane, Slots.RESIDUAL]) == plan.residual
        assert choice.slots[lane, Slots.ALWAYS]
        for stack, chosen in enumerate(choice.stacks):
            widest, out = sizes.widest(stack), sizes.out_channels(stack)
            channels = [*plan.channels[stack], *[0] * (5 - len(plan.operations))]
            operations = [*plan.operations, *[-1] * (5 - len(plan.operations))]
            sources = [*plan.sources, *[()] * (5 - len(plan.operations))]
            for vertex in range(5):
                mask = first(channels[vertex], widest)
                none = first(0, widest)
                is_conv = operations[vertex] in (CONV3X3, CONV1X1)
                assert chosen.convolved[vertex, lane].tolist() == (mask if is_conv else none)
                pairs = chosen.kernels[vertex, lane].sum(dim=0).tolist()
                assert pairs == ([channels[vertex] * one for one in mask] if is_conv else none)
                assert chosen.pooled[vertex, lane].tolist() == (mask if operations[vertex] == MAXPOOL3X3 else none)
                assert bool(chosen.is_conv1x1[vertex, lane]) == (operations[vertex] == CONV1X1)
                projected = chosen.projected[lane, vertex * widest : (vertex + 1) * widest].tolist()
                assert projected == (mask if 0 in sources[vertex] else none)
                for number, (source, target) in enumerate(sizes.pairs):
                    if target == vertex:
                        flows = chosen.edges[number, lane].tolist()
                        assert flows == (mask if source + 1 in sources[vertex] else none)
                for kind, holds in (
                    (Slots.VERTEX, channels[vertex] > 0),
                    (Slots.CONV3X3, operations[vertex] == CONV3X3),
                    (Slots.CONV1X1, operations[vertex] == CONV1X1),
                    (Slots.PROJECTED, 0 in sources[vertex]),
                    (Slots.CONVOLVED, is_conv),
                ):
                    in_use = choice.slots[lane, slots.of_vertices(stack, kind)[vertex]].tolist()
                    assert in_use == [bool(one) for one in (mask if holds else none)]
            assert chosen.projected[lane, 5 * widest :].tolist() == first(out * plan.residual, out)
            landed = [(v - 1, c) for v in plan.feeding for c in range(plan.channels[stack][v - 1])]
            expected = [(lane * 5 + vertex) * widest + channel for vertex, channel in landed]
            origins = chosen.origins.view(len(cells), out)[lane].tolist()
            assert origins == (expected or [lane * 5 * widest] * out)
            lands = chosen.lands.view(len(cells), -1)[lane]
            assert int(lands.sum()) == len(expected)
            places = chosen.landings.view(len(cells), -1)[lane][lands == 1].tolist()
            assert sorted(places) == [lane * out + channel for channel in range(len(expected))]
            for place, origin in zip(places, np.flatnonzero(lands.numpy()), strict=True):
                assert expected[place - lane * out] == lane * 5 * widest + origin


@pytest.mark.parametrize(
    ("changes", "index", "message"),
    [
        ({"max_vertices": 4}, 2000, "for at most 4 vertices"),
        ({"min_output_edges": 3}, 3, "at least 3 edges into the output"),
        ({"num_filters": 1}, 6, "share the output's channels"),
    ],
)
def test_refuses_what_does_not_fit(changes, index, message):
    config = NetworkConfig(**changes)
    if "num_filters" in changes:
        index = next(i for i in range(3000) if len(plan_cell(i, 4, 1).feeding) == 2)
    with pytest.raises(SettingsError, match=message):
        describe_cells(np.array([0, index]), config)


def test_refuses_what_is_no_cell():
    with pytest.raises(CellError, match="expected 0 to"):
        describe_cells(np.array([-1]), NetworkConfig())


def test_a_network_for_small_cells_needs_less():
    assert Sizes(NetworkConfig(max_vertices=5)).num_columns == 3 + 3 + 1 + 3 + 2 * 3 * 3
    assert Sizes(NetworkConfig(max_vertices=2)).num_columns == 1
