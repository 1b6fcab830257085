"""Names of pieces: the kinds of work, and the hash that a name is made of. Light, for whoever only looks."""

import hashlib
import json
from typing import Any, Literal, get_args

Kind = Literal["train", "score", "appraise", "summarise"]
KINDS: tuple[Kind, ...] = get_args(Kind)


def content_hash(spec: Any) -> str:
    """SHA-256 of the canonical JSON text of a value: 64 hexadecimal digits."""
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
