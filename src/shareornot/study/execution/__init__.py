"""Running tasks that need one another: in this process, over local processes, on a cluster."""

from shareornot.study.execution.contract import Event, Executor, Resources, ShouldStop, Task, Watch
from shareornot.study.execution.in_process import InProcess
from shareornot.study.execution.local_processes import LocalProcesses
from shareornot.study.execution.lock import Runner, current_runner, only_runner
from shareornot.study.execution.log import LOG_NAME, LogLine, LogWriter, last_line, open_log, read_log
from shareornot.study.execution.machine import num_usable_cores, visible_devices
from shareornot.study.execution.ray_cluster import RayCluster, joined_cluster

__all__ = [
    "LOG_NAME",
    "Event",
    "Executor",
    "InProcess",
    "LocalProcesses",
    "LogLine",
    "LogWriter",
    "RayCluster",
    "Resources",
    "Runner",
    "ShouldStop",
    "Task",
    "Watch",
    "current_runner",
    "joined_cluster",
    "last_line",
    "num_usable_cores",
    "only_runner",
    "open_log",
    "read_log",
    "visible_devices",
]
