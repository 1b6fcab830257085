"""Watching a run: one live view in a terminal, plain lines where there is none."""

import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, cast, runtime_checkable

from shareornot.progress import duration_text
from shareornot.studies.execution.contract import Event, ShouldStop
from shareornot.studies.execution.log import JobWarnings, LogLine
from shareornot.studies.execution.run_state import RunningJob, RunSnapshot, RunState

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

LIVE_EVERY_S = 0.5
SUMMARY_EVERY_S = 60.0
MAX_SHOWN = 12
"""Running jobs in the live view."""
STOPPING = "stopping: running jobs save what they have; Ctrl-C once more ends at once"


@runtime_checkable
class Stream(Protocol):
    """A stream that text is written to."""

    def write(self, text: str, /) -> object:
        """Take text."""

    def flush(self) -> None:
        """Show it now."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""


class RunView:
    """Shows the events of a run; executors take its `watch`.

    Args:
        state: follows the run.
        warnings: warnings of the jobs.
        screen: output that shows it.
    """

    def __init__(self, state: RunState, warnings: JobWarnings, screen: "Screen") -> None:
        self._state, self._warnings, self._screen = state, warnings, screen
        self._lock = threading.Lock()
        self._begun = False

    def expect(
        self, labels: Mapping[str, str], finished: Collection[str] = (), weights: Mapping[str, float] | None = None
    ) -> None:
        """Set the jobs to do, see `RunState.expect`."""
        with self._lock:
            self._begun = True
            self._state.expect(labels, finished, weights)
            self._screen.print_line(f"{len(labels):,} jobs, {len(finished):,} of them finished before")

    def watch(self, event: Event) -> None:
        """Something happened."""
        with self._lock:
            self._begun = True
            self._state.note(event)
            self._screen.show_event(event_text(event, self._state), event)
            if event.what == "finished":
                self._warn(event.name)

    def print_line(self, text: str) -> None:
        """Show a line that stays."""
        with self._lock:
            self._screen.print_line(text)

    def show(self, *, stopping: bool = False) -> None:
        """Show how the run stands at this moment, if it has begun: before, others may use the terminal."""
        with self._lock:
            for name in self._state.running:
                self._warn(name)
            if self._begun:
                self._screen.show(self._state.snapshot(), stopping=stopping)

    @property
    def running(self) -> tuple[str, ...]:
        """Names of the jobs that run."""
        with self._lock:
            return self._state.running

    def _warn(self, name: str) -> None:
        """Show the warning of a job, once."""
        if (sentence := self._warnings.new(name)) is not None:
            self._screen.print_line(f"warning: {self._state.label(name)}: {sentence}")


@runtime_checkable
class Screen(Protocol):
    """A screen on which a run is shown."""

    every_s: float
    """How often to show how it stands."""

    def show_event(self, text: str, event: Event) -> None:
        """Something happened."""

    def print_line(self, text: str) -> None:
        """A line that stays."""

    def show(self, snapshot: RunSnapshot, *, stopping: bool) -> None:
        """Show the state of the run."""


class PlainLines:
    """A line an event, and a summary now and then, for logs and pipes."""

    every_s = SUMMARY_EVERY_S

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def show_event(self, text: str, event: Event) -> None:  # noqa: ARG002 (all events are shown alike)
        """One line."""
        self.print_line(text)

    def print_line(self, text: str) -> None:
        """One line."""
        print(text, file=self._stream, flush=True)

    def show(self, snapshot: RunSnapshot, *, stopping: bool) -> None:
        """One line."""
        self.print_line(summary_text(snapshot) + (f"; {STOPPING}" if stopping else ""))


class LiveView:
    """A bar, counts, and a line a running job, always at the foot of a terminal."""

    every_s = LIVE_EVERY_S

    def __init__(self, console: "Console", live: "Live") -> None:
        self._console, self._live = console, live

    def show_event(self, text: str, event: Event) -> None:
        """Keep failures on the screen; the other events are shown below."""
        if event.what == "failed":
            self.print_line(text)

    def print_line(self, text: str) -> None:
        """A line above the view."""
        from rich.text import Text

        self._console.print(Text(text))

    def show(self, snapshot: RunSnapshot, *, stopping: bool) -> None:
        """Draw again."""
        self._live.start()  # unless it has
        self._live.update(render(snapshot, stopping=stopping), refresh=True)


@contextmanager
def watch_run(
    log_of: Callable[[str], Path],
    *,
    should_stop: ShouldStop = lambda: False,
    stream: Stream | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RunView]:
    """Show a run as long as the block lasts.

    Args:
        log_of: the log of a job, by its name.
        should_stop: whether the user stopped the run, which is then reported.
        stream: by default standard error.
        clock: seconds, from whenever.
    """
    stream = stream or sys.stderr
    with _screen(stream) as screen:
        view = RunView(RunState(log_of, clock), JobWarnings(log_of), screen)
        ended = threading.Event()
        thread = threading.Thread(
            target=_show_now_and_then, args=(view, screen.every_s, should_stop, ended), daemon=True
        )
        thread.start()
        try:
            yield view
        finally:
            ended.set()
            thread.join()
            if isinstance(screen, LiveView):
                view.show()


def _show_now_and_then(view: RunView, every_s: float, should_stop: ShouldStop, ended: threading.Event) -> None:
    while not ended.wait(every_s):
        view.show(stopping=should_stop())


@contextmanager
def _screen(stream: Stream) -> Iterator[PlainLines | LiveView]:
    if not stream.isatty():
        yield PlainLines(stream)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=cast("IO[str]", stream), highlight=False)
    live = Live(console=console, auto_refresh=False, redirect_stdout=False)
    try:
        yield LiveView(console, live)
    finally:
        live.stop()


def render(snapshot: RunSnapshot, *, stopping: bool = False) -> "RenderableType":
    """The live view: a bar with the counts, and a line for each running job."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(padding=(0, 1))
    head.add_column(width=24)
    head.add_column(no_wrap=True, overflow="ellipsis")
    bar = ProgressBar(total=max(snapshot.num_jobs, 1), completed=snapshot.num_finished, width=24)
    head.add_row(bar, Text(summary_text(snapshot), style="bold red" if snapshot.num_failed else "bold"))
    lines = [Text("  " + job_text(job), no_wrap=True, overflow="ellipsis") for job in snapshot.running[:MAX_SHOWN]]
    if (more := len(snapshot.running) - MAX_SHOWN) > 0:
        lines.append(Text(f"  and {more} more"))
    if stopping:
        lines.append(Text(STOPPING, style="bold"))
    return Group(head, *lines)


