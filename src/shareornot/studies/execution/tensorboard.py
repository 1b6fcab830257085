"""Event files for TensorBoard from the logs of pieces (extra `tensorboard`; neither TensorFlow nor PyTorch is needed).

    tensorboard --logdir FOLDER/tensorboard

Each piece is a run there, and each measure of its log a curve over what the log counts.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from shareornot.errors import MissingExtraError
from shareornot.studies.execution.log import LogLine, parse_line

EVENT_FILE = "events.out.tfevents.{time:.0f}.shareornot"
"""TensorBoard knows its files by the middle of their names."""


class TensorBoardFiles:
    """Event files that follow logs: each `update` appends what the logs have got since.

    The event files of a piece are written anew the first time that its log is looked at, so that they always tell what
    the log tells.

    Args:
        folder: gets a folder for each piece.
        logs: of the pieces, by what each is to be called.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path, logs: Mapping[str, Path] | None = None) -> None:
        self._folder = folder
        self._logs: dict[str, Path] = {}
        self.follow(logs or {})
        self._read: dict[str, int] = {}
        """Bytes of each log that have been dealt with."""
        self._files: dict[str, Path] = {}
        self._encode, self._write = _writers()

    def follow(self, logs: Mapping[str, Path]) -> None:
        """Follow these logs too; an `update` in another thread sees all of them or none."""
        self._logs = self._logs | {safe_name(name): path for name, path in logs.items()}

    def update(self) -> int:
        """Append what is new; half a line at the end of a log waits for the other half.

        Returns:
            How many lines were new.

        Raises:
            OSError: a file cannot be written.
        """
        return sum(self._append(name, path) for name, path in self._logs.items())

    def _append(self, name: str, log: Path) -> int:
        try:
            size = log.stat().st_size
            if size < self._read.get(name, 0):  # the piece was begun anew
                self._read.pop(name)
                self._files.pop(name, None)
            start = self._read.get(name, 0)
            if size == start:
                return 0
            with log.open("rb") as file:
                file.seek(start)
                new = file.read()
        except FileNotFoundError:
            return 0
        new = new[: new.rfind(b"\n") + 1]
        lines = [line for text in new.splitlines() if (line := parse_line(text))]
        if lines:
            with self._open(name, lines[0].time) as events:
                for line in lines:
                    self._write(events, self._encode(line))
        self._read[name] = start + len(new)
        return len(lines)

    def _open(self, name: str, time: float) -> IO[bytes]:
        """The event file of a piece, to append to; new ones begin with the version of the format."""
        if name in self._files:
            return self._files[name].open("ab")
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._files[name] = folder / EVENT_FILE.format(time=time)
        file = self._files[name].open("ab")
        self._write(file, self._encode(time))
        return file


def write_tensorboard(folder: Path, logs: Mapping[str, Path]) -> int:
    """Write event files of all logs once.

    Args:
        folder: gets a folder for each log that holds something.
        logs: by what each is to be called.

    Returns:
        How many lines they hold.

    Raises:
        MissingExtraError: TensorBoard is not installed.
        OSError: a file cannot be written.
    """
    return TensorBoardFiles(folder, logs).update()


def safe_name(name: str) -> str:
    """A name as a folder below another: parts stay parts, but lead nowhere else."""
    parts = ["".join(c if c.isalnum() or c in " -_.,=^" else "_" for c in part) for part in name.split("/")]
    return os.path.join(*(part.lstrip(".") or "_" for part in parts))  # noqa: PTH118 (a name, not yet a path)


def _writers() -> tuple[Callable[[LogLine | float], bytes], Callable[[IO[bytes], bytes], None]]:
    """How a line, or the time of the first, becomes an event; and how an event gets into a file."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError as error:
        raise MissingExtraError(
            "event files need TensorBoard; install it with: pip install 'shareornot[tensorboard]'"
        ) from error

    def encode(line: LogLine | float) -> bytes:
        event: Any
        if isinstance(line, float):
            event = Event(wall_time=line, file_version="brain.Event:2")
        else:
            values = [Summary.Value(tag=name, simple_value=value) for name, value in line.measures.items()]
            event = Event(wall_time=line.time, step=round(line.done), summary=Summary(value=values))
        encoded: bytes = event.SerializeToString()
        return encoded

    def write(file: IO[bytes], event: bytes) -> None:
        RecordWriter(file).write(event)

    return encode, write
