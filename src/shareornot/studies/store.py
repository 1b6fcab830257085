"""The folder of a study: what is finished is never lost, what is damaged is never used.

    study.toml             the resolved settings
    plan.json              the pieces: name, kind, label, needs
    pieces/NAME/           results and log of a piece; piece.json, written last, says that it is finished
    damaged/NAME.N/        what was found damaged, with the reason in why.txt
    report/                page, figures, tables

Every file is written under a temporary name, flushed and renamed. `piece.json` holds size and SHA-256 of each result,
and a checksum of itself; they are verified whenever a result is read.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shareornot.errors import DataError, MissingDataError
from shareornot.storage import atomic_write, sha256_of
from shareornot.studies.naming import Kind, content_hash

if TYPE_CHECKING:
    from shareornot.studies.job import Piece

FORMAT = "shareornot piece 1"
PLAN_FORMAT = "shareornot plan 1"
EVENTS = "events.jsonl"
"""What happened in the last run, a line an event."""
PIECE, FAILED, WHY = "piece.json", "failed.json", "why.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedChapter:
    """What an appraisal is about, as the folder remembers it."""

    experiment: str
    """Empty in a study of one experiment."""
    space: str
    variant: str
    evaluation: str
    seeds: tuple[int, ...]
    shards: tuple[tuple[str, ...], ...]
    """The pieces that score, for each super-net in the order of its pool."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedPiece:
    """What the folder remembers of a piece that it was asked for."""

    name: str
    kind: Kind
    label: str
    needs: tuple[str, ...]
    chapter: PlannedChapter | None = None
    """Of a piece that appraises."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetAside:
    """A piece that was found damaged."""

    name: str
    place: Path
    why: str

    def __str__(self) -> str:
        return f"{self.name} was damaged and is computed anew; it lies in {self.place}: {self.why}"


class Store:
    """A study folder.

    Args:
        folder: of the study; created when something is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pieces = folder / "pieces"
        self.damaged = folder / "damaged"

    def path(self, name: str) -> Path:
        """The folder of a piece."""
        return self.pieces / name

    def is_finished(self, name: str) -> bool:
        """Whether a piece says that it is finished; `verify` tells whether that is true."""
        return (self.pieces / name / PIECE).is_file()

    def finished(self, names: Iterable[str]) -> set[str]:
        """Those pieces that say that they are finished."""
        there = self.begun()
        root = str(self.pieces)
        # One question a piece, and no file opened: ten thousand take a tenth of a second.
        return {name for name in names if name in there and os.path.isfile(f"{root}/{name}/{PIECE}")}  # noqa: PTH113

    def begun(self) -> set[str]:
        """The pieces that have a folder."""
        try:
            return set(os.listdir(self.pieces))  # noqa: PTH208
        except FileNotFoundError:
            return set()

    def finish(self, piece: "Piece", files: Sequence[str], *, duration_s: float, about: Mapping[str, Any]) -> None:
        """Say that a piece is finished, as the last thing of all.

        Args:
            piece: that is finished.
            files: its results, by name.
            duration_s: how long it took, as far as this call of its work did it.
            about: versions, device, whatever a reader may want to know.
        """
        folder = self.path(piece.name)
        content: dict[str, Any] = {
            "format": FORMAT,
            "name": piece.name,
            "label": piece.label,
            "spec": piece.spec,
            "duration_s": round(duration_s, 3),
            **about,
            "files": {
                name: {"sha256": sha256_of(folder / name), "size_bytes": (folder / name).stat().st_size}
                for name in files
            },
        }
        with atomic_write(folder / PIECE) as file:
            file.write(json.dumps(content | {"checksum": content_hash(content)}, indent=1).encode() + b"\n")

    def read_piece(self, name: str) -> dict[str, Any]:
        """What stands in a finished piece's `piece.json`.

        Raises:
            MissingDataError: the piece is not finished.
            DataError: the file is damaged.
        """
        path = self.path(name) / PIECE
        try:
            content = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise MissingDataError(f"piece {name}: expected it finished in {self.pieces}, found no {PIECE}") from error
        except ValueError as error:
            raise DataError(f"{path}: expected JSON, got a damaged file") from error
        try:
            checksum = content.pop("checksum")
            if content["format"] != FORMAT or content["name"] != name or content_hash(content) != checksum:
                raise DataError(f"{path}: the checksum does not fit the contents, the file is damaged")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise error if isinstance(error, DataError) else DataError(f"{path}: expected a finished piece") from error
        read: dict[str, Any] = content
        return read

    def verify(self, name: str) -> dict[str, Any]:
        """Look at every byte of a finished piece's results.

        Returns:
            What stands in its `piece.json`.

        Raises:
            MissingDataError: the piece is not finished.
            DataError: damaged; the message names the file.
        """
        content = self.read_piece(name)
        for file, expected in content["files"].items():
            path = self.path(name) / file
            if not path.is_file():
                raise DataError(f"{path}: expected a result, found none")
            if path.stat().st_size != expected["size_bytes"] or sha256_of(path) != expected["sha256"]:
                raise DataError(f"{path}: the checksum does not fit the contents, the file is damaged")
        return content

    def set_aside(self, name: str, why: str) -> SetAside:
        """Move a damaged piece out of the way, so that it is computed anew."""
        self.damaged.mkdir(parents=True, exist_ok=True)
        number = 0
        while (place := self.damaged / f"{name}.{number}").exists():
            number += 1
        try:
            self.path(name).rename(place)
        except FileNotFoundError:  # another piece that reads it was quicker
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
        """Delete temporary files of writers that died; to be called while nobody writes.

        Returns:
            How many there were.
        """
        there = self.begun()
        folders = [self.folder, *(self.path(name) for name in unfinished if name in there)]
        leftovers = [path for folder in folders if folder.is_dir() for path in folder.glob(".*.part")]
        for path in leftovers:
            path.unlink(missing_ok=True)
        return len(leftovers)

    def write_plan(self, pieces: "Sequence[Piece]") -> None:
        """Remember what was asked for."""
        rows = [_plan_row(one) for one in pieces]
        with atomic_write(self.folder / "plan.json") as file:
            file.write(json.dumps({"format": PLAN_FORMAT, "pieces": rows}, separators=(",", ":")).encode())

    def read_plan(self) -> tuple[PlannedPiece, ...]:
        """What was asked for, each piece after those that it needs.

        Raises:
            MissingDataError: no study was run in this folder.
            DataError: the file is damaged.
        """
        path = self.folder / "plan.json"
        if not path.is_file():
            raise MissingDataError(
                f"{self.folder}: expected the folder of a study that was run, found no plan.json; run one with: "
                "shareornot study run FILE"
            )
        try:
            content = json.loads(path.read_bytes())
            if content["format"] != PLAN_FORMAT:
                raise ValueError(content["format"])
            return tuple(_planned(one) for one in content["pieces"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path}: expected the plan of a study, got a damaged file; resume writes it anew"
            ) from error

    def write_failure(self, name: str, traceback: str) -> None:
        """Keep why a piece failed, for `status`."""
        with atomic_write(self.path(name) / FAILED) as file:
            file.write(json.dumps({"traceback": traceback}).encode())

    def read_failure(self, name: str) -> str | None:
        """Why a piece failed, if it did."""
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
        """What the folder takes on the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())


def _plan_row(piece: "Piece") -> dict[str, Any]:
    """A piece as the plan remembers it."""
    row: dict[str, Any] = {"name": piece.name, "kind": piece.kind, "label": piece.label, "needs": list(piece.needs)}
    if piece.kind == "appraise":
        work: Any = piece.work
        row["chapter"] = {
            "experiment": work.chapter.experiment,
            "space": work.chapter.space,
            "variant": work.chapter.variant,
            "evaluation": work.chapter.evaluation,
            "seeds": list(work.chapter.seeds),
            "shards": [list(names) for names in work.shards],
        }
    return row


def _planned(row: Mapping[str, Any]) -> PlannedPiece:
    """What `_plan_row` wrote."""
    chapter = row.get("chapter")
    return PlannedPiece(
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
