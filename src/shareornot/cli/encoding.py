"""Output in any encoding: a character that a terminal or file cannot show is replaced, never a traceback."""

import codecs
import io
import sys

from shareornot.text import ascii_text

FALLBACK = "shareornot-ascii"


def replace_what_cannot_be_encoded() -> None:
    """Let standard output and standard error fall back to ASCII forms, such as `+/-` for U+00B1."""
    codecs.register_error(FALLBACK, _ascii_form)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=FALLBACK)


def _ascii_form(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return ascii_text(error.object[error.start : error.end]), error.end
