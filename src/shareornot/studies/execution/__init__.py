"""Executors of tasks that depend on one another: this process, local processes, a Ray cluster.

`contract.py` states what a task and an executor are; one suite of tests holds for every executor. Beside them lie the
lock of a folder, the logs that tasks write, and the view of a run.
"""

from shareornot.cores import num_usable_cores
from shareornot.lazy_names import public_names
from shareornot.studies.execution.contract import Event, Executor, Resources, ShouldStop, Task, Watch
from shareornot.studies.execution.in_process import InProcess
from shareornot.studies.execution.local_processes import LocalProcesses
from shareornot.studies.execution.lock import Runner, current_runner, only_runner
from shareornot.studies.execution.log import (
    LOG_NAME,
    WARNING_NAME,
    JobWarnings,
    Log,
    LogLine,
    LogWriter,
    last_line,
    open_log,
    read_log,
)
from shareornot.studies.execution.machine import visible_devices
from shareornot.studies.execution.ray_cluster import RayCluster
from shareornot.studies.execution.ray_membership import joined_cluster
from shareornot.studies.execution.run_state import RunningJob, RunSnapshot, RunState
from shareornot.studies.execution.watching import RunView, line_text, watch_run

__all__ = [
    "LOG_NAME",
    "WARNING_NAME",
    "Event",
    "Executor",
    "InProcess",
    "JobWarnings",
    "LocalProcesses",
    "Log",
    "LogLine",
    "LogWriter",
    "RayCluster",
    "Resources",
    "RunSnapshot",
    "RunState",
    "RunView",
    "Runner",
    "RunningJob",
    "ShouldStop",
    "Task",
    "Watch",
    "current_runner",
    "joined_cluster",
    "last_line",
    "line_text",
    "num_usable_cores",
    "only_runner",
    "open_log",
    "read_log",
    "visible_devices",
    "watch_run",
]

__dir__ = public_names(__name__)
