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
    """What the paper calls a way to train and to score: the columns of its Table 1.

    Example:
        >>> variant_name("baseline", "no-ft"), variant_name("avg-3", "bns-ft"), variant_name("avg-3", "no-ft")
        ('NO-FT', 'AVG-3', 'AVG-3 NO-FT')
    """
    if variant == "baseline":
        return evaluation.upper()
    name = variant.upper()
    return name if evaluation == "bns-ft" else f"{name} {evaluation.upper()}"


def evaluation_name(evaluation: Mapping[str, Any]) -> str:
    """What the paper calls a way to score, from the record that scores carry.

    Example:
        >>> evaluation_name({"adaptation": "none"}), evaluation_name({"adaptation": "average", "fine_tuning_steps": 20})
        ('no-ft', 'ft')
    """
    if evaluation.get("fine_tuning_steps", 0):
        return "ft"
    return "no-ft" if evaluation["adaptation"] == "none" else "bns-ft"
