"""One runner for a folder; the dead hold nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from shareornot.errors import SettingsError
from shareornot.studies.execution import Runner, current_runner, only_runner
from shareornot.studies.execution.lock import RUNNER_NAME

HOLDER = """
import pathlib, sys, time
from shareornot.studies.execution import only_runner
with only_runner(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that runs what is in the folder, and is killed in the end."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_who_runs_it(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/shareornot", "study", "run", "my study"])
    folder = tmp_path / "new" / "folder"
    with only_runner(folder, clock=lambda: 1e9):
        runner = current_runner(folder)
        assert runner.process == os.getpid()
        assert runner.since == 1e9
        assert runner.command == "shareornot study run 'my study'"
        assert str(runner).startswith(f"process {os.getpid()} on {runner.host} since 2001-09-0")
    assert current_runner(folder) is None


def test_nobody_runs_what_is_not_there(tmp_path):
    assert current_runner(tmp_path) is None
    assert not list(tmp_path.iterdir())


def test_a_second_runner_learns_which_process_is_the_first(holder, tmp_path):
    message = rf"got process {holder.pid} on .* since .*: -c .*; wait until it ends, .* shareornot study status"
    with pytest.raises(SettingsError, match=message), only_runner(tmp_path):
        pytest.fail("two runners")
    assert current_runner(tmp_path).process == holder.pid


def test_a_second_runner_in_the_same_process_is_refused_too(tmp_path):
    with only_runner(tmp_path):
        with pytest.raises(SettingsError, match=f"got process {os.getpid()}"), only_runner(tmp_path):
            pytest.fail("two runners")
        assert current_runner(tmp_path).process == os.getpid()  # the refused one has changed nothing


def test_a_dead_runner_holds_nothing(holder, tmp_path):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / RUNNER_NAME).read_text())["process"] == holder.pid  # it left its text
    assert current_runner(tmp_path) is None
    with only_runner(tmp_path):
        assert current_runner(tmp_path).process == os.getpid()


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 10_000, '{"process": "1"}', "\x00\xff"])
def test_a_runner_whose_text_cannot_be_read_is_one_all_the_same(text, tmp_path):
    with only_runner(tmp_path):
        (tmp_path / RUNNER_NAME).write_text(text)
        assert current_runner(tmp_path) == Runner(process=0, host="an unknown host", since=0.0, command="unknown")
        with pytest.raises(SettingsError, match="got another process"), only_runner(tmp_path):
            pytest.fail("two runners")


def test_looking_does_not_keep_a_runner_out(tmp_path):
    with only_runner(tmp_path):
        pass
    stop = threading.Event()

    def look():
        while not stop.is_set():
            current_runner(tmp_path)
            time.sleep(0.001)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(50):
            with only_runner(tmp_path):
                pass
    finally:
        stop.set()
        looking.join()


def test_an_error_in_the_block_frees_the_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), only_runner(tmp_path):
        raise ZeroDivisionError
    assert current_runner(tmp_path) is None


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    message = "expected a file system with locks, got .*No locks available"
    with pytest.raises(SettingsError, match=message), only_runner(tmp_path):
        pytest.fail("no lock")
