"""Output of `shareornot study`: the estimated cost of a study, its state, and how a run ended."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from shareornot.cli.errors import FAILED, INTERRUPTED, fail

if TYPE_CHECKING:
    from shareornot.studies import RunReport, StudySettings, StudyStatus
    from shareornot.studies.cost import StudyCost


def show_end(ended: "RunReport", folder: Path) -> None:
    """Print how the run ended and what to do next, and set the exit code."""
    where = shlex.quote(str(folder))
    if ended.complete:
        typer.echo(
            f"All {ended.num_jobs:,} jobs are finished, {ended.num_done:,} of them now.\n"
            f"Next: shareornot study report {where}"
        )
        return
    if ended.failed:
        reasons = {text.strip().splitlines()[-1] for text in ended.failed.values() if text.strip()}
        for reason in sorted(reasons)[:5]:
            typer.echo(f"failed: {reason}", err=True)
        fail(
            f"{len(ended.failed)} of {ended.num_jobs:,} jobs failed, {ended.num_blocked} wait for them, "
            f"{ended.num_found + ended.num_done:,} are finished; see: shareornot study status {where}; "
            f"try again with: shareornot study resume {where}",
            INTERRUPTED if ended.stopped else FAILED,
        )
    fail(
        f"stopped; {ended.num_found + ended.num_done:,} of {ended.num_jobs:,} jobs are finished, what was started is "
        f"saved; resume with: shareornot study resume {where}",
        INTERRUPTED,
    )


def show_missing(settings: "StudySettings", folder: Path) -> None:
    """The jobs that a run would do, in its order."""
    from shareornot.studies import Store, plan_jobs
    from shareornot.studies.data_hashes import DataHashes

    jobs = plan_jobs(settings, DataHashes())
    finished = Store(folder).finished(one.name for one in jobs)
    for one in jobs:
        if one.name not in finished:
            typer.echo(f"{one.name}  {one.label}")
    typer.echo(f"{len(jobs) - len(finished):,} of {len(jobs):,} jobs are not finished in {folder}", err=True)


def show_cost(name: str, folder: Path, cost: "StudyCost", *, each: bool) -> None:
    """Tables: the jobs by kind, and the time by number of processes."""
    from shareornot.cli.show import show_table
    from shareornot.studies.cost import count_kinds
    from shareornot.studies.naming import KINDS
    from shareornot.studies.store import free_bytes

    if each:
        show_table(
            f"Jobs of {name}",
            ["job", "time", "disk"],
            [
                [f"{one.kind} {one.label}", "done" if one.finished else _time(one.time_s), _size(one.disk_bytes)]
                for one in cost.jobs
            ],
        )
    done, left = count_kinds(cost.jobs, finished=True), count_kinds(cost.jobs, finished=False)
    kinds = [kind for kind in KINDS if done[kind] or left[kind]]
    show_table(
        f"{name}, in {folder}",
        ["", "jobs", "done", "left", "time", "disk"],
        [
            [
                kind,
                f"{done[kind] + left[kind]:,}",
                f"{done[kind]:,}",
                f"{left[kind]:,}",
                _time(cost.total("time_s", kind)),
                _size(cost.total("disk_bytes", kind)),
            ]
            for kind in kinds
        ],
        "time: for one process that runs all unfinished jobs" if cost.device else "",
    )
    if not cost.device:
        return
    memory = cost.most_memory()
    show_table(
        f"Time left at the speed of this machine ({cost.device})",
        ["processes", *map(str, cost.hours)],
        [
            ["time", *(_time(hours * 3600) for hours in cost.hours.values())],
            ["memory", *(_size(None if memory is None else memory * number) for number in cost.hours)],
        ],
        f"Estimated from a few training steps and scores of each network. Processes that share the cores of one "
        f"machine slow each other down. Free on the disk: {_size(free_bytes(folder))}.",
    )


def show_status(found: "StudyStatus") -> None:
    """A table of jobs by kind and state, what runs, and why something failed."""
    from rich.console import Console

    from shareornot.cli.show import show_table
    from shareornot.studies.naming import KINDS
    from shareornot.studies.status import STATES

    states = [state for state in STATES if found.number(state)]
    runner = "not running" if found.runner is None else f"run by {found.runner}"
    show_table(
        f"{found.folder}: {found.number('finished'):,} of {found.num_jobs:,} jobs finished",
        ["", *states],
        [
            [kind, *(f"{found.counts[kind].get(state, 0):,}" for state in states)]
            for kind in KINDS
            if kind in found.counts
        ],
        runner,
    )
    console = Console(highlight=False)
    for one in found.notable:
        if one.state == "failed":
            console.print(f"failed: {one.label} ({one.name})", style="bold red", markup=False)
            console.print((one.traceback or "").rstrip(), markup=False, soft_wrap=True)
        else:
            state = "" if one.line is None else f"{one.line.done:g} of {one.line.total:g} {one.line.unit}"
            measures = {} if one.line is None else one.line.measures
            more = "".join(f", {name.replace('_', ' ')} {value:.4g}" for name, value in measures.items())
            console.print(f"{one.state}: {one.label} {state}{more}", markup=False, soft_wrap=True)
    for aside in found.set_aside:
        console.print(f"damaged: {aside}", markup=False, soft_wrap=True)
    if found.number("finished") < found.num_jobs and found.runner is None:
        console.print(f"Resume with: shareornot study resume {shlex.quote(str(found.folder))}", markup=False)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} s"


def _size(size: float | None) -> str:
    if size is None:
        return "-"
    for unit, length in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size:.0f} B"
