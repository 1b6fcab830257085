"""What the machinery of studies takes by itself: empty pieces on each executor, and the status of many."""

import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from shareornot.errors import MissingExtraError
from shareornot.storage import atomic_write
from shareornot.studies.execution import Event, Executor, InProcess, LocalProcesses, RayCluster, Task, joined_cluster
from shareornot.studies.execution.contract import ShouldStop
from shareornot.studies.execution.log import LOG_NAME, open_log
from shareornot.studies.job import Piece, SummariseWork, make_piece
from shareornot.studies.status import study_status
from shareornot.studies.store import PIECE, Store

NUM_PIECES = 100
NUM_STATUS = 10_000
RESULT = "nothing.json"

Clock = Callable[[], float]


def measure_machinery(
    num_repeats: int, *, num_pieces: int = NUM_PIECES, num_status: int = NUM_STATUS, clock: Clock = time.perf_counter
) -> tuple[dict[str, list[float]], str]:
    """Time per empty piece, one after another on one process of each executor; time to start; time of a status.

    An empty piece does all that pieces do around their work: a log, a result that is flushed to the disk, its checksum.

    Args:
        num_repeats: measurements of each, in turns.
        num_pieces: empty pieces in a run, at least two.
        num_status: finished pieces of the study whose status is asked for.
        clock: seconds.

    Returns:
        Seconds of each measurement by what was measured, and what could not be.
    """
    seconds: dict[str, list[float]] = {}
    left_out = ""

    def note(what: str, value: float) -> None:
        seconds.setdefault(what, []).append(value)

    with ExitStack() as stack:
        executors: dict[str, Executor] = {
            "in this process": InProcess(),
            "over a local process": LocalProcesses(num_processes=1),
        }
        start_s = clock()
        try:
            stack.enter_context(joined_cluster(num_cores=1))
        except MissingExtraError as error:
            left_out = f", without Ray: {error}"
        else:
            note("starting Ray on this machine", clock() - start_s)
            executors["on Ray"] = RayCluster()
        for _ in range(num_repeats):
            for name, executor in executors.items():
                first_s, each_s = time_empty_pieces(executor, num_pieces, clock)
                note(f"a piece {name}", each_s)
                note(f"the first piece of a run {name}", first_s)
    with tempfile.TemporaryDirectory() as folder:
        _finish_many(Path(folder), num_status)
        for _ in range(num_repeats):
            start_s = clock()
            study_status(Path(folder))
            note(f"status of {num_status:,} finished pieces", clock() - start_s)
    return seconds, left_out


def time_empty_pieces(executor: Executor, num_pieces: int, clock: Clock = time.perf_counter) -> tuple[float, float]:
    """Run empty pieces.

    Args:
        executor: that does one at a time.
        num_pieces: at least two.
        clock: seconds.

    Returns:
        Seconds until the first piece was finished, and of each of the others.
    """
    finished_s: list[float] = []

    def watch(event: Event) -> None:
        assert event.what in ("started", "finished"), event
        if event.what == "finished":
            finished_s.append(clock())

    with tempfile.TemporaryDirectory() as folder:
        tasks = [
            Task(name=piece.name, work=_do_nothing, arguments=(Path(folder), piece)) for piece in _pieces(num_pieces)
        ]
        start_s = clock()
        executor.run(tasks, watch, lambda: False)
    return finished_s[0] - start_s, (finished_s[-1] - finished_s[0]) / (len(finished_s) - 1)


def _pieces(number: int) -> list[Piece]:
    return [make_piece(f"nothing {one}", SummariseWork(appraisals=(str(one),))) for one in range(number)]


def _do_nothing(folder: Path, piece: Piece, _should_stop: ShouldStop) -> None:
    """All that is done around the work of a piece."""
    store = Store(folder)
    with open_log(store.path(piece.name) / LOG_NAME) as log:
        log.write(1, 1, "nothings")
    with atomic_write(store.path(piece.name) / RESULT) as file:
        file.write(b"{}\n")
    store.finish(piece, [RESULT], duration_s=0.0, about={})


def _finish_many(folder: Path, number: int) -> None:
    """A study of many finished pieces, as far as its status looks at them."""
    pieces = _pieces(number)
    store = Store(folder)
    store.write_plan(pieces)
    for piece in pieces:
        store.path(piece.name).mkdir(parents=True)
        (store.path(piece.name) / PIECE).write_text(json.dumps({"name": piece.name}))
