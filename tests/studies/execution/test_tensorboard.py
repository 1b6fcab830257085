"""What TensorBoard itself reads from the files."""

import builtins
import json

import pytest

from shareornot.errors import MissingExtraError
from shareornot.studies.execution import open_log
from shareornot.studies.execution.tensorboard import TensorBoardFiles, safe_name, write_tensorboard


def read(folder):
    """Curves by name, as (step, time, value), read by TensorBoard's own reader."""
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="TensorBoard is not installed"
    )
    events = accumulator.EventAccumulator(str(folder)).Reload()
    return {
        name: [(one.step, one.wall_time, pytest.approx(one.value)) for one in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "piece" / "log.jsonl"
    with open_log(path, clock=iter([1e9, 1e9 + 1]).__next__) as writer:
        writer.write(1, 4, "epochs", loss=2.5, images_per_s=800)
        writer.write(2, 4, "epochs", loss=1.25)
    return path


def test_curves_come_back(log, tmp_path):
    assert write_tensorboard(tmp_path / "tb", {"A4/avg-3/seed-0": log, "none": tmp_path / "nothing"}) == 2
    assert read(tmp_path / "tb" / "A4" / "avg-3" / "seed-0") == {
        "loss": [(1, 1e9, 2.5), (2, 1e9 + 1, 1.25)],
        "images_per_s": [(1, 1e9, 800.0)],
    }
    assert not (tmp_path / "tb" / "none").exists()


def test_files_follow_their_logs(log, tmp_path):
    files = TensorBoardFiles(tmp_path / "tb")
    assert files.update() == 0
    files.follow({"piece": log})
    assert files.update() == 2
    assert files.update() == 0
    with log.open("a") as file:
        file.write('{"time": 5.0, "done": 3, "total": 4, "unit": "epochs", "lo')
    assert files.update() == 0
    with log.open("a") as file:
        file.write('ss": 0.5}\n{}\n')
    assert files.update() == 1
    assert [step for step, _, _ in read(tmp_path / "tb" / "piece")["loss"]] == [1, 2, 3]
    assert len(list((tmp_path / "tb" / "piece").iterdir())) == 1


def test_a_new_run_writes_them_anew(log, tmp_path):
    for _ in range(2):
        write_tensorboard(tmp_path / "tb", {"piece": log})
    assert [step for step, _, _ in read(tmp_path / "tb" / "piece")["loss"]] == [1, 2]


def test_a_piece_that_is_begun_anew(log, tmp_path):
    files = TensorBoardFiles(tmp_path / "tb", {"piece": log})
    files.update()
    log.unlink()
    assert files.update() == 0
    with open_log(log) as writer:
        writer.write(1, 4, "epochs", loss=9.0)
    assert files.update() == 1
    assert [(step, value) for step, _, value in read(tmp_path / "tb" / "piece")["loss"]] == [(1, 9.0)]


def test_a_log_that_is_none(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\xff\x00\n[]\n" + json.dumps({"time": 1, "done": 1}).encode() + b"\n")
    assert write_tensorboard(tmp_path / "tb", {"piece": path}) == 0
    assert not (tmp_path / "tb").exists()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("A4/avg-3/seed-0", "A4/avg-3/seed-0"),
        ("../../etc", "_/_/etc"),
        ("/etc/x", "_/etc/x"),
        ("a\nb:c", "a_b_c"),
        ("", "_"),
        ("residual=true, depth=3", "residual=true, depth=3"),
    ],
)
def test_names_lead_nowhere_else(name, safe):
    assert safe_name(name) == safe


def test_without_tensorboard_the_remedy_is_told(log, tmp_path, monkeypatch):
    importing = builtins.__import__

    def without(name, *args):
        if name.startswith("tensorboard"):
            raise ImportError(name)
        return importing(name, *args)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'shareornot\[tensorboard\]'"):
        write_tensorboard(tmp_path / "tb", {"piece": log})
