"""What every space must do, run on all of them."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces import (
    Decision,
    OptionSpace,
    ProductSpace,
    Space,
    built_in_spaces,
    draw_choices,
    list_architectures,
    open_space,
)
from shareornot.spaces import space_members as members_of
from shareornot.spaces.contract import check_choices


@lru_cache
def listed_cells():
    family = open_space("nasbench101")
    columns = {"kind": np.array(["a", "b", "c"] * 20), "size": np.arange(60.0)}
    return list_architectures(family.texts(np.arange(60)), columns, sizes=["size"], name="listed-cells")


def listed_names():
    return list_architectures(["first", "second", "third"], {"size": np.arange(3)}, name="listed-names")


def options():
    decisions = (
        Decision("kernel", ("3x3", "5x5")),
        Decision("depth", ("2", "4", "8")),
        Decision("skip", ("true", "false")),
    )
    return OptionSpace("options", "a product of named options", decisions, sizes=("depth",))


SPACES = {
    **{space.name: (lambda name=space.name: open_space(name)) for space in built_in_spaces()},
    "depth>=4,residual=true": lambda: open_space("depth>=4,residual=true"),
    "nasbench201:num_none=0,depth>=2": lambda: open_space("nasbench201:num_none=0,depth>=2"),
    "options": options,
    "listed-cells": listed_cells,
    "listed-names": listed_names,
}
WITHOUT_NEIGHBOURS = {"listed-names"}


@pytest.fixture(scope="module", params=SPACES)
def space(request):
    return SPACES[request.param]()


@pytest.fixture(scope="module")
def some(space):
    """At most 40 architectures of the space, the first and the last among them."""
    chosen = np.linspace(0, len(space) - 1, 40).round().astype(int)
    return np.unique(space.members[chosen])


def test_it_has_every_method(space):
    assert isinstance(space, Space)
    assert space.description
    assert space.name


def test_members_are_increasing_numbers_of_the_family(space):
    members = space.members
    assert members.dtype == np.int32
    assert len(members) == len(space) > 0
    assert (np.diff(members) > 0).all()
    assert members[0] >= 0
    assert members[-1] < space.universes[-1]
    assert all(small < large for small, large in pairwise(space.universes))


def test_members_below_a_number(space):
    number = int(space.members[len(space) // 2])
    np.testing.assert_array_equal(space.members_below(number), space.members[: len(space) // 2])
    np.testing.assert_array_equal(members_of(space), space.members)
    with pytest.raises(SettingsError, match=r"space .*: expected at least one architecture among the first 0 of"):
        members_of(space, 0)


def test_texts_are_read_back(space, some):
    texts = space.texts(some)
    assert len(set(texts)) == len(texts) == len(some)
    np.testing.assert_array_equal(space.parse(texts), some)
    np.testing.assert_array_equal(space.parse([]), [])


def test_an_invalid_text_is_named(space, some):
    for odd in ("no architecture", "", "|nor_conv_9x9~0|"):
        with pytest.raises(ArchitectureError) as caught:
            space.parse([*space.texts(some[:2]), odd])
        assert "architecture 3 of 3" in str(caught.value)
        assert repr(odd) in str(caught.value)


def test_an_invalid_number_is_refused(space):
    for odd in (-1, space.universes[-1]):
        with pytest.raises(ArchitectureError, match=f"{odd:,}"):
            space.texts(np.array([odd]))


def test_features_and_sizes_have_a_value_for_each(space, some):
    for name, values in {**space.features(some), **space.sizes(some)}.items():
        assert values.shape == some.shape, name
        assert values.dtype.kind in "biufU", name
    for name, values in space.sizes(some).items():
        assert np.isfinite(values).all(), name
        assert values.dtype == np.float64
    one = space.features(some[3:4])
    assert all((space.features(some)[name][3:4] == values).all() for name, values in one.items())


def test_a_data_frame_has_the_texts_features_and_sizes(space, some):
    pytest.importorskip("pandas")
    frame = space.to_pandas(some)
    assert frame.index.tolist() == some.tolist()
    assert frame["architecture"].tolist() == space.texts(some)
    for name, values in {**space.features(some), **space.sizes(some)}.items():
        np.testing.assert_array_equal(frame[name].to_numpy(), values)
    assert len(space.to_pandas(some[:0])) == 0


def test_neighbours_are_other_members(space, some):
    for architecture in some[::5].tolist():
        around = space.neighbours(architecture)
        assert (np.diff(around) > 0).all()
        assert architecture not in around
        assert np.isin(around, space.members).all()


def test_mutations_stay_in_the_space_and_follow_the_seed(space, some):
    if space.name in WITHOUT_NEIGHBOURS:
        with pytest.raises(SettingsError, match="expected neighbours"):
            space.mutate(some, np.random.default_rng(0))
        return
    some = np.array([one for one in some.tolist() if len(space.neighbours(one))])
    first, again, other = (space.mutate(some, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != some).any()
    assert np.isin(first, space.members).all()


def test_graphs_lead_from_input_to_output(space, some):
    for architecture in some.tolist():
        graph = space.graph(architecture)
        if graph is None:
            assert space.name == "listed-names"
            continue
        assert all(0 <= source < target < len(graph.vertices) for source, target, _ in graph.edges)
        assert graph.vertices[0] == "input"
        assert graph.vertices[-1] == "output"


def test_isomorphism_classes_are_numbers_for_each(space, some):
    classes = space.isomorphism_classes(some)
    assert classes.shape == some.shape
    assert classes.dtype.kind in "iu"
    np.testing.assert_array_equal(space.isomorphism_classes(some[::-1]), classes[::-1])


PRODUCTS = [
    name for name, make in SPACES.items() if name not in WITHOUT_NEIGHBOURS and isinstance(make(), ProductSpace)
]


@pytest.fixture(scope="module", params=PRODUCTS)
def product(request):
    return SPACES[request.param]()


def test_choices_give_the_architectures_back(product):
    some = product.members[:: max(1, len(product) // 500)]
    choices = product.choices(some)
    assert choices.shape == (len(some), len(product.decisions))
    check_choices(product, choices)
    np.testing.assert_array_equal(product.architectures(choices), some)


def test_every_combination_is_a_member(product):
    choices = draw_choices(product, np.random.default_rng(0), 2_000)
    assert np.isin(product.architectures(choices), product.members).all()
    for position, decision in enumerate(product.decisions):
        assert len(decision.options) == len(set(decision.options)) > 1
        assert set(choices[:, position].tolist()) == set(range(len(decision.options)))


def test_choices_out_of_range_are_refused(product):
    choices = np.zeros((2, len(product.decisions)), int)
    choices[1, 0] = len(product.decisions[0].options)
    with pytest.raises(ArchitectureError, match=f"{product.decisions[0].name} of row 1: expected an option from 0 to"):
        product.architectures(choices)
    with pytest.raises(ArchitectureError, match="choices for each architecture, got 1"):
        product.architectures(np.zeros((2, 1), int))
