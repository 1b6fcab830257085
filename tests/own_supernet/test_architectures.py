"""Lists of anything, and spaces, as numbered architectures."""

import numpy as np
import pytest
import torch

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.own_supernet.architectures import own_architectures
from shareornot.spaces import open_space


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (["small", "large"], ["small", "large"]),
        (range(3), ["0", "1", "2"]),
        (np.array([4, 5]), ["4", "5"]),
        (torch.tensor([[1, 2], [3, 4]]), ["(1, 2)", "(3, 4)"]),
        ([(3, "a"), (5, "b")], ["(3, 'a')", "(5, 'b')"]),
        ([{"e": 6, "d": [2]}, {"d": [3], "e": 6}], ['{"d": [2], "e": 6}', '{"d": [3], "e": 6}']),
        ((text for text in "xy"), ["x", "y"]),
    ],
)
def test_values_have_numbers_and_texts(values, texts):
    own = own_architectures(values)
    assert list(own.texts) == texts
    assert own.numbers.tolist() == list(range(len(texts)))
    assert list(map(own.text, own.numbers.tolist())) == texts


def test_numbers_of_numpy_and_pytorch_arrive_as_those_of_python():
    assert [type(value) for value in own_architectures(np.array([4, 5])).values] == [int, int]
    assert own_architectures([torch.tensor(4), np.int64(5)]).values == (4, 5)


def test_the_architectures_of_a_space_keep_their_numbers():
    space = open_space("S1")
    own = own_architectures(space)
    assert own.numbers.tolist() == list(own.values) == space.members.tolist()
    number = int(space.members[5])
    assert own.value(number) == number
    assert own.text(number) == space.texts(np.array([number]))[0]


def test_some_of_them_are_different_ones_with_the_first_and_the_last():
    own = own_architectures(range(100))
    for number in (2, 6, 100, 200):
        some = own.some(number, seed=0)
        assert len(set(some)) == len(some) == min(number, 100)
        assert {0, 99} <= set(some)
    assert own.some(6, seed=0) == own.some(6, seed=0) != own.some(6, seed=1)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ("a,b", SettingsError, "expected a list of architectures or a Space, got str"),
        ({"a": 1}, SettingsError, "expected a list of architectures or a Space, got dict"),
        (7, SettingsError, "expected a list of architectures or a Space, got int"),
        ([], SettingsError, "expected at least one, got none"),
        (["a", "b", "a"], ArchitectureError, "expected different ones, got 'a' twice"),
        ([object()], ArchitectureError, "of type object: expected a value with a text of its own"),
    ],
)
def test_what_is_no_list_of_architectures_is_refused(values, error, message):
    with pytest.raises(error, match=message):
        own_architectures(values)
