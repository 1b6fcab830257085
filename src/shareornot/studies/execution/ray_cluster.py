"""Tasks on a Ray cluster (extra `cluster`): Ray schedules, places and retries them; we only submit and listen.

Needs are object references, so Ray starts a task when those that it needs have ended, wherever there is room. A small
actor, the bulletin, keeps what must be known while tasks run: which have begun, and whether the user stopped the run.
It goes with the process that runs the study, and a task that cannot reach it any more stops too.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shareornot.errors import SettingsError, message_of
from shareornot.studies.execution.contract import Event, ShouldStop, Task, Watch
from shareornot.studies.execution.outcome import Outcome, PackingError, do_packed, pack
from shareornot.studies.execution.ray_membership import joined_cluster
from shareornot.studies.execution.schedule import in_order

INTERVAL_S = 0.1
"""Seconds between two checks by the main process for events and for a request to stop."""
CHECK_EVERY_S = 0.25
"""Seconds between two checks for a task whether to stop."""
MAX_WAITING = 1000
"""Tasks that Ray is given ahead of time."""
MAX_RETRIES = 2
"""How often Ray tries a task again whose process or machine is lost."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RayCluster:
    """Does tasks on a Ray cluster; the folder that they write to must be the same for all its machines.

    A Ray that this process has already joined is used as it is.

    Args:
        address: address of a running cluster, as `ray.init` takes it; None starts one on this machine, for this run
            only.
        num_cores: number of cores of a cluster on this machine, by default all.
        patience_s: how long running tasks may take to save and stop; after that they are killed.
    """

    address: str | None = None
    num_cores: int | None = None
    patience_s: float | int = 20.0

    def run(self, tasks: Sequence[Task], watch: Watch, should_stop: ShouldStop) -> None:
        """See `Executor.run`.

        Raises:
            MissingExtraError: Ray is not installed.
            SettingsError: no cluster at the address; a task that needs more than a machine has, where Ray runs on this
                one only.
        """
        ordered = in_order(tasks)
        if not ordered or should_stop():
            return
        with joined_cluster(self.address, self.num_cores) as ray:
            if self.address is None:
                _check_resources(ray, ordered)
            _Run(ray, ordered, watch, float(self.patience_s)).go(should_stop)


def _check_resources(ray: Any, tasks: Sequence[Task]) -> None:
    """A task that no machine can take would wait for ever."""
    there = ray.cluster_resources()
    for task in tasks:
        resources = {
            "CPU": task.resources.num_cores,
            "GPU": task.resources.num_gpus,
            "memory": task.resources.memory_bytes,
        }
        for name, number in resources.items():
            if number > there.get(name, 0.0):
                raise SettingsError(
                    f"task {task.name}: expected to need at most {there.get(name, 0.0):g} {name} in Ray's terms, "
                    f"which is what there is, got {number:g}"
                )


