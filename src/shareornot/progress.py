"""Progress of whatever takes more than two seconds: a bar on a terminal, a line per minute in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """What a long computation reports while it runs."""

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        """`num_done` more units are done; `note` is shown beside the bar."""


LOG_EVERY_S = 60.0
AT_ONCE_S = 1.0
"""What an earlier run did is reported at once; it took no time of this run, and does not enter the estimate."""
LEAST_FRACTION = 0.01
"""Smallest part of the work that an estimate is based on: what comes before includes the compilation of kernels."""


class Logged:
    """A `Progress` that prints a line per minute to standard error, with an estimate of the time that is left.

    Args:
        description: what is being done, in a few words.
        total: how many units there are to do.
        clock: seconds, from any zero.
    """

    def __init__(self, description: str, total: float | int, clock: Callable[[], float] = time.monotonic) -> None:
        self._description, self._total, self._clock = description, total, clock
        self._start_s = self._printed_s = clock()
        self._done: float = 0
        self._done_before: float = 0

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        """Count, and print where a minute has passed since the last line."""
        now_s = self._clock()
        if now_s - self._start_s < AT_ONCE_S:
            self._done_before += num_done
        self._done += num_done
        if now_s - self._printed_s >= LOG_EVERY_S:
            self._printed_s = now_s
            print(self._line(now_s, note), file=sys.stderr, flush=True)  # noqa: T201

    def _line(self, now_s: float, note: str) -> str:
        fraction = min(self._done / self._total, 1.0) if self._total else 1.0
        parts = [f"{self._description}: {fraction:.0%}"]
        done = self._done - self._done_before
        if done > 0 and done >= LEAST_FRACTION * self._total:
            left_s = (now_s - self._start_s) * max(self._total - self._done, 0) / done
            parts.append(f"about {duration_text(left_s)} left")
        return ", ".join([*parts, *([note] if note else [])])


def duration_text(seconds: float | int) -> str:
    """A duration in its two largest units.

    Example:
        >>> duration_text(7500)
        '2 h 5 min'
    """
    seconds = round(seconds)
    for unit, length, small, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= length:
            rest = seconds % length // part
            return f"{seconds // length} {unit}" + (f" {rest} {small}" if rest else "")
    return f"{seconds} s"


class Silent:
    """A `Progress` that shows nothing."""

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        """Do nothing."""


@contextmanager
def progress_bar(description: str, total: float | int) -> Iterator[Progress]:
    """A bar on standard error; where that is no terminal, a line now and one per minute, so that logs stay readable.

    Args:
        description: what is being done, in a few words.
        total: how many units there are to do.
    """
    if not sys.stderr.isatty():
        print(f"{description} ...", file=sys.stderr, flush=True)  # noqa: T201
        yield Logged(description, total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(description, total=total, note="")

        class Shown:
            def advance(self, num_done: float | int = 1, note: str = "") -> None:
                bar.advance(task, num_done)
                if note:
                    bar.update(task, note=note)

        yield Shown()


ProgressBars = Callable[[str, float | int], AbstractContextManager[Progress]]
"""Opens a bar from a description and a total; `progress_bar` is one, `no_bars` another."""


@contextmanager
def no_bars(description: str, total: float | int) -> Iterator[Progress]:  # noqa: ARG001
    """Bars that show nothing."""
    yield Silent()
