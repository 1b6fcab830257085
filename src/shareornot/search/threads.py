"""Sharing runs among threads: compiled kernels release Python's lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from shareornot.cores import num_usable_cores
from shareornot.errors import SettingsError

BLOCKS_PER_THREAD = 4
"""More blocks than threads, so that no thread idles while the slowest block ends."""


def run_in_blocks(work: Callable[[int, int], None], num_runs: int, num_threads: int | None = None) -> None:
    """Call `work(start, stop)` for consecutive blocks of runs that cover all of them, in threads.

    Args:
        work: does the runs from `start` to `stop` - 1; blocks must not depend on each other.
        num_runs: how many runs there are.
        num_threads: threads, by default one for each core that this process may use.

    Raises:
        SettingsError: fewer than one thread.
    """
    if num_threads is None:
        num_threads = num_usable_cores()
    if num_threads < 1:
        raise SettingsError(f"num_threads: expected at least 1, got {num_threads}; leave it out to use all cores")
    num_blocks = min(num_runs, BLOCKS_PER_THREAD * num_threads) if num_threads > 1 else 1
    bounds = [num_runs * block // num_blocks for block in range(num_blocks + 1)]
    if num_blocks == 1:
        work(0, num_runs)
        return
    with ThreadPoolExecutor(num_threads) as pool:
        list(pool.map(work, bounds[:-1], bounds[1:]))