class _Bulletin:
    """The actor: tasks report to it when they begin, the main process when to stop."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.reported = 0
        self.stopping = False

    def begin(self, name: str) -> bool:
        """A task begins; True if it had better not."""
        if not self.stopping:
            self.begun.append(name)
        return self.stopping

    def stop_requested(self) -> bool:
        return self.stopping

    def news(self) -> list[str]:
        """Tasks that have begun since the last call."""
        news, self.reported = self.begun[self.reported :], len(self.begun)
        return news

    def stop(self) -> list[str]:
        """Request all tasks to stop; nothing begins afterwards. Returns the last news."""
        self.stopping = True
        return self.news()


def _do_on_ray(name: str, packed: bytes, num_threads: int, bulletin: Any, *needs: Outcome | None) -> Outcome | None:
    """What Ray runs: a task, unless one that it needs did not finish or the run is over (None)."""
    if any(need is None or need.what != "finished" for need in needs):
        return None
    with _Correspondent(name, bulletin) as correspondent:
        if correspondent.may_begin():
            return do_packed(packed, num_threads, correspondent.should_stop)
    return None


class _Correspondent:
    """Connects a task with the bulletin, in a thread of its own.

    While the main thread of a task waits for an actor, Ray counts its cores as free and starts another task on them.
    """

    def __init__(self, name: str, bulletin: Any) -> None:
        self._name, self._bulletin = name, bulletin
        self._heard, self._stop_requested, self._done = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._correspond, daemon=True)

    def __enter__(self) -> "_Correspondent":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def may_begin(self) -> bool:
        """Report that the task begins; false where the run is over."""
        self._heard.wait()
        return not self._stop_requested.is_set()

    def should_stop(self) -> bool:
        """Whether a stop was requested, up to a moment ago."""
        return self._stop_requested.is_set()

    def _correspond(self) -> None:
        import ray
        from ray.exceptions import RayError

        try:
            stop = ray.get(self._bulletin.begin.remote(self._name))
            while not stop:
                self._heard.set()
                if self._done.wait(CHECK_EVERY_S):
                    return
                stop = ray.get(self._bulletin.stop_requested.remote())
        except RayError:  # the process that runs the study is gone
            pass
        finally:
            self._stop_requested.set()
            self._heard.set()


class _Run:
    """One call of `RayCluster.run`."""

    def __init__(self, ray: Any, tasks: Sequence[Task], watch: Watch, patience_s: float) -> None:
        self.ray, self.tasks, self.watch, self.patience_s = ray, tasks, watch, patience_s
        self.bulletin = _post_bulletin(ray)
        self.function = ray.remote(_do_on_ray)
        self.references: dict[str, Any] = {}
        """What each task that has been submitted will give."""
        self.waiting: dict[Any, Task] = {}
        """Submitted and not ended, by reference."""
        self.running: set[str] = set()
        self.lost: dict[str, bool] = {}
        """Tasks that did not finish, and those that need them; true where a failure is the reason."""

    def go(self, should_stop: ShouldStop) -> None:
        following = iter(self.tasks)
        try:
            while True:
                if should_stop():
                    self.stop()
                    return
                self.submit(following)
                if not self.waiting:
                    return
                self.listen(self.bulletin.news.remote)
        except self.ray.exceptions.RayError as error:
            raise SettingsError(
                f"ray: lost the cluster, with the message: {message_of(error)}; finished jobs are kept"
            ) from error
        finally:
            self.let_go()

    def submit(self, following: Iterator[Task]) -> None:
        """Give Ray tasks, but not all at once."""
        while len(self.waiting) < MAX_WAITING and (task := next(following, None)):
            if any(need in self.lost for need in task.needs):
                self.drop(task)
                continue
            try:
                packed = pack(task)
            except PackingError as error:
                self.watch(Event(name=task.name, what="started"))
                self.ended(task, Outcome("failed", f"{error}\n"))
                continue
            resources = task.resources
            function = self.function.options(
                name=task.name,
                num_cpus=resources.num_cores,
                num_gpus=resources.num_gpus,
                memory=resources.memory_bytes or None,
                max_retries=MAX_RETRIES,
            )
            needs = [self.references[name] for name in task.needs]
            reference = function.remote(task.name, packed, resources.num_cores, self.bulletin, *needs)
            self.references[task.name] = reference
            self.waiting[reference] = task

    def listen(self, fetch: Callable[[], Any]) -> None:
        """Wait a moment for tasks that end, and hear which have begun."""
        references = list(self.waiting)
        if self.ray.wait(references, timeout=INTERVAL_S)[0]:
            ended = set(self.ray.wait(references, num_returns=len(references), timeout=0)[0])
        else:
            ended = set()
        self.hear(self.ray.get(fetch()))
        # In the order of the tasks, so that whatever a task needs has been dealt with before it.
        for reference in [reference for reference in references if reference in ended]:
            self.settle(reference, self.waiting.pop(reference))

    def hear(self, begun: Sequence[str]) -> None:
        for name in begun:
            self.running.add(name)
            self.watch(Event(name=name, what="started"))

    def settle(self, reference: Any, task: Task) -> None:
        """Report the outcome of a task that has ended."""
        if any(need in self.lost for need in task.needs):
            self.drop(task)
            return
        try:
            outcome: Outcome | None = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            outcome = Outcome(
                "failed",
                f"task {task.name}: its process died, {MAX_RETRIES + 1} times, most likely out of memory; let it "
                f"request more, or more cores, so that fewer run on one machine. Ray reports: {error}\n",
            )
        if task.name not in self.running:  # it died before it could report that it began
            self.watch(Event(name=task.name, what="started"))
        self.ended(task, outcome or Outcome("stopped"))

    def ended(self, task: Task, outcome: Outcome) -> None:
        self.running.discard(task.name)
        if outcome.what != "finished":
            self.lost[task.name] = outcome.what == "failed"
        self.watch(outcome.event(task.name))

    def drop(self, task: Task) -> None:
        """Drop a task because a task that it needs is lost."""
        self.lost[task.name] = any(self.lost.get(need, False) for need in task.needs)
        if self.lost[task.name]:
            self.watch(Event(name=task.name, what="blocked"))

    def stop(self) -> None:
        """Let running tasks save and stop, and forget the others."""
        deadline_s = time.monotonic() + self.patience_s
        self.hear(self.ray.get(self.bulletin.stop.remote()))
        for reference, task in list(self.waiting.items()):
            if task.name not in self.running:  # and will not begin any more
                del self.waiting[reference]
                self.cancel(reference)
        while self.waiting and time.monotonic() < deadline_s:
            self.listen(self.bulletin.news.remote)
        for reference, task in list(self.waiting.items()):
            del self.waiting[reference]
            self.cancel(reference)
            self.ended(task, Outcome("stopped"))

    def cancel(self, reference: Any) -> None:
        with contextlib.suppress(self.ray.exceptions.RayError):
            self.ray.cancel(reference, force=True)

    def let_go(self) -> None:
        """End whatever still runs, and the bulletin."""
        for reference in self.waiting:
            self.cancel(reference)
        with contextlib.suppress(self.ray.exceptions.RayError):
            self.ray.kill(self.bulletin)


def _post_bulletin(ray: Any) -> Any:
    """The actor, on the machine of the process that runs the study, with which it stands and falls."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    return ray.remote(_Bulletin).options(num_cpus=0, scheduling_strategy=here).remote()
