"""Running tasks that need one another: in this process, over local processes, on a cluster."""

from shareornot.study.execution.contract import Event, Executor, Resources, ShouldStop, Task, Watch

__all__ = ["Event", "Executor", "Resources", "ShouldStop", "Task", "Watch"]
