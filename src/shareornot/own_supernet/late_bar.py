"""A progress bar for what may be over before anybody would look at one."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from shareornot.progress import Progress, Silent, progress_bar

PATIENCE_S = 2.0
"""A bar appears once the work has taken so long."""


@contextmanager
def late_bar(
    description: str, total: int, *, shown: bool = True, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """A `shareornot.progress.progress_bar` that appears only if the work takes more than two seconds.

    Args:
        description: what is being done, in a few words.
        total: how many units there are to do.
        shown: false for none at all.
        clock: seconds, from any zero.
    """
    if not shown:
        yield Silent()
        return
    start_s = clock()
    with ExitStack() as stack:

        class Late:
            def __init__(self) -> None:
                self.waiting: float = 0
                self.bar: Progress | None = None

            def advance(self, num_done: float | int = 1, note: str = "") -> None:
                self.waiting += num_done
                if self.bar is None and clock() - start_s > PATIENCE_S:
                    self.bar = stack.enter_context(progress_bar(description, total))
                if self.bar is not None:
                    self.bar.advance(self.waiting, note)
                    self.waiting = 0

        yield Late()
