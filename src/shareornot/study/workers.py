"""Several pieces of work at a time, each in a fresh process of its own, with one progress bar for all.

Signals go to one place, the process that a person started. It passes a request to stop on through the pipe that it
shares with each worker; a worker whose pipe breaks, because that process is gone, stops too. Either way each piece
saves what it has and raises `Interrupted`.
"""

import multiprocessing
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Literal, TypeVar

from shareornot.errors import Interrupted, SettingsError
from shareornot.progress import Progress
from shareornot.study.interruption import polite_interruption

Result = TypeVar("Result")
Work = Callable[..., Result]
"""A module-level function that takes its arguments, a `Progress`, and a function that tells whether to stop."""

INTERVAL_S = 0.1
"""How often a worker tells what it has done, and the main process looks whether it was asked to stop."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)

Message = tuple[Literal["progress", "result", "error"], Any]


def num_usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_in_processes(
    work: Work[Result],
    arguments: Sequence[tuple[Any, ...]],
    progress: Progress,
    *,
    num_processes: int,
    num_threads: int | None = None,
) -> list[Result]:
    """Do the same work for several arguments, some at a time.

    The first Ctrl-C or SIGTERM asks the pieces to stop; a second one ends them at once.

    Args:
        work: called with each tuple of arguments, a progress, and a function that tells whether to stop.
        arguments: one tuple for each piece of work.
        progress: advances as the pieces say.
        num_processes: pieces at a time; with 1, all is done in this process.
        num_threads: threads that each process gives to PyTorch, by default as many as PyTorch likes.

    Returns:
        The results in the order of the arguments.

    Raises:
        Exception: whatever a piece raises; pieces that have not begun are dropped, running ones are asked to stop.
        SettingsError: a process was killed, most likely because the memory does not suffice for so many.
        Interrupted: someone asked to stop.
    """
    with polite_interruption() as should_stop:
        if min(num_processes, len(arguments)) <= 1:
            with _torch_threads(num_threads):
                return [work(*some, progress, should_stop) for some in arguments]
        with _workers(work, min(num_processes, len(arguments)), num_threads) as connections:
            return _distribute(connections, arguments, progress, should_stop)


@contextmanager
def _workers(work: Work[Any], number: int, num_threads: int | None) -> Iterator[list[Connection]]:
    """Start processes that wait for arguments, and end them with the block; politely unless it was broken off."""
    context = multiprocessing.get_context("spawn")  # a fork of a process that has run PyTorch may hang
    pipes = [context.Pipe() for _ in range(number)]
    processes = [context.Process(target=_serve, args=(theirs, work, num_threads), daemon=True) for _, theirs in pipes]
    with _signals_held_back():  # a worker that is interrupted while it imports would show a traceback
        for process in processes:
            process.start()
    for _, theirs in pipes:
        theirs.close()  # so that the end of the worker is the end of the pipe
    try:
        yield [ours for ours, _ in pipes]
    except KeyboardInterrupt:
        for process in processes:
            process.kill()
        raise
    finally:
        for ours, _ in pipes:
            ours.close()
        for process in processes:
            process.join()


def _distribute(
    connections: Sequence[Connection],
    arguments: Sequence[tuple[Any, ...]],
    progress: Progress,
    should_stop: Callable[[], bool],
) -> list[Any]:
    """Hand the arguments out, collect the results, and pass on a request to stop."""
    waiting = deque(enumerate(arguments))
    running: dict[Connection, int] = {}
    results: dict[int, Any] = {}
    errors: list[BaseException] = []

    def hand_out(connection: Connection) -> None:
        number, some = waiting.popleft()
        _send(connection, some)
        running[connection] = number

    def stop() -> None:
        waiting.clear()
        for connection in running:
            _send(connection, None)

    stopped = False
    for connection in connections:
        hand_out(connection)
    while running:
        if not stopped and (errors or should_stop()):
            stopped = True
            stop()
        for ready in wait(list(running), INTERVAL_S):
            assert isinstance(ready, Connection)
            kind, value = _receive(ready, len(connections))
            if kind == "progress":
                progress.advance(*value)
                continue
            number = running.pop(ready)
            if kind == "error":
                errors.append(value)
            else:
                results[number] = value
                if waiting and not errors:
                    hand_out(ready)
    # A piece that failed stops the others, whose interruption is then not worth telling.
    for error in sorted(errors, key=lambda error: isinstance(error, Interrupted)):
        raise error
    if len(results) < len(arguments):
        raise Interrupted(f"stopped after {len(results)} of {len(arguments)}; they are saved")
    return [results[number] for number in range(len(arguments))]


def _receive(connection: Connection, num_processes: int) -> Message:
    """The next message of a worker, or the error that it is gone."""
    try:
        message: Message = connection.recv()
    except (EOFError, OSError):
        return "error", SettingsError(
            f"processes: expected this machine to bear {num_processes} at a time, got one killed, most likely for want "
            "of memory; ask for fewer at a time"
        )
    return message


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Processes that start within the block get no signal before they ask for it; this one gets them afterwards."""
    resource_tracker.ensure_running()  # starting it within the block would end the block's effect
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _torch_threads(number: int | None) -> Iterator[None]:
    """Give PyTorch so many threads within the block."""
    if number is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Reports:
    """A `Progress` that tells the main process, a few times a second and not at every step."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.num_done: float = 0
        self.note = ""
        self.told_s = time.monotonic()

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        self.num_done += num_done
        self.note = note or self.note
        if time.monotonic() - self.told_s >= INTERVAL_S:
            self.tell()

    def tell(self) -> None:
        if self.num_done:
            _send(self.connection, ("progress", (self.num_done, self.note)))
        self.num_done, self.told_s = 0, time.monotonic()


def _serve(connection: Connection, work: Work[Any], num_threads: int | None) -> None:
    """What a worker does: pieces of work, until the main process says that there are no more, or is gone."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    with _torch_threads(num_threads):
        while (some := _next_arguments(connection)) is not None:
            reports = _Reports(connection)
            message: Message
            try:
                # While a piece is being done, the main process sends nothing but the request to stop.
                message = "result", work(*some, reports, connection.poll)
            except Exception as error:
                error.add_note(f"In a worker process:\n{traceback.format_exc()}")
                message = "error", error
            reports.tell()
            _send(connection, message)


def _next_arguments(connection: Connection) -> tuple[Any, ...] | None:
    try:
        arguments: tuple[Any, ...] | None = connection.recv()
    except (EOFError, OSError):
        return None
    return arguments


def _send(connection: Connection, message: Any) -> None:
    """Send, unless the other end is gone, which receiving will tell."""
    try:
        connection.send(message)
    except OSError:
        return
