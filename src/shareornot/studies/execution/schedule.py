"""Which task may run next: pure bookkeeping, for the executors that place tasks themselves."""

import heapq
from collections import Counter
from collections.abc import Callable, Sequence

from shareornot.errors import SettingsError
from shareornot.studies.execution.contract import Resources, Task


def in_order(tasks: Sequence[Task]) -> list[Task]:
    """The tasks, each after those that it needs, and otherwise as they come.

    Raises:
        SettingsError: two tasks of one name, a need that is no task, or needs in a circle.
    """
    schedule = Schedule(tasks)
    ordered = []
    while task := schedule.take():
        ordered.append(task)
        schedule.finish(task.name)
    return ordered


class Schedule:
    """Tasks that wait, and those that may run.

    Each operation costs about the logarithm of the number of tasks, and `take` the number of different resources.

    Raises:
        SettingsError: two tasks of one name, a need that is no task, or needs in a circle.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks
        self._numbers = {task.name: number for number, task in enumerate(tasks)}
        self._missing = [len(set(task.needs)) for task in tasks]
        self._needed_by: list[list[int]] = [[] for _ in tasks]
        self._ready: dict[Resources, list[int]] = {}
        """Heaps of task numbers: within one kind of resources the first task comes first."""
        _check(tasks, self._numbers)
        for number, task in enumerate(tasks):
            for need in set(task.needs):
                self._needed_by[self._numbers[need]].append(number)
            if not task.needs:
                self._make_ready(number)
        self._check_for_circles()

    def take(self, fits: Callable[[Resources], bool] = lambda _: True) -> Task | None:
        """The first task that may run and whose resources are there; it counts as running from now on."""
        fitting = [heap for resources, heap in self._ready.items() if heap and fits(resources)]
        return self._tasks[heapq.heappop(min(fitting))] if fitting else None

    def put_back(self, name: str) -> None:
        """A task that was taken has not been done, and may run again."""
        self._make_ready(self._numbers[name])

    def finish(self, name: str) -> None:
        """A task is done: those that waited only for it may run."""
        for number in self._needed_by[self._numbers[name]]:
            self._missing[number] -= 1
            if not self._missing[number]:
                self._make_ready(number)

    def fail(self, name: str) -> list[str]:
        """A task has failed, or stopped early.

        Returns:
            The tasks that will never run for that reason, in the order of the tasks; none that was returned before.
        """
        blocked: set[int] = set()
        reached = [self._numbers[name]]
        while reached:
            for number in self._needed_by[reached.pop()]:
                if self._missing[number] > 0 and number not in blocked:
                    blocked.add(number)
                    reached.append(number)
        for number in blocked:
            self._missing[number] = -1  # never reaches zero again
        return [self._tasks[number].name for number in sorted(blocked)]

    def _make_ready(self, number: int) -> None:
        heapq.heappush(self._ready.setdefault(self._tasks[number].resources, []), number)

    def _check_for_circles(self) -> None:
        missing = list(self._missing)
        reached = [number for number, count in enumerate(missing) if not count]
        for number in reached:
            for other in self._needed_by[number]:
                missing[other] -= 1
                if not missing[other]:
                    reached.append(other)
        if len(reached) < len(self._tasks):
            stuck = next(task.name for task, count in zip(self._tasks, missing, strict=True) if count)
            raise SettingsError(f"task {stuck}: expected tasks without circular dependencies, got a cycle")


def _check(tasks: Sequence[Task], numbers: dict[str, int]) -> None:
    if len(numbers) < len(tasks):
        twice = Counter(task.name for task in tasks).most_common(1)[0][0]
        raise SettingsError(f"task {twice}: expected different names, got this name twice")
    for task in tasks:
        if unknown := [need for need in task.needs if need not in numbers]:
            raise SettingsError(f"task {task.name}: expected to need tasks of the same run, got {unknown[0]!r}")
