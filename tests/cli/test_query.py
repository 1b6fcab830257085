import json

import numpy as np
import pytest

from shareornot.spaces.nasbench101 import Cell, parameter_count
from shareornot.tables import open_benchmark

CELL = Cell.from_index(4)


@pytest.mark.parametrize("asked", ["4", CELL.official_hash(), str(CELL)])
def test_a_cell_by_index_hash_and_text(shareornot, table_path, asked):
    shown = json.loads(shareornot("query", asked, "--benchmark", table_path, "--json").out)
    found = open_benchmark(table_path).query(4)
    assert shown["validation_accuracy"] == found.validation_accuracy
    assert shown["trainable_parameters"] == found.trainable_parameters


def test_a_specification_that_is_not_pruned(shareornot, table_path):
    same = "0111000000000000;input,conv3x3-bn-relu,maxpool3x3,output"
    first = Cell.from_index(0)
    assert Cell.parse(same).index == first.index
    assert shareornot("query", same, "--benchmark", table_path) == shareornot("query", "0", "--benchmark", table_path)


def test_one_run_of_a_smaller_budget_half_way(shareornot, table_path):
    options = ["--run", "1", "--epochs", "4", "--halfway", "--json"]
    shown = json.loads(shareornot("query", "4", "--benchmark", table_path, *options).out)
    found = open_benchmark(table_path).query(4, run=1, budget=4, when="halfway")
    assert shown["test_accuracy"] == found.test_accuracy


def test_a_query_for_people(shareornot, table_path):
    shown = shareornot("query", "4", "--benchmark", table_path).out
    assert shown.startswith("made up, mean over runs\n")
    assert f"{parameter_count(np.array([4]))[0]:,}" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3"], "3"),
        (["423624"], "423,623"),
        (["f" * 32], "f" * 32),
        (["nonsense"], "expected a cell such as"),
        ([""], "expected a cell such as"),
        (["0101;input,output"], "upper"),
        (["011001000;input,conv5x5,output"], "conv5x5"),
        (["4", "--run", "2"], "run: expected 0 to 1, got 2"),
        (["4", "--epochs", "12"], "budget: expected one of 4, 108 epochs, got 12"),
    ],
)
def test_a_query_that_cannot_be_answered(refused, table_path, arguments, message):
    assert message in refused("query", *arguments, "--benchmark", table_path)


def test_what_the_architecture_is(shareornot, table_path):
    shown = json.loads(shareornot("query", "4", "--benchmark", table_path, "--json", "--draw").out)
    assert (shown["architecture"], shown["number"]) == (str(CELL), 4)
    assert shown["official_hash"] == CELL.official_hash()
    assert (shown["residual"], shown["operation_1"], shown["operation_2"]) == (True, "conv3x3", None)
    assert shown["graph"]["vertices"] == ["input", "conv3x3", "output"]
    drawn = shareornot("query", "4", "--benchmark", table_path, "--draw").out
    assert drawn.endswith("0  input\n1  conv3x3  <-  0\n2  output  <-  0, 1\n")


def test_a_table_of_another_family(shareornot, refused, tmp_path):
    text = "|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|avg_pool_3x3~1|none~2|"
    source = tmp_path / "mine.csv"
    source.write_text(f"architecture,accuracy_0,accuracy_1,test\n{text},0.5,,0.4\n")
    assert shareornot("data", "add", "mine", source, "--data-set", "digits", "--epochs", "3").code == 0
    shown = json.loads(shareornot("query", text, "--benchmark", "mine", "--json").out)
    assert (shown["validation_accuracy"], shown["test_accuracy"]) == (0.5, pytest.approx(0.4))
    assert (shown["architecture"], shown["num_none"], shown["path_convolutions"]) == (text, 3, 1)
    again = shareornot("query", str(shown["number"]), "--benchmark", "mine", "--run", "0", "--draw")
    assert "1  node 1  <-  nor_conv_3x3 of 0" in again.out
    assert "run: expected 0 to 0, got 1" in refused("query", text, "--benchmark", "mine", "--run", "1")
    assert "not among the 1 of the table mine" in refused("query", "0", "--benchmark", "mine")
    assert "expected six operations" in refused("query", "nonsense", "--benchmark", "mine")
    assert "leave out --halfway" in refused("query", text, "--benchmark", "mine", "--halfway")
    assert "got 5 epochs" in refused("query", text, "--benchmark", "mine", "--epochs", "5")
