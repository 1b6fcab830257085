"""The log of a job: one JSON object per line in `log.jsonl` in its own folder.

    {"time": 1760000000.0, "done": 12, "total": 432, "unit": "epochs", "loss": 0.71, "images_per_s": 830.0}

`done` of `total` units is the progress; every other number is a measure under its own name. Whoever watches reads
the last line. A writer that is killed leaves at most half a line, which readers pass over and the next writer ends.
"""

import json
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LOG_NAME = "log.jsonl"
WARNING_NAME = "warning.txt"
"""Beside the log of a job: a sentence for whoever watches, such as that a training learns nothing."""
TAIL_BYTES = 4096
"""How much of a log's end is read for its last line; a line is far shorter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogLine:
    """One line of a log."""

    time: float
    """When, in seconds since 1970."""
    done: float
    total: float
    unit: str
    """What is counted, in the plural: epochs, cells."""
    measures: dict[str, float] = field(default_factory=dict)
    """Numbers by name: `loss`, `proxy_correlation`, `images_per_s`; NaN and infinities are left out."""

    @property
    def fraction(self) -> float:
        """Part of the work that is done, in [0, 1]."""
        return min(max(self.done / self.total, 0.0), 1.0) if self.total > 0 else 0.0


class LogWriter:
    """Appends lines to a log; each is on its way to the disk when the call returns."""

    def __init__(self, descriptor: int, clock: Callable[[], float]) -> None:
        self._descriptor = descriptor
        self._clock = clock

    def write(self, done: float | int, total: float | int, unit: str, **measures: float | int) -> None:
        """Append one line.

        Args:
            done: units done so far.
            total: units that there are to do.
            unit: what is counted, in the plural.
            measures: numbers by name; the name contains the unit where there is one.
        """
        line = {"time": round(self._clock(), 3), "done": done, "total": total, "unit": unit, **measures}
        # NaN is not JSON: a loss that is NaN is left out.
        finite = {name: value for name, value in line.items() if isinstance(value, str) or math.isfinite(value)}
        os.write(self._descriptor, (json.dumps(finite) + "\n").encode())


@contextmanager
def open_log(path: Path, clock: Callable[[], float] = time.time) -> Iterator[LogWriter]:
    """Open a log to append to; it and its folder are created if need be.

    Args:
        path: path of the log.
        clock: seconds since 1970.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # One write a line to a file in append mode: a line is there whole or, after a kill, in part at the very end.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            os.write(descriptor, b"\n")
        yield LogWriter(descriptor, clock)
    finally:
        os.close(descriptor)


def parse_line(text: str | bytes) -> LogLine | None:
    """Parse a line of a log; None if it is not valid."""
    try:
        read = json.loads(text)
        if not isinstance(read, dict):
            return None
        numbers = {name: float(value) for name, value in read.items() if _is_number(value)}
        return LogLine(
            time=numbers.pop("time"),
            done=numbers.pop("done"),
            total=numbers.pop("total"),
            unit=str(read["unit"]),
            measures=numbers,
        )
    except (ValueError, KeyError, OverflowError, RecursionError):
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Log:
    """The contents of a log."""

    lines: tuple[LogLine, ...]
    """Lines in the order of the work; where a job was interrupted and did something again, its last lines count."""
    num_damaged: int
    """Lines that cannot be read."""


def read_log(path: Path) -> Log:
    """All lines of a log that can be read; none where there is no log."""
    lines: list[LogLine] = []
    num_damaged = 0
    try:
        texts = path.read_bytes().split(b"\n")
    except OSError:
        texts = []
    for text in filter(bytes.strip, texts):
        line = parse_line(text)
        if line is None:
            num_damaged += 1
            continue
        while lines and lines[-1].done >= line.done:
            lines.pop()
        lines.append(line)
    return Log(lines=tuple(lines), num_damaged=num_damaged)


def last_line(path: Path) -> LogLine | None:
    """The last whole line of a log, read from its end; None if there is none yet."""
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            tail = file.read()
    except OSError:  # not there yet, or moved away with its job
        return None
    for text in reversed(tail.split(b"\n")):
        if line := parse_line(text):
            return line
    return None


class JobWarnings:
    """The warnings of jobs, each once.

    Args:
        log_of: the log of a job, by its name.
        reported: names of jobs whose warnings are known already.
    """

    def __init__(self, log_of: Callable[[str], Path], reported: Iterable[str] = ()) -> None:
        self._log_of, self._reported = log_of, set(reported)

    def new(self, name: str) -> str | None:
        """The warning of a job, if it has one that was not reported yet."""
        path = self._log_of(name).parent / WARNING_NAME
        if name in self._reported or not path.is_file():
            return None
        self._reported.add(name)
        return path.read_text("utf-8", errors="replace").strip()
