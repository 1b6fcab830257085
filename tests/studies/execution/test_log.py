"""The last line of a log is found whatever else is in the file."""

import json

import pytest

from shareornot.studies.execution import LogLine, last_line, open_log, read_log
from shareornot.studies.execution.log import parse_line

LINE = {"time": 5.0, "done": 3, "total": 12, "unit": "epochs", "loss": 0.5}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "job" / "log.jsonl"
    with open_log(path, clock=iter([1.0, 2.0]).__next__) as log:
        log.write(1, 4, "epochs", loss=0.5, images_per_s=800)
        assert last_line(path).done == 1  # at once, while the log is open
        log.write(2, 4, "epochs", loss=float("nan"))
    with open_log(path, clock=lambda: 3.0) as log:
        log.write(3, 4, "epochs")
    assert list(read_log(path).lines) == [
        LogLine(time=1.0, done=1.0, total=4.0, unit="epochs", measures={"loss": 0.5, "images_per_s": 800.0}),
        LogLine(time=2.0, done=2.0, total=4.0, unit="epochs"),
        LogLine(time=3.0, done=3.0, total=4.0, unit="epochs"),
    ]
    assert last_line(path) == read_log(path).lines[-1]
    assert [json.loads(line)["done"] for line in path.read_text().splitlines()] == [1, 2, 3]


def test_no_log_yet(tmp_path):
    assert last_line(tmp_path / "log.jsonl") is None
    assert read_log(tmp_path / "log.jsonl").lines == ()
    (tmp_path / "log.jsonl").touch()
    assert last_line(tmp_path / "log.jsonl") is None


def test_half_a_line_of_a_dead_writer_is_passed_over_and_ended(tmp_path):
    path = tmp_path / "log.jsonl"
    whole = json.dumps(LINE) + "\n"
    path.write_text(whole + whole[:30])
    assert last_line(path).done == 3
    with open_log(path) as log:
        assert last_line(path).done == 3
        log.write(4, 12, "epochs")
    assert [line.done for line in read_log(path).lines] == [3, 4]


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    path = tmp_path / "log.jsonl"
    with path.open("w") as file:
        file.write("x" * 3_000_000 + "\n")
        file.writelines(json.dumps({**LINE, "done": number}) + "\n" for number in range(1000))
    assert last_line(path).done == 999


@pytest.mark.parametrize(
    "text",
    ["", "null", "[1]", "{", "[" * 10_000, "\udcff".encode("utf-8", "surrogateescape"), "1e999"]
    + [json.dumps({name: value for name, value in LINE.items() if name != left}) for left in ("time", "done", "unit")]
    + [json.dumps({**LINE, "done": value}) for value in ("3", True, None, float("nan"), float("inf"))],
)
def test_what_is_no_line(text):
    assert parse_line(text) is None


def test_what_is_no_number_is_no_measure():
    text = json.dumps({**LINE, "loss": float("inf"), "note": "text", "rate": 2, "ok": True})
    assert parse_line(text).measures == {"rate": 2.0}
    assert parse_line(json.dumps({**LINE, "loss": 10**400})) is None


@pytest.mark.parametrize(("done", "total", "fraction"), [(1, 4, 0.25), (5, 4, 1.0), (-1, 4, 0.0), (1, 0, 0.0)])
def test_fraction(done, total, fraction):
    assert LogLine(time=0.0, done=float(done), total=float(total), unit="epochs").fraction == fraction
