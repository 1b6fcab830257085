import numpy as np
import pytest

from shareornot.errors import ArchitectureError, DataError, MissingDataError
from shareornot.spaces import open_space, read_product
from shareornot.spaces.product import OptionSpace

FILE = """
name = "small nets"
description = "twelve of them"
sizes = ["channels"]

[decisions]
kernel = ["3x3", "5x5"]
channels = [16, 32, 64]
residual = [true, false]
"""


@pytest.fixture
def path(tmp_path):
    (tmp_path / "space.toml").write_text(FILE)
    return tmp_path / "space.toml"


def test_a_file_is_a_space(path):
    space = open_space(str(path))
    assert (space.name, space.description, len(space)) == ("small nets", "twelve of them", 12)
    texts = space.texts(space.members)
    assert texts[3] == "kernel=3x3,channels=32,residual=false"
    assert space.parse(["residual=false, channels=32, kernel=3x3"]).tolist() == [3]
    features = space.features(np.array([3, 10]))
    assert features["kernel"].tolist() == ["3x3", "5x5"]
    assert features["channels"].tolist() == [32.0, 64.0]
    assert features["residual"].tolist() == [False, True]
    assert space.sizes(np.array([3]))["channels"].tolist() == [32.0]
    assert space.neighbours(0).tolist() == [1, 2, 4, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kernel=3x3,channels=32", "expected an option for each of kernel, channels, residual, as in kernel=3x3"),
        ("kernel=3x3,channels=32,residual=maybe", "residual: expected one of true, false, got 'maybe'"),
        ("kernel=3x3,kernel=3x3,channels=32", "expected an option for each"),
        ("kernel=3x3,channels=32,depth=3", "expected an option for each"),
    ],
)
def test_odd_texts_are_named(path, text, message):
    with pytest.raises(ArchitectureError) as caught:
        open_space(str(path)).parse(["kernel=5x5,channels=16,residual=true", text])
    assert message in str(caught.value)
    assert "architecture 2 of 2" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("decisions = 3", "decisions: expected a dict, got 3"),
        ("name = 'x'", "decisions: expected at least one name"),
        ("[decisions]\na = [1]", "a: expected a list of at least two options"),
        ("[decisions]\na = 'bc'", "a: expected a list of at least two options"),
        ("[decisions]\na = [1, 1]", "a: expected different options"),
        ("[decisions]\na = [1, [2]]", "a: expected texts, numbers or truth values"),
        ("[decisions]\na = ['x,y', 'z']", "without commas"),
        ("sizes = ['b']\n[decisions]\na = [1, 2]", "sizes: expected decisions whose options are numbers, got 'b'"),
        ("sizes = ['a']\n[decisions]\na = ['x', 'y']", "sizes: expected decisions whose options are numbers"),
        ("kind = 1\n[decisions]\na = [1, 2]", "expected name, description, sizes and decisions, got 'kind'"),
        ("[decisions]\n" + "\n".join(f"a{i} = [1, 2, 3, 4]" for i in range(12)), "at most 10,000,000 combinations"),
        ("= nothing", "expected TOML"),
    ],
)
def test_files_of_something_else_are_refused(tmp_path, content, message):
    (tmp_path / "odd.toml").write_text(content)
    with pytest.raises(DataError) as caught:
        read_product(tmp_path / "odd.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'odd.toml'}: ")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MissingDataError, match="expected a TOML file that describes a space, found none"):
        open_space(f"{tmp_path}/none.toml")


@pytest.mark.parametrize("name", ["nasbench201", "macro"])
def test_listed_changes_are_those_of_choices(name):
    space = open_space(name)
    some = np.random.default_rng(0).integers(len(space), size=300)
    listed_rng, plain_rng = np.random.default_rng(1), np.random.default_rng(1)
    np.testing.assert_array_equal(
        space.mutate(some, listed_rng), OptionSpace.mutate(space, some, plain_rng), strict=False
    )
    assert listed_rng.random() == plain_rng.random()
    for one in some[:20].tolist():
        np.testing.assert_array_equal(space.neighbours(one), OptionSpace.neighbours(space, one))
        own = space.choices(np.array([one]))[0]
        around = space.choices(space.neighbours(one))
        assert ((around != own).sum(axis=1) == 1).all()
        assert len(around) == sum(len(decision.options) - 1 for decision in space.decisions)
