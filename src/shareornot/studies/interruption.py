"""Ctrl-C and SIGTERM as a polite request: finish the step, save, and go."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def polite_interruption() -> Iterator[Callable[[], bool]]:
    """Within the block, the first Ctrl-C or SIGTERM only sets a flag; a second one interrupts at once.

    Yields:
        A function that returns whether an interruption was requested.
    """
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return

    def request(_number: int, _frame: FrameType | None) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested.is_set
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
