"""The folder of a study: what is finished is never lost, what is damaged is never used.

    study.toml             the resolved settings
    plan.json              the jobs: name, kind, label, needs
    jobs/NAME/             results and log of a job; job.json, written last, marks it as finished
    damaged/NAME.N/        what was found damaged, with the reason in why.txt
    report/                page, figures, tables

Every file is written under a temporary name, flushed and renamed. `job.json` holds size and SHA-256 of each result,
and a checksum of itself; they are verified whenever a result is read.
"""

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shareornot.errors import DataError, MissingDataError
from shareornot.storage import atomic_write, remove_part_files, sha256_of
from shareornot.studies.naming import Kind, content_hash

if TYPE_CHECKING:
    from shareornot.studies.job import Job

FORMAT = "shareornot job 1"
PLAN_FORMAT = "shareornot plan 1"
EVENTS = "events.jsonl"
"""What happened in the last run, a line an event."""
JOB, FAILED, WHY = "job.json", "failed.json", "why.txt"
NAME = re.compile(r"[a-z]+(-[0-9a-f]+)+")
"""What a job's name looks like; a name from a file is checked before it becomes a path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedChapter:
    """Settings of a chapter as recorded in `plan.json`."""

    experiment: str
    """Empty in a study of one experiment."""
    space: str
    variant: str
    evaluation: str
    seeds: tuple[int, ...]
    shards: tuple[tuple[str, ...], ...]
    """The jobs that score, for each super-net in the order of its pool."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedJob:
    """A job as `plan.json` records it."""

    name: str
    kind: Kind
    label: str
    needs: tuple[str, ...]
    chapter: PlannedChapter | None = None
    """Chapter of a job that appraises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A job that was found damaged."""

    name: str
    place: Path
    why: str

    def __str__(self) -> str:
        return f"{self.name} was damaged and is computed again; it lies in {self.place}: {self.why}"


