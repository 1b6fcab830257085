from contextlib import contextmanager

import pytest

from shareornot.errors import MissingExtraError
from shareornot.studies import machinery_speed
from shareornot.studies.execution import Event, InProcess
from shareornot.studies.machinery_speed import measure_machinery, time_empty_pieces


@pytest.fixture
def without_ray(monkeypatch):
    @contextmanager
    def missing(**_):
        raise MissingExtraError("a cluster needs Ray")
        yield

    monkeypatch.setattr(machinery_speed, "joined_cluster", missing)


@pytest.mark.usefixtures("without_ray")
def test_everything_is_measured_as_often_as_asked():
    seconds, left_out = measure_machinery(2, num_pieces=3, num_status=20)
    assert set(seconds) == {
        "a piece in this process",
        "the first piece of a run in this process",
        "a piece over a local process",
        "the first piece of a run over a local process",
        "status of 20 finished pieces",
    }
    assert all(len(values) == 2 and min(values) > 0 for values in seconds.values())
    assert left_out == ", without Ray: a cluster needs Ray"


def test_the_time_of_a_piece_is_that_between_the_ends_of_two():
    readings = iter([10.0, 12.0, 13.0, 14.5, 16.0])
    assert time_empty_pieces(InProcess(), 4, readings.__next__) == (2.0, (16.0 - 12.0) / 3)


def test_a_piece_that_fails_is_no_measurement():
    class Failing:
        def run(self, tasks, watch, should_stop):  # noqa: ARG002
            watch(Event(name=tasks[0].name, what="failed", traceback="no"))

    with pytest.raises(AssertionError, match="failed"):
        time_empty_pieces(Failing(), 2)
