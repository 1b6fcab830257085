"""Names for the chapters of a report: one space with one variant of super-nets is a chapter."""

import re
from collections.abc import Sequence

from shareornot.appraisal.chapter import Chapter

__all__ = ["Chapter", "file_stems", "names_in_order"]


def file_stems(chapters: Sequence[Chapter]) -> list[str]:
    """A stem for the files of each chapter: its title in letters, digits and hyphens, with a number where two agree."""
    stems: list[str] = []
    for chapter in chapters:
        stem = re.sub(r"[^A-Za-z0-9]+", "-", chapter.title).strip("-")[:60] or "chapter"
        number, unique = 1, stem
        while unique.lower() in {other.lower() for other in stems}:  # some file systems ignore case
            number += 1
            unique = f"{stem}-{number}"
        stems.append(unique)
    return stems


def names_in_order(names: Sequence[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))
