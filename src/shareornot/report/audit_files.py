"""A bias audit in files: pictures for people, JSON for programs."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shareornot.appraisal.audit import SpaceAudit
from shareornot.appraisal.audit_words import describe_audit, group_in_words, structure_in_words
from shareornot.appraisal.serialization import numbers
from shareornot.report.audit_figure import audit_figure
from shareornot.report.files import PICTURE_FORMATS
from shareornot.storage import atomic_write


def write_audit(folder: Path, audits: Sequence[SpaceAudit], *, pictures: bool = True) -> list[Path]:
    """Write `audit.json` with all audits, and for each of them `audit-SPACE.png`, `.svg` and `.pdf`.

    Args:
        folder: created if need be.
        audits: audits of different spaces.
        pictures: False writes the numbers alone.

    Returns:
        The PNG picture of each audit.

    Raises:
        MissingExtraError: there are pictures to draw, and Matplotlib is not installed.
        OSError: a file cannot be written.
    """
    written = []
    for audit in audits if pictures else ():
        figure = audit_figure(audit)
        stem = f"audit-{re.sub(r'[^A-Za-z0-9]+', '-', audit.space).strip('-')}"
        for kind in PICTURE_FORMATS:
            buffer = io.BytesIO()
            figure.savefig(buffer, format=kind, dpi=150)
            with atomic_write(folder / f"{stem}.{kind}") as file:
                file.write(buffer.getvalue())
        written.append(folder / f"{stem}.png")
    with atomic_write(folder / "audit.json") as file:
        text = json.dumps([audit_to_json(audit) for audit in audits], indent=2, allow_nan=False)
        file.write(text.encode() + b"\n")
    return written


def audit_to_json(audit: SpaceAudit) -> dict[str, Any]:
    """The numbers of an audit without its scores; ranks, residuals and regrets are fractions.

    The keys are the fields of `SpaceAudit` and of its `bias`; a number that is not finite is null.
    """
    fields = numbers(audit)
    bias = fields.pop("bias")
    del fields["architectures"]
    for stored, effect in zip(bias["effects"], audit.bias.effects, strict=True):
        stored |= {
            "name": effect.name,
            "rating": effect.rating,
            "words": structure_in_words(effect.feature, effect.level),
        }
    for stored, group in zip(bias["groups"], audit.bias.groups, strict=True):
        stored["words"] = group_in_words(group)
    return {
        **fields,
        "diverged": [audit.supernets[number] for number in bias["diverged"]],
        "num_scores": audit.num_scores,
        "sign": "rank residual = rank of proxy - rank of standalone accuracy; positive = over-rated",
        "sentences": list(describe_audit(audit)),
        **{name: bias[name] for name in ("effects", "untested", "explained_share", "linear_share", "groups")},
    }
