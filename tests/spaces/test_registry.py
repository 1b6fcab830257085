import pytest

from shareornot.errors import SettingsError
from shareornot.spaces import open_family, open_space


@pytest.mark.parametrize("name", ["depth >= 3", "depth>=3", " DEPTH>= 3 "])
def test_blanks_and_capitals_of_conditions_do_not_matter(name):
    space = open_space(name)
    assert space.name == "depth>=3"
    assert space is open_space("depth>=3")


@pytest.mark.parametrize(("family", "other"), [("", "width<=2"), ("nasbench201:", "num_none<=2")])
def test_the_order_of_conditions_does_not_matter(family, other):
    space = open_space(f"{family} {other}, depth>=1, {other}")
    assert space.name == f"{family}depth>=1,{other}"
    assert space is open_space(f"{family}depth>=1,{other}")


@pytest.mark.parametrize("name", ["a_full^res", "A_FULL_RES", " A_Full_Res ", "a_full ^res"])
def test_names_are_found_however_they_are_written(name):
    assert open_space(name) is open_space("A_FULL^RES")


def test_families_are_spaces():
    family = open_space("NASBench-101")
    assert (family.name, len(family)) == ("nasbench101", 423_624)
    assert open_family("nasbench101") == family
    with pytest.raises(SettingsError, match=r"family: expected one of nasbench101.*got 'A1'"):
        open_family("A1")


def test_conditions_on_a_named_family():
    space = open_space("nasbench101: num_vertices <= 4, operation_1 = conv3x3")
    assert (space.name, space.family) == ("nasbench101:num_vertices<=4,operation_1=conv3x3", "nasbench101")
    assert set(space.features(space.members)["operation_1"].tolist()) == {"conv3x3"}
    with pytest.raises(SettingsError, match="operation_1: expected = or != and one of conv1x1, conv3x3, maxpool3x3"):
        open_space("nasbench101: operation_1=3")


@pytest.mark.parametrize(("name", "nearest"), [("A5", "A"), ("afull", "A_FULL"), ("nasbench102", "nasbench101")])
def test_the_nearest_name_is_suggested(name, nearest):
    with pytest.raises(SettingsError, match=f"got '{name}'; try '{nearest}"):
        open_space(name)
