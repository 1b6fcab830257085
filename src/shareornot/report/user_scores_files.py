"""Appraised scores of a user in files: a folder of numbers for each space and variant where there are several."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

from shareornot.appraisal.user_scores import AppraisedScores, UserAppraisals
from shareornot.appraisal.user_scores.agreements import ScoreAgreement
from shareornot.report.audit_files import audit_to_json, write_audit
from shareornot.report.files import to_json, write_report
from shareornot.report.page_extra import has_page_extra
from shareornot.storage import atomic_write


def write_user_scores(folder: Path, found: UserAppraisals) -> list[Path]:
    """Write the files of `write_report` and `write_audit` for each, `scores.json` with everything, and `agreement.csv`.

    Several appraisals get no picture of their own, because the page shows all of them. Without the extra `page` there
    are no pictures.

    Args:
        folder: created if need be.
        found: at least one.

    Returns:
        The folder of each.
    """
    folders = []
    taken: set[str] = set()
    for one in found:
        own = folder if len(found) == 1 else folder / _free_name(one, taken)
        write_report(own, one.appraisal, picture=len(found) == 1 and has_page_extra())
        if one.audit is not None:
            write_audit(own, [one.audit], pictures=False)
        folders.append(own)
    with atomic_write(folder / "scores.json") as file:
        file.write(json.dumps(user_scores_to_json(found), indent=2, allow_nan=False).encode() + b"\n")
    with atomic_write(folder / "agreement.csv") as file:
        file.write(_agreement_csv(found).encode())
    return folders


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
