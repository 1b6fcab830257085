"""Appraised scores of a user in files: a folder of numbers for each space and variant where there are several."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shareornot.appraisal.user_scores import AppraisedScores
from shareornot.report.audit_files import audit_to_json, write_audit
from shareornot.report.files import to_json, write_report
from shareornot.storage import atomic_write


def write_own_scores(folder: Path, found: Sequence[AppraisedScores], notes: Sequence[str]) -> list[Path]:
    """Write what `write_report` and `write_audit` write of each, and `scores.json` with all of it.

    Of several there are numbers alone: the page of all of them has the pictures.

    Args:
        folder: created if need be.
        found: at least one.
        notes: about all of them.

    Returns:
        The folder of each.
    """
    folders = []
    taken: set[str] = set()
    for one in found:
        own = folder if len(found) == 1 else folder / _free_name(one, taken)
        write_report(own, one.appraisal, picture=len(found) == 1)
        if one.audit is not None:
            write_audit(own, [one.audit], pictures=False)
        folders.append(own)
    with atomic_write(folder / "scores.json") as file:
        file.write(json.dumps(own_scores_to_json(found, notes), indent=2, allow_nan=False).encode() + b"\n")
    return folders


def own_scores_to_json(found: Sequence[AppraisedScores], notes: Sequence[str]) -> dict[str, Any]:
    """The numbers of all appraisals and audits."""
    return {
        "notes": list(notes),
        "found": [
            {
                "appraisal": to_json(one.appraisal),
                "audit": None if one.audit is None else audit_to_json(one.audit),
            }
            for one in found
        ],
    }


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
