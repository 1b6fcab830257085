"""What is shown of a run, in a terminal and without one."""

import io
import re
import threading

import pytest

from shareornot.studies.execution import Event, LogLine, RunState, open_log, watch_run
from shareornot.studies.execution import watching as module
from shareornot.studies.execution.watching import line_text, render


class Clock:
    """Stands still until it is set."""

    now_s = 100.0

    def __call__(self):
        return self.now_s


class Terminal(io.StringIO):
    """What `rich` takes for a terminal."""

    def isatty(self):
        return True

    @property
    def shown(self):
        """Without the codes that move and colour."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.getvalue())


def event(name, what, traceback=None):
    return Event(name=name, what=what, traceback=traceback)


@pytest.fixture
def log_of(tmp_path):
    return lambda name: tmp_path / name / "log.jsonl"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state(log_of, clock):
    state = RunState(log_of, clock)
    state.expect({name: f"job {name}" for name in "abcdefgh"}, finished={"a"})
    return state


def write(path, done, total):
    with open_log(path) as log:
        log.write(done, total, "epochs", loss=0.5)


def test_a_run_that_has_not_begun(state):
    snapshot = state.snapshot()
    assert (snapshot.num_jobs, snapshot.num_finished, snapshot.running) == (8, 1, ())
    assert snapshot.left_s is None


def test_counts_follow_the_events(state, clock):
    for name, what in [("b", "started"), ("c", "started"), ("b", "finished"), ("c", "failed"), ("d", "blocked")]:
        state.note(event(name, what))
    state.note(event("e", "started"))
    clock.now_s += 10
    snapshot = state.snapshot()
    assert (snapshot.num_finished, snapshot.num_failed, snapshot.num_blocked) == (2, 1, 1)
    assert [(job.label, job.running_s, job.line) for job in snapshot.running] == [("job e", 10.0, None)]
    state.note(event("c", "started"))  # tried again
    assert state.snapshot().num_failed == 0
    assert state.running == ("e", "c")
    state.note(event("e", "stopped"))
    assert state.running == ("c",)


def test_time_left_counts_parts_of_jobs(state, log_of, clock):
    write(log_of("b"), 3, 4)  # from an earlier run
    state.note(event("b", "started"))
    state.note(event("c", "started"))
    clock.now_s += 30
    assert state.snapshot().left_s is None  # nothing done by this run yet
    write(log_of("c"), 1, 2)
    # Half a job took 30 s; left are a quarter of b, half of c, and five that have not begun.
    assert state.snapshot().left_s == pytest.approx(60 * 5.75)
    state.note(event("c", "finished"))
    assert state.snapshot().left_s == pytest.approx(30 * 5.25)
    state.note(event("d", "blocked"))
    assert state.snapshot().left_s == pytest.approx(30 * 4.25)


def test_time_left_counts_what_pieces_cost(log_of, clock):
    state = RunState(log_of, clock)
    state.expect({"big": "big", "small": "small"}, weights={"big": 9.0, "small": 1.0})
    state.note(event("small", "started"))
    clock.now_s += 5
    state.note(event("small", "finished"))
    assert state.snapshot().left_s == pytest.approx(45)


def test_nothing_was_announced(log_of):
    state = RunState(log_of)
    state.note(event("a", "started"))
    state.note(event("a", "finished"))
    assert (state.num_finished, state.num_jobs) == (1, 1)


def test_without_a_terminal_every_event_is_a_line(log_of):
    stream = io.StringIO()
    with watch_run(log_of, stream=stream) as view:
        view.expect({"a": "train [red]", "b": "score"}, finished=())
        view.watch(event("a", "started"))
        view.watch(event("a", "failed", "Traceback\n  somewhere\nValueError: no [bold]way[/bold]\n"))
        view.watch(event("b", "blocked"))
        view.print_line("damaged: x")
    assert stream.getvalue().splitlines() == [
        "2 jobs, 0 of them finished before",
        "started: train [red]",
        "[0/2] failed: train [red]: ValueError: no [bold]way[/bold]",
        "[0/2] blocked: score",
        "damaged: x",
    ]


def test_the_warning_of_a_job_is_shown_once(log_of):
    stream = io.StringIO()
    with watch_run(log_of, stream=stream) as view:
        view.expect({"a": "train seed 0"}, finished=())
        view.watch(event("a", "started"))
        log_of("a").parent.mkdir(parents=True, exist_ok=True)
        (log_of("a").parent / "warning.txt").write_text("The loss stays at chance.\n")
        view.show()
        view.watch(event("a", "finished"))
    lines = stream.getvalue().splitlines()
    assert lines.index("warning: train seed 0: The loss stays at chance.") < lines.index("[1/1] finished: train seed 0")
    assert stream.getvalue().count("warning") == 1


def test_without_a_terminal_a_summary_comes_now_and_then(log_of, monkeypatch):
    monkeypatch.setattr(module.PlainLines, "every_s", 0.01)
    shown = threading.Event()

    class Stream(io.StringIO):
        def write(self, text):
            if "1 running" in text:
                shown.set()
            return super().write(text)

    with watch_run(log_of, stream=Stream(), should_stop=lambda: True) as view:
        view.expect({"a": "a", "b": "b"}, finished={"b"})
        view.watch(event("a", "started"))
        assert shown.wait(20)
        view.watch(event("a", "stopped"))


def test_in_a_terminal_the_view_shows_what_runs(log_of):
    terminal = Terminal()
    with watch_run(log_of, stream=terminal) as view:
        view.expect({"a": "train [red]", "b": "score"}, finished={"b"})
        view.watch(event("a", "started"))
        write(log_of("a"), 3, 12)
        view.show(stopping=True)
        assert "1 of 2 jobs, 1 running" in terminal.shown
        assert "train [red]: 3 of 12 epochs, loss 0.5" in terminal.shown
        assert "stopping: running jobs save what they have" in terminal.shown
        view.watch(event("a", "failed", "ValueError: no"))
    assert "[1/2] failed: train [red]: ValueError: no" in terminal.shown
    assert "1 of 2 jobs, 1 failed" in terminal.shown.rpartition("loss")[2]


def test_before_a_run_begins_the_terminal_is_free_for_others(log_of):
    terminal = Terminal()
    with watch_run(log_of, stream=terminal) as view:
        view.show()
        assert terminal.getvalue() == ""
        assert view.running == ()
        view.watch(event("a", "started"))
        view.show()
        assert "a: for 0 s" in terminal.shown
        assert view.running == ("a",)


def test_many_running_pieces_are_cut_short(log_of):
    from rich.console import Console

    state = RunState(log_of)
    for number in range(20):
        state.note(event(f"job-{number}", "started"))
    console = Console(file=io.StringIO(), width=60)
    console.print(render(state.snapshot()))
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 14
    assert lines[-1].strip() == "and 8 more"
    assert max(map(len, lines)) <= 60


def test_the_line_of_a_log_for_people():
    measures = {"loss": 0.71234, "proxy_correlation": 0.4, "images_per_s": 12345.6}
    line = LogLine(time=0.0, done=1200.0, total=43200.0, unit="epochs", measures=measures)
    assert line_text(line) == "1,200 of 43,200 epochs, loss 0.712, proxy correlation 0.4, 12,346 images/s"
