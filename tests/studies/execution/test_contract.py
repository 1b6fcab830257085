"""What holds for every executor."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from shareornot.errors import MissingExtraError, SettingsError
from shareornot.studies.execution import (
    Event,
    InProcess,
    LocalProcesses,
    RayCluster,
    Resources,
    Task,
    joined_cluster,
    ray_membership,
)


class Contract:
    """The tests; a subclass for each executor names it and its abilities."""

    num_at_a_time = 2
    survives_killed_tasks = True
    places_tasks_elsewhere = True

    @pytest.fixture
    def executor(self):
        raise NotImplementedError

    def run(self, executor, tasks, should_stop=lambda: False):
        """All events, and those of each task."""
        events: list[Event] = []
        executor.run(tasks, events.append, should_stop)
        by_name: dict[str, list[str]] = {}
        for event in events:
            by_name.setdefault(event.name, []).append(event.what)
        return events, by_name

    def test_nothing_to_do(self, executor):
        assert self.run(executor, []) == ([], {})

    def test_tasks_run_after_those_that_they_need(self, executor, work, tmp_path):
        needs = {"last": ("left", "right"), "left": ("first",), "right": ("first",), "first": (), "alone": ()}
        tasks = [
            Task(name=name, needs=some, work=work.write_all, arguments=(tmp_path, name, some))
            for name, some in needs.items()
        ]
        events, by_name = self.run(executor, tasks)
        assert by_name == {name: ["started", "finished"] for name in needs}
        assert all((tmp_path / name).read_text().split() == list(some) for name, some in needs.items())
        told = [(event.name, event.what) for event in events]
        for name, some in needs.items():
            assert all(told.index((need, "finished")) < told.index((name, "started")) for need in some)

    def test_a_failure_blocks_those_that_need_it_and_no_others(self, executor, work, tmp_path):
        tasks = [
            Task(name="bad", work=work.fail),
            Task(name="near", needs=("bad",), work=work.write, arguments=(tmp_path, "near")),
            Task(name="far", needs=("near", "good"), work=work.write, arguments=(tmp_path, "far")),
            Task(name="good", work=work.write, arguments=(tmp_path, "good")),
        ]
        events, by_name = self.run(executor, tasks)
        assert by_name == {
            "bad": ["started", "failed"],
            "near": ["blocked"],
            "far": ["blocked"],
            "good": ["started", "finished"],
        }
        assert [path.name for path in tmp_path.iterdir()] == ["good"]
        failed = next(event for event in events if event.what == "failed")
        assert failed.traceback.startswith("Traceback")
        assert failed.traceback.endswith("ValueError: expected to work, got this\n")
        assert all(event.traceback is None for event in events if event.what != "failed")

    @pytest.mark.parametrize(
        ("name", "text"),
        [("fail_stubbornly", "this and that"), ("fail_shyly", "Shy"), ("leave", "SystemExit: 3")],
    )
    def test_any_exception_is_a_failure_with_a_text(self, executor, work, name, text):
        events, by_name = self.run(executor, [Task(name="odd", work=getattr(work, name))])
        assert by_name == {"odd": ["started", "failed"]}
        assert text in events[-1].traceback

    def test_a_task_that_stops_itself_does_not_stop_the_others(self, executor, work, tmp_path):
        tasks = [
            Task(name="stops", work=work.interrupt),
            Task(name="needs it", needs=("stops",), work=work.nothing),
            Task(name="good", work=work.write, arguments=(tmp_path, "good")),
        ]
        _, by_name = self.run(executor, tasks)
        assert by_name == {"stops": ["started", "stopped"], "good": ["started", "finished"]}

    def test_running_tasks_are_requested_to_stop_and_no_new_one_starts(self, executor, work, tmp_path):
        tasks = [Task(name=f"t{n}", work=work.wait_for_stop, arguments=(tmp_path, f"t{n}")) for n in range(6)]
        tasks.append(Task(name="late", needs=("t0",), work=work.nothing))
        start = time.monotonic()
        _, by_name = self.run(executor, tasks, should_stop=lambda: any(tmp_path.glob("*-began")))
        assert time.monotonic() - start < 25  # each task would wait for a minute
        assert set(map(tuple, by_name.values())) <= {("started", "stopped"), ("started",)}
        began = {path.name.removesuffix("-began") for path in tmp_path.glob("*-began")}
        saved = {path.name.removesuffix("-saved") for path in tmp_path.glob("*-saved")}
        assert began == saved
        assert began <= by_name.keys()
        assert 1 <= len(began) <= self.num_at_a_time

    def test_no_more_at_a_time_than_there_is_room_for(self, executor, work, tmp_path):
        names = [f"t{n}" for n in range(4)]
        self.run(executor, [Task(name=name, work=work.overlap, arguments=(tmp_path, name)) for name in names])
        assert max(int((tmp_path / name).read_text()) for name in names) <= self.num_at_a_time

    def test_several_at_a_time(self, executor, work, tmp_path):
        if self.num_at_a_time < 2:
            pytest.skip("it does one after another")
        pairs = [("here", "there"), ("there", "here")]
        _, by_name = self.run(
            executor, [Task(name=name, work=work.meet, arguments=(tmp_path, name, other)) for name, other in pairs]
        )
        assert by_name == {name: ["started", "finished"] for name, _ in pairs}

    def test_stopped_before_it_began(self, executor, work, tmp_path):
        tasks = [Task(name="t", work=work.write, arguments=(tmp_path, "t"))]
        assert self.run(executor, tasks, should_stop=lambda: True) == ([], {})
        assert not list(tmp_path.iterdir())

    def test_a_task_whose_process_dies_is_tried_again(self, executor, work, tmp_path):
        if not self.survives_killed_tasks:
            pytest.skip("a task that kills its process kills this one")
        tasks = [
            Task(name="dies", work=work.die_once, arguments=(tmp_path, "dies")),
            Task(name="after", needs=("dies",), work=work.write, arguments=(tmp_path, "after")),
        ]
        _, by_name = self.run(executor, tasks)
        assert by_name == {"dies": ["started", "started", "finished"], "after": ["started", "finished"]}
        assert (tmp_path / "dies").exists()
        assert (tmp_path / "after").exists()

    def test_a_task_whose_process_always_dies_fails(self, executor, work, tmp_path):
        if not self.survives_killed_tasks:
            pytest.skip("a task that kills its process kills this one")
        tasks = [
            Task(name="dies", work=work.die, arguments=(tmp_path, "dies")),
            Task(name="after", needs=("dies",), work=work.nothing),
            Task(name="good", work=work.write, arguments=(tmp_path, "good")),
        ]
        events, by_name = self.run(executor, tasks)
        assert by_name["dies"][-1] == "failed"
        assert set(by_name["dies"][:-1]) == {"started"}
        assert by_name["after"] == ["blocked"]
        assert by_name["good"] == ["started", "finished"]
        assert len(list(tmp_path.glob("dies-try-*"))) >= 2
        assert "memory" in next(event.traceback for event in events if event.what == "failed")

    def test_what_cannot_travel_fails_alone(self, executor, work, tmp_path):
        if not self.places_tasks_elsewhere:
            pytest.skip("nothing travels within one process")
        tasks = [
            Task(name="locked", work=work.write, arguments=(tmp_path, threading.Lock())),
            Task(name="nameless", work=lambda _: None),
            Task(name="good", work=work.write, arguments=(tmp_path, "good")),
        ]
        events, by_name = self.run(executor, tasks)
        assert by_name == {
            "locked": ["started", "failed"],
            "nameless": ["started", "failed"],
            "good": ["started", "finished"],
        }
        texts = {event.name: event.traceback for event in events if event.what == "failed"}
        assert all("arguments that can be pickled" in text for text in texts.values())

    def test_many_tiny_tasks_that_all_need_one_and_are_all_needed_by_one(self, executor, work, tmp_path):
        names = [f"t{n}" for n in range(150)]
        tasks = [
            Task(name="end", needs=tuple(names), work=work.write_all, arguments=(tmp_path, "end", tuple(names))),
            *(Task(name=n, needs=("begin",), work=work.write, arguments=(tmp_path, n)) for n in names),
            Task(name="begin", work=work.nothing),
        ]
        _, by_name = self.run(executor, tasks)
        assert by_name == {name: ["started", "finished"] for name in [*names, "begin", "end"]}
        assert (tmp_path / "end").read_text().split() == names

    def test_an_error_of_the_watch_ends_the_run(self, executor, work, tmp_path):
        def watch(_):
            raise OSError("no space left")

        start = time.monotonic()
        with pytest.raises(OSError, match="no space left"):
            executor.run([Task(name="t", work=work.wait_deaf, arguments=(tmp_path, "t"))], watch, lambda: False)
        assert time.monotonic() - start < 25

    @pytest.mark.parametrize(
        ("needs", "message"),
        [
            ({"a": ("b",)}, "task a: expected to need tasks of the same run, got 'b'"),
            ({"a": ("b",), "b": ("a",), "c": ()}, "task a: expected tasks without circular dependencies, got a cycle"),
        ],
    )
    def test_needs_that_cannot_be(self, executor, work, needs, message):
        tasks = [Task(name=name, needs=some, work=work.nothing) for name, some in needs.items()]
        with pytest.raises(SettingsError, match=message):
            self.run(executor, tasks)

    def test_names_must_differ(self, executor, work):
        with pytest.raises(SettingsError, match="task a: expected different names, got this name twice"):
            self.run(executor, [Task(name="a", work=work.nothing)] * 2)


class TestInProcess(Contract):
    num_at_a_time = 1
    survives_killed_tasks = False
    places_tasks_elsewhere = False

    @pytest.fixture
    def executor(self):
        return InProcess()


class TestLocalProcesses(Contract):
    @pytest.fixture
    def executor(self):
        return LocalProcesses(num_processes=2)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("no route\nto it", "got none: refused; start one with: ray start --head"),
        ("InvalidAuthToken: it is missing", "got one that needs another token: copy"),
    ],
)
def test_a_cluster_that_cannot_be_joined(reason, told, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed")

    def refuse(**_):
        raise ConnectionError("refused") from RuntimeError(reason)

    monkeypatch.setattr(ray_membership, "check_address", lambda _: None)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    with pytest.raises(SettingsError, match=f"ray: expected a cluster at nowhere:1, {told}"):
        RayCluster(address="nowhere:1").run([Task(name="t", work=print)], lambda _: None, lambda: False)


HTTP2_SETTINGS = bytes.fromhex("00000c 04 00 00000000") + bytes(12)  # RFC 9113, section 6.5: two settings


@contextmanager
def server_that_sends(answer: bytes):
    """A server on this machine that reads once and then sends this to each client; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            with contextlib.suppress(OSError):  # closed at the end
                while True:
                    client, _ = server.accept()
                    clients.append(client)
                    client.recv(1000)
                    client.sendall(answer)

        clients: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)  # before that, it may hold a client that is not in the list
            for client in clients:
                client.close()


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://localhost:{}"])
def test_a_machine_that_does_not_answer_is_reported_at_once(address):
    with server_that_sends(HTTP2_SETTINGS) as port:
        ray_membership.check_address(address.format(port))  # as a cluster answers
    started = time.monotonic()
    message = "ray: expected a cluster at .*, got none: .*; start one with: ray start --head"
    with pytest.raises(SettingsError, match=message):
        ray_membership.check_address(address.format(port))
    assert time.monotonic() - started < 10
    ray_membership.check_address("auto")  # which Ray looks up itself
    with pytest.raises(SettingsError, match="ray: expected an address such as"):
        ray_membership.check_address("head:port")


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"-ERR unknown command\r\n", b"", HTTP2_SETTINGS[:5]]
)
def test_a_server_of_another_kind_is_refused_at_once(answer, monkeypatch, capfd):
    monkeypatch.setattr(ray_membership, "CONNECT_S", 0.5)
    with server_that_sends(answer) as port:
        with pytest.raises(
            SettingsError, match=f"expected a cluster at 127.0.0.1:{port}, got a server of another kind"
        ):
            RayCluster(address=f"127.0.0.1:{port}").run([Task(name="t", work=print)], lambda _: None, lambda: False)
        monkeypatch.setenv("RAY_USE_TLS", "1")
        ray_membership.check_address(f"127.0.0.1:{port}")  # what an encrypted cluster answers, Ray alone can read
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("has_token", [True, False])
def test_a_token_is_shown_where_there_is_one(has_token, monkeypatch, tmp_path):
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    modes = []
    monkeypatch.setattr(ray_membership, "check_address", lambda _: None)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **_: modes.append(os.environ.get("RAY_AUTH_MODE")))
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    if has_token:
        (tmp_path / ".ray").mkdir()
        (tmp_path / ".ray" / "auth_token").write_text("secret")
    before = dict(os.environ)
    with joined_cluster("somewhere:1"):
        assert os.environ["RAY_NUM_REDIS_GET_RETRIES"]
    assert modes == ["token" if has_token else None]
    assert dict(os.environ) == before  # a cluster that this process starts later must not require the token


