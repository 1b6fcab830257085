"""What only processes of this machine can go through."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shareornot.errors import SettingsError
from shareornot.studies.execution import LocalProcesses, Resources, Task, num_usable_cores


def run(tasks, should_stop=lambda: False, **settings):
    """What happened to each task."""
    by_name = {}
    LocalProcesses(**settings).run(
        tasks, lambda event: by_name.setdefault(event.name, []).append((event.what, event.traceback)), should_stop
    )
    return {name: [what for what, _ in events] for name, events in by_name.items()}


def is_running(process):
    """Whether it runs and is no zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_process_does_task_after_task(work, tmp_path):
    tasks = [Task(name=f"{n}", work=work.write, arguments=(tmp_path, f"{n}")) for n in range(5)]
    run(tasks, num_processes=1)
    processes = {path.read_text() for path in tmp_path.iterdir()}
    assert len(processes) == 1
    assert processes != {str(os.getpid())}


def test_tasks_get_the_threads_that_they_can_use_but_not_more_than_their_share(work, tmp_path):
    names = ("one", "many", "one-again")
    tasks = [
        Task(
            name=name,
            needs=names[: names.index(name)],
            work=work.report_torch_threads if name == "many" else work.report_threads,
            arguments=(tmp_path, name),
            resources=Resources(num_cores=1000 if name == "many" else 1),
        )
        for name in names
    ]
    run(tasks, num_processes=1)
    assert [(tmp_path / name).read_text() for name in names] == ["1", str(num_usable_cores()), "1"]


def test_each_process_sees_one_accelerator_and_tasks_share_it(work, tmp_path):
    tasks = [
        Task(name=f"{n}", work=work.report_device, arguments=(tmp_path, f"{n}"), resources=Resources(num_gpus=0.5))
        for n in range(4)
    ]
    run(tasks, num_processes=2, devices=("7", "9"))
    assert {path.read_text() for path in tmp_path.iterdir()} == {"7", "9"}


def test_only_one_task_uses_a_whole_accelerator(work, tmp_path):
    tasks = [
        Task(name=f"{n}", work=work.overlap, arguments=(tmp_path, f"{n}"), resources=Resources(num_gpus=2 / 3))
        for n in range(3)
    ]
    run(tasks, num_processes=3, devices=("0",))
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1"}


def test_three_thirds_are_one(work, tmp_path):
    tasks = [
        Task(name="a", work=work.meet, arguments=(tmp_path, "a", "c"), resources=Resources(num_gpus=1 / 3)),
        Task(name="b", work=work.meet, arguments=(tmp_path, "b", "a"), resources=Resources(num_gpus=1 / 3)),
        Task(name="c", work=work.meet, arguments=(tmp_path, "c", "b"), resources=Resources(num_gpus=1 / 3)),
    ]
    by_name = run(tasks, num_processes=3, devices=("0",))
    assert by_name == {name: ["started", "finished"] for name in "abc"}


@pytest.mark.parametrize(("devices", "num_gpus"), [((), 0.5), (("0", "1"), 2.0)])
def test_accelerators_that_are_not_there(devices, num_gpus, work):
    task = Task(name="t", work=work.nothing, resources=Resources(num_gpus=num_gpus))
    with pytest.raises(
        SettingsError, match=f"task t: expected to need at most {len(devices[:1])} accel.*got {num_gpus:g}"
    ):
        run([task], devices=devices)


def test_tasks_that_need_all_the_memory_wait_for_each_other(work, tmp_path):
    tasks = [
        Task(name=f"{n}", work=work.overlap, arguments=(tmp_path, f"{n}"), resources=Resources(memory_bytes=2**60))
        for n in range(2)
    ]
    run(tasks, num_processes=2)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1"}


def test_a_task_that_does_not_stop_is_ended_after_a_time(work, tmp_path):
    tasks = [Task(name=name, work=work.wait_deaf, arguments=(tmp_path, name)) for name in ("a", "b", "c")]
    start = time.monotonic()
    by_name = run(tasks, lambda: len(list(tmp_path.iterdir())) == 2, num_processes=2, patience_s=0.3)
    assert time.monotonic() - start < 25
    assert by_name == {"a": ["started", "stopped"], "b": ["started", "stopped"]}
    assert not any(is_running(int(path.read_text())) for path in tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_signal_that_killed_a_process_is_named(number, work, tmp_path):
    texts = []

    def kill_whoever_runs():
        for name in ("first", "second"):
            if wait_until(lambda name=name: (tmp_path / name).exists()):
                os.kill(int((tmp_path / name).read_text()), number)

    killer = threading.Thread(target=kill_whoever_runs)
    killer.start()
    LocalProcesses(num_processes=1).run(
        [Task(name="t", work=work.wait_to_be_killed, arguments=(tmp_path,))],
        lambda event: texts.append(event.traceback),
        lambda: False,
    )
    killer.join()
    memory = ", most likely because memory ran out" if number == signal.SIGKILL else ""
    assert texts[-1] == f"task t: its process was killed by {number.name}{memory}, 2 times; {REMEDY}\n"


REMEDY = "use fewer processes"


def test_fewer_than_one_process():
    with pytest.raises(SettingsError, match="processes: expected at least 1, got 0"):
        LocalProcesses(num_processes=0)


MAIN = """
import pathlib, sys, work_of_tests as work
from shareornot.studies.execution import LocalProcesses, Task
from shareornot.studies.interruption import polite_interruption
if __name__ == "__main__":
    folder, how = pathlib.Path(sys.argv[1]), getattr(work, sys.argv[2])
    tasks = [Task(name=name, work=how, arguments=(folder, name)) for name in ("a", "b", "c")]
    with polite_interruption() as should_stop:
        LocalProcesses(num_processes=2, patience_s=1.0).run(tasks, lambda event: None, should_stop)
"""


@pytest.fixture
def main(work, tmp_path):  # noqa: ARG001 (sets the path of the process)
    """Starts a process that runs tasks of one kind, in a group of its own as in a terminal, until two have begun."""
    (tmp_path / "main.py").write_text(MAIN)
    folder = tmp_path / "tasks"
    folder.mkdir()
    started = []

    def start(kind):
        command = [sys.executable, tmp_path / "main.py", folder, kind]
        started.append(subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL))
        assert wait_until(lambda: len(list(folder.glob("*-began"))) == 2)
        return started[0], folder

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_ctrl_c_in_a_terminal_reaches_everybody_and_all_save(main):
    process, folder = main("wait_for_stop")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(25) == 0
    assert sorted(path.name for path in folder.glob("*-saved")) == ["a-saved", "b-saved"]


def test_a_second_ctrl_c_ends_all_at_once(main):
    process, folder = main("wait_deaf")
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(25) == -signal.SIGINT
    workers = [int(path.read_text()) for path in folder.iterdir() if path.read_text()]
    assert wait_until(lambda: not any(map(is_running, workers)))


@pytest.mark.parametrize("kind", ["wait_for_stop", "wait_deaf"])
def test_workers_end_when_the_main_process_is_killed(kind, main):
    process, folder = main(kind)
    assert wait_until(lambda: kind == "wait_for_stop" or all(path.read_text() for path in folder.iterdir()))
    process.kill()
    process.wait()
    if kind == "wait_for_stop":
        assert wait_until(lambda: len([path for path in folder.glob("*-saved") if path.read_text()]) == 2)
    workers = [int(path.read_text()) for path in folder.iterdir() if path.read_text()]
    assert len(workers) == 2
    assert wait_until(lambda: not any(map(is_running, workers)))
