"""Several pieces of work at a time, each in a fresh process of its own, with one progress bar for all."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from shareornot.progress import Progress

Result = TypeVar("Result")
Work = Callable[..., Result]
"""A module-level function that takes its arguments and a `Progress`."""

_END = None


class _Channel:
    """A `Progress` that tells another process."""

    def __init__(self, queue: Any) -> None:
        self.queue = queue

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        self.queue.put((num_done, note))


_channel: _Channel | None = None


def num_usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_in_processes(
    work: Work[Result],
    arguments: Sequence[tuple[Any, ...]],
    progress: Progress,
    *,
    num_processes: int,
    num_threads: int = 1,
) -> list[Result]:
    """Do the same work for several arguments, some at a time.

    Args:
        work: called with each tuple of arguments and a progress.
        arguments: one tuple for each piece of work.
        progress: advances as the pieces say.
        num_processes: pieces at a time; with 1, all is done in this process.
        num_threads: threads that each process gives to PyTorch.

    Returns:
        The results in the order of the arguments.

    Raises:
        Exception: whatever a piece raises; pieces that have not begun are dropped, running ones are waited for.
    """
    if num_processes <= 1 or len(arguments) == 1:
        return [work(*some, progress) for some in arguments]
    # Fresh processes: a fork of one that has run PyTorch may hang.
    context = multiprocessing.get_context("spawn")
    queue = context.SimpleQueue()
    listener = threading.Thread(target=_listen, args=(queue, progress), daemon=True)
    listener.start()
    pool = ProcessPoolExecutor(num_processes, context, initializer=_begin, initargs=(queue, num_threads))
    try:
        futures = [pool.submit(_do, work, some) for some in arguments]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        queue.put(_END)
        listener.join()


def _begin(queue: Any, num_threads: int) -> None:
    global _channel
    _channel = _Channel(queue)
    os.environ["OMP_NUM_THREADS"] = str(num_threads)
    import torch

    torch.set_num_threads(num_threads)


def _do(work: Work[Result], arguments: tuple[Any, ...]) -> Result:
    result: Result = work(*arguments, _channel)
    return result


def _listen(queue: Any, progress: Progress) -> None:
    while (message := queue.get()) is not _END:
        progress.advance(*message)