@pytest.fixture(scope="module")
def cluster(work):  # noqa: ARG001 (comes first, so that the workers find it)
    """One cluster for all tests, for it takes seconds to start."""
    pytest.importorskip("ray", reason="Ray is not installed")
    with joined_cluster(num_cores=2) as ray:
        yield ray


@pytest.mark.xdist_group("ray")  # one cluster at a time: two would fight for the cores
@pytest.mark.usefixtures("cluster")
class TestRayCluster(Contract):
    """On a real cluster on this machine; what is the same for all executors is left to those that are faster."""

    test_nothing_to_do = None
    test_any_exception_is_a_failure_with_a_text = None
    test_a_task_that_stops_itself_does_not_stop_the_others = None
    test_no_more_at_a_time_than_there_is_room_for = None
    test_stopped_before_it_began = None
    test_many_tiny_tasks_that_all_need_one_and_are_all_needed_by_one = None
    test_needs_that_cannot_be = None
    test_names_must_differ = None

    @pytest.fixture
    def executor(self):
        return RayCluster()

    def test_a_worker_killed_from_outside_in_the_middle(self, executor, work, tmp_path):
        killed = []

        def watch_and_kill():
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                done = tmp_path / "done"
                if done.exists() and done.read_text() == "20":
                    killed.append(int((tmp_path / "pid").read_text()))
                    os.kill(killed[0], signal.SIGKILL)
                    return
                time.sleep(0.01)

        killer = threading.Thread(target=watch_and_kill)
        killer.start()
        _, by_name = self.run(executor, [Task(name="t", work=work.resume_after_death, arguments=(tmp_path,))])
        killer.join()
        assert len(killed) == 1
        assert by_name == {"t": ["started", "started", "finished"]}
        assert (tmp_path / "done").read_text() == "40"

    def test_its_address_is_accepted(self, cluster):
        ray_membership.check_address(cluster.get_runtime_context().gcs_address)

    def test_more_than_there_is_would_wait_for_ever(self, executor, work):
        task = Task(name="big", work=work.nothing, resources=Resources(num_cores=3))
        with pytest.raises(SettingsError, match=r"task big: expected to need at most 2 CPU .*, got 3"):
            self.run(executor, [task])

    def test_a_task_gets_the_threads_that_it_needs(self, executor, work, tmp_path):
        tasks = [
            Task(name=f"{n}", work=work.report_threads, arguments=(tmp_path, f"{n}"), resources=Resources(num_cores=n))
            for n in (1, 2)
        ]
        self.run(executor, tasks)
        assert [(tmp_path / name).read_text() for name in ("1", "2")] == ["1", "2"]

    def test_a_task_that_does_not_stop_is_ended_after_a_time(self, work, tmp_path):
        task = Task(name="deaf", work=work.wait_deaf, arguments=(tmp_path, "deaf"))
        start = time.monotonic()
        _, by_name = self.run(RayCluster(patience_s=0.5), [task], should_stop=lambda: any(tmp_path.iterdir()))
        assert time.monotonic() - start < 25
        assert by_name == {"deaf": ["started", "stopped"]}


