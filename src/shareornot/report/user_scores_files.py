"""Appraised scores of a user in files: a folder of numbers for each space and variant where there are several."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from shareornot.appraisal.user_scores import AppraisedScores, UserAppraisals
from shareornot.appraisal.user_scores.agreements import ScoreAgreement
from shareornot.report import page_files
from shareornot.report.audit_files import audit_to_json, write_audit
from shareornot.report.chapter import Chapter, FileStems
from shareornot.report.files import to_json, write_report
from shareornot.report.page_extra import has_page_extra
from shareornot.storage import atomic_write


class UserScoresWriter:
    """Writes appraised scores one by one, as each of them is finished, and at the end what is about all of them.

    Each gets what `write_report` and `write_audit` write, in a folder of its own where there are several, and its
    figures. Several appraisals get no picture of their own, because the page shows all of them. Without the extra
    `page` there are no pictures and figures.

    Args:
        folder: created if need be.
        num_expected: how many will be written.
    """

    def __init__(self, folder: Path, num_expected: int) -> None:
        self.folder, self.only = folder, num_expected == 1
        self.folders: list[Path] = []
        """Folder of each result that has been written."""
        self._stems = FileStems()
        self._taken: set[str] = set()

    def write(self, one: AppraisedScores) -> None:
        """Write the numbers and the figures of one space and variant.

        Raises:
            OSError: a file cannot be written.
        """
        own = self.folder if self.only else self.folder / _free_name(one, self._taken)
        write_report(own, one.appraisal, picture=self.only and has_page_extra())
        if one.audit is not None:
            write_audit(own, [one.audit], pictures=False)
        if has_page_extra():
            chapter = Chapter(appraisal=one.appraisal, audit=one.audit)
            page_files.write_figures(self.folder, chapter, self._stems.add(chapter.title))
        self.folders.append(own)

    def finish(self, found: UserAppraisals) -> None:
        """Write `scores.json` with all numbers, and `agreement.csv`.

        Raises:
            OSError: a file cannot be written.
        """
        with atomic_write(self.folder / "scores.json") as file:
            file.write(json.dumps(user_scores_to_json(found), indent=2, allow_nan=False).encode() + b"\n")
        with atomic_write(self.folder / "agreement.csv") as file:
            file.write(_agreement_csv(found).encode())


def user_scores_to_json(found: UserAppraisals) -> dict[str, Any]:
    """The agreement of every space and variant, and the numbers of all appraisals and audits."""
    return {
        "notes": list(found.notes),
        "agreements": [_agreement(one) for one in found.agreements],
        "found": [
            {
                "appraisal": to_json(one.appraisal),
                "audit": None if one.audit is None else audit_to_json(one.audit),
            }
            for one in found
        ],
    }


def _agreement(one: ScoreAgreement) -> dict[str, Any]:
    return {
        "space": one.space,
        "variant": one.variant,
        "num_supernets": one.num_supernets,
        "num_diverged": one.num_diverged,
        "num_scores": one.num_scores,
        "spearman": one.spearman.mean,
        "spearman_low": one.spearman.low,
        "spearman_high": one.spearman.high,
    }


def _agreement_csv(found: UserAppraisals) -> str:
    """One row per space and variant."""
    text = io.StringIO()
    rows = [_agreement(one) for one in found.agreements]
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _free_name(one: AppraisedScores, taken: set[str]) -> str:
    """A name for a folder that no other has, without anything that a file system might not like."""
    words = f"{one.appraisal.space} {one.appraisal.variant or ''}"
    wanted = re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")[:80].lower() or "scores"
    name = wanted
    number = 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    taken.add(name)
    return name
