"""What a report tells of: one space with one variant of super-nets is a chapter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shareornot.appraisal.appraisal import Appraisal
from shareornot.appraisal.audit import SpaceAudit


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Chapter:
    """The appraisal of a space and variant, with its bias audit where there is one."""

    appraisal: Appraisal
    audit: SpaceAudit | None = None

    @property
    def title(self) -> str:
        """Space and variant, as people call them."""
        variant = self.appraisal.variant
        return f"{self.appraisal.space}, {variant}" if variant else self.appraisal.space

    @property
    def variant(self) -> str:
        """How the super-nets were trained; empty where that has no name."""
        return self.appraisal.variant or ""


def file_stems(chapters: Sequence[Chapter]) -> list[str]:
    """A stem for the files of each chapter: its title in letters, digits and hyphens, with a number where two agree."""
    stems: list[str] = []
    for chapter in chapters:
        stem = re.sub(r"[^A-Za-z0-9]+", "-", chapter.title).strip("-")[:60] or "chapter"
        number, unique = 1, stem
        while unique.lower() in {other.lower() for other in stems}:  # some file systems know no case
            number += 1
            unique = f"{stem}-{number}"
        stems.append(unique)
    return stems


def names_in_order(names: Sequence[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))
