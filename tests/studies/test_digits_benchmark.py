"""The build of the embedded benchmark of small cells."""

import numpy as np
import pytest

from shareornot.spaces.nasbench101 import Cell
from shareornot.studies.digits_benchmark import build_digits, digits
from shareornot.studies.recipes import digits_network
from shareornot.studies.standalone_parts import StandaloneBuild, read_parts
from shareornot.supernet.settings import StandaloneTrainingSettings

SMALL = StandaloneBuild(
    family="nasbench101",
    architectures=range(7),
    network=digits_network(),
    num_runs=2,
    part_size=4,
    training=StandaloneTrainingSettings(epochs=2, batch_size=100),
)
"""The 7 cells with at most 3 vertices."""


def test_the_benchmark_trains_all_cells_with_at_most_5_vertices():
    build = digits()
    assert (len(build.architectures), build.num_runs, len(build.parts)) == (2532, 3, 422)
    assert sum(map(len, build.parts)) == 2532


def test_the_table_of_a_build(tmp_path):
    out, parts = tmp_path / "digits.arrow", tmp_path / "digits.parts"
    table = build_digits(out, parts, num_processes=1, build=SMALL)
    assert out.is_file()
    assert (table.info.name, table.info.num_runs, table.info.max_vertices) == ("digits", 2, 3)
    assert table.info.budgets == (2,)
    np.testing.assert_array_equal(table.cells, np.arange(7))
    results = read_parts(parts, SMALL)
    np.testing.assert_allclose(table.mean("test_accuracy"), results["final_test_accuracy"].mean(axis=1), rtol=1e-6)
    cell = Cell.from_index(5)
    assert table.query(cell).validation_accuracy == pytest.approx(results["final_validation_accuracy"][5].mean())
