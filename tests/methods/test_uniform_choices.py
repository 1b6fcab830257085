"""Choices are drawn uniformly, and so architectures as often as choices give them."""

import numpy as np
import pytest
from scipy.stats import chisquare

from shareornot.errors import SettingsError
from shareornot.methods import Setup
from shareornot.methods.uniform_choices import uniform_choices
from shareornot.spaces import draw_choices, open_space
from shareornot.supernet import NASBench101SuperNet, TrainingSettings


def draws(network_config, space, architectures):
    setup = Setup(NASBench101SuperNet(network_config(), 0), space, architectures, TrainingSettings())
    return uniform_choices(setup).draw(np.random.default_rng(0), 30_000)[:, 0]


def test_draws_equal_those_of_uniform_specifications(network_config):
    space = open_space("S1")
    drawn = draws(network_config, space, space.members)
    plain = space.architectures(draw_choices(space, np.random.default_rng(1), 30_000))
    often = space.members[np.argsort(-space.num_choices(space.members))[:30]]
    for found in (drawn, plain):
        counts = [*((found == cell).sum() for cell in often), (~np.isin(found, often)).sum()]
        shares = space.num_choices(often) / space.num_specifications
        assert chisquare(counts, 30_000 * np.array([*shares, 1 - shares.sum()])).pvalue > 1e-4


def test_only_the_architectures_to_train_are_drawn(network_config):
    space = open_space("S1")
    few = space.members_below(2_532)
    drawn = draws(network_config, space, few)
    assert set(drawn.tolist()) <= set(few.tolist())


def test_a_space_that_is_no_product_is_refused(network_config):
    space = open_space("A4")
    with pytest.raises(SettingsError, match=r"method uniform-choices: expected a product space, .* got A4"):
        draws(network_config, space, space.members)
