import numpy as np
import pytest

from shareornot.appraisal.truth import benchmark_truth, search_table
from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells
from shareornot.tables import ArchitectureTableInfo, Column, write_architecture_table


def test_a_complete_table(replay_table):
    landscape = search_table(replay_table, open_space("A2"))
    np.testing.assert_array_equal(landscape.cells, space_cells(open_space("A2"), 5))
    np.testing.assert_array_equal(landscape.validation, replay_table.mean("validation_accuracy"))
    np.testing.assert_array_equal(landscape.test, replay_table.mean("test_accuracy"))
    np.testing.assert_array_equal(landscape.time_s, replay_table.mean("training_time"))


def test_cells_that_the_table_does_not_hold_are_unknown(partial_table):
    landscape = search_table(partial_table, open_space("A_FULL"))
    np.testing.assert_array_equal(landscape.cells, partial_table.cells)
    assert landscape.member.sum() == 2_532
    assert landscape.known.sum() == 1_266
    means = partial_table.mean("validation_accuracy")
    np.testing.assert_array_equal(landscape.validation[partial_table.cells], means)


def test_other_training_times(replay_table):
    time_s = np.linspace(1, 2, 2_532)
    landscape = search_table(replay_table, open_space("A_FULL"), time_s=time_s)
    np.testing.assert_array_equal(landscape.time_s, time_s)


def test_a_space_of_which_no_cell_is_known(partial_table):
    (only,) = space_cells(open_space("num_vertices=3, num_edges=3, num_conv1x1=1"), 5)
    assert only not in partial_table.cells
    with pytest.raises(SettingsError, match="none"):
        search_table(partial_table, open_space("num_vertices=3, num_edges=3, num_conv1x1=1"))


def table_201(tmp_path, *, metrics=("validation_accuracy",), runs=2, gaps=()):
    rng = np.random.default_rng(0)
    info = ArchitectureTableInfo(
        name="some",
        family="nasbench201",
        num_architectures=15_625,
        columns=tuple(
            Column(metric=metric, data_set="digits", runs=tuple(map(str, range(runs)))) for metric in metrics
        ),
    )
    values = [rng.random((40, runs)) for _ in metrics]
    for row, run in gaps:
        values[0][row, run] = np.nan
    return write_architecture_table(tmp_path / "some.arrow", info, np.arange(40), values)


def test_a_table_of_another_family_without_times(tmp_path):
    table = table_201(tmp_path, gaps=[(3, 0), (4, 0), (4, 1)])
    truth = benchmark_truth(table, open_space("nasbench201"))
    assert truth.time_unit == "trainings"
    assert truth.thing == "architecture"
    assert set(truth.baselines) == {"number of parameters", "number of operations"}
    assert truth.table.cells.tolist() == [row for row in range(40) if row != 4]
    np.testing.assert_array_equal(truth.table.test[:4], truth.table.validation[:4])
    assert truth.runs.shape == (38, 2)
    assert truth.evolution_table.space == table.space
    assert truth.notes == (
        "Regret is measured in validation accuracy because the table has no test accuracies.",
        "Costs are counted in trainings because the table has no training times.",
        "The noise ceiling is that of the 38 architectures without a missing training.",
    )


def test_a_table_with_test_accuracies_alone(tmp_path):
    truth = benchmark_truth(table_201(tmp_path, metrics=("test_accuracy",), runs=1), open_space("nasbench201"))
    assert truth.runs is None
    assert truth.notes[0] == "Scores are compared with test accuracies because the table has no validation accuracies."


def test_a_space_of_another_family_is_refused(tmp_path, replay_table):
    with pytest.raises(
        SettingsError, match="space A1: expected a space of nasbench201, to which the table some belongs"
    ):
        benchmark_truth(table_201(tmp_path), open_space("A1"))
    with pytest.raises(SettingsError, match="space macro: expected a space of nasbench101"):
        search_table(replay_table, open_space("macro"))
