"""One task after another in this process: nothing to start, and easy to debug."""

from collections.abc import Sequence

from shareornot.studies.execution.contract import Event, ShouldStop, Task, Watch
from shareornot.studies.execution.outcome import do
from shareornot.studies.execution.schedule import Schedule


class InProcess:
    """Does all tasks itself.

    A task whose process dies takes this one with it: the next run goes on from what has been saved. PyTorch keeps the
    threads that it has.
    """

    def run(self, tasks: Sequence[Task], watch: Watch, should_stop: ShouldStop) -> None:
        """See `Executor.run`."""
        schedule = Schedule(tasks)
        while not should_stop() and (task := schedule.take()):
            watch(Event(name=task.name, what="started"))
            outcome = do(task, should_stop)
            watch(Event(name=task.name, what=outcome.what, traceback=outcome.traceback))
            if outcome.what == "finished":
                schedule.finish(task.name)
                continue
            for name in schedule.fail(task.name):
                if outcome.what == "failed":
                    watch(Event(name=name, what="blocked"))
