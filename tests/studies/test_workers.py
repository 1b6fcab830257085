import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shareornot.errors import Interrupted, SettingsError
from shareornot.progress import Silent
from shareornot.studies.workers import num_usable_cores, run_in_processes

WORK = """
import os, signal, time
from shareornot.errors import Interrupted, SettingsError

def square(folder, number, progress, should_stop):
    assert not should_stop()
    for _ in range(number):
        progress.advance(1, f"note {number}")
    (folder / str(number)).write_text(f"{number**2} {os.getpid()}")

class Stubborn(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")

def fail_stubbornly(number, progress, should_stop):
    raise Stubborn("this", "that")

def fail_or_wait(number, progress, should_stop):
    if number == 1:
        raise SettingsError("number: expected another, got 1")
    wait_for_stop(number, progress, should_stop)

def wait_for_stop(folder, progress, should_stop):
    progress.advance(1)
    for _ in range(600):
        if should_stop():
            if not isinstance(folder, int):
                (folder / f"saved-{os.getpid()}").touch()
            raise Interrupted("saved")
        time.sleep(0.05)
        progress.advance(0)

def vanish(number, progress, should_stop):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    wait_for_stop(number, progress, should_stop)

def share_of_cores(folder, number, progress, should_stop):
    (folder / str(number)).write_text(os.environ["OMP_NUM_THREADS"])

def num_threads(folder, number, progress, should_stop):
    import torch
    (folder / str(number)).write_text(str(torch.get_num_threads()))
"""


class Counting:
    def __init__(self):
        self.num_done = 0.0
        self.notes = set()

    def advance(self, num_done=1, note=""):
        self.num_done += num_done
        self.notes.add(note)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Functions of a module that worker processes can import too."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "some_work.py").write_text(WORK)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", str(folder))
        import some_work

        yield some_work


def test_every_piece_is_done_and_progress_adds_up(work, tmp_path):
    progress = Counting()
    run_in_processes(work.square, [(tmp_path, number) for number in (0, 3, 5)], progress, num_processes=2)
    results = {path.name: path.read_text().split() for path in tmp_path.iterdir()}
    assert {name: square for name, (square, _) in results.items()} == {"0": "0", "3": "9", "5": "25"}
    assert progress.num_done == 8
    assert {"note 3", "note 5"} <= progress.notes
    assert str(os.getpid()) not in {process for _, process in results.values()}


@pytest.mark.parametrize(("numbers", "num_processes"), [([2, 3], 1), ([4], 3)])
def test_one_at_a_time_is_done_in_this_process(work, numbers, num_processes, tmp_path):
    progress = Counting()
    run_in_processes(work.square, [(tmp_path, n) for n in numbers], progress, num_processes=num_processes)
    assert [(tmp_path / str(n)).read_text() for n in numbers] == [f"{n * n} {os.getpid()}" for n in numbers]
    assert progress.num_done == sum(numbers)
    assert progress.notes == {f"note {n}" for n in numbers}


def test_nothing_to_do(work):
    progress = Counting()
    run_in_processes(work.square, [], progress, num_processes=2)
    assert progress.num_done == 0


def test_threads_are_given_to_pytorch_and_taken_back(work, tmp_path):
    import torch

    before = torch.get_num_threads()
    run_in_processes(work.num_threads, [(tmp_path, 0)], Silent(), num_processes=1, num_threads=1)
    assert (tmp_path / "0").read_text() == "1"
    assert torch.get_num_threads() == before


def test_processes_share_the_cores(work, tmp_path):
    run_in_processes(work.share_of_cores, [(tmp_path, 0), (tmp_path, 1)], Silent(), num_processes=2)
    assert {path.read_text() for path in tmp_path.iterdir()} == {str(max(1, num_usable_cores() // 2))}


def test_an_error_that_does_not_travel_comes_as_text(work):
    with pytest.raises(RuntimeError, match=r"(?s)^Traceback.*Stubborn: this and that$"):
        run_in_processes(work.fail_stubbornly, [(0,), (1,)], Silent(), num_processes=2)


def test_an_error_comes_as_it_was_and_stops_the_others(work):
    start = time.monotonic()
    with pytest.raises(SettingsError, match="got 1") as caught:
        run_in_processes(work.fail_or_wait, [(0,), (1,), (2,), (3,)], Silent(), num_processes=2)
    assert time.monotonic() - start < 25  # each of the others would wait for 30 s
    assert any("fail_or_wait" in note for note in caught.value.__notes__)


def test_a_killed_process_is_a_clear_error(work):
    with pytest.raises(SettingsError, match="SIGKILL, most likely for want of memory, 2 times; ask for fewer"):
        run_in_processes(work.vanish, [(0,), (1,)], Silent(), num_processes=2)


def test_ctrl_c_asks_every_piece_to_save(work, tmp_path):
    class InterruptOnce(Counting):
        def advance(self, num_done=1, note=""):
            super().advance(num_done, note)
            if self.num_done == 2:  # both are at work
                self.num_done += 1
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="saved"):
        run_in_processes(work.wait_for_stop, [(tmp_path,), (tmp_path,), (tmp_path,)], InterruptOnce(), num_processes=2)
    assert len(list(tmp_path.iterdir())) == 2


def test_ctrl_c_in_one_process(work, tmp_path):
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(Interrupted, match="saved"):
        run_in_processes(work.wait_for_stop, [(tmp_path,)], Silent(), num_processes=1)
    timer.join()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_second_ctrl_c_ends_all_at_once(work):
    class Interrupt(Counting):
        def advance(self, num_done=1, note=""):
            super().advance(num_done, note)
            if self.num_done == 2:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_in_processes(work.wait_for_stop, [(0,), (0,)], Interrupt(), num_processes=2)
    assert time.monotonic() - start < 25


@pytest.mark.usefixtures("work")
def test_workers_save_and_end_when_their_main_process_is_killed(tmp_path):
    script = tmp_path / "main.py"
    script.write_text(
        "import os, pathlib, signal, some_work\n"
        "from shareornot.studies.workers import run_in_processes\n"
        "class Kill:\n"
        "    num_done = 0\n"
        "    def advance(self, num_done=1, note=''):\n"
        "        self.num_done += num_done\n"
        "        if self.num_done == 2:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__':\n"
        f"    saved = pathlib.Path({str(tmp_path / 'saved')!r})\n"
        "    saved.mkdir()\n"
        "    run_in_processes(some_work.wait_for_stop, [(saved,), (saved,)], Kill(), num_processes=2)\n"
    )
    assert subprocess.run([sys.executable, script], timeout=60, check=False).returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while len(saved := list((tmp_path / "saved").iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(saved) == 2
    workers = [int(path.name.removeprefix("saved-")) for path in saved]
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_running, workers))


def is_running(process):
    """Whether it runs and is no zombie that nobody waits for."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_cores_are_those_of_this_process():
    assert 1 <= num_usable_cores() <= (os.cpu_count() or 1)
