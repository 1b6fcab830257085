import numpy as np
import pytest

from shareornot.appraisal.truth import search_table
from shareornot.errors import SettingsError
from shareornot.spaces import open_space
from shareornot.spaces.nasbench101 import space_cells


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
