"""Measure what a study costs besides its jobs: planning, and jobs that do nothing.

python benchmarks/studies.py
python benchmarks/studies.py --tasks 200 --processes 2
"""

import argparse
import time

from shareornot.studies import decode_study, plan_jobs
from shareornot.studies.data_hashes import DataHashes
from shareornot.studies.execution import Event, Executor, InProcess, LocalProcesses, Task


def nothing(should_stop: object) -> None:
    """A job without work."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100, help="Jobs that do nothing.")
    parser.add_argument("--processes", type=int, default=2, help="Processes besides this one, for local processes.")
    parser.add_argument("--supernets", type=int, default=5, help="Super-nets of each chapter of the planned study.")
    options = parser.parse_args()
    study = decode_study({"preset": "digits", "supernets": options.supernets})
    hashes = DataHashes()
    for name in ("first", "second"):
        start = time.perf_counter()
        jobs = plan_jobs(study, hashes)
        seconds = time.perf_counter() - start
        print(f"{name} planning: {seconds:.2f} s for {len(jobs)} jobs, {1e3 * seconds / len(jobs):.2f} ms a job")
    executors: dict[str, Executor] = {
        "in this process": InProcess(),
        f"{options.processes} local processes": LocalProcesses(num_processes=options.processes),
    }
    for name, executor in executors.items():
        tasks = [Task(name=f"task-{number}", work=nothing) for number in range(options.tasks)]
        events: list[Event] = []
        start = time.perf_counter()
        executor.run(tasks, events.append, lambda: False)
        seconds = time.perf_counter() - start
        finished = sum(event.what == "finished" for event in events)
        assert finished == options.tasks, f"{finished} of {options.tasks} tasks finished"
        print(f"{name}: {seconds:.2f} s for {finished} jobs without work, {1e3 * seconds / finished:.2f} ms a job")


if __name__ == "__main__":
    main()