def event_text(event: Event, state: RunState) -> str:
    """An event in one line."""
    counted = "" if event.what == "started" else f"[{state.num_finished}/{state.num_jobs}] "
    why = (event.traceback or "").strip().splitlines()[-1:]
    return f"{counted}{event.what}: {state.label(event.name)}" + "".join(f": {line}" for line in why)


def summary_text(snapshot: RunSnapshot) -> str:
    """State of a run in one line."""
    counts = {
        "running": len(snapshot.running),
        "failed": snapshot.num_failed,
        "blocked": snapshot.num_blocked,
    }
    parts = [f"{snapshot.num_finished:,} of {snapshot.num_jobs:,} jobs"]
    parts += [f"{number:,} {what}" for what, number in counts.items() if number]
    parts.append(duration_text(snapshot.elapsed_s))
    if snapshot.left_s:
        parts.append(f"about {duration_text(snapshot.left_s)} left")
    return ", ".join(parts)


def job_text(job: RunningJob) -> str:
    """A running job, in one line."""
    progress_text = line_text(job.line) if job.line else f"for {duration_text(job.running_s)}"
    return f"{job.label}: {progress_text}"


def line_text(line: LogLine) -> str:
    """A line of a log, for people: 12 of 432 epochs, loss 0.71, 830 images/s."""
    parts = [f"{line.done:,.10g} of {line.total:,.10g} {line.unit}"]
    for name, value in line.measures.items():
        digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
        words = name.removesuffix("_per_s").replace("_", " ")
        parts.append(f"{digits} {words}/s" if name.endswith("_per_s") else f"{words} {digits}")
    return ", ".join(parts)
