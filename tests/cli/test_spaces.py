import json

import pytest


def test_spaces_of_the_embedded_benchmark(shareornot):
    shown = shareornot("spaces", "--benchmark", "digits")
    assert shown.code == 0
    assert shown.out.startswith("digits: 2,532 of 2,532 cells known\n")
    assert "A_FULL^NRES  1,279  1,279" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_spaces_of_ones_own_for_programs(shareornot, table_path):
    options = ["--space", "A1", "--space", "depth>=3, residual=true", "--json"]
    shown = json.loads(shareornot("spaces", "--benchmark", table_path, *options).out)
    assert [one["name"] for one in shown] == ["A1", "depth>=3,residual=true"]
    assert all(0 <= one["best_validation_accuracy"] <= 1 for one in shown)


def test_a_space_of_one_known_cell_has_no_ceiling(shareornot, table_path):
    shown = shareornot("spaces", "--benchmark", table_path, "--space", "num_vertices=2")
    (row,) = [line for line in shown.out.splitlines() if line.startswith("num_vertices=2")]
    assert row.split()[-2:] == ["-", "-"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--space", "A9"], "space: expected one of A1, A2, A3, A4, A_FULL"),
        (["--space", "height>=3"], "feature: expected one of"),
        (["--space", "depth>=9"], "depth>=9"),
        (["--benchmark", "imagenet"], "name a file or one of digits, digits-201, nasbench101"),
        (["--benchmark", "nasbench101"], "run: shareornot data fetch nasbench101"),
        (["--benchmark", __file__], "benchmark table"),
    ],
)
def test_spaces_that_cannot_be_shown(refused, table_path, arguments, message):
    if "--benchmark" not in arguments:
        arguments = [*arguments, "--benchmark", table_path]
    assert message in refused("spaces", *arguments)
