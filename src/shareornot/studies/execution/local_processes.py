"""Several tasks at the same time on this machine, in fresh processes that each do task after task."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait

from shareornot.cores import num_usable_cores
from shareornot.errors import SettingsError
from shareornot.studies.execution.contract import Event, Resources, ShouldStop, Task, Watch
from shareornot.studies.execution.machine import total_memory_bytes
from shareornot.studies.execution.outcome import Outcome, PackingError, pack
from shareornot.studies.execution.schedule import Schedule
from shareornot.studies.execution.worker_process import WorkerProcess

INTERVAL_S = 0.1
"""Seconds between two checks by the main process whether it was requested to stop."""
MAX_TRIES = 2
"""How often a task is tried whose process dies."""
ALMOST = 1e-6
"""Three thirds of a device are no more than one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalProcesses:
    """Does as many tasks at the same time as it has processes.

    A task gets as many threads as it has cores, but no more than its share: cores of the machine / processes. Tasks
    whose memory together is more than the machine has wait for each other. With several accelerators each process
    sees one of them, as its only one; tasks that need a part of an accelerator share it.

    Args:
        num_processes: tasks at the same time, by default one for each core.
        devices: accelerators, see `visible_devices`; fewer processes than devices leave some of them idle.
        patience_s: how long running tasks may take to save and stop; after that they are killed.

    Raises:
        SettingsError: fewer than one process.
    """

    num_processes: int = field(default_factory=num_usable_cores)
    devices: tuple[str, ...] = ()
    patience_s: float | int = 20.0

    def __post_init__(self) -> None:
        if self.num_processes < 1:
            raise SettingsError(f"processes: expected at least 1, got {self.num_processes}")

    def run(self, tasks: Sequence[Task], watch: Watch, should_stop: ShouldStop) -> None:
        """See `Executor.run`."""
        for task in tasks:
            if task.resources.num_gpus > min(len(self.devices), 1):
                raise SettingsError(
                    f"task {task.name}: expected to need at most {min(len(self.devices), 1)} accelerators, which is "
                    f"what one process of this machine has, got {task.resources.num_gpus:g}"
                )
        _Run(self, tasks, watch).go(should_stop)


@dataclass(kw_only=True, eq=False, slots=True)
class _Seat:
    """Where a process sits, with or without one at the moment."""

    device: str | None
    worker: WorkerProcess | None = None
    task: Task | None = None


class _Run:
    """One call of `LocalProcesses.run`."""

    def __init__(self, settings: LocalProcesses, tasks: Sequence[Task], watch: Watch) -> None:
        self.schedule = Schedule(tasks)
        self.watch = watch
        self.patience_s = float(settings.patience_s)
        self.num_threads = max(1, num_usable_cores() // settings.num_processes)
        self.memory_bytes = total_memory_bytes()
        self.tries: Counter[str] = Counter()
        devices = settings.devices or (None,)
        self.seats = [_Seat(device=devices[number % len(devices)]) for number in range(settings.num_processes)]

    def go(self, should_stop: ShouldStop) -> None:
        deadline_s: float | None = None
        try:
            while True:
                if deadline_s is None:
                    if should_stop():
                        deadline_s = time.monotonic() + self.patience_s
                        self.request_stop()
                    else:
                        self.hand_out()
                if not any(seat.task for seat in self.seats):
                    break
                if deadline_s is not None and time.monotonic() > deadline_s:
                    self.end_the_unwilling()
                    break
                self.listen(stopping=deadline_s is not None)
        except BaseException:
            for worker in self.workers:
                worker.kill()
            raise
        finally:
            for worker in self.workers:
                worker.let_go()
            for worker in self.workers:
                worker.join(self.patience_s)

    @property
    def workers(self) -> list[WorkerProcess]:
        return [seat.worker for seat in self.seats if seat.worker]

    def hand_out(self) -> None:
        """Give tasks to whoever is free, as long as there are resources."""
        while task := self.schedule.take(lambda resources: self.seat_for(resources) is not None):
            self.watch(Event(name=task.name, what="started"))
            try:
                packed = pack(task)
            except PackingError as error:
                self.ended(task, Outcome("failed", f"{error}\n"))
                continue
            seat = self.seat_for(task.resources)
            assert seat is not None
            if seat.worker is None or not seat.worker.alive:
                self.leave(seat)
                seat.worker = WorkerProcess(device=seat.device, patience_s=self.patience_s)
            seat.task = task
            seat.worker.begin(packed, min(task.resources.num_cores, self.num_threads))

    def seat_for(self, resources: Resources) -> _Seat | None:
        """A free seat with what a task needs, preferably one whose process has begun."""
        running = [(seat.device, seat.task.resources) for seat in self.seats if seat.task]
        memory_bytes = sum(other.memory_bytes for _, other in running) + resources.memory_bytes
        if running and resources.memory_bytes and memory_bytes > self.memory_bytes:
            return None
        load = dict.fromkeys((seat.device for seat in self.seats), 0.0)
        for device, other in running:
            load[device] += other.num_gpus
        free = [
            seat
            for seat in self.seats
            if not seat.task and (not resources.num_gpus or load[seat.device] + resources.num_gpus <= 1 + ALMOST)
        ]
        by_load = resources.num_gpus > 0
        return min(free, key=lambda seat: (load[seat.device] * by_load, seat.worker is None), default=None)

    def listen(self, *, stopping: bool) -> None:
        """Wait a moment for messages of workers."""
        busy = {seat.worker.connection: seat for seat in self.seats if seat.worker and seat.task}
        for connection in wait(list(busy), INTERVAL_S):
            assert isinstance(connection, Connection)
            seat = busy[connection]
            assert seat.worker is not None
            assert seat.task is not None
            outcome = seat.worker.receive()
            if outcome is None:
                self.died(seat, seat.worker, seat.task, stopping=stopping)
            else:
                task, seat.task = seat.task, None
                self.ended(task, outcome)

    def died(self, seat: _Seat, worker: WorkerProcess, task: Task, *, stopping: bool) -> None:
        """The process of a task is gone: try the task again, or give it up."""
        how = worker.how_it_died()
        self.leave(seat)
        self.tries[task.name] += 1
        if stopping:
            self.ended(task, Outcome("stopped"))
        elif self.tries[task.name] < MAX_TRIES:
            self.schedule.put_back(task.name)
        else:
            text = f"task {task.name}: its process {how}, {MAX_TRIES} times; use fewer processes\n"
            self.ended(task, Outcome("failed", text))

    def leave(self, seat: _Seat) -> None:
        """End the process of a free seat."""
        if seat.worker:
            seat.worker.let_go()
            seat.worker.join(self.patience_s)
        seat.worker = seat.task = None

    def ended(self, task: Task, outcome: Outcome) -> None:
        """Report how a task ended, and what follows from it."""
        self.watch(outcome.event(task.name))
        if outcome.what == "finished":
            self.schedule.finish(task.name)
            return
        for name in self.schedule.fail(task.name):
            if outcome.what == "failed":
                self.watch(Event(name=name, what="blocked"))

    def request_stop(self) -> None:
        for seat in self.seats:
            if seat.worker and seat.task:
                seat.worker.request_stop()

    def end_the_unwilling(self) -> None:
        """Kill the tasks that do not stop; their saved results remain."""
        for seat in self.seats:
            if seat.worker and seat.task:
                seat.worker.kill()
                self.ended(seat.task, Outcome("stopped"))
                seat.task = None
