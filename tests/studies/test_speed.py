import pytest

from shareornot.errors import SettingsError
from shareornot.studies import speed
from shareornot.studies.speed import measure_speed


def test_works_are_warmed_up_and_then_take_turns():
    done = []
    speed._rates({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, 2, map(float, range(100)).__next__)
    assert done == ["a", "b", "a", "b", "a", "b"]


def test_seconds_are_those_of_the_clock():
    readings = iter([0.0, 1.0, 10.0, 13.0, 20.0, 25.0])
    assert speed._rates({"a": lambda: None}, 3, readings.__next__) == {"a": [1.0, 3.0, 5.0]}


def test_cells():
    report = measure_speed("cells", num_repeats=1)
    assert [one.unit for one in report.measures] == ["cells/s", "cells/s", "s"]
    assert all(0 < one.low <= one.median <= one.high for one in report.measures)
    assert "cores" in report.machine
    assert report.as_dict()["measures"][0]["unit"] == "cells/s"


def test_searches(monkeypatch):
    timed = {
        "settings": {"num_runs": 500, "num_evaluations": 10_000},
        "random_search": {"median_s": 0.2, "fastest_s": 0.1, "slowest_s": 0.3},
    }
    monkeypatch.setattr("shareornot.search.time_searches", lambda **_: timed)
    (measure,) = measure_speed("search", num_repeats=2).measures
    assert measure.what == "random search of 500 runs x 10,000 evaluations on a simulated A_FULL"
    assert (measure.median, measure.low, measure.high, measure.unit) == (0.2, 0.1, 0.3, "s")


@pytest.mark.parametrize(
    ("what", "num_repeats", "message"), [("gpu", 1, "expected one of cells"), ("cells", 0, "num_repeats")]
)
def test_wrong_settings(what, num_repeats, message):
    with pytest.raises(SettingsError, match=message):
        measure_speed(what, num_repeats=num_repeats)
