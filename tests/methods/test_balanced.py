"""Balanced sampling draws classes alike, and architectures of a class alike."""

import numpy as np
import pytest
from scipy.stats import chisquare

from shareornot.errors import SettingsError
from shareornot.methods import Setup
from shareornot.methods.balanced import balanced, classes_of, draw_balanced
from shareornot.spaces import list_architectures, open_space
from shareornot.supernet import NASBench101SuperNet, TrainingSettings

ALARM = 1e-4


@pytest.fixture
def setup(network_config):
    def make(space):
        return Setup(NASBench101SuperNet(network_config(), 0), space, space.members, TrainingSettings())

    return make


def most_convolutions(row):
    """By walking every path of the cell; None where no path leads from input to output."""
    edges = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
    operations = dict(zip(edges, row, strict=True))

    def best(node):
        if node == 3:
            return 0
        found = []
        for (source, target), operation in operations.items():
            if source == node and operation != 0 and (rest := best(target)) is not None:
                found.append(rest + (operation in (2, 3)))
        return max(found, default=None)

    return best(0)


def test_classes_of_nasbench201_are_drawn_alike(setup):
    space = open_space("nasbench201")
    drawn = balanced(setup(space)).draw(np.random.default_rng(0), 3_000)[:, 0]
    counted = [most_convolutions(row) for row in space.choices(drawn).tolist()]
    assert None not in counted
    counts = np.bincount(np.maximum(counted, 1), minlength=4)[1:]
    assert counts.sum() == 3_000
    assert chisquare(counts).pvalue > ALARM


def test_architectures_of_a_class_are_drawn_alike():
    architectures = np.arange(100, 110)
    classes = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1, 2])
    drawn = draw_balanced(architectures, classes)(np.random.default_rng(0), 30_000)[:, 0]
    expected = np.array([1 / 7] * 7 + [1 / 2] * 2 + [1]) * 10_000
    assert chisquare(np.bincount(drawn - 100, minlength=10), expected).pvalue > ALARM


def test_any_feature_makes_classes(setup):
    space = open_space("A_FULL")
    method = balanced(setup(space), feature="num_conv3x3")
    drawn = space.features(method.draw(np.random.default_rng(0), 6_000)[:, 0])["num_conv3x3"]
    assert chisquare(np.bincount(drawn, minlength=6)).pvalue > ALARM
    words = balanced(setup(space), feature="operation_1").draw(np.random.default_rng(0), 4_000)[:, 0]
    _, counts = np.unique(space.features(words)["operation_1"], return_counts=True)
    assert chisquare(counts).pvalue > ALARM


def test_a_feature_with_many_values_is_cut_into_quantile_groups():
    values = np.random.default_rng(0).random(1_000)
    classes = classes_of(values, 4)
    assert np.bincount(classes).tolist() == [250] * 4
    assert (np.diff(classes[np.argsort(values)]) >= 0).all()


def test_what_makes_no_classes_is_refused(setup):
    with pytest.raises(SettingsError, match="expected a feature of A4 that defines the classes"):
        balanced(setup(open_space("A4")))
    with pytest.raises(SettingsError, match=r"expected one of .*num_conv3x3.*, got 'size'"):
        balanced(setup(open_space("A4")), feature="size")
    with pytest.raises(SettingsError, match="as the space has none"):
        balanced(setup(list_architectures(["a", "b"])))
    with pytest.raises(SettingsError, match="num_classes: expected at least 1, got 0"):
        balanced(setup(open_space("A4")), num_classes=0)


@pytest.mark.parametrize("draw", ["balanced", "fair"])
def test_ten_thousand_draws_are_quick_enough_to_be_arrays(draw):
    from shareornot.methods.fairnas import draw_fairly

    space = open_space("nasbench201")
    made = draw_fairly(space) if draw == "fair" else draw_balanced(space.members, space.members % 7)
    assert len(made(np.random.default_rng(0), 10_000)) == 10_000
