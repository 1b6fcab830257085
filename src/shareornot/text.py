"""Text in ASCII, for what cannot take more: LaTeX without packages, and terminals without Unicode."""

import unicodedata

MINUS, DASH = "\u2212", "\u2013"

_ASCII = {
    "\u00b1": "+/-",
    MINUS: "-",
    DASH: "-",
    "\u2014": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2026": "...",
    "\u00d7": "x",
    "\u2265": ">=",
    "\u2264": "<=",
    "\u00b7": "-",
    "\u00a0": " ",
}


def ascii_text(text: str) -> str:
    """Text with every character replaced by an ASCII form: its base letter, common signs in words, else `?`."""
    if text.isascii():
        return "".join(one if one.isprintable() else " " for one in text)
    return "".join(_ascii_character(one) for one in text)


def _ascii_character(one: str) -> str:
    if one.isascii():
        return one if one.isprintable() else " "
    base = "".join(part for part in unicodedata.normalize("NFKD", one) if part.isascii() and part.isprintable())
    return _ASCII.get(one) or base or "?"
