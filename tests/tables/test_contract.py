"""What every table must do, run on all of them."""

import numpy as np
import pytest

from shareornot.errors import ArchitectureError, SettingsError
from shareornot.spaces import Space
from shareornot.tables import ArchitectureTableInfo, Column, Table, open_table, write_architecture_table
from shareornot.tables.contract import METRICS, TIME, mean_over_runs


def table_201(folder):
    """Every third architecture, in three runs of which some are missing."""
    rng = np.random.default_rng(0)
    architectures = np.arange(0, 15_625, 3)
    runs = rng.random((len(architectures), 3)).astype(np.float32)
    runs[rng.random(runs.shape) < 0.3] = np.nan
    info = ArchitectureTableInfo(
        name="some-201",
        family="nasbench201",
        num_architectures=15_625,
        columns=(
            Column(metric="validation_accuracy", data_set="digits", epochs=20, runs=("0", "1", "2")),
            Column(metric="test_accuracy", data_set="digits", epochs=20, runs=("0", "1", "2")),
        ),
    )
    write_architecture_table(folder / "some-201.arrow", info, architectures, [runs, runs])


def table_of_names(folder):
    info = ArchitectureTableInfo(
        name="names",
        family=None,
        num_architectures=3,
        columns=(Column(metric="validation_accuracy", data_set="mine", runs=("0",)),),
    )
    values = np.array([[0.1], [0.2], [0.3]])
    write_architecture_table(folder / "names.arrow", info, np.arange(3), [values], texts=["a", "b", "c"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    table_201(folder)
    table_of_names(folder)
    return folder


@pytest.fixture(params=["digits", "made up", "some-201", "names"])
def table(request, folder, replay_table):
    if request.param == "made up":
        return replay_table
    return open_table("digits" if request.param == "digits" else folder / f"{request.param}.arrow")


def test_it_has_every_method(table):
    assert isinstance(table, Table)
    assert isinstance(table.space, Space)
    assert table.name


def test_architectures_are_increasing_numbers_of_the_family(table):
    assert len(table.architectures) == len(table)
    assert (np.diff(table.architectures) > 0).all()
    assert table.architectures[-1] < table.num_architectures
    assert table.num_architectures in table.space.universes
    assert len(table.space.texts(table.architectures[:2])) == 2


def test_values_and_means(table):
    assert set(table.metrics) <= set(METRICS)
    assert "validation_accuracy" in table.metrics
    for metric in table.metrics:
        values, mean = table.values(metric), table.mean(metric)
        assert values.dtype == np.float32
        assert values.shape[0] == len(table)
        assert mean.shape == (len(table),)
        np.testing.assert_allclose(mean, mean_over_runs(values))
        assert np.nanmin(values) >= 0
        if metric != TIME:
            assert np.nanmax(values) <= 1


def test_a_data_frame_has_every_run(table):
    pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert frame.index.tolist() == table.architectures.tolist()
    assert frame["architecture"][:3].tolist() == table.space.texts(table.architectures[:3])
    runs = table.values("validation_accuracy")
    for run in range(runs.shape[1]):
        np.testing.assert_array_equal(frame[f"validation_accuracy_{run}"].to_numpy(), runs[:, run])


def test_an_unknown_metric_is_refused(table):
    with pytest.raises(SettingsError, match="got 'loss'"):
        table.values("loss")


def test_rows(table):
    rows, known = table.rows_of(np.arange(table.num_architectures))
    np.testing.assert_array_equal(np.flatnonzero(known), table.architectures)
    np.testing.assert_array_equal(rows[known], np.arange(len(table)))
    with pytest.raises(ArchitectureError, match="expected architectures 0 to"):
        table.rows_of(np.array([len(table.space)]))


def test_means_are_over_the_runs_that_there_are():
    values = np.array([[0.1, np.nan, 0.3], [np.nan, np.nan, np.nan], [0.5, 0.5, 0.5]], np.float32)
    np.testing.assert_allclose(mean_over_runs(values), [0.2, np.nan, 0.5], rtol=1e-6)
