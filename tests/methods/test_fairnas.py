"""Strict fairness: every option of every decision exactly once per step."""

import numpy as np
import pytest
import torch

from shareornot.errors import SettingsError
from shareornot.methods import make_trainer
from shareornot.methods.fairnas import draw_fair_operations, draw_fairly, permutations
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import decode, unique_codes
from shareornot.supernet import NASBench101SuperNet, NetworkSettings, OptimizerSettings, TrainingSettings
from shareornot.supernet.cell_plan import plan_cell
from shareornot.supernet.nasbench201 import NASBench201SuperNet


def test_permutations_are_permutations_and_all_alike():
    drawn = permutations(np.random.default_rng(0), 6_000, 3)
    assert (np.sort(drawn, axis=1) == [0, 1, 2]).all()
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(counts) == 6
    assert abs(counts - 1_000).max() < 150  # five standard deviations


def test_paths_on_a_product_use_every_option_once():
    space = open_space("nasbench201")
    groups = draw_fairly(space)(np.random.default_rng(0), 200)
    assert groups.shape == (200, 5)
    choices = space.choices(groups.ravel()).reshape(200, 5, 6)
    assert (np.sort(choices, axis=1) == np.arange(5)[:, None]).all()
    assert len(np.unique(choices[:, 0], axis=0)) > 150


def test_decisions_with_fewer_options_begin_again():
    space = open_space("S1")
    groups = draw_fairly(space)(np.random.default_rng(0), 50)
    sizes = [len(decision.options) for decision in space.decisions]
    assert groups.shape == (50, max(sizes))


def test_paths_on_cells_share_a_topology_and_use_every_operation_once():
    cells = open_space("A4").members
    groups = draw_fair_operations(cells)(np.random.default_rng(0), 300)
    assert np.isin(groups, cells).all()
    codes = unique_codes()
    for paths in groups[:50].tolist():
        plans = [plan_cell(path, 16, 1) for path in paths]
        # Vertices may be renumbered; what stays is how often each operation is used by the three together.
        counts = np.bincount(np.concatenate([plan.operations for plan in plans]), minlength=3)
        assert (counts == len(plans[0].operations)).all()
        edges = {len(np.argwhere(decode(int(codes[path]))[0])) for path in paths}
        assert len(edges) == 1


def trainer(network, space, members, images, **changes):
    optimizer = OptimizerSettings(name="sgd", learning_rate=0.05)
    settings = TrainingSettings(epochs=2, batch_size=8, seed=1, method="fairnas", optimizer=optimizer, **changes)
    return make_trainer(network, space, members, images, settings)


def test_every_kernel_of_a_cell_gets_its_gradient_exactly_once_per_step(images, network_config):
    """On cells whose vertices cannot be renumbered: a chain of three vertices that all feed the output."""
    space = open_space("num_vertices=5, num_edges=6, num_output_edges=3")
    network = NASBench101SuperNet(network_config(max_vertices=5, min_output_edges=3), 0)
    chains = [cell for cell in space.members.tolist() if plan_cell(cell, 6, 2).sources == ((0,), (1,), (2,))]
    assert len(chains) == 27
    made = trainer(network, space, space.members, images)
    made.method.draw = draw_fair_operations(np.array(chains))
    counts = {}
    for name, parameter in network.named_parameters():
        parameter.register_post_accumulate_grad_hook(
            lambda _, name=name: counts.update({name: counts.get(name, 0) + 1})
        )
    for _ in range(4):
        counts.clear()
        made.step()
        kernels = {name: count for name, count in counts.items() if "conv" in name and name.endswith("weight")}
        assert len(kernels) == 2 * 2 * 3  # two convolutions at three vertices in two cells
        assert set(kernels.values()) == {1}


def test_the_sum_is_the_mean_with_a_larger_learning_rate(images):
    sizes = {"num_filters": 4, "cells_per_stack": 1, "num_classes": 4}
    space = open_space("nasbench201")
    moved = []
    for mean, rate in ((False, 0.02), (True, 0.1)):
        network = NASBench201SuperNet(NetworkSettings(**sizes), 0).double()
        before = network.classifier.weight.detach().clone()
        optimizer = OptimizerSettings(name="sgd", learning_rate=rate, weight_decay=0.0)
        settings = TrainingSettings(
            epochs=1, batch_size=8, method="fairnas", options={"mean": mean}, optimizer=optimizer
        )
        make_trainer(network, space, space.members, images, settings).step()
        moved.append(network.classifier.weight - before)
    torch.testing.assert_close(*moved, rtol=1e-9, atol=1e-12)


def test_spaces_on_which_it_cannot_be_fair_are_refused(images, network_config):
    network = NASBench101SuperNet(network_config(), 0)
    space = open_space("num_conv3x3>=2")
    with pytest.raises(SettingsError, match="expected architectures that stay among those to train"):
        trainer(network, space, space.members, images)
    product = open_space("nasbench201")
    network = NASBench201SuperNet(NetworkSettings(num_filters=4, cells_per_stack=1), 0)
    with pytest.raises(SettingsError, match="expected a whole product space"):
        trainer(network, product, product.members[:100], images)
