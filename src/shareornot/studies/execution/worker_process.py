"""A process that does one task after another for the one that started it, and the messages between the two.

Signals go to one place, the process that a person started. It passes a request to stop on through the pipe that it
shares with each worker; a worker whose pipe breaks, because that process is gone, stops too.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait

from shareornot.studies.execution.outcome import Outcome, do_packed

SIGNALS = (signal.SIGINT, signal.SIGTERM)

GOODBYE_S = 5.0
"""How long a process may take from the end of its pipe to its own."""


class WorkerProcess:
    """One worker, seen from the process that started it. It loads what the tasks import once, and keeps it.

    Args:
        device: the only accelerator that the worker sees, as CUDA_VISIBLE_DEVICES names it; None leaves all as it is.
        patience_s: how long a task may continue after the main process is gone.
    """

    def __init__(self, *, device: str | None, patience_s: float) -> None:
        context = multiprocessing.get_context("spawn")  # a fork of a process that has run PyTorch may hang
        self.connection, theirs = context.Pipe()
        arguments = (theirs, device, patience_s)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        with _signals_held_back():  # a worker that is interrupted while it imports would show a traceback
            self._process.start()
        theirs.close()  # so that the end of the worker is the end of the pipe

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.is_alive()

    def begin(self, packed: bytes, num_threads: int) -> None:
        """Hand a task over; that the worker is gone shows when it is listened to."""
        self._send((packed, num_threads))

    def request_stop(self) -> None:
        """Turn the `should_stop` of its task true; the worker ends after that task."""
        self._send(None)

    def receive(self) -> Outcome | None:
        """Result of the task, or None if the process is gone."""
        try:
            outcome: Outcome = self.connection.recv()
        except (EOFError, OSError):
            return None
        return outcome

    def how_it_died(self) -> str:
        """How a process ended, as the end of a sentence."""
        self.join(GOODBYE_S)
        code = self._process.exitcode or 0
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # a real-time signal
            name = f"signal {-code}"
        return f"was killed by {name}" + (", most likely because memory ran out" if name == "SIGKILL" else "")

    def let_go(self) -> None:
        """Report that there are no more tasks; one that is running is requested to stop."""
        self.connection.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def join(self, timeout_s: float) -> None:
        """Wait until it has ended, and kill it where that takes too long."""
        self._process.join(timeout_s)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _send(self, message: tuple[bytes, int] | None) -> None:
        try:
            self.connection.send(message)
        except OSError:
            return


def _serve(connection: Connection, device: str | None, patience_s: float) -> None:
    """Do tasks until the main process reports that there are no more, or is gone."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    if device is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    threading.Thread(target=_follow_main_process, args=(patience_s,), daemon=True).start()
    while (given := _next_task(connection)) is not None:
        # While a task is being done, the main process sends nothing but the request to stop.
        _send(connection, do_packed(*given, connection.poll))


def _follow_main_process(patience_s: float) -> None:
    """End this process some time after the main process, should its task not have noticed that."""
    main_process = multiprocessing.parent_process()
    assert main_process is not None
    wait([main_process.sentinel])
    time.sleep(patience_s)
    os._exit(1)


def _next_task(connection: Connection) -> tuple[bytes, int] | None:
    try:
        task: tuple[bytes, int] | None = connection.recv()
    except (EOFError, OSError):
        return None
    return task


def _send(connection: Connection, outcome: Outcome) -> None:
    """Send, unless the other end is gone, which shows in receiving."""
    try:
        connection.send(outcome)
    except OSError:
        return


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Processes that start within the block get no signal before they unblock it; this one gets them afterwards."""
    resource_tracker.ensure_running()  # starting it within the block would end the block's effect
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