RAY_MAIN = """
import pathlib, sys, work_of_tests as work
from shareornot.studies.execution import RayCluster, Task
from shareornot.studies.interruption import polite_interruption
if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    tasks = [Task(name=name, work=work.wait_for_stop, arguments=(folder, name)) for name in ("a", "b")]
    with polite_interruption() as should_stop:
        RayCluster(num_cores=1).run(tasks, lambda event: print(event.name, event.what), should_stop)
"""


@pytest.mark.xdist_group("ray")
@pytest.mark.usefixtures("work")
def test_ctrl_c_in_a_terminal_with_ray_on_this_machine(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed")
    main, tasks, temporary = (tmp_path / name for name in ("main.py", "tasks", "tmp"))
    tasks.mkdir()
    # A short path, for there are sockets in it; and one of our own, to see that nothing stays.
    temporary = Path(tempfile.mkdtemp(prefix="son-"))
    main.write_text(RAY_MAIN)
    process = subprocess.Popen(
        [sys.executable, main, tasks],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    try:
        deadline = time.monotonic() + 120
        while not list(tasks.glob("*-began")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        if process.poll() is not None and "less busy" in (told := process.communicate()[0]):
            pytest.skip(told.splitlines()[-1])
        start = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        told, _ = process.communicate(timeout=60)
        assert time.monotonic() - start < 25
        assert told.splitlines() == ["a started", "a stopped"]
        assert process.returncode == 0
        assert (tasks / "a-saved").exists()
        assert not list(temporary.iterdir())
    finally:
        process.kill()
        shutil.rmtree(temporary)


def test_without_ray_a_remedy_is_reported(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'shareornot\[cluster\]'"):
        RayCluster().run([Task(name="t", work=print)], lambda _: None, lambda: False)


@pytest.mark.parametrize("wrong", [{"num_cores": 0}, {"num_gpus": -0.5}, {"memory_bytes": -1}])
def test_resources_below_nothing_are_refused(wrong):
    with pytest.raises(SettingsError, match="expected at least one core and nothing below 0"):
        Resources(**wrong)
