"""Names for the chapters of a report: one space with one variant of super-nets is a chapter."""

import re
from collections.abc import Sequence

from shareornot.appraisal.chapter import Chapter

__all__ = ["Chapter", "FileStems", "file_stems", "names_in_order"]


class FileStems:
    """Names of the files of chapters, one after another: titles in letters, digits and hyphens.

    Equal ones get a number, also where only the case differs, which some file systems ignore.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, title: str) -> str:
        """Make a stem for the files of a chapter with this title."""
        stem = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-")[:60] or "chapter"
        number, unique = 1, stem
        while unique.lower() in self._taken:
            number += 1
            unique = f"{stem}-{number}"
        self._taken.add(unique.lower())
        return unique


def file_stems(chapters: Sequence[Chapter]) -> list[str]:
    """A stem for the files of each chapter, see `FileStems`."""
    stems = FileStems()
    return [stems.add(chapter.title) for chapter in chapters]


def names_in_order(names: Sequence[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))
