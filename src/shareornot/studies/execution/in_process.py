"""One task after another in this process: nothing to start, and easy to debug."""

from collections.abc import Sequence

from shareornot.cores import num_usable_cores
from shareornot.studies.execution.contract import Event, ShouldStop, Task, Watch
from shareornot.studies.execution.outcome import do, threads_of
from shareornot.studies.execution.schedule import Schedule


class InProcess:
    """Does all tasks itself.

    A task whose process dies takes this one with it: the next run resumes from what has been saved. A task gets as many
    threads as it has cores, but no more than the machine.
    """

    def run(self, tasks: Sequence[Task], watch: Watch, should_stop: ShouldStop) -> None:
        """See `Executor.run`."""
        schedule = Schedule(tasks)
        while not should_stop() and (task := schedule.take()):
            watch(Event(name=task.name, what="started"))
            with threads_of(min(task.resources.num_cores, num_usable_cores())):
                outcome = do(task, should_stop)
            watch(outcome.event(task.name))
            if outcome.what == "finished":
                schedule.finish(task.name)
                continue
            for name in schedule.fail(task.name):
                if outcome.what == "failed":
                    watch(Event(name=name, what="blocked"))
