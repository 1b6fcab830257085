import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import shareornot.supernet.pass_times as pass_times
from shareornot.errors import DataError, MissingDataError, SettingsError
from shareornot.search.nasbench101.pass_times import pass_terms
from shareornot.spaces.nasbench101 import unique_codes
from shareornot.studies.measured_times import MeasuredTimes, measure_times, read_times, write_times

NUM_CELLS = len(unique_codes(5))


@pytest.fixture
def planted(monkeypatch):
    """A device whose passes take exactly what the model of the fit can describe."""
    terms = pass_terms(np.arange(NUM_CELLS), num_filters=16)
    forward_s = 0.001 + 0.002 * terms["conv3x3_product"] + 0.0005 * terms["projection_count"]

    def measure(cells, config, **settings):  # noqa: ARG001
        for cell in cells:
            yield pass_times.PassTimes(forward_s[cell], 2 * forward_s[cell])

    monkeypatch.setattr(pass_times, "measure_pass_times", measure)
    return forward_s


def test_times_of_all_cells_follow_from_passes_of_some(planted):
    times = measure_times(16, num_cells=60, num_epochs=10, batch_size=256, max_vertices=5, device="cpu")
    steps, evaluation_steps = 10 * 157, 79
    np.testing.assert_allclose(times.time_s, planted * (3 * steps + evaluation_steps), rtol=1e-6)
    assert times.origin["num_filters"] == 16
    assert times.origin["median_error"]["forward"] < 1e-6


@pytest.mark.usefixtures("planted")
def test_too_few_cells_for_a_fit():
    with pytest.raises(SettingsError, match="measure more cells"):
        measure_times(16, num_cells=10, max_vertices=5, device="cpu")


def test_round_trip(tmp_path):
    times = MeasuredTimes(time_s=np.linspace(1, 2, 20), origin={"device": "cpu"})
    write_times(tmp_path / "times.parquet", times)
    back = read_times(tmp_path / "times.parquet", 7)
    np.testing.assert_array_equal(back.time_s, times.time_s[:7])
    assert back.origin == {"device": "cpu"}


def test_no_file(tmp_path):
    with pytest.raises(MissingDataError, match="shareornot measure-times"):
        read_times(tmp_path / "times.parquet", 7)


@pytest.mark.parametrize("content", [b"", b"PAR1 but no more", b"<html>"])
def test_damaged_file(tmp_path, content):
    path = tmp_path / "times.parquet"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"times\.parquet: expected measured times"):
        read_times(path, 7)


@pytest.mark.parametrize("time_s", [[1.0] * 6, [1.0] * 6 + [0.0], [1.0] * 6 + [float("nan")]])
def test_other_universe_or_impossible_times(tmp_path, time_s):
    path = tmp_path / "times.parquet"
    table = pa.table({"training_time_s": time_s}).replace_schema_metadata({"shareornot": json.dumps({})})
    pq.write_table(table, path)
    with pytest.raises(DataError, match="expected times above 0 for 7 cells"):
        read_times(path, 7)
