"""Progress bars for whatever takes more than two seconds, silent where nobody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """What a long computation tells while it runs."""

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        """`num_done` more units are done; `note` is shown beside the bar."""


class Silent:
    """A `Progress` that nobody watches."""

    def advance(self, num_done: float | int = 1, note: str = "") -> None:
        """Do nothing."""


@contextmanager
def progress_bar(description: str, total: float | int) -> Iterator[Progress]:
    """A bar on standard error; plain silence where that is no terminal, so that logs stay readable.

    Args:
        description: what is being done, in a few words.
        total: how many units there are to do.
    """
    if not sys.stderr.isatty():
        print(f"{description} ...", file=sys.stderr, flush=True)  # noqa: T201
        yield Silent()
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
    """Bars that nobody watches."""
    yield Silent()
