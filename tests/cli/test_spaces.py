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


def test_all_spaces_need_no_table(shareornot, refused, monkeypatch, tmp_path):
    monkeypatch.setenv("SHAREORNOT_DATA", str(tmp_path / "nothing"))
    shown = shareornot("spaces", "--all")
    assert shown.code == 0
    assert max(map(len, shown.out.splitlines())) <= 80
    rows = {line.split()[0]: line.split() for line in shown.out.splitlines() if line}
    assert rows["S2"][1:] == ["nasbench101", "7,773", "7,773", *["2", "x", "3^5", "x", "6", "x", "10"], "28", "%"]
    assert rows["nasbench201"][1:] == ["nasbench201", "15,625", "6,466", "5^6", "1", "%"]
    found = {one["name"]: one for one in json.loads(shareornot("spaces", "--all", "--json").out)}
    assert found["macro"]["num_architectures"] == 6_561
    assert "--all and --space exclude each other" in refused("spaces", "--all", "--space", "A1")


def test_spaces_of_a_table_of_another_family(shareornot, refused, tmp_path):
    source = tmp_path / "mine.csv"
    source.write_text("architecture,accuracy_0,accuracy_1\n00000000,0.5,0.4\n00000001,0.6,0.7\n00000002,0.1,\n")
    assert shareornot("data", "add", "mine", source).code == 0
    shown = shareornot("spaces", "--benchmark", "mine").out
    assert shown.startswith("mine: 3 of 6,561 architectures known\n")
    (row,) = [line for line in shown.splitlines() if line.startswith("macro")]
    assert row.split()[1:7] == ["6,561", "3", "65.00", "%", "-", "-"]
    assert "macro:depth>=1" in shareornot("spaces", "--benchmark", "mine", "--space", "macro:depth>=1").out
    message = "space A1: expected a space of macro, to which the table mine belongs, got one of nasbench101"
    assert message in refused("spaces", "--benchmark", "mine", "--space", "A1")
