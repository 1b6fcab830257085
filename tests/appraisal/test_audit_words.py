import pytest

from shareornot.appraisal.audit_words import condition_in_words, group_in_words, structure_in_words
from shareornot.statistics import Condition, RatedGroup


def condition(feature, holds=True, level=None, above=None):
    return Condition(feature=feature, level=level, above=above, holds=holds)


def group(*conditions):
    return RatedGroup(conditions=conditions, share=0.1, residual=0.2, at_equal_accuracy=0.1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("residual", "edge input to output"),
        ("operation_3 = maxpool3x3", "maxpool3x3 on vertex 3"),
        ("num_conv1x1", "conv1x1 vertices"),
        ("depth", "depth"),
        ("activation = relu", "activation = relu"),
        ("edge_0_3 = none", "none on edge 0 to 3"),
        ("edge_of_0_3 = none", "edge_of_0_3 = none"),
        ("num_skip_connect", "skip_connect edges"),
        ("num_params", "num_params"),
        ("skip_path", "path of skips alone"),
    ],
)
def test_structures(name, words):
    assert structure_in_words(*name.split(" = ")) == words


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (condition("residual", holds=False), "no edge input to output"),
        (condition("operation_1", level="conv3x3"), "conv3x3 on vertex 1"),
        (condition("num_conv3x3", above=0.0), "any conv3x3 vertices"),
        (condition("num_conv3x3", above=0.0, holds=False), "no conv3x3 vertices"),
        (condition("num_maxpool3x3", above=1.0, holds=False), "at most 1 maxpool3x3 vertex"),
        (condition("num_edges", above=7.0), "more than 7 edges"),
        (condition("depth", above=4.0), "depth more than 4"),
        (condition("num_nor_conv_3x3", above=1.0, holds=False), "at most 1 nor_conv_3x3 edge"),
        (condition("connected", holds=False), "no path input to output"),
    ],
)
def test_conditions(told, words):
    assert condition_in_words(told) == words


def test_groups():
    assert group_in_words(group()) == "all architectures"
    between = [condition("depth", above=4.0), condition("depth", above=5.0, holds=False)]
    assert group_in_words(group(condition("residual"), *between)) == "edge input to output, depth 5"
    counts = [condition("num_edges", above=4.0), condition("num_edges", above=7.0, holds=False)]
    assert group_in_words(group(*counts)) == "5 to 7 edges"
    numbers = [condition("score", above=0.5), condition("score", above=0.7, holds=False)]
    assert group_in_words(group(*numbers)) == "score more than 0.5, score at most 0.7"
