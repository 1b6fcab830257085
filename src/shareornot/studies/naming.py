"""Names: the kinds of jobs, the hash that a job's name is made of, and what people call a way to train and to score."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

Kind = Literal["train", "score", "appraise", "summarise"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def content_hash(spec: Any) -> str:
    """SHA-256 of the canonical JSON text of a value: 64 hexadecimal digits."""
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def variant_name(variant: str, evaluation: str) -> str:
    """Name of a way to train and score in the paper: the columns of its Table 1.

    Args:
        variant: a way to train, such as `avg-3`.
        evaluation: a way to score, perhaps with settings that differ, such as `bns-ft num_batches=8`.

    Example:
        >>> variant_name("baseline", "no-ft"), variant_name("avg-3", "bns-ft"), variant_name("avg-3", "no-ft")
        ('NO-FT', 'AVG-3', 'AVG-3 NO-FT')
        >>> variant_name("baseline", "bns-ft num_batches=8")
        'BNS-FT (num_batches=8)'
    """
    name, _, changes = evaluation.partition(" ")
    words = [] if variant == "baseline" else [variant.upper()]
    words += [] if words and name == "bns-ft" else [name.upper()]
    return " ".join([*words, *([f"({changes.replace(' ', ', ')})"] if changes else [])])


def evaluation_name(evaluation: Mapping[str, Any]) -> str:
    """The paper's name of a way to score, from the record of the scores.

    Example:
        >>> evaluation_name({"adaptation": "none"}), evaluation_name({"adaptation": "average", "fine_tuning_steps": 20})
        ('no-ft', 'ft')
    """
    if evaluation.get("fine_tuning_steps", 0):
        return "ft"
    return "no-ft" if evaluation["adaptation"] == "none" else "bns-ft"
