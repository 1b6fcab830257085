import numpy as np
import pytest

from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import SPACES, space_cells
from shareornot.statistics import highest_spearman, one_run_against_others
from shareornot.tables import BenchmarkTable, TableColumns, TableInfo, open_benchmark, write_table
from shareornot.tables.space_table import describe_spaces, summarize_space, summarize_spaces


def with_runs(table, num_runs, cells=slice(None)):
    """The same table with fewer runs or cells."""
    columns = table._columns
    fewer = TableColumns(
        cells=columns.cells[cells],
        module_hashes=columns.module_hashes[cells],
        trainable_parameters=columns.trainable_parameters[cells],
        values={name: values[cells, :, :num_runs] for name, values in columns.values.items()},
    )
    info = TableInfo(name="fewer", budgets=(108,), num_runs=num_runs, max_vertices=5, data_set="noise", network={})
    return BenchmarkTable(fewer, fewer.hash_order(), info)


def test_all_spaces_of_the_paper_of_which_a_cell_is_known(replay_table):
    names = [one.name for one in describe_spaces(replay_table)]
    assert names == ["A1", "A2", "A3", "A_FULL", "A_FULL^RES", "A_FULL^NRES"]  # five vertices leave none for A4


def test_figures_of_a_space(partial_table):
    (found,) = describe_spaces(partial_table, ["depth>=3, residual=true"])
    cells = np.intersect1d(space_cells(open_space("depth>=3, residual=true"), 5), partial_table.cells)
    rows, _ = partial_table.rows_of(cells)
    runs = partial_table.values("validation_accuracy")[rows].astype(float)
    assert found.num_cells == len(space_cells(open_space("depth>=3, residual=true"), 5))
    assert found.num_known == len(cells)
    assert found.best_validation_accuracy == pytest.approx(runs.mean(axis=1).max(), rel=1e-6)
    assert found.best_test_accuracy == pytest.approx(partial_table.mean("test_accuracy")[rows].max())
    assert found.mean_training_time_s == pytest.approx(partial_table.mean("training_time")[rows].mean())
    assert found.one_run_against_others == one_run_against_others(runs)
    assert found.ceiling == highest_spearman(runs)
    assert found.as_dict()["name"] == "depth>=3,residual=true"


def test_no_ceiling_where_there_is_one_run(replay_table):
    (found,) = describe_spaces(with_runs(replay_table, 1), ["A1"])
    assert found.one_run_against_others is None
    assert found.ceiling is None


def test_no_ceiling_where_one_cell_is_known(replay_table):
    (found,) = describe_spaces(with_runs(replay_table, 3, slice(5, 6)), ["A_FULL"])
    assert (found.num_known, found.ceiling) == (1, None)


def test_a_space_of_which_no_cell_is_known(replay_table):
    with pytest.raises(SettingsError, match="expected cells of the table fewer, which holds none"):
        describe_spaces(with_runs(replay_table, 3, slice(0, 1)), ["A3"])


def test_the_embedded_benchmark_spreads_widely_and_ranks_well():
    (found,) = describe_spaces(open_benchmark("digits"), ["A_FULL"])
    assert found.num_cells == found.num_known == 2_532
    assert found.one_run_against_others is not None
    assert found.one_run_against_others > 0.85
    assert found.best_validation_accuracy > 0.9


def test_summaries_of_a_table(tmp_path, make_columns, info):
    write_table(tmp_path / "table.arrow", make_columns(num_cells=2000), info)
    table = BenchmarkTable.open(tmp_path / "table.arrow")
    summaries = {summary.space.name: summary for summary in summarize_spaces(table)}
    assert "A4" not in summaries
    summary = summaries["A2"]
    assert summary == summarize_space(table, open_space("A2"))
    known = np.isin(table.cells, space_cells(open_space("A2")))
    assert (summary.num_cells, summary.num_known) == (1254, known.sum())
    assert summary.best_validation_accuracy == table.mean("validation_accuracy")[known].max()
    assert summary.best_test_accuracy == table.mean("test_accuracy")[known].max()
    assert summary.mean_training_time_s == pytest.approx(table.mean("training_time")[known].mean())
    with pytest.raises(SettingsError, match="holds none of them"):
        summarize_space(table, open_space("A4"))


def test_summaries_of_the_real_sample(sample_table):
    summaries = {s.space.name: s for s in summarize_spaces(BenchmarkTable.open(sample_table))}
    assert {name: summary.num_cells for name, summary in summaries.items()} == {
        space.name: len(space) for space in SPACES
    }
    assert sum(summaries[name].num_known for name in ("A1", "A2", "A3", "A4")) == 151_644
    assert summaries["A_FULL"].best_test_accuracy == max(s.best_test_accuracy for s in summaries.values())
    times = [summaries[name].mean_training_time_s for name in ("A1", "A2", "A3", "A4")]
    assert times == sorted(times, reverse=True), "fewer vertices that share the output have more channels each"
