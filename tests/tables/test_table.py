"""Looking cells up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shareornot.errors import ArchitectureError, CellError, SettingsError, UnknownCellError
from shareornot.spaces.nasbench101 import Cell
from shareornot.tables.contract import METRICS
from shareornot.tables.table import BenchmarkTable
from shareornot.tables.table_file import MOMENTS, write_table


@pytest.fixture(scope="module")
def columns(make_columns):
    return make_columns()


@pytest.fixture(scope="module")
def table(tmp_path_factory, columns, info):
    path = tmp_path_factory.mktemp("tables") / "table.arrow"
    write_table(path, columns, info)
    return BenchmarkTable.open(path)


def test_describes_itself(table, columns):
    assert len(table) == 6
    assert repr(table) == "<BenchmarkTable made-up: 6 of 2,532 cells>"
    assert not table.is_complete
    np.testing.assert_array_equal(table.cells, columns.cells)
    table.verify()


def test_values_are_those_of_the_budget(table, columns):
    for when in MOMENTS:
        for metric in METRICS:
            expected = columns.values[f"{when}_{metric}"]
            np.testing.assert_array_equal(table.values(metric, when=when), expected[:, 1])
            np.testing.assert_array_equal(table.values(metric, when=when, budget=4), expected[:, 0])
            np.testing.assert_allclose(table.mean(metric, when=when, budget=4), expected[:, 0].astype(float).mean(1))
    with pytest.raises(ValueError, match="read-only"):
        table.values("test_accuracy")[0] = 0


def test_every_way_to_name_a_cell_finds_it(table, columns):
    for row, index in enumerate(columns.cells.tolist()):
        cell = Cell.from_index(index)
        expected = table.query(index)
        assert expected.test_accuracy == table.mean("test_accuracy")[row]
        assert expected.trainable_parameters == columns.trainable_parameters[row]
        for name in (np.int32(index), cell, (cell.adjacency, cell.operations), table.module_hash(row)):
            assert table.query(name) == expected
        assert table.query(table.module_hash(row).upper()) == expected


def test_a_query_is_one_run_or_their_mean(table, columns):
    for when in MOMENTS:
        for position, budget in enumerate((4, 108)):
            runs = [table.query(int(columns.cells[2]), run=run, budget=budget, when=when) for run in range(3)]
            mean = table.query(int(columns.cells[2]), budget=budget, when=when)
            for metric in METRICS:
                field = "training_time_s" if metric == "training_time" else metric
                expected = columns.values[f"{when}_{metric}"][2, position].tolist()
                assert [getattr(run, field) for run in runs] == expected
                assert getattr(mean, field) == (expected[0] + expected[1] + expected[2]) / 3


def test_isomorphic_and_unpruned_specifications_are_the_same_cell(tmp_path, make_columns, info):
    first = Cell.parse("0110000100010000;input,conv1x1-bn-relu,maxpool3x3,output")
    second = Cell.parse("0101000001000000000100000;input,maxpool3x3,conv3x3-bn-relu,conv1x1-bn-relu,output")
    assert first.index == second.index
    write_table(tmp_path / "all.arrow", make_columns(num_cells=2532), info)
    table = BenchmarkTable.open(tmp_path / "all.arrow")
    assert table.is_complete
    assert table.query(first) == table.query(second) == table.query(first.index)


@settings(deadline=None)
@given(st.lists(st.integers(0, 423_623), max_size=30))
def test_many_queries_equal_single_ones(table, indices):
    indices = np.array([*indices, *table.cells[:2].tolist(), int(table.cells[0])])
    for metric in METRICS:
        field = "training_time_s" if metric == "training_time" else metric
        for run in (None, 1):
            values, known = table.query_many(indices, metric, run=run, budget=4, when="halfway")
            for index, value, is_known in zip(indices, values, known, strict=True):
                assert is_known == (index in table.cells)
                if is_known:
                    assert value == getattr(table.query(index, run=run, budget=4, when="halfway"), field)
                else:
                    assert np.isnan(value)
    rows, known = table.rows_of(indices)
    np.testing.assert_array_equal(table.cells[rows[known]], indices[known])
    assert (rows[~known] == len(table)).all()


def test_no_query_at_all(table):
    values, known = table.query_many(np.zeros(0, np.int32), "test_accuracy")
    assert len(values) == len(known) == 0


def test_an_unknown_cell_is_an_error(table):
    unknown = next(index for index in range(2532) if index not in table.cells)
    for name in (unknown, Cell.from_index(unknown), Cell.from_index(unknown).official_hash(), 423_623):
        with pytest.raises(UnknownCellError, match="not among the 6 cells of the table made-up"):
            table.query(name)


@pytest.mark.parametrize(
    "name", [-1, 423_624, "123", "z" * 32, "0" * 31 + " ", ([[0, 1], [1, 0]], ["input", "output"])]
)
def test_what_is_no_cell_is_another_error(table, name):
    with pytest.raises(CellError):
        table.query(name)


@pytest.mark.parametrize("indices", [[-1], [0, 423_624]])
def test_no_such_indices(table, indices):
    with pytest.raises(ArchitectureError, match="nasbench101: expected architectures 0 to 423,623"):
        table.query_many(np.array(indices), "test_accuracy")


def test_settings_are_checked(table):
    index = int(table.cells[0])
    with pytest.raises(SettingsError, match="run: expected 0 to 2, got 3"):
        table.query(index, run=3)
    with pytest.raises(SettingsError, match="run: expected 0 to 2, got -1"):
        table.query_many(table.cells, "test_accuracy", run=-1)
    with pytest.raises(SettingsError, match="budget: expected one of 4, 108 epochs, got 36"):
        table.query(index, budget=36)


def test_misspelt_names_get_a_hint(table):
    """Unchecked, as the type of the argument already refuses them where types are checked."""
    with pytest.raises(SettingsError, match=r"metric: expected one of .*, got 'test_acc'; try 'test_accuracy'"):
        table._all_budgets("test_acc", "final")
    with pytest.raises(SettingsError, match=r"when: .* try 'halfway'"):
        table._all_budgets("test_accuracy", "half")


def test_an_invalid_order_is_detected(columns, info):
    broken = BenchmarkTable(columns, columns.hash_order()[::-1].copy(), info)
    with pytest.raises(ValueError, match="hash_order"):
        broken.verify()
