"""Running tasks that need one another: in this process, over local processes, on a cluster."""

from shareornot.studies.execution.contract import Event, Executor, Resources, ShouldStop, Task, Watch
from shareornot.studies.execution.in_process import InProcess
from shareornot.studies.execution.local_processes import LocalProcesses
from shareornot.studies.execution.lock import Runner, current_runner, only_runner
from shareornot.studies.execution.log import LOG_NAME, LogLine, LogWriter, last_line, open_log, read_log
from shareornot.studies.execution.machine import num_usable_cores, visible_devices
from shareornot.studies.execution.ray_cluster import RayCluster
from shareornot.studies.execution.ray_membership import joined_cluster
from shareornot.studies.execution.run_state import RunningPiece, RunSnapshot, RunState
from shareornot.studies.execution.tensorboard import TensorBoardFiles, write_tensorboard
from shareornot.studies.execution.watching import RunView, line_text, watch_run

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
    "RunSnapshot",
    "RunState",
    "RunView",
    "Runner",
    "RunningPiece",
    "ShouldStop",
    "Task",
    "TensorBoardFiles",
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
    "write_tensorboard",
]