class Store:
    """A study folder.

    Args:
        folder: folder of the study; created when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs = folder / "jobs"
        self.damaged = folder / "damaged"

    def path(self, name: str) -> Path:
        """The folder of a job."""
        return self.jobs / name

    def check_format(self) -> None:
        """Refuse a folder whose results an older version wrote in another layout.

        Raises:
            DataError: it is one.
        """
        if self.jobs.is_dir():
            return
        if (self.folder / "pieces").is_dir() or any(self.folder.glob("seed-*/settings.json")):
            raise DataError(
                f"{self.folder}: expected a folder of this version, got the super-nets of an older one, which this "
                "version cannot read; choose another folder, or use shareornot 0.1"
            )

    def others(self, prefix: str, name: str) -> list[Path]:
        """The folders of the jobs whose names share a prefix, except one of them."""
        return [self.jobs / one for one in sorted(self.begun()) if one.startswith(prefix) and one != name]

    def is_finished(self, name: str) -> bool:
        """Whether a job is marked as finished; `verify` checks its results."""
        return (self.jobs / name / JOB).is_file()

    def finished(self, names: Iterable[str]) -> set[str]:
        """The jobs that are marked as finished."""
        there = self.begun()
        root = str(self.jobs)
        # One question a job, and no file opened: ten thousand take a tenth of a second.
        return {name for name in names if name in there and os.path.isfile(f"{root}/{name}/{JOB}")}  # noqa: PTH113

    def begun(self) -> set[str]:
        """The jobs that have a folder."""
        try:
            return set(os.listdir(self.jobs))  # noqa: PTH208
        except FileNotFoundError:
            return set()

    def finish(self, job: "Job", files: Sequence[str], *, duration_s: float, about: Mapping[str, Any]) -> None:
        """Mark a job as finished, as the last step of all.

        Args:
            job: job that is finished.
            files: its results, by name.
            duration_s: how long it took, as far as this call of its work did it.
            about: versions, device, whatever else a reader may need.
        """
        folder = self.path(job.name)
        content: dict[str, Any] = {
            "format": FORMAT,
            "name": job.name,
            "label": job.label,
            "identity": job.identity,
            "duration_s": round(duration_s, 3),
            **about,
            "files": {
                name: {"sha256": sha256_of(folder / name), "size_bytes": (folder / name).stat().st_size}
                for name in files
            },
        }
        with atomic_write(folder / JOB) as file:
            file.write(json.dumps(content | {"checksum": content_hash(content)}, indent=1).encode() + b"\n")

    def read_job(self, name: str) -> dict[str, Any]:
        """Contents of a finished job's `job.json`.

        Raises:
            MissingDataError: the job is not finished.
            DataError: the file is damaged.
        """
        path = self.path(name) / JOB
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise MissingDataError(f"job {name}: expected it finished in {self.jobs}, found no {JOB}") from error
        except ValueError as error:
            raise DataError(f"{path}: expected JSON, got a damaged file") from error
        try:
            checksum = content.pop("checksum")
            if content["format"] != FORMAT or content["name"] != name or content_hash(content) != checksum:
                raise DataError(f"{path}: the checksum does not match the contents, so the file is damaged")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise error if isinstance(error, DataError) else DataError(f"{path}: expected a finished job") from error
        read: dict[str, Any] = content
        return read

    def verify(self, name: str) -> dict[str, Any]:
        """Look at every byte of a finished job's results.

        Returns:
            What stands in its `job.json`.

        Raises:
            MissingDataError: the job is not finished.
            DataError: damaged; the message names the file.
        """
        content = self.read_job(name)
        for file, expected in content["files"].items():
            path = self.path(name) / Path(file).name
            if not path.is_file():
                raise DataError(f"{path}: expected a result, found none")
            if path.stat().st_size != expected["size_bytes"] or sha256_of(path) != expected["sha256"]:
                raise DataError(f"{path}: the checksum does not match the contents, so the file is damaged")
        return content

    def set_aside(self, name: str, why: str) -> SetAside:
        """Move a damaged job out of the way, so that it is computed again."""
        self.damaged.mkdir(parents=True, exist_ok=True)
        number = 0
        while (place := self.damaged / f"{name}.{number}").exists():
            number += 1
        try:
            self.path(name).rename(place)
        except FileNotFoundError:  # another job that reads it was quicker
            return SetAside(name=name, place=place, why=why)
        with atomic_write(place / WHY) as file:
            file.write(f"{why}\n".encode())
        return SetAside(name=name, place=place, why=why)

    def damage_so_far(self) -> dict[str, SetAside]:
        """Everything that was ever set aside, by the name of its folder."""
        found = {}
        if self.damaged.is_dir():
            for place in sorted(self.damaged.iterdir()):
                note = place / WHY
                why = note.read_text().strip() if note.is_file() else "unknown"
                found[place.name] = SetAside(name=place.name.rpartition(".")[0], place=place, why=why)
        return found

    def remove_leftovers(self, unfinished: Iterable[str]) -> int:
        """Delete temporary files of writers that died; call it only while no process writes.

        Returns:
            How many there were.
        """
        there = self.begun()
        return remove_part_files(self.folder, *(self.path(name) for name in unfinished if name in there))

    def write_plan(self, jobs: "Sequence[Job]") -> None:
        """Record the jobs of a study."""
        rows = [_plan_row(one) for one in jobs]
        with atomic_write(self.folder / "plan.json") as file:
            file.write(json.dumps({"format": PLAN_FORMAT, "jobs": rows}, separators=(",", ":")).encode())

    def read_plan(self) -> tuple[PlannedJob, ...]:
        """The jobs of the last run, each after those that it needs.

        Raises:
            MissingDataError: no study was run in this folder.
            DataError: the file is damaged.
        """
        path = self.folder / "plan.json"
        if not path.is_file():
            raise MissingDataError(
                f"{self.folder}: expected the folder of a study that was run, found no plan.json; run one with: "
                "shareornot study run FILE, or train super-nets with: shareornot train FOLDER"
            )
        try:
            content = json.loads(path.read_bytes())
            if content["format"] != PLAN_FORMAT:
                raise ValueError(content["format"])
            return tuple(_planned(one) for one in content["jobs"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: expected the plan of a study, got a damaged file; run the study again to restore it"
            ) from error

    def write_failure(self, name: str, traceback: str) -> None:
        """Keep why a job failed, for `status`."""
        with atomic_write(self.path(name) / FAILED) as file:
            file.write(json.dumps({"traceback": traceback}).encode())

    def read_failure(self, name: str) -> str | None:
        """Why a job failed, if it did."""
        try:
            return str(json.loads((self.path(name) / FAILED).read_bytes())["traceback"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return "its failed.json is damaged"

    def forget_failure(self, name: str) -> None:
        """It is tried again."""
        (self.path(name) / FAILED).unlink(missing_ok=True)

    def size_bytes(self) -> int:
        """Size of the folder on disk in bytes."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def _plan_row(job: "Job") -> dict[str, Any]:
    """A job as the plan stores it."""
    row: dict[str, Any] = {"name": job.name, "kind": job.kind, "label": job.label, "needs": list(job.needs)}
    if job.kind == "appraise":
        spec: Any = job.spec
        row["chapter"] = {
            "experiment": spec.chapter.experiment,
            "space": spec.chapter.supernet.space,
            "variant": spec.chapter.supernet.variant,
            "evaluation": spec.chapter.evaluation,
            "seeds": list(spec.chapter.seeds),
            "shards": [list(names) for names in spec.shards],
        }
    return row


def _planned(row: Mapping[str, Any]) -> PlannedJob:
    """What `_plan_row` wrote.

    Raises:
        ValueError: a name that cannot be a job's.
    """
    chapter = row.get("chapter")
    shards = [] if chapter is None else [name for names in chapter["shards"] for name in names]
    for name in (row["name"], *row["needs"], *shards):
        if not NAME.fullmatch(name):
            raise ValueError(name)
    return PlannedJob(
        name=row["name"],
        kind=row["kind"],
        label=row["label"],
        needs=tuple(row["needs"]),
        chapter=None if chapter is None else _planned_chapter(chapter),
    )


def _planned_chapter(row: Mapping[str, Any]) -> PlannedChapter:
    return PlannedChapter(
        experiment=row["experiment"],
        space=row["space"],
        variant=row["variant"],
        evaluation=row["evaluation"],
        seeds=tuple(row["seeds"]),
        shards=tuple(tuple(names) for names in row["shards"]),
    )


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may not be there yet."""
    for place in (folder, *folder.resolve().parents):
        if place.is_dir():
            return shutil.disk_usage(place).free
    return 0
